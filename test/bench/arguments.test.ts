import { expect, test } from 'vitest';
import { readBenchArguments } from './arguments.ts';

test('without a word the dumps are measured, and nothing is fixed but by the bench itself', () => {
  expect(readBenchArguments([])).toEqual({ bench: 'dumps', sizesMb: [], rounds: null, times: null, seconds: null, only: [], wal: 'stream' });
});

test('sizes are megabytes, or gigabytes of a thousand, and may be several', () => {
  expect(readBenchArguments(['physical', '--size', '200MB', '--size', '4GB', '--size', '50', '--rounds', '5'])).toMatchObject({ bench: 'physical', sizesMb: [200, 4000, 50], rounds: 5 });
});

test.each([[['physics']], [['physical', 'twice']], [['--size', '1TB']], [['--size', '4']], [['--size', '1.5GB']], [['--rounds', '0']], [['--times', 'many']], [['exposure', '--wal', 'both']]])('%j is refused', (args) => {
  expect(() => readBenchArguments(args)).toThrow(RangeError);
});
