import { expect, test } from 'vitest';
import { answerIn } from '../../../../src/engines/postgres/drill/csv-answer.ts';

const mark = '0f'.repeat(16);

test.each<[string, number, string | null]>([
  ['', 0, null],
  ['5\n', 1, '5'],
  [`${mark}\n`, 1, null],
  ['\n', 1, ''],
  ['a,b\nc,d\n', 2, 'a'],
  ['"a, ""b""\nand c",2\nd,3\n', 2, 'a, "b"\nand c'],
  ['"",x\n', 1, ''],
  [`${mark},x\n`, 1, null],
  ['last', 1, 'last'],
])('%j is %i rows, the first value %j', (text, rows, value) => {
  expect(answerIn(text, mark)).toEqual({ rows, value });
});
