import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { provePolicies, type ProvePolicy } from '../../../src/domain/prove-policy.ts';
import { standingOf } from '../../../src/domain/status/finding.ts';
import { ageLimitMs, judgeBackups, provenLimitMs, type BackupFacts } from '../../../src/domain/status/judge-backups.ts';

const hour = 3_600_000;
const nowMs = Date.UTC(2026, 10, 29, 12);
const ago = (hours: number): string => new Date(nowMs - hours * hour).toISOString();
const kinds = (facts: Partial<BackupFacts>, prove: ProvePolicy = 'always', maxAgeMs = 26 * hour): readonly string[] =>
  judgeBackups({ ...well, ...facts }, { nowMs, maxAgeMs, prove }).map(({ kind, verdict }) => `${kind} ${verdict}`);
const newest = { id: 'b2', at: ago(10), damage: null, isProofOut: true };
const well: BackupFacts = { newest, newestProof: { id: 'b2', verdict: 'proven', reason: '' }, newestProven: { id: 'b2', at: ago(10) }, scheduledSince: null };

describe('backups', () => {
  it('are well where the newest is young and proven', () => expect(kinds({})).toEqual([]));

  it('that were never taken are wrong, and not known where the schedule is as young as a backup may be', () => {
    expect(kinds({ newest: null, newestProof: null, newestProven: null })).toEqual(['noBackup wrong']);
    expect(kinds({ newest: null, newestProof: null, newestProven: null, scheduledSince: ago(25) })).toEqual(['noBackup notKnown']);
    expect(kinds({ newest: null, newestProof: null, newestProven: null, scheduledSince: ago(27) })).toEqual(['noBackup wrong']);
  });

  it('are too old after a day and two hours, or after what the schedule leaves between two', () => {
    expect(ageLimitMs(null)).toBe(26 * hour);
    expect(ageLimitMs(hour)).toBe(26 * hour);
    expect(ageLimitMs(168 * hour)).toBe(170 * hour);
    expect(kinds({ newest: { ...newest, at: ago(27) }, newestProven: { id: 'b2', at: ago(27) } })).toEqual(['backupOld wrong', 'proofOld wrong']);
  });

  it('of the future have no age, and damaged ones count for nothing', () => {
    expect(kinds({ newest: { ...newest, at: ago(-30) } })).toEqual(['backupUndated notKnown']);
    expect(kinds({ newestProven: { id: 'b1', at: ago(-30) } })).toEqual(['backupUndated notKnown']);
    expect(kinds({ newest: { ...newest, damage: 'its SHA-256 is another' } })).toEqual(['backupDamaged wrong']);
  });

  it('whose newest proof failed are wrong, whatever was proven before; one that could not be verified is no pass', () => {
    expect(kinds({ newestProof: { id: 'b2', verdict: 'failed', reason: 'rows' }, newestProven: { id: 'b1', at: ago(20) } })).toEqual(['proofFailed wrong']);
    expect(kinds({ newestProof: { id: 'b2', verdict: 'couldNotVerify', reason: 'the image is gone' }, newestProven: { id: 'b1', at: ago(20) } })).toEqual(['notProven notKnown']);
  });

  it('are to be proven as often as the policy says', () => {
    const between = { newest: { ...newest, isProofOut: false }, newestProven: { id: 'b1', at: ago(40) } };
    expect(kinds(between, 'always')).toEqual(['proofOld wrong']);
    expect(kinds(between, 'daily')).toEqual([]);
    expect(kinds({ ...between, newestProven: { id: 'b1', at: ago(51) } }, 'daily')).toEqual(['proofOld wrong']);
    expect(kinds({ ...between, newestProven: { id: 'b1', at: ago(190) } }, 'weekly')).toEqual([]);
    expect(kinds({ ...between, newestProven: { id: 'b1', at: ago(195) } }, 'weekly')).toEqual(['proofOld wrong']);
    expect(kinds({ ...between, newestProven: { id: 'b1', at: ago(9_000) } }, 'never')).toEqual([]);
    expect(kinds({ ...between, newestProof: null, newestProven: null }, 'never')).toEqual(['notProven notKnown']);
  });

  it('that are being proven alarm nobody; one that was left out does', () => {
    expect(kinds({ newest: { ...newest, at: ago(1), isProofOut: false }, newestProven: { id: 'b1', at: ago(25) } })).toEqual([]);
    expect(kinds({ newest: { ...newest, at: ago(3), isProofOut: false }, newestProven: { id: 'b1', at: ago(25) } })).toEqual(['notProven notKnown']);
  });
});

const verdicts = fc.constantFrom('proven' as const, 'failed' as const, 'couldNotVerify' as const);
const hours = fc.integer({ min: -200, max: 2_000 });
const anyFacts = fc.record({
  newest: fc.option(fc.record({ id: fc.constant('b2'), at: hours.map(ago), damage: fc.option(fc.constant('damaged')), isProofOut: fc.boolean() })),
  newestProof: fc.option(fc.record({ id: fc.constant('b2'), verdict: verdicts, reason: fc.string() })),
  newestProven: fc.option(fc.record({ id: fc.constant('b1'), at: hours.map(ago) })),
  scheduledSince: fc.option(hours.map(ago)),
});

test('whatever the facts: all is well only where a sound backup is young enough, one is proven in time, and the newest proof says so', () => {
  fc.assert(fc.property(anyFacts, fc.constantFrom(...provePolicies), fc.integer({ min: 1, max: 400 }), (facts, prove, maxHours) => {
    const maxAgeMs = maxHours * hour;
    const findings = judgeBackups(facts, { nowMs, maxAgeMs, prove });
    for (const { sentence, next } of findings) if (sentence === '' || next === '') return false;
    if (standingOf(findings) !== 'well') return true;
    const age = (at: string): number => nowMs - Date.parse(at);
    const limit = provenLimitMs(prove, maxAgeMs);
    return facts.newest !== null && facts.newest.damage === null && age(facts.newest.at) <= maxAgeMs && age(facts.newest.at) >= -hour
      && facts.newestProven !== null && (limit === null || (age(facts.newestProven.at) <= limit && age(facts.newestProven.at) >= -hour)) && facts.newestProof?.verdict !== 'failed' && facts.newestProof?.verdict !== 'couldNotVerify';
  }), { numRuns: 5_000 });
});

test('an older backup never makes it better', () => {
  const worth = { well: 0, notKnown: 1, wrong: 2 } as const;
  fc.assert(fc.property(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 0, max: 500 }), fc.constantFrom(...provePolicies), (age, more, prove) => {
    const judged = (hoursOld: number) => worth[standingOf(judgeBackups({ ...well, newest: { ...newest, at: ago(hoursOld) }, newestProven: { id: 'b2', at: ago(hoursOld) } }, { nowMs, maxAgeMs: 26 * hour, prove }))];
    return judged(age + more) >= judged(age);
  }));
});
