import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { recoveryTimes, type RecoveryFacts } from '../../../src/domain/drill/recovery-times.ts';

const facts: RecoveryFacts = {
  disaster: { at: '2026-11-23T02:00:00.000Z', source: 'request' }, approvedAt: null, lastCheckPassedAt: '2026-11-23T02:12:30.500Z', verdict: 'proven',
  covered: { at: '2026-11-23T01:55:00.000Z', source: 'lastCommit' }, newest: true, laterTransactions: null, contentProven: true,
};

describe('RTO and RPO', () => {
  it('say from which instant to which', () => {
    expect(recoveryTimes(facts)).toEqual({
      rto: { ms: 750_500, from: { at: facts.disaster.at, what: 'the request for the drill' }, to: { at: facts.lastCheckPassedAt, what: 'the last check that passed' } },
      rtoFromApproval: { ms: null, why: 'nobody had to approve it' },
      rpo: { ms: 300_000, from: { at: '2026-11-23T01:55:00.000Z', what: 'the last transaction of the log that was replayed' }, to: { at: facts.disaster.at, what: 'the request for the drill' } },
      laterTransactions: null,
    });
    const since = recoveryTimes({ ...facts, disaster: { at: '2026-11-23T01:30:00.000Z', source: 'since' }, approvedAt: '2026-11-23T02:10:00.000Z' });
    expect(since.rto).toMatchObject({ ms: 2_550_500, from: { what: 'the disaster, as it was named (--since)' } });
    expect(since.rtoFromApproval).toMatchObject({ ms: 150_500, from: { what: 'the approval' } });
    // What was covered lies behind the disaster that was named: nothing is lost.
    expect(since.rpo).toMatchObject({ ms: 0 });
  });

  it('are not given for what did not come back', () => {
    expect(recoveryTimes({ ...facts, verdict: 'failed' }).rto).toEqual({ ms: null, why: 'the service did not come back as it was' });
    expect(recoveryTimes({ ...facts, verdict: 'failed' }).rpo.ms).toBeNull();
    // What came back is there, though somebody's tests did not end.
    expect(recoveryTimes({ ...facts, verdict: 'couldNotVerify' })).toMatchObject({ rto: { ms: null }, rpo: { ms: 300_000 } });
    expect(recoveryTimes({ ...facts, lastCheckPassedAt: null }).rto.ms).toBeNull();
    expect(recoveryTimes({ ...facts, covered: null }).rpo.ms).toBeNull();
    expect(recoveryTimes({ ...facts, verdict: 'couldNotVerify', contentProven: false }).rpo).toEqual({ ms: null, why: 'what came back was not compared' });
    expect(recoveryTimes({ ...facts, covered: { why: 'nobody could look' } }).rpo).toEqual({ ms: null, why: 'nobody could look' });
    expect(recoveryTimes({ ...facts, newest: false }).rpo).toEqual({ ms: null, why: 'the drill brought back an older backup on purpose' });
  });

  it('are no measurement where the clocks do not agree', () => {
    expect(recoveryTimes({ ...facts, lastCheckPassedAt: '2026-11-23T01:59:59.999Z' }).rto).toMatchObject({ ms: null, why: expect.stringContaining('clocks') as string });
    expect(recoveryTimes({ ...facts, lastCheckPassedAt: 'yesterday' }).rto.ms).toBeNull();
  });

  it('are never below nothing, and always whole', () => {
    const instant = fc.date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true }).map((date) => date.toISOString());
    fc.assert(fc.property(instant, instant, instant, fc.constantFrom('proven' as const, 'failed' as const, 'couldNotVerify' as const), fc.boolean(), (disaster, passed, covered, verdict, newest) => {
      const { rto, rpo } = recoveryTimes({ ...facts, disaster: { at: disaster, source: 'since' }, lastCheckPassedAt: passed, covered: { at: covered, source: 'heartbeat' }, verdict, newest });
      for (const { ms } of [rto, rpo]) expect(ms === null || (Number.isSafeInteger(ms) && ms >= 0)).toBe(true);
      if (verdict !== 'proven') expect(rto.ms).toBeNull();
    }));
  });
});
