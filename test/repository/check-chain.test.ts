import { beforeEach, describe, expect, it } from 'vitest';
import type { BackupManifest } from '../../src/domain/backup-manifest.ts';
import { HoldfastFailure } from '../../src/domain/failures.ts';
import { checkChain } from '../../src/repository/check-chain.ts';
import { createRepository } from '../../src/repository/create-repository.ts';
import type { Repository } from '../../src/repository/repository.ts';
import { createInMemoryStorage } from '../../src/storage/in-memory/in-memory-storage.ts';
import { failing } from '../support/failing.ts';
import { committed, run, sampleManifest, storeArtifacts } from './sample-manifest.ts';

const at = Date.UTC(2026, 10, 23, 1);
const pathOf = (backupId: string): string => `shop/backups/${backupId}/manifest.json`;
let objects: Map<string, Uint8Array>;
let repository: Repository;

beforeEach(() => {
  objects = new Map();
  repository = createRepository('nas', createInMemoryStorage(objects));
});

/** Three backups, a second apart. */
async function three(): Promise<readonly [BackupManifest, BackupManifest, BackupManifest]> {
  return [await committed(repository, 'shop', 'a', at), await committed(repository, 'shop', 'b', at + 1000), await committed(repository, 'shop', 'c', at + 2000)];
}

/** Another manifest in the place of one that is there, in itself valid. */
async function exchanged(manifest: BackupManifest): Promise<void> {
  objects.delete(pathOf(manifest.backupId));
  await repository.commitManifest(manifest);
}

describe('checkChain', () => {
  it('holds for a service without backups', async () => {
    expect(await checkChain(repository, 'shop')).toEqual({ checked: 0, unfinished: [], damaged: [] });
  });

  it('holds from one backup to the next', async () => {
    await three();
    await committed(repository, 'other', 'x', at);
    expect(await checkChain(repository, 'shop')).toEqual({ checked: 3, unfinished: [], damaged: [] });
  });

  it('takes a number without a manifest for a backup that failed', async () => {
    await committed(repository, 'shop', 'a', at);
    const { backupId } = await repository.claimBackup('shop', run('failed'), at + 1000);
    await committed(repository, 'shop', 'c', at + 2000);
    expect(await checkChain(repository, 'shop')).toEqual({ checked: 2, unfinished: [{ backupId, sequence: 2 }], damaged: [] });
  });

  it('holds where two backups went on from the same one, and where the later number was done first', async () => {
    await committed(repository, 'shop', 'a', at);
    const slow = await repository.claimBackup('shop', run('slow'), at + 1000);
    await committed(repository, 'shop', 'quick', at + 2000);
    await storeArtifacts(repository, sampleManifest('shop', slow));
    await repository.commitManifest(sampleManifest('shop', slow));
    await committed(repository, 'shop', 'last', at + 3000);
    expect(await checkChain(repository, 'shop')).toEqual({ checked: 4, unfinished: [], damaged: [] });
  });

  it('misses one that was taken from the beginning or the middle', async () => {
    const manifests = await three();
    for (const [gone, index] of [[manifests[0], 0], [manifests[1], 1]] as const) {
      const path = pathOf(gone.backupId);
      const bytes = objects.get(path) as Uint8Array;
      objects.delete(path);
      const next = manifests[index + 1] as BackupManifest;
      expect(await checkChain(repository, 'shop')).toEqual({
        checked: 2, unfinished: [{ backupId: gone.backupId, sequence: gone.sequence }],
        damaged: [{ backupId: next.backupId, sequence: next.sequence, problem: 'the manifest it goes on from is gone or changed' }],
      });
      objects.set(path, bytes);
    }
  });

  it('notices one that was exchanged for another valid one', async () => {
    const [, second, third] = await three();
    await exchanged({ ...second, serviceVersion: '6.6.6' });
    expect((await checkChain(repository, 'shop')).damaged).toEqual([{ backupId: third.backupId, sequence: 3, problem: 'the manifest it goes on from is gone or changed' }]);
  });

  it('names the damaged one and the one that goes on from it, and checks the others', async () => {
    const [, second, third] = await three();
    (objects.get(pathOf(second.backupId)) as Uint8Array)[40]! ^= 1;
    const { checked, damaged } = await checkChain(repository, 'shop');
    expect({ checked, ids: damaged.map(({ backupId, sequence }) => [backupId, sequence]) }).toEqual({ checked: 3, ids: [[second.backupId, null], [third.backupId, 3]] });
  });

  it('notices a manifest whose number is not the claimed one', async () => {
    const [, , third] = await three();
    await exchanged({ ...third, sequence: 9 });
    expect((await checkChain(repository, 'shop')).damaged).toEqual([{ backupId: third.backupId, sequence: 9, problem: 'it has the number 9, its id was claimed with 3' }]);
  });

  it('notices a manifest that nobody claimed', async () => {
    const [, , third] = await three();
    objects.delete('shop/sequence/000000003.json');
    expect((await checkChain(repository, 'shop')).damaged).toEqual([{ backupId: third.backupId, sequence: 3, problem: 'nobody claimed its id' }]);
  });

  it('does not follow the chain forward', async () => {
    const [first, , third] = await three();
    const { sha256 } = await repository.readManifest('shop', third.backupId);
    await exchanged({ ...first, previousManifestSha256: sha256 });
    expect((await checkChain(repository, 'shop')).damaged).toContainEqual({ backupId: first.backupId, sequence: 1, problem: 'the manifest it goes on from has a higher number' });
  });

  it('fails where it cannot read, instead of calling it damage', async () => {
    await three();
    const storage = createInMemoryStorage(objects);
    const readSmall: typeof storage.readSmall = async (path, maxBytes) => {
      if (path.endsWith('manifest.json')) throw new HoldfastFailure('RepositoryUnreachable', { operation: 'read an object', object: path, cause: 'the disk went away', hint: 'Mount it.' });
      return storage.readSmall(path, maxBytes);
    };
    await failing('RepositoryUnreachable', checkChain(createRepository('nas', { ...storage, readSmall }), 'shop'));
    objects.set('shop/sequence/000000004.json', Buffer.from('{}'));
    await failing('RepositoryDamaged', checkChain(repository, 'shop'));
  });
});
