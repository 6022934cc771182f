import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isFailure } from '../../../src/domain/failures.ts';
import { chooseBase } from '../../../src/domain/wal/base-choice.ts';
import type { WalHoldings } from '../../../src/domain/wal/coverage.ts';
import { newestBase, reachableWindows, type ClusterBase, type ReachableLog, type ReachableWindow } from '../../../src/domain/wal/reachable.ts';
import { timelineAt, type TimelineStretch } from '../../../src/domain/wal/timeline.ts';

const MiB = 1024n * 1024n;
const segment = 16n * MiB;
const own = '7400000000000000001';
const one: readonly TimelineStretch[] = [{ timeline: 1, begin: 0n, end: null }];
/** A server that writes a MiB of log a second. */
const timeOf = (lsn: bigint): string => new Date(1_700_000_000_000 + Number(lsn / 1024n)).toISOString().replace('Z', '000Z');

/** Its replay begins in segment `begin` and is consistent one MiB into segment `end`. */
const base = (backupId: string, begin: number, end: number, more: Partial<ClusterBase> = {}): ClusterBase => {
  const stop = BigInt(end) * segment + MiB;
  return { backupId, systemIdentifier: own, timeline: 1, begin: BigInt(begin) * segment, end: stop, endAt: timeOf(stop), snapshot: '3:3:', ...more };
};
const holding = (timeline: number, ...numbers: readonly number[]): WalHoldings => ({ segmentSizeBytes: Number(segment), complete: numbers.map((number) => ({ timeline, number: BigInt(number) })), partial: [] });
const log = (more: Partial<ReachableLog>): ReachableLog => ({ systemIdentifier: own, path: one, bases: [], holdings: holding(1), samples: [], ...more });
const shape = ({ begin, end, bases, gap }: ReachableWindow): unknown => ({ from: Number(begin.lsn / MiB), to: Number(end.lsn / MiB), bases, gap: gap === null ? null : Number(gap.number) });

describe('reachableWindows', () => {
  it('is one from the first base\'s end to the end of the log, whatever bases lie in it', () => {
    const bases = [base('second', 5, 6), base('first', 2, 2)];
    expect(reachableWindows(log({ bases, holdings: holding(1, 2, 3, 4, 5, 6, 7) })).map(shape)).toEqual([{ from: 33, to: 128, bases: ['first', 'second'], gap: null }]);
  });

  it('ends at a gap, and begins anew with the next base behind it', () => {
    const bases = [base('first', 2, 2), base('across', 4, 6), base('behind', 7, 7)];
    expect(reachableWindows(log({ bases, holdings: holding(1, 2, 3, 4, 6, 7, 8) })).map(shape)).toEqual([
      { from: 33, to: 80, bases: ['first'], gap: 5 }, { from: 113, to: 144, bases: ['behind'], gap: null },
    ]);
  });

  it('leads no further than the segment that is being written', () => {
    const holdings = { ...holding(1, 2, 3), partial: [{ timeline: 1, number: 4n, end: 4n * segment + 3n * MiB }] };
    expect(reachableWindows(log({ bases: [base('first', 2, 2)], holdings })).map(shape)).toEqual([{ from: 33, to: 67, bases: ['first'], gap: null }]);
  });

  it('follows a switch of timelines, and leaves out what lies behind it on the old one', () => {
    const path = [{ timeline: 1, begin: 0n, end: 5n * segment }, { timeline: 2, begin: 5n * segment, end: null }];
    const bases = [base('before', 2, 2), base('left', 6, 6), base('after', 6, 7, { timeline: 2 })];
    const holdings = { ...holding(1, 2, 3, 4, 5, 6, 7, 8, 9), complete: [...holding(1, 2, 3, 4, 5, 6, 7, 8, 9).complete, ...holding(2, 5, 6, 7).complete] };
    expect(reachableWindows(log({ path, bases, holdings })).map((window) => [shape(window), window.timeline])).toEqual([[{ from: 33, to: 128, bases: ['before', 'after'], gap: null }, 2]]);
  });

  it('is none without a base of this cluster, and none where a base\'s own end is not archived', () => {
    expect(reachableWindows(log({ bases: [base('other', 2, 2, { systemIdentifier: '7400000000000000002' })], holdings: holding(1, 2, 3) }))).toEqual([]);
    expect(reachableWindows(log({ bases: [base('first', 2, 3)], holdings: holding(1, 2) }))).toEqual([]);
    expect(reachableWindows(log({ holdings: holding(1, 2) }))).toEqual([]);
  });

  it('says how the newest base\'s log stands, which what is written now will follow', () => {
    const bases = [base('first', 2, 2), base('second', 5, 6), base('other', 8, 8, { systemIdentifier: '7400000000000000002' })];
    const newest = (...numbers: readonly number[]): unknown => newestBase(log({ bases, holdings: holding(1, ...numbers) }));
    expect(newest(2, 3, 4, 5, 6, 7)).toEqual({ backupId: 'second', complete: true, gap: null });
    expect(newest(2, 4)).toEqual({ backupId: 'second', complete: false, gap: null });
    expect(newest(2, 5, 7)).toEqual({ backupId: 'second', complete: false, gap: { timeline: 1, number: 6n } });
    expect(newest(5, 6, 8)).toEqual({ backupId: 'second', complete: true, gap: { timeline: 1, number: 7n } });
    expect(newestBase(log({ bases: bases.slice(2), holdings: holding(1, 8) }))).toBeNull();
  });

  it('ends at the newest instant that is known to be in it: of a reading, else of its newest base', () => {
    const given = { bases: [base('first', 2, 2), base('second', 3, 3)], holdings: holding(1, 2, 3) };
    const endOf = (samples: ReachableLog['samples']): string | undefined => reachableWindows(log({ ...given, samples }))[0]?.end.at;
    expect(endOf([])).toBe(timeOf(3n * segment + MiB));
    expect(endOf([{ at: timeOf(64n * MiB), lsn: 64n * MiB }, { at: timeOf(63n * MiB), lsn: 63n * MiB }])).toBe(timeOf(64n * MiB));
    // One that lies behind the log says nothing of it, and neither does one that is older than the base.
    expect(endOf([{ at: timeOf(65n * MiB), lsn: 65n * MiB }, { at: timeOf(33n * MiB), lsn: 33n * MiB }])).toBe(timeOf(3n * segment + MiB));
    // A database at rest: the position stays, and the clock goes on.
    expect(endOf([{ at: timeOf(900n * MiB), lsn: 64n * MiB }])).toBe(timeOf(900n * MiB));
  });
});

/** Up to three timelines, each left at some position, with whatever bases (one after the other, as a service's backups are taken) and files. */
const anyLog = fc.record({
  switches: fc.uniqueArray(fc.integer({ min: 2, max: 11 * 16 }), { maxLength: 2 }).map((mibs) => mibs.toSorted((a, b) => a - b).map((mib) => BigInt(mib) * MiB)),
  bases: fc.array(fc.record({ begin: fc.integer({ min: 1, max: 9 }), more: fc.integer({ min: 0, max: 2 }), timeline: fc.integer({ min: 1, max: 3 }), foreign: fc.integer({ min: 0, max: 4 }) }), { maxLength: 6 }),
  files: fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 12 })), { selector: ([timeline, number]) => `${timeline}/${number}`, maxLength: 30 }),
  partial: fc.array(fc.record({ timeline: fc.integer({ min: 1, max: 3 }), number: fc.integer({ min: 1, max: 12 }), mib: fc.integer({ min: 1, max: 15 }) }), { maxLength: 3 }),
  samples: fc.array(fc.integer({ min: 1, max: 13 * 16 }), { maxLength: 20 }),
}).map(({ switches, bases, files, partial, samples }): ReachableLog => {
  const path = [0n, ...switches].map((begin, index) => ({ timeline: index + 1, begin, end: switches[index] ?? null }));
  return {
    systemIdentifier: own, path, samples: samples.map((mib) => ({ at: timeOf(BigInt(mib) * MiB), lsn: BigInt(mib) * MiB })),
    bases: oneAfterTheOther(bases).map(({ begin, more, timeline, foreign }, index) => base(`${index}`, begin, begin + more, {
      timeline: timelineAt(path, BigInt(begin) * segment)?.timeline === timeline ? timeline : Math.min(timeline, path.length), ...(foreign === 0 ? { systemIdentifier: '7400000000000000002' } : {}),
    })),
    holdings: {
      segmentSizeBytes: Number(segment), complete: files.map(([timeline, number]) => ({ timeline, number: BigInt(number) })),
      partial: partial.map(({ timeline, number, mib }) => ({ timeline, number: BigInt(number), end: BigInt(number) * segment + BigInt(mib) * MiB })),
    },
  };
});

function oneAfterTheOther<B extends { readonly begin: number; readonly more: number }>(bases: readonly B[]): readonly B[] {
  return bases.toSorted((a, b) => a.begin - b.begin).reduce<readonly B[]>((kept, next) => {
    const last = kept.at(-1);
    return last !== undefined && next.begin <= last.begin + last.more ? kept : [...kept, next];
  }, []);
}

/** Whether a restore finds a way to this position. */
function isReached({ systemIdentifier, path, bases, holdings }: ReachableLog, lsn: bigint): boolean {
  try {
    chooseBase({ kind: 'lsn', lsn }, path, bases.filter((each) => each.systemIdentifier === systemIdentifier), holdings);
    return true;
  } catch (error) {
    if (isFailure(error, 'PointUnreachable')) return false;
    throw error;
  }
}

describe('whatever was archived', () => {
  it('a position lies in a window exactly where a restore finds a way to it', () => {
    const reached = new Set<boolean>();
    fc.assert(fc.property(anyLog, fc.array(fc.integer({ min: 0, max: 13 * 16 }), { minLength: 1, maxLength: 10 }), (given, mibs) => {
      const windows = reachableWindows(given);
      const edges = windows.flatMap(({ begin, end }) => [begin.lsn - 1n, begin.lsn, end.lsn, end.lsn + 1n]);
      for (const lsn of [...edges, ...mibs.map((mib) => BigInt(mib) * MiB)]) {
        const inside = windows.some(({ begin, end }) => begin.lsn <= lsn && lsn <= end.lsn);
        reached.add(inside);
        expect([lsn, inside]).toEqual([lsn, isReached(given, lsn)]);
      }
    }), { numRuns: 2_000 });
    expect([...reached].sort()).toEqual([false, true]);
  });

  it('windows lie apart, in order, and promise no instant whose log is not there', () => {
    fc.assert(fc.property(anyLog, (given) => {
      const windows = reachableWindows(given);
      windows.forEach(({ begin, end }, index) => {
        expect(begin.lsn <= end.lsn && begin.at <= end.at).toBe(true);
        expect(end.at <= timeOf(end.lsn)).toBe(true);
        const next = windows[index + 1];
        if (next !== undefined) expect(end.lsn < next.begin.lsn).toBe(true);
      });
      const usable = given.bases.filter(({ systemIdentifier }) => systemIdentifier === own).map(({ backupId }) => backupId);
      expect(windows.flatMap(({ bases }) => bases).filter((id) => !usable.includes(id))).toEqual([]);
    }), { numRuns: 1_000 });
  });
});
