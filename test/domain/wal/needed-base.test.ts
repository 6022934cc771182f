import { describe, expect, it } from 'vitest';
import type { WalHoldings } from '../../../src/domain/wal/coverage.ts';
import { standingBase, timelineCause, type KnownBase, type KnownLog } from '../../../src/domain/wal/needed-base.ts';

const segmentSizeBytes = 16 * 1024 * 1024;
const holding = (timeline: number, ...numbers: readonly number[]): WalHoldings => ({ segmentSizeBytes, complete: numbers.map((number) => ({ timeline, number: BigInt(number) })), partial: [] });
const base = (backupId: string, segment: number, timeline = 1): KnownBase => ({ backupId, timeline, begin: BigInt(segment) * BigInt(segmentSizeBytes) + 40n });
const log = (more: Partial<KnownLog> = {}): KnownLog => ({ systemIdentifier: '74', timeline: 1, holdings: holding(1, 2, 3, 4, 5, 6), breaks: [], bases: [base('first', 2), base('second', 4)], ...more });

describe('the base backup that the log leads on from', () => {
  it('is the newest, also where the archive has not come to its begin yet', () => {
    expect(standingBase(log()).base?.backupId).toBe('second');
    expect(standingBase(log({ bases: [base('first', 2), base('ahead', 9)] })).base?.backupId).toBe('ahead');
    expect(standingBase(log({ bases: [base('later', 5), base('earlier', 2)] })).base?.backupId).toBe('later');
  });

  it.each<[string, Partial<KnownLog>, string]>([
    ['there is none of the cluster', { bases: [] }, 'timeline-1-of-74'],
    ['a promotion began a new timeline', { timeline: 2 }, 'timeline-2-of-74'],
    ['the log broke since', { breaks: [{ timeline: 1, number: 3n }, { timeline: 1, number: 5n }] }, 'break-000000010000000000000005-of-74'],
    ['it was taken before the log was received', { bases: [base('early', 1)] }, 'gap-000000010000000000000001-of-74'],
    ['something behind it is missing without a record', { holdings: holding(1, 2, 3, 4, 6) }, 'gap-000000010000000000000005-of-74'],
  ])('is missing where %s, and the cause has its own name', (_what, more, id) => {
    const { base: found, cause } = standingBase(log(more));
    expect([found, cause?.id]).toEqual([null, id]);
    expect(cause?.reason).not.toBe('');
  });

  it('is missing by the same name for whoever began the timeline', () => {
    expect(standingBase(log({ timeline: 2 })).cause?.id).toBe(timelineCause(2, '74'));
  });

  it('is there again once one was taken behind the break, in the very segment that was missing', () => {
    const breaks = [{ timeline: 1, number: 5n }];
    expect(standingBase(log({ breaks, bases: [base('second', 4), base('third', 5)] })).base?.backupId).toBe('third');
    // A break of a timeline that was left concerns nobody who goes on along the new one.
    expect(standingBase(log({ timeline: 2, breaks, holdings: holding(2, 7, 8), bases: [base('new', 7, 2)] })).base?.backupId).toBe('new');
  });
});
