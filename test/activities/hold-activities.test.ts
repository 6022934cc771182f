/** Holds that somebody makes, and the end of any: recorded with who and why, once, and refused for what is not held. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { holdsOn } from '../../src/domain/hold.ts';
import { createRepository } from '../../src/repository/create-repository.ts';
import { createInMemoryStorage } from '../../src/storage/in-memory/in-memory-storage.ts';
import { committed, run } from '../repository/sample-manifest.ts';
import { openActivityStage, type ActivityStage } from '../support/activity-stage.ts';
import { failing } from '../support/failing.ts';

const at = Date.UTC(2026, 10, 23, 1);
const words = { service: 'shop', reason: 'audit', requestedBy: 'mia@laptop' };

let stage: ActivityStage;
beforeEach(async () => {
  stage = await openActivityStage();
});
afterEach(() => stage.remove());

const hold = (by: string, backup: string, more: object = {}) => stage.as({ ...run(by), runbook: 'holdBackup' }, more).holdOne({ ...words, backup });
const release = (by: string, backup: string, more: object = {}) => stage.as({ ...run(by), runbook: 'releaseHold' }, more).releaseHolds({ ...words, backup, reason: 'done' });

/** As a backup does that meets a damaged page. */
async function damaged(name: string, nowMs: number): Promise<string> {
  const { backupId } = await stage.repository.claimBackup('shop', run(name), nowMs);
  await stage.repository.recordHold({ service: 'shop', backupId, component: 'postgres', reason: 'block 3', at: new Date(nowMs).toISOString(), run: run(name) });
  return backupId;
}

describe('a hold by hand', () => {
  it('keeps one backup and no other, with who asked for it and why', async () => {
    const [older, kept, newer] = [await committed(stage.repository, 'shop', 'older', at), await committed(stage.repository, 'shop', 'kept', at + 1000), await committed(stage.repository, 'shop', 'newer', at + 2000)];
    expect(await hold('a', kept.backupId)).toEqual(await hold('a', kept.backupId));
    const holds = await stage.repository.listHolds('shop');
    expect(holds).toEqual([{ format: 1, ...words, backupId: kept.backupId, sequence: kept.sequence, at: expect.any(String), run: run('a') }]);
    expect([older, kept, newer].map(({ sequence }) => holdsOn(holds, sequence).length)).toEqual([0, 1, 0]);
  });

  it('is refused for what is no backup, and to any other runbook', async () => {
    const { backupId } = await committed(stage.repository, 'shop', 'kept', at);
    await failing('UnknownBackup', hold('a', '20200101-000000'));
    await failing('InvalidInput', hold('a', '../../holds'));
    await failing('ApprovalNotForThisRun', stage.as({ ...run('a'), runbook: 'takeBackup' }).holdOne({ ...words, backup: backupId }));
    expect(await stage.repository.listHolds('shop')).toEqual([]);
  });
});

describe('the end of a hold', () => {
  it('lets every older backup go after a damaged page, and says who did it', async () => {
    const older = await committed(stage.repository, 'shop', 'older', at);
    const backupId = await damaged('broken', at + 1000);
    expect((await release('r', backupId)).holds).toMatchObject([{ backupId, reason: 'block 3' }]);
    expect(holdsOn(await stage.repository.listHolds('shop'), older.sequence)).toEqual([]);
    expect(await stage.repository.listReleasedHolds('shop')).toMatchObject([{ hold: { backupId, reason: 'block 3' }, release: { reason: 'done', requestedBy: 'mia@laptop', run: run('r') } }]);
  });

  it('answers the same when it is tried again, and is refused to whoever comes later', async () => {
    const backupId = await damaged('broken', at);
    expect(await release('r', backupId)).toEqual(await release('r', backupId));
    await failing('UnknownHold', release('late', backupId));
    await failing('UnknownHold', release('late', '20200101-000000'));
    await failing('ApprovalNotForThisRun', stage.as({ ...run('r'), runbook: 'takeBackup' }).releaseHolds({ ...words, backup: backupId }));
  });

  it('names what holds a backup that others hold', async () => {
    const older = await committed(stage.repository, 'shop', 'older', at);
    const backupId = await damaged('broken', at + 1000);
    const { fields } = await failing('UnknownHold', release('r', older.backupId));
    expect([fields.cause, fields.hint]).toEqual([expect.stringContaining(backupId), expect.stringContaining(`holdfast unhold ${backupId}`)]);
    expect(await stage.repository.listHolds('shop')).toHaveLength(1);
  });

  it('leaves what others hold: another damaged page, and the same backup held again', async () => {
    const kept = await committed(stage.repository, 'shop', 'kept', at);
    const [first, second] = [await damaged('first', at + 1000), await damaged('second', at + 2000)];
    await hold('a', kept.backupId);
    await release('r', kept.backupId);
    await release('s', first);
    await hold('b', kept.backupId);
    expect((await stage.repository.listHolds('shop')).map(({ backupId, run: by }) => [backupId, by.runId])).toEqual([[kept.backupId, 'run-b'], [second, 'run-second']]);
  });

  it('reaches every repository in which it stands', async () => {
    const offsite = createRepository('offsite', createInMemoryStorage());
    const both = { services: new Map([['shop', { ...stage.service, repositories: ['local', 'offsite'] }]]), repositories: new Map([['local', stage.repository], ['offsite', offsite]]) };
    const { backupId } = await committed(stage.repository, 'shop', 'kept', at);
    await committed(offsite, 'shop', 'kept', at);
    await hold('a', backupId, both);
    expect((await release('r', backupId, both)).holds).toHaveLength(1);
    expect([await stage.repository.listHolds('shop'), await offsite.listHolds('shop')]).toEqual([[], []]);
  });

  it('holds on where its record cannot be read', async () => {
    const backupId = await damaged('broken', at);
    await stage.repository.storage.createExclusive(`shop/releases/${backupId}-postgres.json`, Buffer.from('{}'));
    await failing('RepositoryDamaged', stage.repository.listHolds('shop'));
  });
});
