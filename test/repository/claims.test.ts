import { describe, expect, it } from 'vitest';
import { HoldfastFailure } from '../../src/domain/failures.ts';
import { checkChain } from '../../src/repository/check-chain.ts';
import { createRepository } from '../../src/repository/create-repository.ts';
import { createInMemoryStorage } from '../../src/storage/in-memory/in-memory-storage.ts';
import { failing } from '../support/failing.ts';
import { committed, imported, run, sampleManifest, storeArtifacts } from './sample-manifest.ts';

const at = Date.UTC(2026, 10, 23, 1, 0, 0);
const inMemory = (objects = new Map<string, Uint8Array>()) => createRepository('nas', createInMemoryStorage(objects));

describe('opening a repository', () => {
  it('gives an empty place an id, once, whoever comes first', async () => {
    const storage = createInMemoryStorage();
    const ids = await Promise.all(Array.from({ length: 20 }, () => createRepository('nas', storage).open()));
    expect(new Set(ids.map(({ repositoryId }) => repositoryId)).size).toBe(1);
    expect(ids[0]?.repositoryId).toMatch(/^[0-9a-f-]{36}$/);
    expect(await createRepository('nas', storage).open()).toEqual(ids[0]);
  });

  it.each(['sequence/000000001.json', 'backups/20261123-010000/manifest.json', 'rollbacks/r.json', 'runs/r/run.json', 'plans/n.json', 'approvals/n.json'])('makes no new one where there is a shop/%s', async (path) => {
    const objects = new Map<string, Uint8Array>([[`shop/${path}`, Buffer.from('{}')]]);
    await failing('RepositoryDamaged', inMemory(objects).open());
    await failing('RepositoryDamaged', inMemory(objects).claimBackup('shop', run('a'), at));
    expect([...objects.keys()]).toEqual([`shop/${path}`]);
  });

  it('is not kept from it by what other programs left there', async () => {
    const objects = new Map<string, Uint8Array>(['lost+found/x', '20251201_020000/postgres.sql.gz', 'notes.txt'].map((path) => [path, Buffer.from('x')]));
    await expect(inMemory(objects).open()).resolves.toHaveProperty('repositoryId');
  });

  it('notices that it went away, and writes nothing to where it was', async () => {
    const objects = new Map<string, Uint8Array>();
    const repository = inMemory(objects);
    const { repositoryId } = await repository.open();
    const head = objects.get('holdfast.json') as Uint8Array;
    objects.delete('holdfast.json');
    for (const call of [() => repository.open(), () => repository.claimBackup('shop', run('a'), at)]) await failing('RepositoryUnreachable', call);
    expect([...objects.keys()]).toEqual([]);
    objects.set('holdfast.json', head);
    expect(await repository.open()).toEqual({ repositoryId });
  });

  it('notices that another one is in its place', async () => {
    const objects = new Map<string, Uint8Array>();
    const repository = inMemory(objects);
    await repository.open();
    objects.delete('holdfast.json');
    await inMemory(objects).open();
    const before = [...objects.keys()];
    for (const call of [() => repository.open(), () => repository.claimBackup('shop', run('a'), at)]) await failing('RepositoryDamaged', call);
    expect([...objects.keys()]).toEqual(before);
  });

  it('is refused when its id changed', async () => {
    const objects = new Map<string, Uint8Array>();
    const { repositoryId } = await inMemory(objects).open();
    const head = Buffer.from(objects.get('holdfast.json') as Uint8Array).toString();
    objects.set('holdfast.json', Buffer.from(head.replace(repositoryId, '00000000-0000-4000-8000-000000000000')));
    await failing('RepositoryDamaged', inMemory(objects).open());
  });

  it.each([
    ['{"format":2,"repositoryId":"x"}', 'UnsupportedFormat'], ['{"format":1}', 'RepositoryDamaged'], ['{"format":"1","repositoryId":"x"}', 'RepositoryDamaged'],
    ['{"repositoryId":"x","format":1}', 'RepositoryDamaged'], ['', 'RepositoryDamaged'], ['null', 'RepositoryDamaged'], ['[]', 'RepositoryDamaged'], ['\ufeff{}', 'RepositoryDamaged'],
  ] as const)('refuses a head that says %j as %s', async (head, type) => {
    await failing(type, inMemory(new Map([['holdfast.json', Buffer.from(head)]])).open());
  });
});

describe('claiming a backup', () => {
  it('begins at one, with the time as the id', async () => {
    const repository = inMemory();
    expect(await repository.claimBackup('shop', run('a'), at)).toEqual({ backupId: '20261123-010000', sequence: 1, previousManifestSha256: null, ...await repository.open() });
  });

  it('answers the same to the same run, also later and after others', async () => {
    const repository = inMemory();
    const first = await repository.claimBackup('shop', run('a'), at);
    await committed(repository, 'shop', 'b', at + 5000);
    expect(await repository.claimBackup('shop', run('a'), at + 60_000)).toEqual(first);
  });

  it('tells a reset run from the one it came from', async () => {
    const repository = inMemory();
    await repository.claimBackup('shop', run('a'), at);
    expect((await repository.claimBackup('shop', { ...run('a'), runId: 'another' }, at)).sequence).toBe(2);
  });

  it('gives parallel runs of one second different numbers and ids', async () => {
    const storage = createInMemoryStorage();
    const claims = await Promise.all(Array.from({ length: 20 }, (_, each) => createRepository('nas', storage).claimBackup('shop', run(`p${each}`), at)));
    expect(claims.map(({ sequence }) => sequence).sort((a, b) => a - b)).toEqual(Array.from({ length: 20 }, (_, each) => each + 1));
    expect(new Set(claims.map(({ backupId }) => backupId)).size).toBe(20);
    for (const { backupId } of claims) expect(backupId).toMatch(/^20261123-0100\d\d$/);
  });

  it('counts each service for itself', async () => {
    const repository = inMemory();
    expect((await repository.claimBackup('shop', run('a'), at)).sequence).toBe(1);
    expect((await repository.claimBackup('bank', run('a'), at)).sequence).toBe(1);
  });

  it('never uses an id whose files are there, whoever put them', async () => {
    const objects = new Map<string, Uint8Array>();
    const repository = inMemory(objects);
    await repository.open();
    objects.set('shop/backups/20261123-010000/left', Buffer.from('x'));
    expect((await repository.claimBackup('shop', run('a'), at)).backupId).toBe('20261123-010001');
  });

  it('goes on from the newest backup that was completed', async () => {
    const repository = inMemory();
    const first = await committed(repository, 'shop', 'a', at);
    const { sha256 } = await repository.readManifest('shop', first.backupId);
    const abandoned = await repository.claimBackup('shop', run('b'), at + 1000);
    expect(abandoned.previousManifestSha256).toBe(sha256);
    const third = await committed(repository, 'shop', 'c', at + 2000);
    expect([third.sequence, third.previousManifestSha256]).toEqual([3, sha256]);
    const newest = await repository.readManifest('shop', third.backupId);
    expect((await repository.claimBackup('shop', run('d'), at - 86_400_000)).previousManifestSha256).toBe(newest.sha256);
  });

  it.each([
    ['shop/sequence/1.json', '{}'], ['shop/sequence/000000001.json', '{}'], ['shop/sequence/000000001.json', 'null'], ['shop/sequence/000000001.json', '{"format":1'],
    ['shop/sequence/000000001.json', '{"backupId":"20260230-000000","format":1,"run":{"namespaceId":"n","runId":"r","workflowId":"w"}}'],
  ])('does not go on over a damaged claim %s %j', async (path, text) => {
    const objects = new Map<string, Uint8Array>();
    const repository = inMemory(objects);
    await repository.open();
    objects.set(path, Buffer.from(text));
    const { fields } = await failing('RepositoryDamaged', repository.claimBackup('shop', run('a'), at));
    expect(fields.object).toBe(path);
  });

  it.each<[string, (bytes: Buffer) => Buffer]>([
    ['a flipped bit', (bytes) => Buffer.from(bytes.map((byte, index) => (index === 40 ? byte ^ 1 : byte)))], ['no bytes', () => Buffer.alloc(0)],
    ['a newer format', (bytes) => Buffer.from(bytes.toString().replace('"format":1', '"format":2'))],
  ])('goes on from the newest manifest that can be read, and says that a newer one has %s', async (_what, damage) => {
    const objects = new Map<string, Uint8Array>();
    const repository = inMemory(objects);
    const good = await committed(repository, 'shop', 'a', at);
    const { sha256 } = await repository.readManifest('shop', good.backupId);
    const damaged = [await committed(repository, 'shop', 'b', at + 1000), await committed(repository, 'shop', 'c', at + 2000)];
    for (const { backupId } of damaged) objects.set(`shop/backups/${backupId}/manifest.json`, damage(Buffer.from(objects.get(`shop/backups/${backupId}/manifest.json`) as Uint8Array)));
    const claim = await repository.claimBackup('shop', run('d'), at + 3000);
    expect(claim).toMatchObject({ sequence: 4, previousManifestSha256: sha256, warnings: [expect.stringContaining(damaged[1]?.backupId ?? '?'), expect.stringContaining(damaged[0]?.backupId ?? '?')] });
    expect(await repository.claimBackup('shop', run('d'), at + 4000)).toEqual(claim);
    expect((await repository.newestReadable('shop'))?.sha256).toBe(sha256);
    await storeArtifacts(repository, sampleManifest('shop', claim));
    await repository.commitManifest(sampleManifest('shop', claim));
    const { checked, damaged: reported } = await checkChain(repository, 'shop');
    expect([checked, reported.map(({ backupId }) => backupId)]).toEqual([4, damaged.map(({ backupId }) => backupId)]);
  });

  it('begins a chain of its own where no manifest can be read', async () => {
    const objects = new Map<string, Uint8Array>();
    const repository = inMemory(objects);
    const { backupId } = await committed(repository, 'shop', 'a', at);
    objects.set(`shop/backups/${backupId}/manifest.json`, Buffer.from('{}'));
    expect(await repository.claimBackup('shop', run('b'), at)).toMatchObject({ sequence: 2, previousManifestSha256: null, warnings: [expect.stringContaining(backupId)] });
    expect(await repository.newestReadable('shop')).toBeNull();
  });

  it('does not take a place that cannot be reached for a damaged manifest', async () => {
    const storage = createInMemoryStorage();
    await committed(createRepository('nas', storage), 'shop', 'a', at);
    const readSmall: typeof storage.readSmall = async (path, maxBytes) => {
      if (path.endsWith('manifest.json')) throw new HoldfastFailure('RepositoryUnreachable', { operation: 'read an object', object: path, cause: 'the disk went away', hint: 'Mount it.' });
      return storage.readSmall(path, maxBytes);
    };
    await failing('RepositoryUnreachable', createRepository('nas', { ...storage, readSmall }).claimBackup('shop', run('b'), at));
  });

  it('says who claimed an id', async () => {
    const repository = inMemory();
    const { backupId } = await repository.claimBackup('shop', run('a'), at);
    expect([await repository.readClaimant('shop', backupId), await repository.readClaimant('shop', '20200101-000000')]).toEqual([run('a'), null]);
  });
});

describe('the latest backup', () => {
  it('is the one with the highest number, whatever the clocks said', async () => {
    const repository = inMemory();
    expect(await repository.latestBackup('shop')).toBeNull();
    await committed(repository, 'shop', 'clock ahead', at + 86_400_000);
    const newer = await committed(repository, 'shop', 'clock put right', at);
    await repository.claimBackup('shop', run('unfinished'), at + 1000);
    expect(await repository.latestBackup('shop')).toBe(newer.backupId);
    expect((await repository.newestReadable('shop'))?.manifest.backupId).toBe(newer.backupId);
  });

  it('is not an older one because it is damaged itself', async () => {
    const objects = new Map<string, Uint8Array>();
    const repository = inMemory(objects);
    await committed(repository, 'shop', 'a', at);
    const { backupId } = await committed(repository, 'shop', 'b', at + 1000);
    objects.set(`shop/backups/${backupId}/manifest.json`, Buffer.from('{}'));
    expect(await repository.latestBackup('shop')).toBe(backupId);
  });

  it('is never one that was imported, unless there is no other; then the one that was made last', async () => {
    const repository = inMemory(new Map());
    const older = await imported(repository, 'i', at - 1000);
    await imported(repository, 'j', at - 2000);
    expect(await repository.latestBackup('shop')).toBe(older.backupId);
    const { backupId } = await committed(repository, 'shop', 'a', at - 5000);
    await imported(repository, 'k', at + 9000);
    expect(await repository.latestBackup('shop')).toBe(backupId);
  });

  it('is placed by its manifest where its claim is gone, and never guessed', async () => {
    const objects = new Map<string, Uint8Array>();
    const repository = inMemory(objects);
    await committed(repository, 'shop', 'a', at + 1000);
    const { backupId } = await committed(repository, 'shop', 'b', at);
    objects.delete('shop/sequence/000000002.json');
    expect(await repository.latestBackup('shop')).toBe(backupId);
    objects.set(`shop/backups/${backupId}/manifest.json`, Buffer.from('{}'));
    await failing('ManifestDamaged', repository.latestBackup('shop'));
  });
});

describe('since when a service is backed up', () => {
  const gone = (objects: Map<string, Uint8Array>, backupId: string): void => [...objects.keys()].filter((path) => path.startsWith(`shop/backups/${backupId}/`)).forEach((path) => objects.delete(path));

  it('is known by its first backup, which may be gone; an older one that was imported counts only alone', async () => {
    const objects = new Map<string, Uint8Array>();
    const repository = inMemory(objects);
    expect(await repository.firstBackupAt('shop')).toBeNull();
    await imported(repository, 'i', at - 86_400_000);
    expect(await repository.firstBackupAt('shop')).toBe('2026-11-22T01:00:00.000Z');
    const { backupId } = await committed(repository, 'shop', 'a', at);
    await committed(repository, 'shop', 'b', at + 3_600_000);
    gone(objects, backupId);
    expect(await repository.firstBackupAt('shop')).toBe('2026-11-23T01:00:00.000Z');
  });

  it('is told by what is there where a claim cannot be read', async () => {
    const objects = new Map<string, Uint8Array>();
    const repository = inMemory(objects);
    const { backupId } = await committed(repository, 'shop', 'a', at);
    await committed(repository, 'shop', 'b', at + 3_600_000);
    gone(objects, backupId);
    objects.set('shop/sequence/000000001.json', Buffer.from('{}'));
    expect(await repository.firstBackupAt('shop')).toBe('2026-11-23T02:00:00.000Z');
  });
});
