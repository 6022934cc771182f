import { expect, test } from 'vitest';
import { parseCron, type CronTimes } from '../../../src/domain/schedules/cron.ts';
import { firstTimeLeftOut, isTimeZone } from '../../../src/domain/schedules/time-zone.ts';

test.each(['UTC', 'Europe/Berlin', 'America/Argentina/Buenos_Aires', 'Asia/Calcutta', 'Asia/Kolkata', 'Etc/GMT+5'])('%s is a zone', (name) => expect(isTimeZone(name)).toBe(true));
test.each(['', 'utc', 'europe/berlin', 'Europe/berlin', 'Europe/Nowhere', '+01:00', 'CET+1', 'Local', '../etc/passwd', 'Europe/Berlin ', 'GMT+2'])('%j is none', (name) => expect(isTimeZone(name)).toBe(false));

const left = (cron: string, zone: string, from = '2026-11-29T12:00:00Z'): string | null => firstTimeLeftOut(parseCron(cron).times as CronTimes, zone, Date.parse(from));

// As Temporal 1.29 answers (ListScheduleMatchingTimes, asked for Berlin, Santiago and Lord Howe): nothing on the day the clock goes forward by an hour, a later start where it goes forward by half
// of one, one start on the day it goes back.
test('a time that the clock is put forward over is named with its day', () => {
  expect(left('30 2 * * *', 'Europe/Berlin')).toBe('2027-03-28 02:30');
  expect(left('0 2 * * *', 'Europe/Berlin')).toBe('2027-03-28 02:00');
  expect(left('*/20 2 * * 0', 'America/New_York')).toBe('2027-03-14 02:00');
  expect(left('15 0 * * *', 'America/Santiago')).toBe('2027-09-05 00:15');
});

test('one that comes every day of the year is left alone', () => {
  for (const [cron, zone] of [['0 2 * * *', 'UTC'], ['59 1 * * *', 'Europe/Berlin'], ['0 3 * * *', 'Europe/Berlin'], ['30 2 * * 1-6', 'Europe/Berlin'], ['30 2 1 * *', 'Europe/Berlin'], ['30 2 * * *', 'Asia/Tokyo'], ['15 2 * * *', 'Australia/Lord_Howe'], ['45 2 * * *', 'Australia/Lord_Howe'], ['30 2 * 10 *', 'Europe/Berlin']] as const) expect(left(cron, zone)).toBeNull();
});
