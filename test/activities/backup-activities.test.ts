/** Claiming, committing and abandoning a backup, as one run and as another, on a real repository. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CommitBackupInput } from '../../src/activities/backup-activities.ts';
import type { BackupManifest, ComponentBackup } from '../../src/domain/backup-manifest.ts';
import { HoldfastFailure } from '../../src/domain/failures.ts';
import type { Component } from '../../src/domain/service.ts';
import { holdsOn } from '../../src/domain/hold.ts';
import type { ArtifactDestination, EngineContext } from '../../src/engines/engine-context.ts';
import type { BackupOptions } from '../../src/engines/engine-context.ts';
import { openActivityStage, type ActivityStage } from '../support/activity-stage.ts';
import { failing } from '../support/failing.ts';
import { base, run, sampleManifest, storeArtifacts } from '../repository/sample-manifest.ts';

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

describe('backing up a component', () => {
  const [component] = sampleManifest('shop', { backupId: '20261123-010000', sequence: 1, previousManifestSha256: null, repositoryId: 'r' }).components;
  const inspect = async () => ({ dataSizeBytes: 1 });

  /** One attempt, whose engine writes a file and then does this. */
  async function attempt(name: string, backupId: string, then: (ctx: EngineContext) => Promise<void>) {
    const backUp = async (ctx: EngineContext, _: unknown, destination: ArtifactDestination): Promise<ComponentBackup> => {
      await destination.put('dump.tar', Readable.from(['x']));
      await then(ctx);
      return { ...component, attempt: ctx.attempt } as ComponentBackup;
    };
    return stage.as(run(name), { engineFor: () => ({ inspect, backUp }) as never }).backUpComponent({ service: 'shop', component: stage.service.components[0] as Component, backupId, round: 1 });
  }

  it('leaves nothing of an attempt that fails', async () => {
    const { backupId } = await stage.as(run('a')).claimBackup({ service: 'shop' });
    await failing('DumpFailed', attempt('a', backupId, async () => {
      throw new HoldfastFailure('DumpFailed', { operation: 'dump', object: 'shop', cause: 'a test', hint: 'none' });
    }));
    expect((await filesOf(backupId)).filter((path) => path.endsWith('dump.tar'))).toEqual([]);
    expect(Object.keys(await stage.repository.readNotes('shop', run('a').runId))).toEqual(['claim']);
  });

  it('puts every older backup on hold where a page is damaged, once', async () => {
    const older = await stage.as(run('older')).claimBackup({ service: 'shop' });
    const { backupId, sequence } = await stage.as(run('a')).claimBackup({ service: 'shop' });
    const cause = 'checksum verification failed in file "./base/5/1259", block 3';
    for (let time = 1; time <= 2; time += 1) {
      await failing('PageDamaged', attempt('a', backupId, async () => {
        throw new HoldfastFailure('PageDamaged', { operation: 'copy', object: 'shop', cause, hint: 'none' });
      }));
    }
    const holds = await stage.repository.listHolds('shop');
    expect(holds).toEqual([{ format: 1, service: 'shop', backupId, sequence, component: 'postgres', reason: cause, at: expect.any(String), run: run('a') }]);
    expect([holdsOn(holds, older.sequence).length, holdsOn(holds, sequence).length]).toEqual([1, 0]);
    expect((await filesOf(backupId)).filter((path) => path.endsWith('dump.tar'))).toEqual([]);
  });

  describe('incrementally', () => {
    const lineage = async () => ({ systemIdentifier: '7400000000000000001', timeline: 1, end: 1n, nextXid: 1n });
    const take = async (engine: object, component = 0) => {
      const { backupId } = await stage.as(run('a')).claimBackup({ service: 'shop' });
      return stage.as(run('a'), { engineFor: () => engine as never }).backUpComponent({ service: 'shop', component: stage.service.components[component] as Component, backupId, round: 1, method: 'incremental' });
    };
    const asked: BackupOptions[] = [];
    const backUp = async (ctx: EngineContext, _: unknown, __: unknown, options: BackupOptions): Promise<ComponentBackup> => {
      asked.push(options);
      return { ...base, attempt: ctx.attempt };
    };

    it('is a full one where there is nothing to go on from, and why is said', async () => {
      expect((await take({ inspect, backUp, lineage })).incremental).toEqual({ parent: null, reason: 'there is no base backup of this cluster yet' });
      expect(asked.at(-1)).toMatchObject({ method: 'base' });
      expect(asked.at(-1)).not.toHaveProperty('parent');
    });

    it('is as ever where the engine takes none, and refused before anything is copied where the server cannot', async () => {
      expect(await take({ inspect, backUp })).not.toHaveProperty('incremental');
      await failing('UnsupportedTopology', take({ lineage: async () => { throw new HoldfastFailure('UnsupportedTopology', { operation: 'x', object: 'x', cause: 'summarize_wal is off', hint: 'x' }); } }));
    });
  });

  it('keeps the files of the first attempt to finish, and of no other', async () => {
    const { backupId } = await stage.as(run('a')).claimBackup({ service: 'shop' });
    let first = '';
    const second = await attempt('a', backupId, async () => {
      await attempt('a', backupId, async (ctx) => void (first = ctx.attempt));
    });
    expect((await filesOf(backupId)).filter((path) => path.endsWith('dump.tar'))).toEqual([`postgres/${first}/dump.tar`]);
    expect((await stage.repository.readNotes('shop', run('a').runId))[second.note]).toMatchObject({ attempt: first });
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

  it('tells what the backups take, without the logs beside them', async () => {
    const { input } = await taken('a');
    await stage.repository.storage.createExclusive('shop/wal/postgres/segment', Buffer.alloc(1_000_000));
    const { usedBytes } = await stage.as(run('a')).commitBackup(input);
    expect(usedBytes).toBe(await stage.repository.storage.usedBytes('shop/backups'));
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
