/** The instant that a stamp without a zone stands for, once somebody says which zone its clock was in. Pure: the zones' rules are the runtime's own tables. */
import { offsetsOf } from '../schedules/time-zone.ts';

const dayMs = 86_400_000;

/**
 * Milliseconds since the epoch of `YYYYMMDD-HHMMSS` in a zone; null where no calendar has it. An hour that comes twice is taken the first time: what a backup covers is
 * then said too early and not too late. One that the clocks leave out is read by the clock before.
 */
export function instantOfStamp(stamp: string, timeZone: string): number | null {
  const [, year, month, day, hour, minute, second] = /^(\d{4})(\d{2})(\d{2})-(\d{2})(\d{2})(\d{2})$/.exec(stamp) ?? [];
  const local = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}.000Z`);
  if (Number.isNaN(local) || new Date(local).toISOString().replace(/[-:]/g, '').replace('T', '-').slice(0, 15) !== stamp) return null;
  const offsetMs = offsetsOf(timeZone);
  const [before, after] = [local - offsetMs(local - dayMs), local - offsetMs(local + dayMs)];
  const fitting = [before, after].filter((instant) => instant + offsetMs(instant) === local);
  return fitting.length === 0 ? before : Math.min(...fitting);
}
