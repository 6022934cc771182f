/** Pausing, resuming, and starting a run now: of the schedules that Holdfast made. */
import { setTimeout as pause } from 'node:timers/promises';
import { ScheduleOverlapPolicy, type Client } from '@temporalio/client';
import { HoldfastFailure } from '../../domain/failures.ts';
import { asking, notOurs, noteOf } from './apply-schedule.ts';
import { readSchedule, type ScheduleState } from './read-schedules.ts';

const pollMs = 200;
/** The server's scheduler takes a moment to start a run; longer, where it has much to do. */
const startMs = 10_000;

/** Nothing is started until it is resumed; what runs goes on. The reason stands in the schedule's note. @throws InvalidInput, TemporalUnreachable */
export async function pauseSchedule(client: Client, id: string, reason: string, by: string): Promise<void> {
  await ours(client, id, 'pause the schedule');
  await asking(client, 'pause the schedule', id, () => client.schedule.getHandle(id).pause(`${reason} (paused by ${by})`));
}

/** What was due meanwhile is not caught up with. @throws InvalidInput, TemporalUnreachable */
export async function resumeSchedule(client: Client, id: string, by: string): Promise<void> {
  const { own } = await ours(client, id, 'resume the schedule');
  await asking(client, 'resume the schedule', id, () => client.schedule.getHandle(id).unpause(noteOf(own?.verb ?? '', own?.service ?? '', by)));
}

export interface Triggered {
  /** `leftOut`: beside one that is open. `notSeen`: the server took the request, and did neither as long as it was looked at: the run may begin yet. */
  readonly outcome: 'started' | 'leftOut' | 'notSeen';
  /** The run that was started; null where none was seen. */
  readonly started: { readonly workflowId: string; readonly runId: string } | null;
  readonly running: readonly string[];
}

/**
 * Starts a run as if it were due, also while it is paused; none beside one that is still open.
 * @param waitMs how long a run is waited for @throws InvalidInput, TemporalUnreachable
 */
export async function triggerSchedule(client: Client, id: string, waitMs = startMs): Promise<Triggered> {
  const before = await ours(client, id, 'start a run of the schedule');
  // Left to itself the SDK would allow any number of runs beside each other.
  await asking(client, 'start a run of the schedule', id, () => client.schedule.getHandle(id).trigger(ScheduleOverlapPolicy.SKIP));
  let { running } = before;
  for (const deadline = Date.now() + waitMs; Date.now() < deadline; await pause(pollMs)) {
    const now = await ours(client, id, 'start a run of the schedule');
    const { last } = now;
    ({ running } = now);
    if (last !== null && last.runId !== before.last?.runId) return { outcome: 'started', started: { workflowId: last.workflowId, runId: last.runId }, running };
    if (now.skipped > before.skipped) return { outcome: 'leftOut', started: null, running };
  }
  return { outcome: 'notSeen', started: null, running };
}

async function ours(client: Client, id: string, operation: string): Promise<ScheduleState> {
  const found = await readSchedule(client, id);
  if (found === null) throw new HoldfastFailure('InvalidInput', { operation, object: id, cause: 'there is no such schedule', hint: 'holdfast schedule list shows those there are; holdfast schedule apply makes those of holdfast.yaml.' });
  if (found.own === null) throw notOurs(operation, id);
  return found;
}
