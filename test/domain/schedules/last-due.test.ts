import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseCron, type CronTimes } from '../../../src/domain/schedules/cron.ts';
import { lastDue, lastInterval } from '../../../src/domain/schedules/last-due.ts';
import { firstTimeLeftOut, localTime, matches, offsetsOf } from '../../../src/domain/schedules/time-zone.ts';

const timesOf = (cron: string): CronTimes => parseCron(cron).times as CronTimes;
const due = (cron: string, zone: string, at: string): string | null => {
  const found = lastDue(timesOf(cron), zone, Date.parse(at));
  return found === null ? null : new Date(found).toISOString();
};

test('the last start is found, also over months and years', () => {
  expect(due('0 2 * * *', 'UTC', '2026-11-29T02:00:00Z')).toBe('2026-11-29T02:00:00.000Z');
  expect(due('0 2 * * *', 'UTC', '2026-11-29T01:59:59Z')).toBe('2026-11-28T02:00:00.000Z');
  expect(due('0 2 * * *', 'Europe/Berlin', '2026-11-29T01:30:00Z')).toBe('2026-11-29T01:00:00.000Z');
  expect(due('0 2 1 1,4,7,10 *', 'Asia/Tokyo', '2026-11-29T00:00:00Z')).toBe('2026-09-30T17:00:00.000Z');
  expect(due('0 2 29 2 *', 'UTC', '2026-11-29T00:00:00Z')).toBe('2024-02-29T02:00:00.000Z');
});

test('a time that the clock leaves out was never due, and one that comes twice was so the first time', () => {
  expect(due('30 2 * * *', 'Europe/Berlin', '2027-03-28T12:00:00Z')).toBe('2027-03-27T01:30:00.000Z');
  expect(firstTimeLeftOut(timesOf('30 2 * * *'), 'Europe/Berlin', Date.parse('2027-03-01T00:00:00Z'))).toBe('2027-03-28 02:30');
  expect(due('30 2 * * *', 'Europe/Berlin', '2026-10-25T12:00:00Z')).toBe('2026-10-25T00:30:00.000Z');
});

test('two starts are so far apart', () => {
  expect(lastInterval(timesOf('0 2 * * 0'), 'UTC', Date.parse('2026-11-29T12:00:00Z'))).toEqual({ dueMs: Date.parse('2026-11-29T02:00:00Z'), intervalMs: 7 * 86_400_000 });
});

// Against going back minute by minute.
test('of any times, in any zone, it is the newest that is named and not later', () => {
  const zones = ['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Sydney'];
  const crons = fc.tuple(fc.constantFrom('*', '0', '*/20', '7,43'), fc.constantFrom('*', '0', '2', '*/6', '23'), fc.constantFrom('* * *', '* * 0', '* * 1-5')).map((fields) => fields.join(' '));
  fc.assert(fc.property(crons, fc.constantFrom(...zones), fc.integer({ min: Date.UTC(2026, 0), max: Date.UTC(2028, 0) }), (cron, zone, atMs) => {
    const times = timesOf(cron);
    const offsetMs = offsetsOf(zone);
    const isNamed = (ms: number): boolean => matches(times, localTime(ms + offsetMs(ms))) && !(offsetMs(ms - 3_600_000) > offsetMs(ms) && matches(times, localTime(ms - 3_600_000 + offsetMs(ms - 3_600_000))));
    const found = lastDue(times, zone, atMs);
    let expected = Math.floor(atMs / 60_000) * 60_000;
    // A Sunday's 02:00 that the clock leaves out was never due: the last one is then up to two weeks back.
    for (let back = 0; back < 15 * 1440 && !isNamed(expected); back += 1) expected -= 60_000;
    return found === expected;
  }), { numRuns: 60 });
});
