/** `reapLeftovers`: whoever was killed or terminated is finished here. Started by a schedule, by every local start, and by hand. */
import { commonFields, commonInput, onlyFields } from '../shared/input-fields.ts';
import { repairEndedRuns } from '../shared/repair-ended-runs.ts';
import { inFrame, type Run } from '../shared/run.ts';
import type { ReapLeftoversInput, ReapLeftoversResult } from './messages.ts';

export async function reapLeftovers(input: ReapLeftoversInput): Promise<ReapLeftoversResult> {
  return inFrame('reapLeftovers', input, readInput, async (run) => {
    const runs = await repairEndedRuns(run, false);
    await endOrphanedLease(run);
    if (runs.length === 0) run.done('Nothing is left of any ended run.');
    return { runs };
  });
}

/** A lease whose owner ended without releasing it keeps nobody away, but it is somebody's leftover. */
async function endOrphanedLease(run: Run<ReapLeftoversInput>): Promise<void> {
  const { service } = run.input;
  const holder = await run.control.quick.inspectLease({ service });
  if (holder.state === 'ended') await run.control.quick.endLease({ service, leaseRunId: holder.leaseRunId });
}

function readInput(raw: Record<string, unknown>): ReapLeftoversInput {
  onlyFields(raw, commonFields);
  return commonInput(raw);
}
