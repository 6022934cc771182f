import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { findingKinds, mostUrgentFirst, standingOf, type StatusFinding } from '../../../src/domain/status/finding.ts';
import { judgeLog, judgeUnlogged } from '../../../src/domain/status/judge-exposure.ts';
import { judgeLeftovers } from '../../../src/domain/status/judge-leftovers.ts';
import type { LogStatus } from '../../../src/domain/wal/log-status.ts';

const nowMs = Date.parse('2026-11-23T02:00:10Z');
const rpoMs = 900_000;
const whole = { durable: '0/5000000', coveredAt: '2026-11-23T02:00:09.000Z', exposureMs: 0, exposureBytes: '0' } as const;
const good: LogStatus = {
  format: 1, service: 'shop', component: 'postgres', lookedAt: '2026-11-23T02:00:09.000Z', systemIdentifier: '74', segmentSizeBytes: 16_777_216, receiver: 'running', failure: null, source: { at: '2026-11-23T02:00:09.000Z', position: '0/5000000', timeline: 1 },
  onHost: whole, repositories: [{ ...whole, name: 'nas', failure: null }], slot: { state: 'reserved', roomBytes: null }, spoolBytes: 0, spoolFreeBytes: null, break: null,
};
const failure = { type: 'RepositoryUnreachable', cause: 'the directory does not exist', hint: 'Mount it.' } as const;
const kinds = (status: LogStatus | null, baseMissing: string | null = null): readonly string[] => judgeLog({ component: 'postgres', status, baseMissing }, rpoMs, nowMs).map(({ kind, verdict }) => `${kind} ${verdict}`);

describe('a log', () => {
  it('that is kept is well, also one whose slot has no limit', () => expect(kinds(good)).toEqual([]));
  it('that nobody keeps is wrong; one that this machine never kept is not known', () => {
    expect(kinds({ ...good, lookedAt: '2026-11-23T01:59:00.000Z' })).toEqual(['logNotKept wrong']);
    expect(kinds({ ...good, ended: true })).toEqual(['logNotKept wrong']);
    expect(kinds({ ...good, receiver: 'failing', failure })).toEqual(['logNotKept wrong']);
    expect(kinds({ ...good, repositories: [{ ...whole, name: 'nas', failure }] })).toEqual(['logNotKept wrong']);
    expect(kinds(null)).toEqual(['exposureUnknown notKnown']);
  });
  it('whose server has no room for it is wrong by a name of its own, beside what else is', () => {
    const serverRoom = { sizeBytes: 10_000_000_000, freeBytes: 500_000_000, walBytes: 1, keptFor: [], maxWalBytes: 1, keepBytes: 0 };
    expect(kinds({ ...good, serverRoom })).toEqual(['walDiskFilling wrong']);
    expect(kinds({ ...good, serverRoom }, 'there is no base backup of this cluster')).toEqual(['walDiskFilling wrong', 'logNotKept wrong']);
    expect(kinds({ ...good, serverRoom: { ...serverRoom, freeBytes: 5_000_000_000 } })).toEqual([]);
  });
  it('that leads on from nothing is wrong however well it is kept', () => expect(kinds(good, 'there is no base backup of this cluster')).toEqual(['logNotKept wrong']));
  it('of a database that is down, or that cannot be told yet, is not known', () => {
    expect(kinds({ ...good, receiver: 'waitingForDatabase' })).toEqual(['exposureUnknown notKnown']);
    expect(kinds({ ...good, onHost: { ...whole, exposureMs: null } })).toEqual(['exposureUnknown notKnown']);
  });
});

test('what would be lost is held against the objective, in the worst place', () => {
  fc.assert(fc.property(fc.nat(2_000_000), fc.nat(2_000_000), (here, away) => {
    const status: LogStatus = { ...good, onHost: { ...whole, exposureMs: here }, repositories: [{ ...whole, name: 'nas', failure: null, exposureMs: away }] };
    return (Math.max(here, away) > rpoMs) === (standingOf(judgeLog({ component: 'postgres', status, baseMissing: null }, rpoMs, nowMs)) === 'wrong');
  }));
});

test('without a log it is the age of the newest backup', () => {
  expect(judgeUnlogged('postgres', '2026-11-23T01:50:00Z', rpoMs, nowMs)).toEqual([]);
  expect(judgeUnlogged('postgres', '2026-11-23T01:40:00Z', rpoMs, nowMs)).toMatchObject([{ kind: 'exposed', verdict: 'wrong', next: expect.stringContaining('wal: stream') }]);
  expect(judgeUnlogged('postgres', null, rpoMs, nowMs)).toEqual([]);
});

test('leftovers are told once they should be gone; half a cut-over at once', () => {
  const left = { workflowId: 'w', endedMs: nowMs - 1_000, things: 2, isHalfWay: false };
  expect(judgeLeftovers([left], 'shop', nowMs, 1_200_000)).toEqual([]);
  expect(judgeLeftovers([{ ...left, endedMs: 0 }], 'shop', nowMs, 1_200_000)).toMatchObject([{ kind: 'leftover', sentence: 'w has ended and left 2 things on the Docker engine' }]);
  expect(judgeLeftovers([{ ...left, isHalfWay: true }], 'shop', nowMs, 1_200_000)).toMatchObject([{ kind: 'leftover', sentence: 'w ended in the midst of a cut-over' }]);
});

test('one thing that is wrong makes the whole wrong, and stands first; what is not known is never well', () => {
  const any = fc.array(fc.record({ kind: fc.constantFrom(...findingKinds), verdict: fc.constantFrom('wrong' as const, 'notKnown' as const), sentence: fc.string(), next: fc.string() }), { maxLength: 6 });
  fc.assert(fc.property(any, (findings: readonly StatusFinding[]) => {
    const sorted = mostUrgentFirst(findings);
    const wrongs = findings.filter(({ verdict }) => verdict === 'wrong').length;
    const expected = wrongs > 0 ? 'wrong' : findings.length > 0 ? 'notKnown' : 'well';
    return standingOf(findings) === expected && sorted.length === findings.length && sorted.slice(0, wrongs).every(({ verdict }) => verdict === 'wrong');
  }));
});
