import { describe, expect, it } from 'vitest';
import { createRepository } from '../../src/repository/create-repository.ts';
import { createInMemoryStorage } from '../../src/storage/in-memory/in-memory-storage.ts';
import { failing } from '../support/failing.ts';
import { committed, run } from './sample-manifest.ts';

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
    const repository = inMemory(new Map([['shop/backups/20261123-010000/left', Buffer.from('x')]]));
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
    await failing('RepositoryDamaged', inMemory(new Map([[path, Buffer.from(text)]])).claimBackup('shop', run('a'), at));
  });
});
