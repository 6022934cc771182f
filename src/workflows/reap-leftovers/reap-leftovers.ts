/** `reapLeftovers`: whoever was killed or terminated is finished here. Started by a schedule, by every local start, and by hand. */
import { workflowInfo } from '@temporalio/workflow';
import { commonFields, commonInput, onlyFields } from '../shared/input-fields.ts';
import { acquireLease } from '../shared/lease.ts';
import { inFrame } from '../shared/run.ts';
import type { ReapLeftoversInput, ReapLeftoversResult } from './messages.ts';

export async function reapLeftovers(input: ReapLeftoversInput): Promise<ReapLeftoversResult> {
  return inFrame('reapLeftovers', input, readInput, async (run) => {
    const { service } = run.input;
    const ended = await run.host.quick.findEndedRuns({ service });
    if (ended.length === 0) {
      run.done('Nothing is left of any ended run.');
      return { runs: [] };
    }
    const { workflowId, runId } = workflowInfo();
    const lease = await acquireLease(run, 'repairing what ended runs left', { namespaceId: run.service.namespaceId, workflowId, runId });
    const runs = [];
    for (const { owner, direction } of ended) {
      run.step(`${owner.workflowId}${direction === null ? '' : `: its cut-over goes ${direction}`}`);
      const { done } = await run.host.cutOver.repairRun({ service, owner });
      for (const line of done) run.done(line);
      runs.push({ workflowId: owner.workflowId, runId: owner.runId, done });
    }
    await lease.release();
    return { runs };
  });
}

function readInput(raw: Record<string, unknown>): ReapLeftoversInput {
  onlyFields(raw, commonFields);
  return commonInput(raw);
}
