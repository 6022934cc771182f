import fc from 'fast-check';
import { expect, test } from 'vitest';
import { interpolate } from '../../../../src/domain/drill/compose/interpolate.ts';

const variables = { PGHOST: 'postgres', PGPASSWORD: 'a$b', NONE: '' };

test.each([
  ['plain', 'plain'], ['$PGHOST:5432', 'postgres:5432'], ['${PGHOST}', 'postgres'], ['${PGHOST:-db}', 'postgres'], ['${TAG:-2.0}-${TAG-2.1}', '2.0-2.1'], ['${TAG:-}', ''],
  ['${NONE:-x}|${NONE-x}', 'x|'], ['$$PGHOST and $${PGHOST}', '$PGHOST and ${PGHOST}'], ['postgresql://u:${PGPASSWORD}@${PGHOST}/d', 'postgresql://u:a$b@postgres/d'],
])('%s is %s', (text, filled) => {
  expect(interpolate(text, variables)).toEqual({ text: filled });
});

test.each([
  ['${TAG}', '${TAG} has no value'], ['pa$word', 'a variable has no value'], ['${TAG:?needed}', 'not understood'], ['${PGHOST:+x}', 'not understood'], ['${TAG:-${PGHOST}}', 'not understood'], ['5 $', 'not understood'], ['${}', 'not understood'], ['${toString}', '${toString} has no value'],
])('%s is refused', (text, problem) => {
  expect(interpolate(text, variables)).toEqual({ problem: expect.stringContaining(problem) as string });
});

test('a text whose dollars are doubled comes out as it was, whatever it says', () => {
  fc.assert(fc.property(fc.string(), (text) => {
    expect(interpolate(text.replaceAll('$', '$$$$'), variables)).toEqual({ text });
  }));
});
