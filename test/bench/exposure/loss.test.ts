import { expect, test } from 'vitest';
import { acknowledgedIn, lossOf, spreadOf } from './loss.ts';

const log = '0 7 900 0 1000 500000 3\n1 0 800 0 1000 100000 0\n0 8 900 0 1001 0 2\n1 1 800 0 1000 900000 1\n0 9 90';

test('each client\'s commits are counted from its first, in the order of their times, and a line that was cut is none', () => {
  expect(acknowledgedIn(log)).toEqual([
    { client: 1, number: 1, atMs: 1_000_100 }, { client: 0, number: 1, atMs: 1_000_500 }, { client: 1, number: 2, atMs: 1_000_900 }, { client: 0, number: 2, atMs: 1_001_000 },
  ]);
});

test('what was lost is told from the first commit that is missing to the last that was acknowledged', () => {
  const acknowledged = acknowledgedIn(log);
  expect(lossOf(acknowledged, () => true)).toMatchObject({ commits: 0, ms: 0 });
  expect(lossOf(acknowledged, ({ client, number }) => client === 1 || number < 1)).toMatchObject({ commits: 2, ms: 500 });
  expect(lossOf(acknowledged, () => true).rate).toBeCloseTo(4 / 0.9);
  expect(() => lossOf([], () => true)).toThrow(RangeError);
});

test('a spread has the middle, the high end and the largest', () => {
  expect(spreadOf(Array.from({ length: 100 }, (_, n) => 100 - n))).toEqual({ median: 51, high: 96, max: 100 });
  expect(spreadOf([])).toEqual({ median: Number.NaN, high: Number.NaN, max: Number.NaN });
});
