/** The spans in which one drill of a kind was due: whole months in the schedule's time zone, from one that has a start to before the next that has one. Pure. */
import type { CronTimes } from '../schedules/cron.ts';
import { lastDue } from '../schedules/last-due.ts';
import { offsetsOf } from '../schedules/time-zone.ts';
import type { DueDrill } from './due-drills.ts';

export interface DueWindow {
  /** `2026-10`, `2026Q4`, `2026`; `2026-02 to 2026-04` where it is none of these. */
  readonly label: string;
  readonly fromMs: number;
  /** Up to before this. */
  readonly toMs: number;
  /** Of several starts the last; null where the clock was put forward over all of them. */
  readonly lastStartMs: number | null;
}

/** 29 February comes every four years, and once in a while after eight. */
const mostMonths = 8 * 12 + 1;

/** Every one that shares a month with the span, which is of whole months in UTC: a yearly drill is due in each of its quarters until it was made. */
export function dueWindows({ times, timeZone }: Pick<DueDrill, 'times' | 'timeZone'>, span: { readonly fromMs: number; readonly toMs: number }): readonly DueWindow[] {
  const offsetMs = offsetsOf(timeZone);
  const [first, end] = [monthOf(span.fromMs), monthOf(span.toMs)];
  const windows: DueWindow[] = [];
  let begin = nearest(times, first, -1);
  while (begin !== null && begin < end) {
    const next = nearest(times, begin + 1, 1);
    if (next === null) break;
    const [fromMs, toMs] = [beginOf(begin, offsetMs), beginOf(next, offsetMs)];
    const lastStartMs = lastDue(times, timeZone, toMs - 1);
    windows.push({ label: labelOf(begin, next), fromMs, toMs, lastStartMs: lastStartMs !== null && lastStartMs >= fromMs ? lastStartMs : null });
    begin = next;
  }
  return windows;
}

/** Months since the year 0. */
function monthOf(ms: number): number {
  const date = new Date(ms);
  return date.getUTCFullYear() * 12 + date.getUTCMonth();
}

/** The first month from this one on, in that direction, that has a start. */
function nearest(times: CronTimes, from: number, step: 1 | -1): number | null {
  for (let month = from; Math.abs(month - from) < mostMonths; month += step) {
    const days = new Date(Date.UTC(Math.floor(month / 12), month % 12 + 1, 0)).getUTCDate();
    if (times.month.includes(month % 12 + 1) && times.dayOfMonth.some((day) => day <= days)) return month;
  }
  return null;
}

/** The instant at which a month begins in a zone. */
function beginOf(month: number, offsetMs: (instantMs: number) => number): number {
  const local = Date.UTC(Math.floor(month / 12), month % 12, 1);
  return local - offsetMs(local - offsetMs(local));
}

function labelOf(begin: number, next: number): string {
  const [months, year, month] = [next - begin, Math.floor(begin / 12), begin % 12];
  if (months === 12 && month === 0) return `${year}`;
  if (months === 3 && month % 3 === 0) return `${year}Q${month / 3 + 1}`;
  return months === 1 ? monthText(begin) : `${monthText(begin)} to ${monthText(next - 1)}`;
}

const monthText = (month: number): string => `${Math.floor(month / 12)}-${String(month % 12 + 1).padStart(2, '0')}`;
