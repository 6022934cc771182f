import { describe, expect, it } from 'vitest';
import { longestWaitMs, restoreBesideRetention, restoreBesideSchedules, restoringRunbooks, waitingRunbooks } from '../../../src/domain/retention/restoring.ts';
import type { OpenRun } from '../../../src/domain/retention/run-uses.ts';
import { scheduledRunbooks } from '../../../src/domain/schedules/scheduled-runbooks.ts';

const nowMs = Date.UTC(2026, 10, 23, 3);
const of = (runbook: string, input: OpenRun['input'], agoMs = 0): readonly OpenRun[] => [{ workflowId: 'w', runbook, input, startedMs: nowMs - agoMs }];
const both = (runs: readonly OpenRun[]) => [restoreBesideRetention('shop', runs), restoreBesideSchedules('shop', runs, nowMs)];

describe('retention and schedules', () => {
  it('wait for what brings something back into the service, and for nothing else', () => {
    for (const runbook of restoringRunbooks) expect(both(of(runbook, { service: 'shop', backup: '20261123' }))).toEqual(['w', 'w']);
    for (const runbook of ['takeBackup', 'proveBackup', 'cloneService', 'acceptRestore', 'reapLeftovers']) expect(both(of(runbook, { service: 'shop' }))).toEqual([null, null]);
    expect(both([])).toEqual([null, null]);
  });

  it('wait neither for another service nor for who only looks', () => {
    expect(both(of('restoreBackup', { service: 'store' }))).toEqual([null, null]);
    expect(both(of('restoreToPointInTime', { service: 'shop', dryRun: true }))).toEqual([null, null]);
    expect(both(of('restoreToPointInTime', { service: 'shop', dryRun: false }))).toEqual(['w', 'w']);
    expect(both([...of('restoreBackup', { service: 'store' }), { workflowId: 'own', runbook: 'undoRestore', input: { service: 'shop' }, startedMs: nowMs }])).toEqual(['own', 'own']);
  });

  it('differ where nobody can tell: nothing is removed, and no backup is left out', () => {
    expect(both(of('restoreBackup', null))).toEqual(['w', null]);
    expect(both(of('restoreBackup', { service: 'shop' }, longestWaitMs - 1))).toEqual(['w', 'w']);
    expect(both(of('restoreBackup', { service: 'shop' }, longestWaitMs))).toEqual(['w', null]);
  });

  it('are all of those that holdfast.yaml starts, but the one that repairs', () => {
    const started = new Set(Object.values(scheduledRunbooks).map(({ starts }) => starts));
    expect([...started].filter((type) => !waitingRunbooks.includes(type)).toSorted()).toEqual(['pruneBackups', 'reapLeftovers']);
  });
});
