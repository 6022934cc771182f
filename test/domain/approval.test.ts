import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Decision, type GateState, isDecision, refusalOf } from '../../src/domain/approval.ts';
import type { PlanEnvelope } from '../../src/domain/restore-plan.ts';

const envelope: PlanEnvelope = {
  workflowId: 'holdfast/restore/shop/1', runId: 'run-1', nonce: '0'.repeat(32), issuedAt: '2026-11-23T10:00:00.000Z', expiresAt: '2026-11-23T14:00:00.000Z', digest: 'd'.repeat(64),
};
const expiryMs = Date.parse(envelope.expiresAt);
const state: GateState = { envelope, decision: null, requester: 'alice', policy: { required: ['restore'], fourEyes: false, approvers: [], expiresAfterMs: 14_400_000 } };
const decision: Decision = { digest: envelope.digest, runId: envelope.runId, by: 'alice' };
const strict = (change: Partial<GateState['policy']>): GateState => ({ ...state, policy: { ...state.policy, ...change } });
const early = expiryMs - 1;

describe('refusalOf', () => {
  it('accepts the decision on the plan that is shown, with and without a reason', () => {
    expect(refusalOf(state, decision, early)).toBeNull();
    expect(refusalOf(state, { ...decision, reason: 'the disk died' }, early)).toBeNull();
  });

  it.each<[string, GateState, unknown, number, RegExp]>([
    ['before a plan is shown', { ...state, envelope: null }, decision, early, /no plan is waiting/],
    ['for another run', state, { ...decision, runId: 'run-0' }, early, /another run/],
    ['for another plan', state, { ...decision, digest: 'e'.repeat(64) }, early, /another plan/],
    ['for the short form of the digest', state, { ...decision, digest: envelope.digest.slice(0, 8) }, early, /another plan/],
    ['after another one', { ...state, decision: { ...decision, verdict: 'approved', at: envelope.issuedAt } }, decision, early, /already approved by alice/],
    ['after a refusal', { ...state, decision: { ...decision, by: 'bob', verdict: 'rejected', at: envelope.issuedAt } }, decision, early, /already rejected by bob/],
    ['in the very moment of the expiry', state, decision, expiryMs, /expired at 2026-11-23T14:00:00.000Z/],
    ['long after the expiry', state, decision, expiryMs + 86_400_000, /expired/],
    ['by nobody', state, { ...decision, by: '' }, early, /who makes it/],
    ['by a name without an end', state, { ...decision, by: 'a'.repeat(501) }, early, /at most 500/],
    ['for a reason without an end', state, { ...decision, reason: 'a'.repeat(10_000) }, early, /at most 500/],
    ['by a blank', state, { ...decision, by: ' \t\n' }, early, /who makes it/],
    ['by the requester, where policy asks for two', strict({ fourEyes: true }), decision, early, /another person/],
    ['by the requester with a blank and a capital more', strict({ fourEyes: true }), { ...decision, by: ' Alice' }, early, /another person/],
    ['by one who is not among the approvers', strict({ approvers: ['bob', 'carol'] }), decision, early, /alice is not among the approvers/],
    ['by the requester, though an approver, where policy asks for two', strict({ fourEyes: true, approvers: ['alice', 'bob'] }), decision, early, /another person/],
  ])('refuses one %s', (_when, gate, given, nowMs, reason) => {
    expect(refusalOf(gate, given, nowMs)).toMatch(reason);
  });

  it('accepts the second person, and an approver', () => {
    expect(refusalOf(strict({ fourEyes: true }), { ...decision, by: 'bob' }, early)).toBeNull();
    expect(refusalOf(strict({ fourEyes: true, approvers: ['bob'] }), { ...decision, by: 'bob' }, early)).toBeNull();
  });

  it('is null only for the exact run, digest, time and person', () => {
    const near = (exact: string) => fc.oneof(fc.constant(exact), fc.string(), fc.nat(exact.length).map((cut) => exact.slice(0, cut)), fc.constant(exact.toUpperCase()), fc.constant(`${exact} `));
    const given = fc.record({ digest: near(envelope.digest), runId: near(envelope.runId), by: fc.constantFrom('alice', 'bob', '', 'mallory') });
    fc.assert(fc.property(given, fc.integer({ min: -2, max: 2 }), fc.boolean(), fc.subarray(['alice', 'bob']), fc.boolean(), (each, offset, fourEyes, approvers, decided) => {
      const gate: GateState = { ...strict({ fourEyes, approvers }), decision: decided ? { ...decision, verdict: 'approved', at: envelope.issuedAt } : null };
      const exact = each.digest === envelope.digest && each.runId === envelope.runId && offset < 0 && !decided && each.by !== ''
        && !(fourEyes && each.by === 'alice') && (approvers.length === 0 || approvers.includes(each.by));
      return (refusalOf(gate, each, expiryMs + offset) === null) === exact;
    }), { numRuns: 1_000 });
  });

  it('answers every input with a sentence or null, and never throws', () => {
    fc.assert(fc.property(fc.anything({ withNullPrototype: true, withBigInt: true, withDate: true, withMap: true }), (given) => {
      const refusal = refusalOf(state, given, early);
      return refusal === null ? isDecision(given) : refusal.length > 10;
    }));
  });
});

describe('isDecision', () => {
  it.each([null, undefined, 1, 'yes', true, [], {}, { ...decision, by: 1 }, { ...decision, by: null }, { ...decision, digest: undefined }, { ...decision, runId: ['run-1'] }, { ...decision, reason: null }, { ...decision, reason: 1 }])('is not %j', (given) => {
    expect(isDecision(given)).toBe(false);
  });

  it('is what has its three texts', () => {
    expect(isDecision(decision)).toBe(true);
    expect(isDecision({ ...decision, reason: undefined })).toBe(true);
  });
});

it('four eyes need a requester, and an expiry that cannot be read has passed', () => {
  const fourEyes: GateState = { ...state, requester: '', policy: { ...state.policy, fourEyes: true } };
  expect(refusalOf(fourEyes, { ...decision, by: 'bob' }, early)).toMatch(/does not say who requested/);
  expect(refusalOf({ ...state, envelope: { ...envelope, expiresAt: 'soon' } }, decision, early)).toMatch(/expired/);
});
