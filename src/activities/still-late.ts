/** Whoever cleans up after a run that has ended does so once no attempt can come any more that was given out before the end and has not heard of it. */
import { activityInfo } from '@temporalio/activity';
import type { RunOwner } from '../domain/run-owner.ts';
import type { ActivityDependencies } from './dependencies.ts';

/**
 * For how many milliseconds more a late attempt of the run may come; 0 where none can, null while the run is open. When a run ended is
 * said by the server's clock, and so is when an attempt was given out: by a host's own, which may be off, one would not be waited for, or for hours.
 * @param sinceMs for how long this attempt has been at work, by a clock that nobody sets @throws TemporalUnreachable
 */
export async function stillLateMs({ runs, timing: { lateAttemptMs } }: ActivityDependencies, { workflowId, runId }: RunOwner, sinceMs = 0): Promise<number | null> {
  const closedAtMs = await runs.closedAtMs(workflowId, runId);
  if (closedAtMs === null) return null;
  return Math.min(Math.max(0, closedAtMs + lateAttemptMs - activityInfo().currentAttemptScheduledTimestampMs - sinceMs), lateAttemptMs);
}
