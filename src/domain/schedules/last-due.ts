/** When a schedule was due last, as Temporal counts: a time that the clock is put forward over never is, one that comes twice is so once. Pure. */
import type { CronTimes } from './cron.ts';
import { localTime, matches, offsetsOf } from './time-zone.ts';

const dayMs = 86_400_000;
/** 29 February comes every four years, and once in a while after eight. */
const mostDays = 8 * 366 + 1;

/** The newest instant at or before `atMs` that the times name in that zone, in milliseconds; null where there is none. */
export function lastDue(times: CronTimes, timeZone: string, atMs: number): number | null {
  const offsetMs = offsetsOf(timeZone);
  const today = Math.floor((atMs + offsetMs(atMs)) / dayMs) * dayMs;
  const hours = [...times.hour].reverse();
  const minutes = [...times.minute].reverse();
  for (let day = 0; day < mostDays; day += 1) {
    const begin = today - day * dayMs;
    if (!isDayOf(times, begin)) continue;
    // By the clock on the wall; around a change the order of the instants may be another one.
    const found = hours.flatMap((hour) => minutes.map((minute) => instantOf(begin + (hour * 60 + minute) * 60_000, offsetMs))).filter((instant) => instant !== null && instant <= atMs) as number[];
    if (found.length > 0) return found.reduce((a, b) => Math.max(a, b));
  }
  return null;
}

const isDayOf = (times: CronTimes, local: number): boolean => matches({ ...times, hour: [0], minute: [0] }, localTime(local));

/** The first instant at which that zone's clocks show a local time, or null where they never do. */
function instantOf(local: number, offsetMs: (instantMs: number) => number): number | null {
  const candidates = [local - offsetMs(local - dayMs), local - offsetMs(local + dayMs)].filter((instant) => instant + offsetMs(instant) === local);
  return candidates.length === 0 ? null : Math.min(...candidates);
}

/** How far apart the last two were; null where there were not two. */
export function lastInterval(times: CronTimes, timeZone: string, atMs: number): { readonly dueMs: number; readonly intervalMs: number } | null {
  const dueMs = lastDue(times, timeZone, atMs);
  const before = dueMs === null ? null : lastDue(times, timeZone, dueMs - 60_000);
  return dueMs === null || before === null ? null : { dueMs, intervalMs: dueMs - before };
}
