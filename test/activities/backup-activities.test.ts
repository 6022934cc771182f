/** Claiming, committing and abandoning a backup, as one run and as another, on a real repository. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CommitBackupInput } from '../../src/activities/backup-activities.ts';
import type { BackupManifest } from '../../src/domain/backup-manifest.ts';
import { openActivityStage, type ActivityStage } from '../support/activity-stage.ts';
import { failing } from '../support/failing.ts';
import { run, sampleManifest, storeArtifacts } from '../repository/sample-manifest.ts';

let stage: ActivityStage;
beforeEach(async () => {
  stage = await openActivityStage();
});
afterEach(() => stage.remove());

/** A backup of this run up to its commit: claimed, stored, its accounts in the run's notes. */
async function taken(name: string, snapshots?: readonly string[]): Promise<{ input: CommitBackupInput; manifest: BackupManifest }> {
  const claim = await stage.as(run(name)).claimBackup({ service: 'shop' });
  const manifest = sampleManifest('shop', claim);
  await storeArtifacts(stage.repository, manifest);
  for (const [index, component] of manifest.components.entries()) {
    const account = snapshots === undefined ? component : { ...component, snapshot: { ...component.snapshot, at: snapshots[index] } };
    await stage.repository.recordOnce('shop', run(name).runId, `backup-${component.component}-1`, account);
  }
  const components = manifest.components.map(({ component, snapshot }) => ({ component, note: `backup-${component}-1`, snapshotAt: snapshot.at, sizeBytes: 1, path: 'x' }));
  return { manifest, input: { service: 'shop', claim, beganAt: manifest.beganAt, finishedAt: manifest.finishedAt, components } };
}

const filesOf = (backupId: string): Promise<readonly string[]> => readdir(join(stage.directory, 'shop/backups', backupId), { recursive: true }).catch(() => []);

describe('a service that nobody configured', () => {
  it('is unknown to every activity that names it', async () => {
    const activities = stage.as(run('a'));
    for (const call of [() => activities.resolveService({ service: 'bank' }), () => activities.claimBackup({ service: 'bank' }), () => activities.findBackup({ service: 'bank', backup: 'latest' }), () => activities.checkHealth({ service: 'bank' })]) {
      const { fields } = await failing('UnknownService', call);
      expect(fields.cause).toContain('shop');
    }
  });
});

describe('entering the host', () => {
  const runtime = { ping: async () => ({ version: '1' }) } as never;

  it('asks for the repository each time: one that went away gets nothing', async () => {
    const enter = (name: string): Promise<unknown> => stage.as(run(name), { runtime }).enterHost({ service: 'shop', components: stage.service.components });
    await enter('a');
    for (const name of await readdir(stage.directory)) await rm(join(stage.directory, name), { recursive: true });
    await failing('RepositoryUnreachable', enter('b'));
    expect(await readdir(stage.directory)).toEqual([]);
  });
});

describe('committing', () => {
  it('is refused where the components lie too far apart, and nothing is a backup then', async () => {
    const { input } = await taken('a', ['2026-11-23T01:00:00.000Z', '2026-11-23T01:00:02.001Z']);
    await failing('RecoveryPointSkewed', stage.as(run('a')).commitBackup(input));
    expect(await stage.repository.listBackups('shop')).toEqual([]);
  });

  it('again is success, also by a worker of another version and configuration', async () => {
    const { input } = await taken('a');
    const first = await stage.as(run('a')).commitBackup(input);
    const stricter = new Map([['shop', { ...stage.service, version: '3.0.0', skewLimitMs: 1 }]]);
    for (const changed of [{}, { holdfastVersion: '0.2.0' }, { services: stricter }]) expect(await stage.as(run('a'), changed).commitBackup(input)).toEqual(first);
    expect((await stage.repository.readManifest('shop', first.backupId)).manifest.holdfastVersion).toBe('0.1.0');
  });

  it('is success for the attempt that another overtakes between its look and its commit', async () => {
    const { input } = await taken('a');
    const overtaken = { ...stage.repository, commitManifest: async (manifest: BackupManifest) => {
      await stage.repository.commitManifest({ ...manifest, holdfastVersion: '0.2.0' });
      return stage.repository.commitManifest(manifest);
    } };
    const { backupId } = await stage.as(run('a'), { repositories: new Map([['local', overtaken]]) }).commitBackup(input);
    expect((await stage.repository.readManifest('shop', backupId)).manifest.holdfastVersion).toBe('0.2.0');
  });

  it('with what was stolen from another run commits nothing, before and after the other did', async () => {
    const { input } = await taken('a');
    await failing('ObjectNotFound', stage.as(run('thief')).commitBackup(input));
    await stage.as(run('a')).commitBackup(input);
    await failing('ObjectNotFound', stage.as(run('thief')).commitBackup(input));
  });
});

describe('abandoning', () => {
  it('removes what this run left, again and again, and nothing that was committed', async () => {
    const { input } = await taken('a');
    const abandon = (): Promise<void> => stage.as(run('a')).abandonBackup({ service: 'shop', backupId: input.claim.backupId });
    await abandon();
    await abandon();
    expect(await filesOf(input.claim.backupId)).toEqual([]);
    const kept = await taken('b');
    await stage.as(run('b')).commitBackup(kept.input);
    const before = await filesOf(kept.input.claim.backupId);
    await stage.as(run('b')).abandonBackup({ service: 'shop', backupId: kept.input.claim.backupId });
    expect(await filesOf(kept.input.claim.backupId)).toEqual(before);
  });

  it('removes nothing of another run, or of one of the same name elsewhere', async () => {
    const { input } = await taken('a');
    const { backupId } = input.claim;
    const before = await filesOf(backupId);
    await failing('InvalidInput', stage.as(run('thief')).abandonBackup({ service: 'shop', backupId }));
    await failing('InvalidInput', stage.as(run('a'), { runs: { namespaceId: 'another' } as never }).abandonBackup({ service: 'shop', backupId }));
    await failing('InvalidInput', stage.as(run('a')).abandonBackup({ service: 'shop', backupId: '20200101-000000' }));
    expect(await filesOf(backupId)).toEqual(before);
    // A reset run takes over what its former self claimed.
    await stage.as({ ...run('a'), runId: 'after-a-reset' }).abandonBackup({ service: 'shop', backupId });
    expect(await filesOf(backupId)).toEqual([]);
  });
});
