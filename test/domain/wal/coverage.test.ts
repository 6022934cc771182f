import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { coverageFrom, coveringFiles, type PartialSegment, type WalHoldings } from '../../../src/domain/wal/coverage.ts';
import { beginOf, segmentOf, type Segment } from '../../../src/domain/wal/segment.ts';
import type { TimelineStretch } from '../../../src/domain/wal/timeline.ts';

/** Segments of ten bytes: no server has them, and every boundary is met. */
const size = 10;
const one: readonly TimelineStretch[] = [{ timeline: 1, begin: 0n, end: null }];
/** Left 1 at 25, 2 at 40 (a boundary). */
const three: readonly TimelineStretch[] = [{ timeline: 1, begin: 0n, end: 25n }, { timeline: 2, begin: 25n, end: 40n }, { timeline: 3, begin: 40n, end: null }];

const segments = (timeline: number, ...numbers: readonly number[]): readonly Segment[] => numbers.map((number) => ({ timeline, number: BigInt(number) }));
const holdings = (complete: readonly Segment[], partial: readonly PartialSegment[] = []): WalHoldings => ({ segmentSizeBytes: size, complete, partial });

describe('coverageFrom', () => {
  it('goes as far as segments follow each other', () => {
    expect(coverageFrom(12n, one, holdings(segments(1, 1, 2, 3)))).toEqual({ end: 40n, timeline: 1, missing: { timeline: 1, number: 4n }, gap: false });
  });

  it('ends at a gap, and says so', () => {
    expect(coverageFrom(12n, one, holdings(segments(1, 1, 2, 4, 5)))).toEqual({ end: 30n, timeline: 1, missing: { timeline: 1, number: 3n }, gap: true });
  });

  it('is nothing where the first segment is missing', () => {
    expect(coverageFrom(12n, one, holdings(segments(1, 2)))).toEqual({ end: 12n, timeline: 1, missing: { timeline: 1, number: 1n }, gap: true });
  });

  it('takes a partial segment up to what was written in it, and as the last one only', () => {
    const partial = { timeline: 1, number: 3n, end: 34n };
    expect(coverageFrom(12n, one, holdings(segments(1, 1, 2), [partial]))).toMatchObject({ end: 34n, missing: { number: 3n }, gap: false });
    expect(coverageFrom(12n, one, holdings(segments(1, 1, 2, 4), [partial]))).toMatchObject({ end: 34n, missing: { number: 3n }, gap: true });
  });

  it('prefers the whole segment to its partial predecessor', () => {
    expect(coverageFrom(12n, one, holdings(segments(1, 1, 2), [{ timeline: 1, number: 1n, end: 13n }])).end).toBe(30n);
  });

  it('crosses to a younger timeline in the segment where that begins', () => {
    expect(coverageFrom(0n, three, holdings([...segments(1, 0, 1), ...segments(2, 2, 3), ...segments(3, 4)]))).toEqual({ end: 50n, timeline: 3, missing: { timeline: 3, number: 5n }, gap: false });
  });

  it('is over at the switch where only the parent\'s file is there, and names the child\'s as missing', () => {
    expect(coverageFrom(0n, three, holdings([...segments(1, 0, 1, 2, 3), ...segments(2, 3)]))).toEqual({ end: 25n, timeline: 1, missing: { timeline: 2, number: 2n }, gap: true });
  });

  it('does not follow a parent beyond where it was left, nor a stranger', () => {
    expect(coverageFrom(0n, three, holdings(segments(1, 0, 1, 2, 3, 4, 5)))).toMatchObject({ end: 25n, gap: false });
    expect(coverageFrom(0n, three, holdings([...segments(1, 0, 1), ...segments(7, 2, 3)]))).toMatchObject({ end: 20n, gap: false });
  });

  it('takes what a parent wrote after it was left for no gap behind the youngest\'s end', () => {
    expect(coverageFrom(0n, three, holdings([...segments(1, 0, 1, 2, 3, 4, 5, 6, 7), ...segments(2, 2, 3, 4, 6), ...segments(3, 4, 5)]))).toMatchObject({ end: 60n, timeline: 3, gap: false });
  });

  it('needs nothing of a timeline that was left on the boundary, in the segment after it', () => {
    expect(coverageFrom(30n, three, holdings([...segments(2, 3), ...segments(3, 4)])).end).toBe(50n);
    expect(coverageFrom(30n, three, holdings([...segments(2, 3, 4)])).end).toBe(40n);
  });

  it('refuses a begin that the path does not hold', () => {
    expect(() => coverageFrom(5n, [{ timeline: 2, begin: 10n, end: null }], holdings([]))).toThrow(RangeError);
  });

  it('covers byte for byte what a server would read', () => {
    const pick = fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 6 })), { selector: String });
    const part = fc.uniqueArray(fc.tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 6 }), fc.integer({ min: 1, max: 9 })), { selector: ([timeline, number]) => `${timeline}/${number}` });
    fc.assert(fc.property(pick, part, fc.integer({ min: 0, max: 24 }), (whole, partial, begin) => {
      const complete = whole.map(([timeline, number]) => ({ timeline, number: BigInt(number) }));
      const parts = partial.map(([timeline, number, bytes]) => ({ timeline, number: BigInt(number), end: BigInt(number * size + bytes) }));
      const { end } = coverageFrom(BigInt(begin), three, holdings(complete, parts));
      for (let at = BigInt(begin); at < end; at += 1n) expect(readable(at, complete, parts), `byte ${at}`).toBe(true);
      expect(readable(end, complete, parts), `byte ${end}`).toBe(false);
      // And it reads just these files: one for each segment up to the end, and only the last of them in part.
      const files = coveringFiles(BigInt(begin), three, holdings(complete, parts));
      expect(files.map(({ number }) => number)).toEqual(files.map((_, index) => segmentOf(BigInt(begin), size) + BigInt(index)));
      expect(files.slice(0, -1).every((file) => !('end' in file))).toBe(true);
      expect(files.length).toBe(end === BigInt(begin) && files.length === 0 ? 0 : Number(segmentOf(end - 1n, size) - segmentOf(BigInt(begin), size)) + 1);
    }), { numRuns: 2_000 });
  });

  it('takes the fullest of several partial files', () => {
    const parts = [{ timeline: 1, number: 3n, end: 37n }, { timeline: 1, number: 3n, end: 34n }];
    expect(coverageFrom(30n, one, holdings([], parts)).end).toBe(37n);
    expect(coveringFiles(30n, one, holdings([], parts))).toEqual([parts[0]]);
  });
});

/** Byte by byte and without arithmetic of whole segments: would a server that follows the three timelines find this byte? */
function readable(at: bigint, complete: readonly Segment[], partial: readonly PartialSegment[]): boolean {
  const number = segmentOf(at, size);
  for (const stretch of three.toReversed()) {
    if (segmentOf(stretch.begin, size) > number) continue;
    if (stretch.end !== null && stretch.end <= beginOf(number, size)) continue;
    const isWhole = complete.some((each) => each.timeline === stretch.timeline && each.number === number);
    const part = partial.find((each) => each.timeline === stretch.timeline && each.number === number);
    if (!isWhole && (part === undefined || part.end <= stretch.begin)) continue;
    // The file that is found first is the one that is read: what it lacks, or what lies behind the switch, is not there.
    return (isWhole || at < (part?.end ?? 0n)) && (stretch.end === null || at < stretch.end);
  }
  return false;
}
