import { expect, test } from 'vitest';
import { readAmcheck } from '../../../../src/engines/postgres/base/amcheck-output.ts';

/** As pg_amcheck 15 to 18 print it with --verbose; the scripts leave out all but the first two lines of each. */
const told = (name: string, said: string): string => `${name}:\n    ${said}\n    LOCATION:  somewhere, in_the_server.c:7\nquery was: SELECT "public".bt_index_parent_check(index := c.oid)\nFROM pg_catalog.pg_class c\n`;
const index = (name: string): string => `btree index "shop.public.${name}"`;

test('what the server calls corrupted, rows that it found, and files that are not there are damage', () => {
  const output = [
    told(index('orders_note'), 'ERROR:  XX001: heap tuple (0,1) from table "orders" lacks matching index tuple within index "orders_note"'),
    told(index('orders_pkey'), 'ERROR:  XX002: item order invariant violated for index "orders_pkey"'),
    'heap table "shop.public.orders", block 0, offset 5:\n    data begins at offset 86 beyond the tuple length 27\n',
    told('heap table "shop.public.gone"', 'ERROR:  58P01: could not open file "base/5/16415": No such file or directory'),
    told('heap table "shop.public.old"', 'ERROR:  58P01: could not access status of transaction 700'),
  ].join('');
  expect(readAmcheck(output)).toEqual({
    damaged: [index('orders_note'), index('orders_pkey'), 'heap table "shop.public.orders", block 0, offset 5', 'heap table "shop.public.gone"', 'heap table "shop.public.old"'], notCompared: [], unanswered: [],
  });
});

test('an index whose own function ends in an error is not compared, and what the function said is repeated nowhere', () => {
  const output = ['42883: function unaccent(text) does not exist', '42P01: relation "customers" does not exist', '3F000: schema "ext" does not exist', 'P0001: no mia@example.com here'].map((said, each) => told(index(`of_${each}`), `ERROR:  ${said}`)).join('');
  const { damaged, notCompared, unanswered } = readAmcheck(output);
  expect([damaged, unanswered, notCompared.map(({ object }) => object)]).toEqual([[], [], [0, 1, 2, 3].map((each) => index(`of_${each}`))]);
  expect(notCompared[0]?.reason).toContain('SQLSTATE 42883');
  expect(JSON.stringify(notCompared)).not.toMatch(/mia|unaccent/);
  const many = Array.from({ length: 53 }, (_, each) => told(index(`of_${each}`), 'ERROR:  42883: function unaccent(text) does not exist')).join('');
  expect([readAmcheck(many).notCompared.length, readAmcheck(many).notCompared.at(-1)?.object]).toEqual([51, '3 more indexes']);
});

test('anything else is no answer, neither sound nor damaged; and so is an error without a relation', () => {
  const output = [
    told(index('large'), 'ERROR:  53200: out of memory'), told(index('odd'), 'ERROR:  22021: invalid byte sequence for encoding "UTF8": 0xff'), told(index('lib'), 'ERROR:  58P01: could not access file "$libdir/gone": No such file or directory'),
    told('heap table "shop.public.orders"', 'ERROR:  42883: function public.verify_heapam(relation => oid) does not exist'), `${index('cut')}:\n`,
  ].join('');
  expect(readAmcheck(output)).toEqual({ damaged: [], notCompared: [], unanswered: [`${index('large')} (SQLSTATE 53200)`, `${index('odd')} (SQLSTATE 22021)`, `${index('lib')} (SQLSTATE 58P01)`, 'heap table "shop.public.orders" (SQLSTATE 42883)', index('cut')] });
  expect(readAmcheck('')).toEqual({ damaged: [], notCompared: [], unanswered: ['something that it did not name'] });
  expect(readAmcheck(null)).toEqual({ damaged: [], notCompared: [], unanswered: [] });
});
