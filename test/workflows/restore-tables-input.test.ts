import { expect, test } from 'vitest';
import { readRestoreTablesInput } from '../../src/workflows/restore-tables/input.ts';
import { failing } from '../support/failing.ts';

const input = { service: 'shop', tables: ['orders'] };
const wanted = [{ schema: null, name: 'orders' }];

test('tables come from a backup or from a moment, whose relative time is resolved', () => {
  expect(readRestoreTablesInput({ ...input, backup: 'latest' })).toEqual({ ...input, wanted, backup: 'latest' });
  expect(readRestoreTablesInput({ ...input, before: 'xid:7401', timeline: 2, cluster: '76', exact: true })).toEqual({ ...input, wanted, before: 'xid:7401', timeline: 2, cluster: '76', exact: true });
  const earliest = Date.now() - 300_000;
  const { to } = readRestoreTablesInput({ ...input, to: '5 minutes ago' });
  expect(Math.abs(Date.parse(to ?? '') - earliest)).toBeLessThan(60_000);
});

test.for([
  {}, { backup: 'latest', to: 'latest' }, { backup: 'latest', timeline: 1 }, { to: 'latest', before: 'latest' }, { timeline: 1 }, { cluster: '7' }, { to: '03:04' }, { to: 5 }, { to: 'latest', timeline: 0 }, { to: 'latest', cluster: 7 },
  { to: 'latest', only: ['postgres'] }, { to: 'latest', since: '2026-11-23T02:47:05Z' }, { to: 'latest', into: { postgres: 'other' } }, { to: 'latest', exact: true, intoSchema: 'x' },
])('with %j it is refused', async (source) => {
  await failing('InvalidInput', async () => readRestoreTablesInput({ ...input, ...source }));
});
