import { expect, test } from 'vitest';
import { readCloneInput } from '../../../src/workflows/clone-service/input.ts';
import { failing } from '../../support/failing.ts';

test('a copy has a name, a moment, and ports where they are named', () => {
  expect(readCloneInput({ service: 'shop', name: 'looking', before: 'xid:7', only: ['postgres'], timeline: 2, ports: { postgres: 15_432 }, reason: 'INC-7', dryRun: true })).toEqual({
    service: 'shop', name: 'looking', before: 'xid:7', only: ['postgres'], timeline: 2, ports: { postgres: 15_432 }, reason: 'INC-7', dryRun: true,
  });
  expect(readCloneInput({ service: 'shop', name: 'a', to: 'latest' })).toEqual({ service: 'shop', name: 'a', to: 'latest' });
  expect(readCloneInput({ service: 'shop', name: 'a', backup: 'latest', only: ['redis'], ports: { redis: 16_379 }, dryRun: true })).toEqual({ service: 'shop', name: 'a', backup: 'latest', only: ['redis'], ports: { redis: 16_379 }, dryRun: true });
});

const fine = { service: 'shop', name: 'looking', to: 'latest' };
test.for([
  { ...fine, name: undefined }, { ...fine, name: '' }, { ...fine, name: 'a/b' }, { ...fine, name: '-a' }, { ...fine, name: 'a..b' }, { ...fine, name: 'a'.repeat(41) }, { ...fine, name: 7 },
  { ...fine, to: undefined }, { ...fine, before: 'latest' }, { ...fine, into: { postgres: 'x' } }, { ...fine, since: '2026-11-23T02:47:05+01:00' }, { ...fine, dryrun: true },
  { ...fine, ports: 15_432 }, { ...fine, ports: {} }, { ...fine, ports: { postgres: '15432' } }, { ...fine, ports: { postgres: 0 } }, { ...fine, ports: { postgres: 70_000 } }, { ...fine, ports: { postgres: 1.5 } },
  { ...fine, backup: 'latest' }, { service: 'shop', name: 'a', backup: 7 }, { service: 'shop', name: 'a', backup: 'latest', timeline: 2 }, { service: 'shop', name: 'a', backup: 'latest', since: '2026-11-23T02:47:05+01:00' }, { service: 'shop', name: 'a', backup: 'latest', dryrun: true },
  { ...fine, ports: { postgres: 15_432, redis: 15_432 } }, { ...fine, only: ['redis'], ports: { postgres: 15_432 } },
])('%j is refused', async (raw) => {
  await failing('InvalidInput', async () => readCloneInput(Object.fromEntries(Object.entries(raw).filter(([, value]) => value !== undefined))));
});
