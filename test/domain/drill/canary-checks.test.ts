import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canaryFrom, type Canary } from '../../../src/domain/canary.ts';
import { canaryChecks, type CanaryReading } from '../../../src/domain/drill/canary-checks.ts';

const canary = (nonce: string, day = 23): Canary => ({ nonce: nonce.repeat(32), writtenAt: `2026-11-${day}T01:00:00.000Z` });
const reading = (component: string, found: Canary | null, past = false): CanaryReading => ({ component, backupId: '20261123-010000', expected: canary('a'), found, past });
const classes = (...readings: readonly CanaryReading[]): readonly string[] => canaryChecks(readings).map(({ name, class: found }) => `${name} ${found}`);

describe('the canary of a backup', () => {
  it('is found by its nonce in every store, or missing', () => {
    expect(classes(reading('postgres', canary('a')), reading('redis', canary('a')))).toEqual(['canary:postgres asExpected', 'canary:redis asExpected']);
    expect(classes(reading('postgres', null), reading('redis', canary('a')))).toEqual(['canary:postgres canaryMissing', 'canary:redis asExpected']);
    expect(canaryChecks([reading('redis', canary('a'))])[0]?.sentence).toContain('2026-11-23T01:00:00.000Z, before backup 20261123-010000');
  });

  it('is missing where all stores have one and the same other, and the stores disagree where they have different ones', () => {
    expect(classes(reading('postgres', canary('b')), reading('redis', canary('b')))).toEqual(['canary:postgres canaryMissing', 'canary:redis canaryMissing']);
    expect(classes(reading('postgres', canary('b')))).toEqual(['canary:postgres canaryMissing']);
    expect(classes(reading('postgres', canary('a')), reading('redis', canary('b')))).toEqual(['canary:postgres asExpected', 'canary:redis canariesDisagree']);
    expect(classes(reading('postgres', canary('b')), reading('redis', canary('c')))).toEqual(['canary:postgres canariesDisagree', 'canary:redis canariesDisagree']);
    expect(classes(reading('postgres', canary('b')), reading('redis', null))).toEqual(['canary:postgres canaryMissing', 'canary:redis canaryMissing']);
  });

  it('of a later backup is right where a log led past this one, and one that is older is not', () => {
    expect(classes(reading('postgres', canary('b', 24), true), reading('redis', canary('a')))).toEqual(['canary:postgres asExpected', 'canary:redis asExpected']);
    expect(classes(reading('postgres', canary('b', 24)))).toEqual(['canary:postgres canaryMissing']);
    expect(classes(reading('postgres', canary('b', 22), true))).toEqual(['canary:postgres canaryMissing']);
    expect(canaryChecks([reading('postgres', canary('b', 22), true)])[0]?.sentence).toContain('A restore of the live service');
  });

  it('passes for a store where and only where it is its own, or a later one past it, whatever the others hold', () => {
    const anyCanary = fc.record({ nonce: fc.constantFrom('a', 'b', 'c').map((each) => each.repeat(32)), writtenAt: fc.integer({ min: 20, max: 26 }).map((day) => `2026-11-${day}T01:00:00.000Z`) });
    const anyReading = fc.record({ component: fc.constantFrom('postgres', 'redis'), backupId: fc.constant('20261123-010000'), expected: anyCanary, found: fc.option(anyCanary), past: fc.boolean() });
    fc.assert(fc.property(fc.array(anyReading, { maxLength: 4 }), (readings) => {
      const checks = canaryChecks(readings);
      expect(checks).toHaveLength(readings.length);
      for (const [index, { expected, found, past }] of readings.entries()) {
        const isRight = found !== null && (found.nonce === expected.nonce || (past && found.writtenAt >= expected.writtenAt));
        expect(checks[index]?.verdict).toBe(isRight ? 'proven' : 'failed');
        // A nonce is nobody's to copy out of a report.
        expect(checks[index]?.sentence).not.toMatch(/[abc]{32}/);
      }
    }));
  });
});

it.each<[unknown, Canary | null]>([
  [{ nonce: 'x', writtenAt: '2026-11-23T02:00:00+01:00', more: 1 }, { nonce: 'x', writtenAt: '2026-11-23T01:00:00.000Z' }],
  [{ nonce: 'x', writtenAt: 'infinity' }, null], [{ nonce: null, writtenAt: null }, null], [{ writtenAt: '2026-11-23T01:00:00Z' }, null], [null, null], ['x', null], [[], null],
])('what a store holds in its place: %j is %j', (value, found) => {
  expect(canaryFrom(value)).toEqual(found);
});
