import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parsePoint, pointText } from '../../src/domain/point.ts';
import { failing } from '../support/failing.ts';

const now = Date.parse('2026-11-29T03:00:00.250Z');

describe('parsePoint', () => {
  it.each([
    ['latest', { kind: 'latest' }],
    ['2026-11-23T02:47:05+01:00', { kind: 'time', at: '2026-11-23T01:47:05.000000Z' }],
    ['2026-11-23T02:47:05Z', { kind: 'time', at: '2026-11-23T02:47:05.000000Z' }],
    ['2026-11-23 02:47:05.5-09:30', { kind: 'time', at: '2026-11-23T12:17:05.500000Z' }],
    ['2026-11-23t02:47:05.123456z', { kind: 'time', at: '2026-11-23T02:47:05.123456Z' }],
    // The hour that comes twice in Berlin: the offset tells which.
    ['2026-10-25T02:30:00+02:00', { kind: 'time', at: '2026-10-25T00:30:00.000000Z' }],
    ['2026-10-25T02:30:00+01:00', { kind: 'time', at: '2026-10-25T01:30:00.000000Z' }],
    ['5 minutes ago', { kind: 'time', at: '2026-11-29T02:55:00.250000Z' }],
    ['1 minute ago', { kind: 'time', at: '2026-11-29T02:59:00.250000Z' }],
    ['90s ago', { kind: 'time', at: '2026-11-29T02:58:30.250000Z' }],
    ['2 h ago', { kind: 'time', at: '2026-11-29T01:00:00.250000Z' }],
    ['3 days ago', { kind: 'time', at: '2026-11-26T03:00:00.250000Z' }],
    ['lsn:16/b374d848', { kind: 'lsn', lsn: '16/B374D848' }],
    ['xid:7401', { kind: 'xid', xid: '7401' }],
    ['xid:18446744073709551615', { kind: 'xid', xid: '18446744073709551615' }],
    ['mark:before-deploy', { kind: 'mark', name: 'before-deploy' }],
    ['backup:20261123-010000', { kind: 'backup', backup: '20261123-010000' }],
    ['backup:latest', { kind: 'backup', backup: 'latest' }],
  ])('reads %s', (text, point) => {
    expect(parsePoint(text, now)).toEqual(point);
  });

  it.each([
    '', ' ', 'yesterday', 'now', '14:32:05', '14:32', '2026-11-23', '2026-11-23T02:47:05', '2026-11-23T02:47Z', '2026-11-23T02:47:05 CET', '2026-11-23T02:47:05+1', '2026-11-23T02:47:05.1234567Z',
    '2026-02-30T00:00:00Z', '2026-11-23T24:00:00Z', '2026-11-23T23:59:60Z', '2026-11-23T02:47:05+16:00', '2026-11-23T02:47:05+01:60', '2026-11-29T03:00:01Z', '9999-12-31T23:59:59Z',
    '-5 minutes ago', '5 minutes', '5 fortnights ago', '1.5 hours ago', '999999 days ago', 'lsn:', 'lsn:0', 'lsn:0/0/0', 'xid:0', 'xid:2', 'xid:-1', 'xid:1e9', 'xid:18446744073709551616', 'mark:', 'mark:../x', 'mark:a b',
    'mark:a\n', 'backup:', 'backup:2026-11-23', 'LATEST', 'timeline:2', "2026-11-23T02:47:05Z'; DROP TABLE x", '\0',
  ])('refuses %j', async (text) => {
    const { fields, message } = await failing('InvalidInput', async () => parsePoint(text, now));
    expect(fields.operation).toBe('read the point');
    expect(message.length).toBeLessThan(500);
  });

  it.each(['14:32:05', '2026-11-23T02:47:05', '2026-11-23 02:47:05'])('says of %s that the offset is missing', async (text) => {
    expect((await failing('InvalidInput', async () => parsePoint(text, now))).fields.cause).toContain('offset');
  });

  it('answers the same instant as the platform does, to the microsecond, whatever the offset', () => {
    const offset = fc.integer({ min: -14 * 60, max: 14 * 60 });
    fc.assert(fc.property(fc.integer({ min: 86_400, max: Math.floor(now / 1000) - 86_400 }), fc.integer({ min: 0, max: 999_999 }), offset, (second, micro, minutes) => {
      const wall = new Date((second + minutes * 60) * 1000).toISOString().slice(0, 19);
      const [sign, size] = [minutes < 0 ? '-' : '+', Math.abs(minutes)];
      const digits = String(micro).padStart(6, '0');
      const text = `${wall}.${digits}${sign}${String(Math.floor(size / 60)).padStart(2, '0')}:${String(size % 60).padStart(2, '0')}`;
      expect(parsePoint(text, now)).toEqual({ kind: 'time', at: `${new Date(second * 1000).toISOString().slice(0, 19)}.${digits}Z` });
    }));
  });

  it('sorts times as text', () => {
    const instant = fc.tuple(fc.integer({ min: 0, max: Math.floor(now / 1000) - 1 }), fc.integer({ min: 0, max: 999_999 }));
    fc.assert(fc.property(instant, instant, (a, b) => {
      const [first, second] = [a, b].map(([at, micro]) => pointText(parsePoint(`${new Date(at * 1000).toISOString().slice(0, 19)}.${String(micro).padStart(6, '0')}Z`, now)));
      return ((first as string) < (second as string)) === (a[0] < b[0] || (a[0] === b[0] && a[1] < b[1]));
    }));
  });
});

describe('pointText', () => {
  it.each(['latest', '2026-11-23T01:47:05.000000Z', 'lsn:16/B374D848', 'xid:7401', 'mark:before-deploy', 'backup:2026'])('%s is read back as it is written', (text) => {
    expect(pointText(parsePoint(text, now))).toBe(text);
  });
});
