import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { checkNewSchema, checkTables, parseTableName, quotedName, tableText } from '../../../src/domain/tables/table-name.ts';
import { failing } from '../../support/failing.ts';

/** Anything that PostgreSQL takes for an identifier. */
const part = fc.string({ minLength: 1, maxLength: 15, unit: 'grapheme' }).filter((text) => !text.includes('\0') && Buffer.byteLength(text) <= 63);

describe('names of tables', () => {
  it('are read back as they are written, whatever is in them', () => {
    fc.assert(fc.property(fc.option(part), part, (schema, name) => {
      expect(parseTableName(tableText({ schema, name }))).toEqual({ schema, name });
    }));
  });

  it('differ in text where they differ', () => {
    fc.assert(fc.property(part, part, part, part, (a, b, c, d) => {
      expect(tableText({ schema: a, name: b }) === tableText({ schema: c, name: d })).toBe(a === c && b === d);
    }));
  });

  it('are taken as they stand, without being quoted for a shell', () => {
    expect(parseTableName('Orders')).toEqual({ schema: null, name: 'Orders' });
    expect(parseTableName('my schema.Größe')).toEqual({ schema: 'my schema', name: 'Größe' });
    expect(parseTableName('"a.b"."c""d"')).toEqual({ schema: 'a.b', name: 'c"d' });
    expect([tableText({ schema: 'public', name: 'orders_1' }), tableText({ schema: 'A', name: 'b c' })]).toEqual(['public.orders_1', '"A"."b c"']);
  });
});

test.for(['', '.', 'a.', '.a', 'a..b', 'a.b.c', '"a', 'a"b', '""', '"a"b', '"a"."b".', 'a\0b', 'x'.repeat(64), `s.${'ü'.repeat(32)}`, 'a\ud800', '"\udc00"'])('%j is no name', async (text) => {
  await failing('InvalidInput', async () => parseTableName(text));
});

test('a table is named once, and at least one is', async () => {
  expect(checkTables(['a', 'public.a'])).toHaveLength(2);
  await failing('InvalidInput', async () => checkTables(['a', '"a"']));
  await failing('InvalidInput', async () => checkTables([]));
  await failing('InvalidInput', async () => checkTables(Array.from({ length: 51 }, (_each, number) => `t${number}`)));
});

test.for(['public', 'pg_x', 'holdfast_old_1', 'information_schema', 'A', 'a b', '1a', 'a"', '', 'x'.repeat(64)])('%j is no new schema', async (text) => {
  await failing('InvalidInput', async () => checkNewSchema(text));
});
test('a name stands quoted in statements that somebody may copy', () => expect(['as_it_was', 'select', 'a"b'].map(quotedName)).toEqual(['"as_it_was"', '"select"', '"a""b"']));
test('a new schema has a plain name', () => expect(checkNewSchema('before_the_accident')).toBe('before_the_accident'));
