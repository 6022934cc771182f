import { expect, test } from 'vitest';
import { longestGapMs } from './probe.ts';

test('the longest time without a write is told; of one write nothing is known', () => {
  expect(longestGapMs([0, 10, 25, 3_025, 3_040])).toBe(3_000);
  expect(longestGapMs([7, 7])).toBe(0);
  expect(longestGapMs([7])).toBeNaN();
  expect(longestGapMs([])).toBeNaN();
});
