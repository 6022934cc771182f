/** Whoever finds what a dead run left half-way repairs it first: before the next backup, restore, undo or accept, and by reapLeftovers. */
import { workflowInfo } from '@temporalio/workflow';
import { acquireLease } from './lease.ts';
import type { CommonInput, Run } from './run.ts';

export interface RepairedRun {
  readonly workflowId: string;
  readonly runId: string;
  readonly done: readonly string[];
}

/** Repairs, under the service's lease, every ended run that left something; with `onlyHalfWay`, only those whose cut-over is unfinished. */
export async function repairEndedRuns<I extends CommonInput>(run: Run<I>, onlyHalfWay: boolean): Promise<readonly RepairedRun[]> {
  const { service } = run.input;
  const ended = await run.host.quick.findEndedRuns({ service, onlyHalfWay });
  if (ended.length === 0) return [];
  const { workflowId, runId } = workflowInfo();
  const lease = await acquireLease(run, 'repairing what ended runs left', { namespaceId: run.service.namespaceId, workflowId, runId });
  const repaired: RepairedRun[] = [];
  for (const { owner, direction } of ended) {
    run.step(`Repairing what ${owner.workflowId} left${direction === null ? '' : `: its cut-over goes ${direction}`}`);
    const { done } = await run.host.cutOver.repairRun({ service, owner });
    for (const line of done) run.done(line);
    repaired.push({ workflowId: owner.workflowId, runId: owner.runId, done });
  }
  await lease.release();
  run.phase('working');
  return repaired;
}
