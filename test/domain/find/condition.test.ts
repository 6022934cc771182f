/** Conditions as people write them, and what is none. */
import { expect, test } from 'vitest';
import { conditionText, hasItsRows, parseRelation, readCondition, relationText, sqlBytesAtMost } from '../../../src/domain/find/condition.ts';
import { fullXid } from '../../../src/domain/find/full-xid.ts';
import { failing } from '../../support/failing.ts';

test.each([
  ['orders', 'public', 'orders', 'orders'], ['Orders', 'public', 'orders', 'orders'], ['"Orders"', 'public', 'Orders', '"Orders"'], ['sales.orders', 'sales', 'orders', 'sales.orders'],
  ['"a.b"."c""d"', 'a.b', 'c"d', '"a.b"."c""d"'], ['straße', 'public', 'straße', '"straße"'], [' Sales."x y" ', 'sales', 'x y', 'sales."x y"'],
])('%s is a table', (text, schema, name, shown) => {
  expect(parseRelation('dropped', text)).toEqual({ schema, name });
  expect(relationText({ schema, name })).toBe(shown);
});

test.each(['', 'a.b.c', 'a b', '"a', '""', 'a;', '1a', `"${'ß'.repeat(32)}"`, '"a\0b"', 'a.', '"\ud800"'])('%j is no table', async (text) => {
  await failing('InvalidInput', async () => parseRelation('dropped', text));
});

test('exactly one condition, whole', async () => {
  expect(readCondition({ shrunk: 'a' })).toEqual({ kind: 'shrunk', relation: { schema: 'public', name: 'a' }, share: 0.5 });
  expect(readCondition({ sql: ' SELECT true ; ' })).toEqual({ kind: 'sql', sql: 'SELECT true' });
  expect(conditionText(readCondition({ shrunk: 'a', share: 0.1 }))).toBe('a has not lost more than 10 % of its rows');
  for (const raw of [{}, { dropped: 'a', sql: 'b' }, { dropped: 1 }, { sql: '' }, { sql: 'x'.repeat(sqlBytesAtMost + 1) }, { dropped: 'a', share: 0.5 }, { shrunk: 'a', share: 1 }, { shrunk: 'a', share: '0.5' }]) await failing('InvalidInput', async () => readCondition(raw));
});

test.each([[50, 100, true], [49, 100, false], [0, 0, false], [1, 1, true]])('%i of %i rows: %s', (rows, most, has) => {
  expect(hasItsRows(rows, most, 0.5)).toBe(has);
});

test.each([['7', '8', '7'], ['735', String((3n << 32n) + 800n), String((3n << 32n) + 735n)], ['4294967290', String((1n << 32n) + 5n), '4294967290'], ['4294967290', String((2n << 32n) + 5n), String((1n << 32n) + 4_294_967_290n)]])(
  '%s below %s is %s', (xid, next, full) => {
    expect(fullXid(xid, next)).toBe(full);
  });
