/** Grandfather, father, son: which backups stand for a day, a week or a month. Pure. */
import { dayMs, type RetentionClock } from './retention-clock.ts';
import type { JudgedBackup } from './judge-backups.ts';

export type PeriodName = 'day' | 'week' | 'month';

/**
 * Periods are those of UTC, as the ids are: every worker sees the same ones, none is skipped or doubled when clocks change, and no table of zones is needed.
 * Weeks begin on Monday.
 */
export function periodNumber(period: PeriodName, atMs: number): number {
  const day = Math.floor(atMs / dayMs);
  if (period === 'day') return day;
  // 1 January 1970 was a Thursday.
  if (period === 'week') return Math.floor((day + 3) / 7);
  const at = new Date(atMs);
  return at.getUTCFullYear() * 12 + at.getUTCMonth();
}

const longestDays: Readonly<Record<PeriodName, number>> = { day: 1, week: 7, month: 31 };

/** What is known of the time that passed. */
export interface PassedTime {
  readonly clock: RetentionClock;
  /** Numbers of backups that claim a time which has not come: the clock was wrong around them. By number. */
  readonly future: readonly number[];
}

/**
 * Of each of the newest `count` periods that have one, the newest of these backups. Where a clock was wrong since, a period that never was may be among them: then also
 * of each that is no further back than so many periods. And where a period comes twice, because a clock was set, the newest of each time: so no backup takes another's place, nor does one that
 * claims its period from behind backups of the future.
 * @param backups sound ones of one kind, by number
 */
export function periodKeepers(period: PeriodName, count: number, backups: readonly JudgedBackup[], { clock, future }: PassedTime): readonly JudgedBackup[] {
  if (count === 0) return [];
  const numbers = backups.map(({ atMs }) => periodNumber(period, atMs));
  const counting = new Set([...new Set(numbers.toReversed())].slice(0, count));
  const reachMs = count * longestDays[period] * dayMs;
  return backups.filter(({ sequence }, index) => {
    const number = numbers[index] as number;
    const next = backups[index + 1]?.sequence ?? sequence;
    if (number === numbers[index + 1] && !future.some((odd) => odd > sequence && odd < next)) return false;
    return counting.has(number) || (!clock.isPlainSince(sequence) && clock.ageMs(sequence) < reachMs);
  });
}
