/** How often the segment that is being written goes to the repositories, and what follows from that for what they lack. Pure. */
import type { Timing } from '../timing.ts';
import type { LogStatus } from './log-status.ts';

/** It is stored whole each time: more often than that, storing is most of what a small machine does. What is longer is no more than what a segment's end brings. */
export const partialBounds = { leastMs: 5_000, mostMs: 3_600_000 } as const;

/** Besides the interval: a reading, a round, and storing. */
const storingMs = 10_000;

/** What a repository may lack, in a log whose newest segment goes there as often. */
export const lackedMs = (partialMs: number): number => partialMs + storingMs;

/** The longest by which no more is lost than this; where even the shortest does not do, that. */
export const mostPartialMs = (rpoMs: number): number => Math.max(partialBounds.leastMs, rpoMs - storingMs);

type Objectives = Pick<Timing, 'walOnHostExposureMs' | 'walExposureMs' | 'walArchiveExposureMs'>;

/** What may be lost in each place before it is an alarm: as much later in a repository as the newest segment goes there less often than usual. */
export function alarmObjectives(status: Pick<LogStatus, 'partialMs'> | null, { walOnHostExposureMs, walExposureMs, walArchiveExposureMs, walPartialMs }: Objectives & Pick<Timing, 'walPartialMs'>): Objectives {
  return { walOnHostExposureMs, walArchiveExposureMs, walExposureMs: walExposureMs + (status?.partialMs ?? walPartialMs) - walPartialMs };
}
