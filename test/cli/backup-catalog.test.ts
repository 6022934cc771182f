import { describe, expect, it } from 'vitest';
import { newestFirst, readCatalog } from '../../src/cli/backup-catalog.ts';
import { createRepository } from '../../src/repository/create-repository.ts';
import { createInMemoryStorage } from '../../src/storage/in-memory/in-memory-storage.ts';
import { committed } from '../repository/sample-manifest.ts';

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
});
