import { describe, expect, it, test } from 'vitest';
import { readDrillInput } from '../../../src/workflows/run-drill/input.ts';
import { drilledRepository } from '../../../src/workflows/run-drill/drilled-repository.ts';
import type { RunDrillInput } from '../../../src/workflows/run-drill/messages.ts';
import { failing } from '../../support/failing.ts';

test('a drill works on none of the service\'s own containers, and is a restore unless it is said', () => {
  expect(readDrillInput({ service: 'shop' })).toEqual({ service: 'shop', depth: 'restore', into: {} });
  expect(readDrillInput({ service: 'shop', depth: 'restore', backup: '20261123', repository: 'nas', reason: 'INC-7', requestedBy: 'mia' })).toEqual({ service: 'shop', depth: 'restore', backup: '20261123', repository: 'nas', reason: 'INC-7', requestedBy: 'mia', into: {} });
  expect(readDrillInput({ service: 'shop', depth: 'rebuild', repository: 'nas' })).toEqual({ service: 'shop', depth: 'rebuild', repository: 'nas', into: {} });
  expect(readDrillInput({ service: 'shop', depth: 'failover' })).toEqual({ service: 'shop', depth: 'failover', into: {} });
});

test.for([
  { depth: 'deeper' }, { depth: 7 }, { depth: 'rebuild', backup: 'latest' }, { depth: 'failover', backup: 'latest' }, { depth: 'failover', repository: 'nas' }, { repository: '../nas' }, { into: { postgres: 'x' } }, { keys: {} },
])('%j is refused', async (raw) => {
  await failing('InvalidInput', async () => readDrillInput({ service: 'shop', ...raw }));
});

describe('the repository that all of it comes from', () => {
  const run = (input: Partial<RunDrillInput>, repository = 'offsite') => ({ input: { service: 'shop', depth: 'restore', ...input } as RunDrillInput, service: { definition: { failover: { host: 'standby', repository } } } });

  it('is the one that was asked for, else the first', () => {
    expect([drilledRepository(run({ repository: 'nas' })), drilledRepository(run({ depth: 'rebuild' }))]).toEqual(['nas', undefined]);
  });

  it('of a failover is the one that the configuration calls off site, whatever is asked for', () => {
    expect(drilledRepository(run({ depth: 'failover', repository: 'nas' }))).toBe('offsite');
  });
});
