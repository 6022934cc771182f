import { expect, test } from 'vitest';
import { clockTime, localAndUtc, localTime, shortTime, withLocalTimes } from '../../../src/cli/rendering/local-time.ts';

const berlin = 'Europe/Berlin';
const now = '2026-11-23T03:04:00.000Z';

test('instants are shown in the reader\'s zone, which is named', () => {
  expect(localTime('2026-11-23T01:00:00Z', berlin)).toBe('Mon 23 Nov 02:00');
  expect(clockTime('2026-07-01T01:00:03Z', berlin)).toMatch(/^03:00:03 CEST$/);
  expect(['America/New_York', 'Australia/Sydney', 'Asia/Tokyo', 'UTC', 'Europe/London'].map((zone) => clockTime('2026-11-23T01:00:03Z', zone).split(' ')[1])).toEqual(['EST', 'AEDT', 'GMT+9', 'UTC', 'GMT']);
  expect(localAndUtc('2026-11-23T01:00:03Z', berlin, now)).toMatch(/^02:00:03 CET \(01:00:03 UTC\)$/);
  expect(localAndUtc('2026-11-22T01:00:03Z', berlin, now)).toMatch(/^Sun 22 Nov 02:00:03 /);
  expect(localAndUtc('2026-11-23T01:00:03Z', 'UTC', now)).toBe('01:00:03 UTC');
  expect(shortTime('2026-11-23T23:30:00Z', berlin, '2026-11-23T01:00:00Z')).toBe('24 Nov 00:30');
});

test('instants within a run\'s own words are, too', () => {
  expect(withLocalTimes('BACK at 2026-11-23T02:08:33.120Z. RTO 31 s from 2026-11-23T02:08:02Z (request).', berlin, now)).toMatch(
    /^BACK at 03:08:33 CET \(02:08:33 UTC\)\. RTO 31 s from 03:08:02 CET \(02:08:02 UTC\) \(request\)\.$/);
  expect(withLocalTimes('backup 20261123-010000, 3 rows', berlin, now)).toBe('backup 20261123-010000, 3 rows');
});
