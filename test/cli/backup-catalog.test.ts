import { describe, expect, it } from 'vitest';
import { newestFirst, readCatalog, readHolds } from '../../src/cli/backup-catalog.ts';
import { createRepository } from '../../src/repository/create-repository.ts';
import type { Repository } from '../../src/repository/repository.ts';
import { createInMemoryStorage } from '../../src/storage/in-memory/in-memory-storage.ts';
import { base, committed, run, sampleManifest, storeArtifacts } from '../repository/sample-manifest.ts';

const at = Date.UTC(2026, 10, 23, 1, 0, 0);

describe('the catalog', () => {
  it('is led by what "latest" means to a restore, whatever the clocks said', async () => {
    const repository = createRepository('nas', createInMemoryStorage());
    const ahead = await committed(repository, 'shop', 'clock ahead', at + 86_400_000);
    const old = await committed(repository, 'shop', 'clock put right', at);
    const latest = await committed(repository, 'shop', 'later', at + 60_000);
    const { entries, total } = await readCatalog([repository], 'shop', 2);
    expect([entries.map(({ id }) => id), total]).toEqual([[latest.backupId, ahead.backupId], 3]);
    expect(await newestFirst([repository], 'shop', [old, ahead, latest].map(({ backupId }) => backupId))).toEqual([latest, ahead, old].map(({ backupId }) => backupId));
  });

  it('is ordered by its ids where a damaged repository cannot say which is the latest', async () => {
    const objects = new Map<string, Uint8Array>();
    const repository = createRepository('nas', createInMemoryStorage(objects));
    const sound = await committed(repository, 'shop', 'a', at);
    const { backupId } = await committed(repository, 'shop', 'b', at + 1000);
    objects.delete('shop/sequence/000000002.json');
    objects.set(`shop/backups/${backupId}/manifest.json`, Buffer.from('{}'));
    const { entries } = await readCatalog([repository], 'shop', 9);
    expect(entries.map(({ id, damage }) => [id, damage === null])).toEqual([[backupId, false], [sound.backupId, true]]);
  });

  it('takes no proof of another manifest for one of this', async () => {
    const repository = createRepository('nas', createInMemoryStorage());
    const { backupId } = await committed(repository, 'shop', 'a', at);
    const { sha256 } = await repository.readManifest('shop', backupId);
    const proof = { format: 1 as const, service: 'shop', backupId, manifestSha256: sha256, verdict: 'proven' as const, components: [], beganAt: '2026-11-23T01:01:00.000Z', finishedAt: '2026-11-23T01:02:00.000Z', run: run('proof') };
    const shown = async () => (await readCatalog([repository], 'shop', 1)).entries[0]?.proof?.finishedAt;
    await repository.recordProof({ ...proof, manifestSha256: '0'.repeat(64) });
    expect(await shown()).toBeUndefined();
    await repository.recordProof({ ...proof, finishedAt: '2026-11-23T01:03:00.000Z', beganAt: '2026-11-23T01:02:30.000Z' });
    expect(await shown()).toBe('2026-11-23T01:03:00.000Z');
  });

  it('says of an incremental backup when what it stands on is changed or gone', async () => {
    const objects = new Map<string, Uint8Array>();
    const repository = createRepository('nas', createInMemoryStorage(objects));
    const parent = await committed(repository, 'shop', 'full', at);
    const sample = sampleManifest('shop', await repository.claimBackup('shop', run('incremental'), at + 1000));
    const chain = [{ backupId: parent.backupId, sha256: (await repository.readManifest('shop', parent.backupId)).sha256 }];
    const manifest = { ...sample, components: [{ ...base, chain }, ...sample.components.slice(1)] };
    await storeArtifacts(repository, manifest);
    await repository.commitManifest(manifest);
    const damage = async (): Promise<string | null | undefined> => (await readCatalog([repository], 'shop', 9)).entries.find(({ id }) => id === manifest.backupId)?.damage;
    expect(await damage()).toBeNull();
    objects.set(`shop/backups/${parent.backupId}/manifest.json`, Buffer.from('{}'));
    expect(await damage()).toBe(`it stands on ${parent.backupId}, which is damaged`);
    objects.delete(`shop/backups/${parent.backupId}/manifest.json`);
    expect(await damage()).toBe(`it stands on ${parent.backupId}, which is gone`);
  });

  it('takes neither what goes to the trash meanwhile for damaged, nor what comes for one that it has listed', async () => {
    const storage = createInMemoryStorage();
    const repository = createRepository('nas', storage);
    const full = await committed(repository, 'shop', 'full', at);
    const sample = sampleManifest('shop', await repository.claimBackup('shop', run('incremental'), at + 1000));
    const chain = [{ backupId: full.backupId, sha256: (await repository.readManifest('shop', full.backupId)).sha256 }];
    const incremental = { ...sample, components: [{ ...base, chain }, ...sample.components.slice(1)] };
    await storeArtifacts(repository, incremental);
    await repository.commitManifest(incremental);
    const listed = await committed(repository, 'shop', 'listed', at + 2000);
    const goes = (id: string): Promise<void> => repository.trash.move('shop', id, { upTo: 3, sound: true, by: { at: '', run: run('prune') } });
    /** What happens as soon as this backup's manifest was read, or all were listed. */
    const reading = (happens: () => Promise<unknown>, behind: RegExp | null): Repository => {
      let isOver = false;
      const once = async (): Promise<void> => {
        if (isOver) return;
        isOver = true;
        await happens();
      };
      const watched = createRepository('nas', { ...storage, async readSmall(path, maxBytes) {
        const bytes = await storage.readSmall(path, maxBytes);
        if (behind?.test(path) === true) await once();
        return bytes;
      } });
      return { ...watched, async listBackups(service) {
        const ids = await watched.listBackups(service);
        if (behind === null) await once();
        return ids;
      } };
    };
    const shown = async (from: Repository) => {
      const { entries, total } = await readCatalog([from], 'shop', 9);
      return [entries.map(({ id, damage }) => [id, damage]), total];
    };

    expect(await shown(reading(() => committed(repository, 'shop', 'comes', at + 3000), null))).toEqual([[[listed.backupId, null], [incremental.backupId, null], [full.backupId, null]], 3]);
    const comes = (await repository.listBackups('shop')).at(-1) as string;
    expect(await shown(reading(async () => {
      await goes(incremental.backupId);
      await goes(full.backupId);
    }, new RegExp(`${incremental.backupId}/manifest`)))).toEqual([[[comes, null], [listed.backupId, null]], 2]);
    expect(await shown(reading(() => goes(listed.backupId), null))).toEqual([[[comes, null]], 1]);
  });

  it('tells a hold that cannot be read, and shows the others\' all the same', async () => {
    const objects = new Map<string, Uint8Array>();
    const repositories = [createRepository('nas', createInMemoryStorage(objects)), createRepository('offsite', createInMemoryStorage())] as const;
    for (const repository of repositories) {
      const { backupId } = await committed(repository, 'shop', 'a', at);
      await repository.recordHold({ service: 'shop', backupId, component: 'postgres', reason: 'block 3', at: '2026-11-23T01:00:00.000Z', run: run('a') });
    }
    expect(await readHolds(repositories, 'shop')).toMatchObject({ holds: [{ reason: 'block 3', sequence: 1 }], unreadable: [] });
    objects.set([...objects.keys()].find((path) => path.startsWith('shop/holds/')) as string, Buffer.from('{}'));
    expect(await readHolds(repositories, 'shop')).toMatchObject({ holds: [{ reason: 'block 3' }], unreadable: [expect.stringContaining('shop/holds/')] });
  });
});
