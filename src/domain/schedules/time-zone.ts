/** IANA time zones, and the hours that they leave out. Pure: the zones' rules are the runtime's own tables. */
import type { CronTimes } from './cron.ts';

const dayMs = 86_400_000;
const hourMs = 3_600_000;

/** A zone that every Temporal server reads as we do: its files are found by the exact name, and an offset (`+01:00`) is none. */
export function isTimeZone(name: string): boolean {
  if (name === 'UTC') return true;
  if (!/^[A-Z][A-Za-z]*(\/[A-Za-z0-9_+-]+){1,2}$/.test(name)) return false;
  try {
    const known = new Intl.DateTimeFormat('en-US', { timeZone: name }).resolvedOptions().timeZone;
    // Of a name in other letters; an older name of a zone is resolved to the newer one, and is fine.
    return known === name || known.toLowerCase() !== name.toLowerCase();
  } catch {
    return false;
  }
}

export interface LocalTime { readonly month: number; readonly day: number; readonly weekday: number; readonly hour: number; readonly minute: number }

/**
 * The first time in the year from `fromMs` that a clock put forward leaves out, as `2027-03-28 02:30`: Temporal starts nothing then. (Times that come twice start one run.)
 * Null where there is none.
 */
export function firstTimeLeftOut(times: CronTimes, timeZone: string, fromMs: number): string | null {
  const offsetMs = offsetsOf(timeZone);
  for (let day = 0; day < 366; day += 1) {
    const begin = fromMs + day * dayMs;
    const before = offsetMs(begin);
    // Of half an hour (Lord Howe) Temporal leaves nothing out: it starts half an hour later.
    if (offsetMs(begin + dayMs) - before < hourMs) continue;
    const at = changeBetween(begin, begin + dayMs, offsetMs);
    for (let local = at + before; local < at + offsetMs(at); local += 60_000) if (matches(times, localTime(local))) return new Date(local).toISOString().slice(0, 16).replace('T', ' ');
  }
  return null;
}

/** The first minute at which the offset is another one. */
function changeBetween(begin: number, end: number, offsetMs: (instantMs: number) => number): number {
  const before = offsetMs(begin);
  let [low, high] = [Math.floor(begin / 60_000), Math.ceil(end / 60_000)];
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetMs(middle * 60_000) === before) low = middle;
    else high = middle;
  }
  return high * 60_000;
}

/** Is it one of the times? {@link localTime} says of an instant what its local time is. */
export function matches(times: CronTimes, { month, day, weekday, hour, minute }: LocalTime): boolean {
  return times.minute.includes(minute) && times.hour.includes(hour) && times.dayOfMonth.includes(day) && times.month.includes(month) && times.dayOfWeek.includes(weekday);
}

/** Of an instant that is a local time written as UTC. */
export function localTime(local: number): LocalTime {
  const date = new Date(local);
  return { month: date.getUTCMonth() + 1, day: date.getUTCDate(), weekday: date.getUTCDay(), hour: date.getUTCHours(), minute: date.getUTCMinutes() };
}

/** Local time minus UTC, by instant. */
export function offsetsOf(timeZone: string): (instantMs: number) => number {
  const format = new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' });
  return (instantMs) => {
    const text = format.formatToParts(new Date(instantMs)).find(({ type }) => type === 'timeZoneName')?.value ?? '';
    const [, sign = '+', hours = '0', minutes = '0'] = /GMT([+-])(\d{2}):(\d{2})/.exec(text) ?? [];
    return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
  };
}
