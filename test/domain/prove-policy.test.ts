import fc from 'fast-check';
import { expect, it } from 'vitest';
import { proofIsDue, proofIsWanted } from '../../src/domain/prove-policy.ts';

const now = Date.parse('2026-11-23T02:00:00.000Z');
const ago = (hours: number): string => new Date(now - hours * 3_600_000).toISOString();

it('is always or never due, whatever was proven', () => {
  fc.assert(fc.property(fc.option(fc.integer({ min: -1_000, max: 1_000 }).map(ago), { nil: null }), (newest) => {
    expect([proofIsDue('always', newest, now), proofIsDue('never', newest, now)]).toEqual([true, false]);
  }));
});

it.each<readonly ['daily' | 'weekly', string | null, boolean]>([
  ['daily', null, true], ['daily', ago(1), false], ['daily', ago(19), false], ['daily', ago(23.8), true], ['weekly', ago(24), false], ['weekly', ago(167), true],
  // A clock that ran ahead leaves nothing unproven.
  ['daily', ago(-2), true], ['weekly', 'damaged', true],
])('%s, newest %s: %s', (policy, newest, due) => {
  expect(proofIsDue(policy, newest, now)).toBe(due);
});

it('is wanted where the run was told so, else by the policy, else by yes or no', () => {
  const daily = { proveAfterBackup: true, prove: 'daily' as const };
  expect([proofIsWanted(true, daily, ago(1), now), proofIsWanted(false, daily, null, now), proofIsWanted(undefined, daily, ago(1), now), proofIsWanted(undefined, daily, ago(30), now)]).toEqual([true, false, false, true]);
  expect([proofIsWanted(undefined, { proveAfterBackup: true }, ago(1), now), proofIsWanted(undefined, { proveAfterBackup: false }, null, now)]).toEqual([true, false]);
});
