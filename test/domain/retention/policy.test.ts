import { describe, expect, it } from 'vitest';
import { isFailure } from '../../../src/domain/failures.ts';
import { checkPolicy, defaultPolicy } from '../../../src/domain/retention/policy.ts';

function causeOf(given: Readonly<Record<string, unknown>>): string {
  try {
    checkPolicy(given);
  } catch (error) {
    if (isFailure(error, 'InvalidInput')) return error.fields.cause;
  }
  return 'taken';
}

describe('a policy', () => {
  it('has a default for all that it leaves out', () => {
    expect(checkPolicy({})).toEqual({ days: 30, daily: 0, weekly: 0, monthly: 0, walDays: 7, minimumCopies: 3, largestSharePercent: 20, trashDays: 7 });
    expect(checkPolicy({ days: 14, daily: 7 })).toEqual({ ...defaultPolicy, days: 14, daily: 7 });
  });

  it('is refused where a slip would remove what it was meant to keep', () => {
    expect(causeOf({ dayz: 30 })).toContain('there is no such key; there are days, daily');
    expect(causeOf({ constructor: 30 })).toContain('no such key');
    for (const days of [0, -1, 1.5, Number.NaN, Infinity, '30', '2w', null, undefined]) expect(causeOf({ days })).toContain('has to be a whole number from 1 to');
    expect([causeOf({ minimumCopies: 0 }), causeOf({ walDays: 0 }), causeOf({ trashDays: 0 }), causeOf({ largestSharePercent: 101 })].every((cause) => cause.includes('has to be'))).toBe(true);
    expect([causeOf({ daily: 0 }), causeOf({ largestSharePercent: 100 })]).toEqual(['taken', 'taken']);
  });
});
