import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isFailure } from '../../../src/domain/failures.ts';
import { chooseBase, wasOver, type BaseRange, type Moment } from '../../../src/domain/wal/base-choice.ts';
import type { WalHoldings } from '../../../src/domain/wal/coverage.ts';
import type { TimelineStretch } from '../../../src/domain/wal/timeline.ts';
import { failing } from '../../support/failing.ts';

const MiB = 1024n * 1024n;
const one: readonly TimelineStretch[] = [{ timeline: 1, begin: 0n, end: null }];
const minute = (at: number): string => `2026-11-23T02:${String(at).padStart(2, '0')}:00.000000Z`;

/** A base backup whose replay begins in segment `begin` and is consistent one MiB into segment `end`. */
const base = (backupId: string, begin: number, end: number, endAt: string, more: Partial<BaseRange> = {}): BaseRange =>
  ({ backupId, timeline: 1, begin: BigInt(begin) * 16n * MiB, end: BigInt(end) * 16n * MiB + MiB, endAt, snapshot: `${100 * end}:${100 * end}:`, ...more });
const holding = (timeline: number, ...numbers: readonly number[]): WalHoldings => ({ segmentSizeBytes: Number(16n * MiB), complete: numbers.map((number) => ({ timeline, number: BigInt(number) })), partial: [] });

const bases = [base('first', 2, 2, minute(10)), base('second', 5, 6, minute(20)), base('third', 9, 9, minute(30))];
const whole = holding(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
const lsn = (segment: bigint): Moment => ({ kind: 'lsn', lsn: segment * 16n * MiB });
const time = (at: number): Moment => ({ kind: 'time', at: minute(at) });

describe('chooseBase', () => {
  it.each([
    ['a time', time(25), 'second'], ['the very end of a base', time(20), 'second'], ['just before it', { kind: 'time', at: '2026-11-23T02:19:59.999999Z' }, 'first'], ['now', time(59), 'third'],
    ['a position', lsn(8n), 'second'], ['the end of a base', { kind: 'lsn', lsn: 6n * 16n * MiB + MiB }, 'second'], ['a position while it was taken', lsn(6n), 'first'],
    ['a transaction', { kind: 'xid', xid: 650n }, 'second'], ['latest', { kind: 'latest' }, 'third'], ['a named one', { kind: 'consistent', backupId: 'first' }, 'first'],
  ] as const)('takes the newest that lies before %s', (_what, moment, backupId) => {
    expect(chooseBase(moment, one, bases, whole).base.backupId).toBe(backupId);
  });

  it('takes the one that a transaction was still running in', () => {
    const running = base('running', 7, 7, minute(25), { snapshot: '640:700:640,650' });
    expect(chooseBase({ kind: 'xid', xid: 650n }, one, [...bases, running], whole).base.backupId).toBe('running');
    expect(chooseBase({ kind: 'xid', xid: 660n }, one, [...bases, running], whole).base.backupId).toBe('second');
  });

  it('refuses what lies before the first, and says how far back one can go', async () => {
    const { fields } = await failing('PointUnreachable', async () => chooseBase(time(9), one, bases, whole));
    expect(fields.cause).toContain(minute(10));
    expect(fields.cause).toContain('first');
  });

  it('refuses what lies behind a gap, and names the segment', async () => {
    const { fields } = await failing('PointUnreachable', async () => chooseBase(lsn(8n), one, bases, holding(1, 2, 3, 4, 5, 6, 8, 9)));
    expect(fields.cause).toContain('000000010000000000000007');
    expect(fields.hint).toContain('lsn:0/7000000');
  });

  it('takes a position before the gap all the same', () => {
    expect(chooseBase(lsn(7n), one, bases, holding(1, 2, 3, 4, 5, 6, 8, 9)).base.backupId).toBe('second');
  });

  it('refuses what was not archived yet, and offers the nearest', async () => {
    const { fields } = await failing('PointUnreachable', async () => chooseBase(lsn(12n), one, bases, whole));
    expect(fields.hint).toContain('lsn:0/B000000');
  });

  it('refuses to go on from a base whose own end is not archived; to that end it needs no archive, and it is the latest then', async () => {
    const lost = holding(1, 2, 3, 4, 5, 6, 7, 8);
    const { fields } = await failing('PointUnreachable', async () => chooseBase(time(59), one, bases, lost));
    expect(fields.hint).toContain('third is not complete');
    expect(fields.hint).toContain('its own end can: backup:third');
    expect(chooseBase({ kind: 'consistent', backupId: 'third' }, one, bases, holding(1)).base.backupId).toBe('third');
    expect(chooseBase({ kind: 'latest' }, one, bases, lost)).toMatchObject({ base: { backupId: 'third' }, moment: { kind: 'consistent', backupId: 'third' } });
    expect(chooseBase({ kind: 'latest' }, one, bases, whole).moment).toEqual({ kind: 'latest' });
  });

  it('refuses the latest behind a gap in a base\'s own range, and says what can be reached', async () => {
    const { fields } = await failing('PointUnreachable', async () => chooseBase({ kind: 'latest' }, one, bases, holding(1, 2, 3, 4, 5, 6, 7, 8, 10)));
    expect(fields.cause).toContain('000000010000000000000009 is missing');
    expect(fields.hint).toContain('its own end can: backup:third');
  });

  it('never takes a base of a stretch that the path has left', async () => {
    const path: readonly TimelineStretch[] = [{ timeline: 1, begin: 0n, end: 7n * 16n * MiB }, { timeline: 2, begin: 7n * 16n * MiB, end: null }];
    const { base: chosen } = chooseBase(time(59), path, bases, { ...whole, complete: [...whole.complete, ...holding(2, 7, 8, 9).complete] });
    expect(chosen.backupId).toBe('second');
    await failing('PointUnreachable', async () => chooseBase(time(59), path, [bases[2] as BaseRange], whole));
    await failing('PointUnreachable', async () => chooseBase({ kind: 'latest' }, one, [], whole));
  });

  it('never answers a base that ends behind the moment, nor a coverage that ends before it', () => {
    const anyBase = fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 0, max: 2 })).map(([begin, more]) => base(`${begin}-${more}`, begin, begin + more, minute(begin + more)));
    fc.assert(fc.property(fc.array(anyBase, { maxLength: 5 }), fc.uniqueArray(fc.integer({ min: 1, max: 12 })), fc.bigInt({ min: 0n, max: 13n * 16n * MiB }), (some, numbers, at) => {
      try {
        const { base: chosen, coverage } = chooseBase({ kind: 'lsn', lsn: at }, one, some, holding(1, ...numbers));
        return chosen.end <= at && coverage.end >= at && !some.some((other) => other.end > chosen.end && other.end <= at);
      } catch (error) {
        return isFailure(error, 'PointUnreachable');
      }
    }), { numRuns: 1_000 });
  });
});

describe('wasOver', () => {
  it.each([[99n, '100:105:102', true], [100n, '100:105:100,102', false], [101n, '100:105:100,102', true], [102n, '100:105:100,102', false], [104n, '100:105:', true], [105n, '100:105:', false], [900n, '100:105:', false]])(
    'transaction %d in %s: %s', (xid, snapshot, over) => {
      expect(wasOver(xid, snapshot)).toBe(over);
    });
});
