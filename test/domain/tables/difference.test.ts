import { expect, it } from 'vitest';
import { differenceLines, keysMayShow, outcomeText, type TableDifference } from '../../../src/domain/tables/difference.ts';

const none: TableDifference = { table: 'public.orders', missing: '0', changed: '0', extra: '0', extraGo: false, keys: null };

it('is told in a line a table, and one for each kind of row whose keys may be shown', () => {
  expect(differenceLines(none)).toEqual(['public.orders: no row differs']);
  expect(differenceLines({ ...none, missing: '1', extra: '12' })).toEqual(['public.orders: 1 row to insert, 12 more in the live table, left (--exact removes them)']);
  expect(differenceLines({ ...none, changed: '7', extra: '1', extraGo: true, keys: { missing: [], changed: ['1', '2'], extra: ['9'] } })).toEqual([
    'public.orders: 7 rows to change back, 1 to remove', '  to change back: 1; 2; …', '  to remove: 9',
  ]);
  expect(outcomeText({ table: 'public.orders', inserted: '1', changed: '2', removed: '0' })).toBe('public.orders: 1 row inserted, 2 changed, 0 removed');
});

it('never shows a key that may be somebody\'s', () => {
  expect(keysMayShow(['integer', 'date', 'timestamp with time zone'])).toBe(true);
  for (const type of ['text', 'uuid', 'character varying(9)', 'bytea', 'public.mood', '']) expect(keysMayShow(['integer', type])).toBe(false);
  expect(keysMayShow([])).toBe(false);
});
