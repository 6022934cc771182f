/** `reapLeftovers`: whoever was killed or terminated is finished here. Started by a schedule, by every local start, and by hand. */
import { commonFields, commonInput, onlyFields } from '../shared/input-fields.ts';
import { repairEndedRuns } from '../shared/repair-ended-runs.ts';
import { inFrame } from '../shared/run.ts';
import type { ReapLeftoversInput, ReapLeftoversResult } from './messages.ts';

export async function reapLeftovers(input: ReapLeftoversInput): Promise<ReapLeftoversResult> {
  return inFrame('reapLeftovers', input, readInput, async (run) => {
    const runs = await repairEndedRuns(run, false);
    if (runs.length === 0) run.done('Nothing is left of any ended run.');
    return { runs };
  });
}

function readInput(raw: Record<string, unknown>): ReapLeftoversInput {
  onlyFields(raw, commonFields);
  return commonInput(raw);
}
