/** `reapLeftovers`: whoever was killed or terminated is finished here. Started by a schedule, by every local start, and by hand. */
import { isCancellation, patched } from '@temporalio/workflow';
import { activitiesOn } from '../shared/activity-options.ts';
import { failureTypeOf } from '../shared/workflow-failure.ts';
import { commonFields, commonInput, onlyFields } from '../shared/input-fields.ts';
import { repairEndedRuns, type RepairedRun } from '../shared/repair-ended-runs.ts';
import { inFrame, type Run } from '../shared/run.ts';
import type { ReapLeftoversInput, ReapLeftoversResult } from './messages.ts';

export async function reapLeftovers(input: ReapLeftoversInput): Promise<ReapLeftoversResult> {
  return inFrame('reapLeftovers', input, readInput, async (run) => {
    const { service } = run.input;
    // One that began before it was so goes on as it began.
    const scratchFirst = patched('scratch-goes-first');
    // A dump may hold the service for hours: what takes no lease does not wait for it.
    const runs = scratchFirst ? [...await reapOwnHost(run), ...await reapOtherHost(run)] : [];
    runs.push(...await repairEndedRuns(run, false));
    if (!scratchFirst) runs.push(...await reapOtherHost(run));
    await endOrphanedLease(run);
    if (runs.length === 0) run.done('Nothing is left of any ended run.');
    if (scratchFirst) await run.host.quick.requireRollbackRecords({ service });
    return { runs };
  });
}

async function reapOwnHost(run: Run<ReapLeftoversInput>): Promise<readonly RepairedRun[]> {
  const reaped = await run.host.long.reapScratch({ service: run.input.service });
  for (const { workflowId, done } of reaped) run.done(`${workflowId}: ${done.join('; ')}`);
  return reaped;
}

/** What drills have left where they bring the service up beside its own host. No repair waits there for late attempts, so this does. One that does not answer keeps nobody from reaping here. */
async function reapOtherHost(run: Run<ReapLeftoversInput>): Promise<readonly RepairedRun[]> {
  const { failoverQueue, timing, definition: { failover } } = run.service;
  if (failoverQueue === undefined) return [];
  try {
    const reaped = await activitiesOn(failoverQueue, timing).first.reapScratch({ service: run.input.service, waits: true });
    for (const { workflowId, done } of reaped) run.done(`${workflowId} on ${failover?.host ?? ''}: ${done.join('; ')}`);
    return reaped;
  } catch (error) {
    if (isCancellation(error)) throw error;
    run.warn(`${failover?.host ?? failoverQueue} was not looked at: ${failureTypeOf(error)}`);
    return [];
  }
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
