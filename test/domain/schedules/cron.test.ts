import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { cronText, parseCron, type CronTimes } from '../../../src/domain/schedules/cron.ts';

const names = ['minute', 'hour', 'dayOfMonth', 'month', 'dayOfWeek'] as const;
const bounds: readonly (readonly [number, number])[] = [[0, 59], [0, 23], [1, 31], [1, 12], [0, 6]];
const every = (index: number): readonly number[] => Array.from({ length: bounds[index]![1] - bounds[index]![0] + 1 }, (_, offset) => bounds[index]![0] + offset);

/** One field as somebody might write it, with what it means, counted out by hand. */
const written = (index: number): fc.Arbitrary<{ readonly text: string; readonly values: readonly number[] }> => {
  const [first, last] = bounds[index] as readonly [number, number];
  const one = fc.integer({ min: first, max: last }).map((value) => ({ text: `${value}`, values: [value] }));
  const range = fc.tuple(fc.integer({ min: first, max: last }), fc.integer({ min: first, max: last }), fc.integer({ min: 1, max: 20 })).map(([a, b, step]) => {
    const [begin, end] = [Math.min(a, b), Math.max(a, b)];
    return { text: step === 1 ? `${begin}-${end}` : `${begin}-${end}/${step}`, values: every(index).filter((value) => value >= begin && value <= end && (value - begin) % step === 0) };
  });
  const stepped = fc.integer({ min: 1, max: 40 }).map((step) => ({ text: step === 1 ? '*' : `*/${step}`, values: every(index).filter((value) => (value - first) % step === 0) }));
  return fc.array(fc.oneof(one, range, stepped), { minLength: 1, maxLength: 4 }).map((parts) => ({ text: parts.map(({ text }) => text).join(','), values: [...new Set(parts.flatMap(({ values }) => values))].sort((a, b) => a - b) }));
};

describe('a cron string', () => {
  it('means what it says, field by field, and is written back in one way', () => {
    fc.assert(fc.property(fc.tuple(...names.map((_, index) => written(index))), fc.boolean(), (fields, byMonth) => {
      // Both kinds of day are refused together: one of them is every day.
      const chosen = fields.map((field, index) => (index === (byMonth ? 4 : 2) ? { text: '*', values: every(index) } : field));
      const { times, problem } = parseCron(chosen.map(({ text }) => text).join(' '));
      if (times === null) {
        // In braces: what `expect` answers is no answer to the property.
        expect(problem).toBe('no such day ever comes');
        return;
      }
      expect(names.map((name) => times[name])).toEqual(chosen.map(({ values }) => values));
      expect(parseCron(cronText(times))).toEqual({ times, problem: null });
    }), { numRuns: 1_000 });
  });

  it.each([
    ['0 2 * * *', '0 2 * * *'], ['  00 02  * * * ', '0 2 * * *'], ['*/10 * * * *', '*/10 * * * *'], ['0,10,20,30,40,50 * * * *', '*/10 * * * *'], ['0-59 * * * *', '* * * * *'],
    ['0 3 * * 7', '0 3 * * 0'], ['0 3 * * sun', '0 3 * * 0'], ['0 3 * * Fri-7', '0 3 * * 0,5-6'], ['0 3 1 jan,JUL *', '0 3 1 1,7 *'], ['*/7 * * * *', '*/7 * * * *'], ['*/45 * * * *', '0,45 * * * *'], ['0 0 29 2 *', '0 0 29 2 *'],
  ])('%j is %j', (text, canonical) => {
    const { times, problem } = parseCron(text);
    expect(problem).toBeNull();
    expect(cronText(times as CronTimes)).toBe(canonical);
  });
});

test.each([
  ['', /five fields/], ['0 2 * *', /five fields/], ['0 0 2 * * *', /five fields/], ['@daily', /five fields/], ['0 2 * * * ; rm', /five fields/],
  ['60 * * * *', /60 is no minute \(0 to 59;/], ['* 24 * * *', /24 is no hour/], ['* * 0 * *', /no day of the month/], ['* * * 13 *', /no month \(1 to 12, or JAN to DEC/], ['* * * * 8', /no day of the week/], ['* * * FEBRUARY *', /no month/],
  ['*/0 * * * *', /no minute/], ['5/10 * * * *', /no minute/], ['10-5 * * * *', /no minute/], ['1- * * * *', /no minute/], ['-1 * * * *', /no minute/], ['1,,2 * * * *', /no minute/], ['1.5 * * * *', /no minute/], ['? * * * *', /no minute/], ['H * * * *', /no minute/], ['1-2-3 * * * *', /no minute/],
  ['0 2 1 * 1', /cron and Temporal disagree/], ['0 2 31 2,4 *', /no such day/], ['0 2 30 2 *', /no such day/], [`${'0,'.repeat(150)}0 2 * * *`, /five fields/],
])('%j is refused', (text, words) => {
  expect(parseCron(text)).toEqual({ times: null, problem: expect.stringMatching(words) });
});
