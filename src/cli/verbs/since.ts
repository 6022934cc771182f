/** `--since`: the moment of the disaster as people write it at three in the morning. Pure. */
import { HoldfastFailure } from '../../domain/failures.ts';

const clockPattern = /^(\d{1,2}):(\d{2})(?::(\d{2}))?$/;
const localPattern = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2})?$/;
const instantPattern = /^\d{4}-\d{2}-\d{2}[T ]\d{2}:\d{2}(:\d{2}(\.\d{1,9})?)?(Z|[+-]\d{2}:\d{2})$/;

/** An instant with offset, as ISO 8601 UTC. A time of day is the last such moment on this machine's clock. @throws InvalidInput */
export function parseSince(text: string | undefined, now: Date): string | undefined {
  if (text === undefined) return undefined;
  const instant = readInstant(text, now);
  if (instant === null || Number.isNaN(instant.getTime())) throw invalid(text, 'it is no moment there is', 'Write it like 02:47, 2026-11-23T02:47:05 or 2026-11-23T02:47:05+01:00.');
  if (instant > now) throw invalid(text, 'it lies in the future', 'Give the moment the disaster began.');
  return instant.toISOString();
}

/** JavaScript takes 30 February for 2 March, and 24:00 for the next day: both are refused here. */
function isOnCalendar(text: string): boolean {
  const [, year, month, day, hour] = /^(\d{4})-(\d{2})-(\d{2})[T ](\d{2})/.exec(text) ?? [];
  const date = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)));
  return date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day) && Number(hour) <= 23;
}

function readInstant(text: string, now: Date): Date | null {
  const clock = clockPattern.exec(text);
  if (clock !== null) return lastTime(now, Number(clock[1]), Number(clock[2]), Number(clock[3] ?? 0));
  if (!isOnCalendar(text)) return null;
  const local = localPattern.exec(text);
  if (local !== null) return new Date(`${local[1]}T${local[2]}${local[3] ?? ':00'}`);
  return instantPattern.test(text) ? new Date(text.replace(' ', 'T')) : null;
}

function lastTime(now: Date, hours: number, minutes: number, seconds: number): Date | null {
  if (hours > 23 || minutes > 59 || seconds > 59) return null;
  const today = new Date(now);
  today.setHours(hours, minutes, seconds, 0);
  if (today > now) today.setDate(today.getDate() - 1);
  return today;
}

const invalid = (object: string, cause: string, hint: string): HoldfastFailure => new HoldfastFailure('InvalidInput', { operation: 'read --since', object: JSON.stringify(object.slice(0, 80)), cause, hint });
