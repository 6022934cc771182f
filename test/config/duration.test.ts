import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from '../../src/config/duration.ts';

describe('parseDuration', () => {
  it.each([['500ms', 500], ['30s', 30_000], ['15m', 900_000], ['24h', 86_400_000], ['7d', 604_800_000], ['0s', 0]])('reads %s', (text, milliseconds) => {
    expect(parseDuration(text)).toBe(milliseconds);
  });

  it.each(['', '15', 'm', '15 m', ' 15m', '15m ', '1.5h', '-1s', '+1s', '1h30m', '015m', '15M', '15min', '1e3s', '15m\n', '٣s', '3651d', '999999999999d'])('refuses %j', (text) => {
    expect(parseDuration(text)).toBeNull();
  });

  it('reads back whatever it writes', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: 3_650 * 86_400_000 }), (milliseconds) => parseDuration(formatDuration(milliseconds)) === milliseconds));
  });

  it('reads nothing but digits followed by one unit', () => {
    fc.assert(fc.property(fc.string(), (text) => parseDuration(text) === null || /^[0-9]+(ms|s|m|h|d)$/.test(text)));
  });

  it('grows with its number and with its unit', () => {
    fc.assert(fc.property(fc.integer({ min: 1, max: 3_649 }), fc.constantFrom('ms', 's', 'm', 'h', 'd'), (count, unit) =>
      (parseDuration(`${count + 1}${unit}`) ?? 0) > (parseDuration(`${count}${unit}`) ?? Infinity)));
  });
});
