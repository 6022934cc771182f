import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { beginOf, historyName, isSegmentSize, lastSegmentBefore, parseHistoryName, parseSegmentName, segmentName, segmentOf } from '../../../src/domain/wal/segment.ts';

const MiB = 1024 * 1024;
const size = fc.integer({ min: 0, max: 10 }).map((power) => MiB * 2 ** power);
const timeline = fc.integer({ min: 1, max: 0xffff_ffff });
const lsn = fc.bigInt({ min: 0n, max: (1n << 64n) - 1n });

describe('segment names', () => {
  it('are read back as they are written', () => {
    fc.assert(fc.property(timeline, lsn, size, (tli, at, bytes) => {
      const segment = { timeline: tli, number: segmentOf(at, bytes) };
      expect(parseSegmentName(segmentName(segment, bytes), bytes)).toEqual(segment);
    }));
  });

  it('sort as the log does', () => {
    fc.assert(fc.property(timeline, lsn, lsn, size, (tli, a, b, bytes) => {
      const [first, second] = [segmentOf(a, bytes), segmentOf(b, bytes)];
      return segmentName({ timeline: tli, number: first }, bytes) < segmentName({ timeline: tli, number: second }, bytes) === first < second;
    }));
  });

  // As pg_walfile_name() answers on servers with these segment sizes.
  it.each([
    [1, 0x16_b374d848n, 16 * MiB, '0000000100000016000000B3'],
    [1, 0x1000000n, 16 * MiB, '000000010000000000000001'],
    [3, 0x1_00000000n, 16 * MiB, '000000030000000100000000'],
    [1, 0x16_b374d848n, 64 * MiB, '00000001000000160000002C'],
    [1, 0x16_b374d848n, MiB, '000000010000001600000B37'],
    [0xa, 0x2_80000000n, 1024 * MiB, '0000000A0000000200000002'],
  ])('timeline %d, %d, segments of %d: %s', (tli, at, bytes, name) => {
    expect(segmentName({ timeline: tli, number: segmentOf(at, bytes) }, bytes)).toBe(name);
  });

  it.each(['', '0000000100000016000000b3', '0000000100000016000000B3.partial', '0000000100000016000000B', '0000000000000016000000B3', '000000010000001600000100', '00000002.history', '0000000100000016000000B3\n', '../000000010000001600'])('%j is none', (name) => {
    expect(parseSegmentName(name, 16 * MiB)).toBeNull();
  });

  it('know what a server can have been made with', () => {
    expect([0, 1, 512 * 1024, MiB, 3 * MiB, 16 * MiB, 1024 * MiB, 2048 * MiB, 16 * MiB + 1, Number.NaN].filter(isSegmentSize)).toEqual([MiB, 16 * MiB, 1024 * MiB]);
  });
});

describe('segments of a position', () => {
  it('begin at or before it, and the next one after it', () => {
    fc.assert(fc.property(lsn, size, (at, bytes) => {
      const number = segmentOf(at, bytes);
      expect(beginOf(number, bytes) <= at && at < beginOf(number + 1n, bytes)).toBe(true);
    }));
  });

  it('that ends on a boundary are over with the one before', () => {
    expect([lastSegmentBefore(0x2000000n, 16 * MiB), lastSegmentBefore(0x2000001n, 16 * MiB), lastSegmentBefore(0n, 16 * MiB)]).toEqual([1n, 2n, 0n]);
  });
});

describe('history names', () => {
  it('are read back as they are written', () => {
    fc.assert(fc.property(timeline, (tli) => parseHistoryName(historyName(tli)) === tli));
  });

  it.each(['00000000.history', '2.history', '00000002.history.partial', '00000002', '0000000a.history'])('%j is none', (name) => {
    expect(parseHistoryName(name)).toBeNull();
  });
});
