/**
 * How old a backup is, told by the backups that were taken since and not by a clock (docs/decisions/0019). Time runs only while sound backups are
 * taken: in the order of their numbers, never backwards, and from one to the next no further than has been usual so far. Pure.
 */

export const dayMs = 86_400_000;
/** Steps that tell how far apart backups are usually taken; shorter ones are several of one day. */
const shortestTellingMs = dayMs / 2;
const remembered = 100;

/** A sound backup: its number, and the instant that its id claims. */
export interface Tick {
  readonly sequence: number;
  readonly atMs: number;
}

export interface RetentionClock {
  /** Number of the newest tick; null where there is none, and nothing has an age. */
  readonly newest: number | null;
  /** How much time ran since the backup of this number. One that is no tick is as old as the next that is. */
  ageMs(sequence: number): number;
  /** Did each one after it come later than all before, and no later than usual? Where not, a clock may have been wrong, or nothing was taken for a while. */
  isPlainSince(sequence: number): boolean;
}

/** @param ticks by number */
export function retentionClock(ticks: readonly Tick[]): RetentionClock {
  const elapsed: number[] = [];
  const telling: number[] = [];
  let latestMs = ticks[0]?.atMs ?? 0;
  let totalMs = 0;
  let lastOdd = 0;
  for (const { sequence, atMs } of ticks) {
    const stepMs = Math.max(0, atMs - latestMs);
    const longestMs = usualMs(telling);
    totalMs += Math.min(stepMs, longestMs);
    elapsed.push(totalMs);
    if (atMs < latestMs || stepMs > longestMs + shortestTellingMs) lastOdd = sequence;
    if (stepMs >= shortestTellingMs) telling.push(stepMs);
    if (telling.length > remembered) telling.shift();
    latestMs = Math.max(latestMs, atMs);
  }
  return {
    newest: ticks.at(-1)?.sequence ?? null,
    ageMs: (sequence) => totalMs - (elapsed[firstFrom(ticks, sequence)] ?? totalMs),
    isPlainSince: (sequence) => lastOdd <= sequence,
  };
}

/** The third longest so far, a day at least: two odd steps among a hundred, a clock that jumped or a stop of two months, count as little as any other. */
function usualMs(steps: readonly number[]): number {
  let [first, second, third] = [0, 0, 0];
  for (const step of steps) {
    if (step > first) [first, second, third] = [step, first, second];
    else if (step > second) [second, third] = [step, second];
    else if (step > third) third = step;
  }
  return Math.max(dayMs, third);
}

/** Index of the first tick with this number or a higher one. */
function firstFrom(ticks: readonly Tick[], sequence: number): number {
  let [low, high] = [0, ticks.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((ticks[middle] as Tick).sequence < sequence) low = middle + 1;
    else high = middle;
  }
  return low;
}
