/** What the answers of a started copy amount to. */
import { expect, test } from 'vitest';
import { judge } from '../../../../src/engines/postgres/base/check-base.ts';
import { base } from '../../../repository/sample-manifest.ts';

const heap = 'heap table "shop.public.orders", block 7, offset 3:\n    data begins at offset 86 beyond the tuple length 27\n';
const index = 'btree index "shop.public.orders_pkey":\n    ERROR:  XX002: item order invariant violated for index "orders_pkey"\n';
const sorts = JSON.stringify({ databases: [{ name: 'shop', recorded: '2.36', here: '2.41' }], collations: [], others: [] });
const judged = (told: string | null, collations = '') => judge(base, {
  exitCode: 0, messages: '',
  files: new Map([['facts', JSON.stringify({ systemIdentifier: base.server.systemIdentifier, databases: base.databases })], ['amcheck', 'yes'], ['pages', 'no'], ['relations', '5'], ['collations', collations], ...told === null ? [] : [['amcheck.told', told] as const]]),
});

test('what another order of text explains is no damage, and a table that is damaged is explained by none', () => {
  expect(judged(null)).toMatchObject({ verdict: 'proven' });
  expect(judged(index)).toMatchObject({ verdict: 'failed', differences: [{ object: expect.stringContaining('orders_pkey') }] });
  expect(judged(index, sorts)).toMatchObject({ verdict: 'couldNotVerify', sentence: expect.stringContaining('sorts text otherwise') });
  expect(judged(heap, sorts)).toMatchObject({ verdict: 'failed', differences: [{ object: expect.stringContaining('heap table') }] });
  expect(judged(`${index}${heap}`, sorts)).toMatchObject({ verdict: 'failed', differences: [{ object: expect.stringContaining('heap table') }] });
});
