import { describe, expect, it } from 'vitest';
import { logWatchType, workflowTypes } from '../../../src/client/runbooks.ts';
import { makingRunbooks, readingRunbooks, runUses, type MadeBackup, type OpenRun } from '../../../src/domain/retention/run-uses.ts';

const part = (kind: 'dump' | 'base') => ({ component: 'postgres', kind, chain: [], base: kind === 'base' ? { systemIdentifier: '7', timeline: 1, begin: 1n, end: 2n } : null });
const backups: readonly MadeBackup[] = [
  { backupId: '20261121-010000', parts: [part('base')], madeBy: 'b1' }, { backupId: '20261122-010000', parts: [part('dump')], madeBy: 'b2' }, { backupId: '20261123-010000', parts: [part('dump')], madeBy: 'b3' },
];
const ids = backups.map(({ backupId }) => backupId);
const usedBy = (runbook: string, input: OpenRun['input']) => runUses('shop', [{ workflowId: 'w', runbook, input, startedMs: 0 }], { backups, trash: [] }, ['postgres']);
const used = (runbook: string, input: object): readonly string[] => usedBy(runbook, { service: 'shop', ...input }).uses.map(({ backupId }) => backupId);

describe('what runs read', () => {
  it('is the one backup that they name, by whatever digits', () => {
    for (const runbook of ['verifyBackup', 'proveBackup', 'restoreBackup', 'restoreTables', 'cloneService']) {
      expect(used(runbook, { backup: '20261122-010000' })).toEqual([ids[1]]);
      expect(used(runbook, { backup: '20261122' })).toEqual([ids[1]]);
    }
  });

  it('may be any where they do not say which, or name what may be another by now', () => {
    for (const input of [{}, { backup: 'latest' }, { backup: '202611' }, { backup: '2026' }, { backup: '20261122-010000', to: 'mark:x' }, { backup: 7 }]) expect(used('restoreTables', input)).toEqual(ids);
    for (const runbook of ['restoreToPointInTime', 'findMoment']) expect(used(runbook, { backup: '20261122-010000' })).toEqual(ids);
    expect(usedBy('verifyBackup', null).uses).toHaveLength(3);
  });

  it('is in the trash where it went there the moment before', () => {
    const inTrash = (backup: string): readonly string[] => runUses('shop', [{ workflowId: 'w', runbook: 'restoreBackup', input: { service: 'shop', backup }, startedMs: 0 }], { backups: backups.slice(1), trash: backups.slice(0, 1) }, ['postgres']).uses.map(({ backupId }) => backupId);
    expect(inTrash('20261121')).toEqual([ids[0]]);
    expect(inTrash('20261122')).toEqual([ids[1]]);
    // One that may mean any means none that is in no list.
    for (const backup of ['latest', '202611', '20261130']) expect(inTrash(backup)).toEqual(ids.slice(1));
  });

  it('is nothing where they read nothing, or are of another service', () => {
    for (const runbook of ['holdBackup', 'pruneBackups', 'reapLeftovers', 'archiveWal', 'takeBackup']) expect(usedBy(runbook, { service: 'shop' })).toEqual({ uses: [], beingBased: [], isRead: false });
    expect(usedBy('restoreToPointInTime', { service: 'store' })).toEqual({ uses: [], beingBased: [], isRead: false });
  });
});

describe('a backup that is being taken', () => {
  it('is in use by its own run: it may be proven still', () => {
    expect(runUses('shop', [{ workflowId: 'b3', runbook: 'takeBackup', input: { service: 'shop' }, startedMs: 0 }], { backups, trash: [] }, ['postgres']).uses).toEqual([{ backupId: ids[2], by: 'is what b3 is at work on' }]);
  });

  it('of the whole server keeps the log, and each base backup that it may stand on', () => {
    for (const input of [{ kind: 'base' }, { kind: 'incremental' }]) expect(usedBy('takeBackup', { service: 'shop', ...input })).toEqual({ uses: [{ backupId: ids[0], by: 'may be what w goes on from' }], beingBased: ['postgres'], isRead: false });
    expect(usedBy('takeBackup', null).beingBased).toEqual(['postgres']);
    expect(usedBy('takeBackup', { service: 'shop', kind: 'dump' }).beingBased).toEqual([]);
  });
});

describe('a runbook', () => {
  /** Changes, or tells, nothing of backups; or what it works on is told by its rollback record. */
  const others = ['undoRestore', 'acceptRestore', 'markMoment', 'reapLeftovers', 'enableWal', 'forgetWal', 'removeClone', 'holdBackup', 'releaseHold', 'pruneBackups', 'deleteBackup', 'undeleteBackup', logWatchType];

  it('reads backups, makes them, or does neither: a new one has to say which, before it reads what a prune removes', () => {
    expect([...Object.values(workflowTypes), logWatchType].filter((type) => ![...readingRunbooks, ...makingRunbooks, ...others].includes(type))).toEqual([]);
  });
});
