/** A backup that somebody wants gone, on real repositories: what goes, what stays and why, and the way back. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { BackupManifest } from '../../../src/domain/backup-manifest.ts';
import type { Repository } from '../../../src/repository/repository.ts';
import { run } from '../../repository/sample-manifest.ts';
import { failing } from '../../support/failing.ts';
import { daily, dayMs, openRetentionStage, type RetentionStage } from './retention-stage.ts';

let stage: RetentionStage;
beforeEach(async () => {
  stage = await openRetentionStage({ days: 30, minimumCopies: 2, trashDays: 2, walDays: 1 });
});
afterEach(() => stage.remove());

const inLocal = { service: 'shop', repository: 'local' };
const listed = (repository: Repository): Promise<readonly string[]> => repository.listBackups('shop');
const inTrash = async (repository: Repository): Promise<readonly string[]> => (await repository.trash.list('shop')).map(({ backupId }) => backupId);
const idsOf = (backups: readonly BackupManifest[]): readonly string[] => backups.map(({ backupId }) => backupId);
const asking = (name = 'deletes') => stage.as(name, 'deleteBackup');
const request = (backupId: string) => ({ service: 'shop', backupId, reason: 'taken from the wrong container', requestedBy: 'mia@laptop' });

describe('a backup', () => {
  it('goes to the trash with who wanted that and why, however young, and for good when the days of the trash are over', async () => {
    const { local } = stage.repositories;
    const backups = await daily(stage, local, 6);
    const [, second = ''] = idsOf(backups);
    const deletion = await asking().planDelete({ service: 'shop', backup: second });
    expect(deletion).toMatchObject({ backupId: second, repositories: [{ repository: 'local', obstacle: null }], components: ['postgres', 'redis'], trashDays: 2, digest: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect(await listed(local)).toEqual(idsOf(backups));
    for (let twice = 0; twice < 2; twice += 1) expect(await asking().carryOutDelete(request(second))).toEqual({ repositories: ['local'] });
    expect([await listed(local), await inTrash(local)]).toEqual([idsOf(backups).filter((id) => id !== second), [second]]);
    expect(await (await local.trash.list('shop'))[0]?.read()).toMatchObject({ asked: { reason: 'taken from the wrong container', requestedBy: 'mia@laptop' } });

    await daily(stage, local, 3);
    const prune = stage.as('prune');
    expect((await prune.planPrune(inLocal)).trash).toEqual([{ backupId: second, outcome: 'leaves', sentence: 'It has been in the trash for 2 days.' }]);
    expect(await prune.carryOutPrune({ ...inLocal, approved: false })).toMatchObject({ removed: [], gone: [second] });
  });

  it('comes back', async () => {
    const { local } = stage.repositories;
    const [first = ''] = idsOf(await daily(stage, local, 6));
    await asking().carryOutDelete(request(first));
    await stage.as('back', 'undeleteBackup').takeBackBackup({ service: 'shop', backup: first, reason: 'a mistake' });
    expect((await listed(local))[0]).toBe(first);
  });

  it('goes from every repository that has it, and from none where one of them needs it', async () => {
    const { local, far } = stage.repositories;
    const [first = ''] = idsOf(await daily(stage, local, 6));
    stage.nowMs -= 6 * dayMs;
    const [copy = ''] = idsOf(await daily(stage, far, 6));
    expect(copy).toBe(first);
    await far.recordHold({ service: 'shop', backupId: first, reason: 'audit', at: '', run: run('h') });
    expect((await asking().planDelete({ service: 'shop', backup: first })).repositories).toEqual([{ repository: 'local', obstacle: null }, { repository: 'far', obstacle: 'It is on hold (audit).' }]);
    // Held since it was shown.
    await failing('BackupNeeded', asking().carryOutDelete(request(first)));
    expect([await inTrash(local), await inTrash(far)]).toEqual([[], []]);
  });
});

describe('what stays', () => {
  it('is held, read, stood upon, being restored beside, or one of the newest; and it says so', async () => {
    const { local } = stage.repositories;
    const kinds = ['dump', 'base', 'incremental', 'dump', 'dump', 'dump'] as const;
    const ids = idsOf(await daily(stage, local, 6, kinds));
    await local.recordHold({ service: 'shop', backupId: ids[0] ?? '', reason: 'audit', at: '', run: run('h') });
    const why = async (index: number): Promise<string | null | undefined> => (await asking().planDelete({ service: 'shop', backup: ids[index] ?? '' })).repositories[0]?.obstacle;
    expect(await why(0)).toBe('It is on hold (audit).');
    expect(await why(1)).toMatch(/is what .* stands on/);
    expect(await why(5)).toMatch(/is the newest proven dump of postgres/);
    expect((await failing('BackupNeeded', asking().carryOutDelete(request(ids[5] ?? '')))).fields.cause).toMatch(/is the newest proven dump/);
    expect(await local.storage.listNames('shop/trash/backups')).toEqual([]);
    expect(await why(3)).toBeNull();
    stage.runs = [{ workflowId: 'w', runbook: 'proveBackup', input: { service: 'shop', backup: ids[3] ?? '' }, startedMs: 0 }];
    expect(await why(3)).toBe('It is read by w.');
    stage.runs = [{ workflowId: 'w', runbook: 'undoRestore', input: { service: 'shop' }, startedMs: 0 }];
    expect(await why(3)).toBe('It stays as long as w is restoring the service.');
    await failing('BackupNeeded', asking().carryOutDelete(request(ids[3] ?? '')));
    expect(await inTrash(local)).toEqual([]);
  });

  it('is one that a run began to read in the moment before it went: it comes back', async () => {
    const { local } = stage.repositories;
    const ids = idsOf(await daily(stage, local, 6));
    let asked = 0;
    const reading = { workflowId: 'w', runbook: 'proveBackup', input: { service: 'shop', backup: ids[0] ?? '' }, startedMs: 0 };
    Object.defineProperty(stage, 'runs', { configurable: true, get: () => ((asked += 1) >= 3 ? [reading] : []) });
    await failing('BackupNeeded', asking().carryOutDelete(request(ids[0] ?? '')));
    expect([await listed(local), await inTrash(local)]).toEqual([ids, []]);
  });

  it('is whatever another runbook asks for, and what nobody knows', async () => {
    const { local } = stage.repositories;
    const [first = ''] = idsOf(await daily(stage, local, 6));
    for (const other of ['pruneBackups', 'takeBackup']) await failing('ApprovalNotForThisRun', stage.as('foreign', other).carryOutDelete(request(first)));
    await failing('UnknownBackup', asking().planDelete({ service: 'shop', backup: '19990101-000000' }));
    await failing('AmbiguousBackup', asking().planDelete({ service: 'shop', backup: '202601' }));
    expect(await inTrash(local)).toEqual([]);
  });
});
