import { expect, test } from 'vitest';
import { goal, goalLine } from './goals.ts';
import { medianOf, table } from './measure.ts';

test('a goal says whether it was met; one that was not measured is missed', () => {
  expect(goalLine(goal('times faster (goal 4)', 4.126, (ratio) => ratio >= 4))).toBe('met    times faster (goal 4): 4.13');
  expect(goalLine(goal('times faster (goal 4)', Number.NaN, (ratio) => ratio >= 4))).toBe('MISSED times faster (goal 4): NaN');
});

test('a table has the middle and the ends of each name, in the order in which they first came', () => {
  const samples = [{ name: 'b', seconds: 3 }, { name: 'a', seconds: 1 }, { name: 'b', seconds: 1 }, { name: 'b', seconds: 2 }, { name: 'a', seconds: 2 }];
  expect(medianOf(samples, 'a')).toBe(1.5);
  expect(table(samples).replaceAll(/ +/g, ' ')).toBe('b 2.00 s (1.00 … 3.00, 3 runs)\na 1.50 s (1.00 … 2.00, 2 runs)');
});
