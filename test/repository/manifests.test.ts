import { beforeEach, describe, expect, it } from 'vitest';
import type { BackupManifest, ComponentBackup, PostgresDump } from '../../src/domain/backup-manifest.ts';
import { canonicalJson } from '../../src/domain/canonical-json.ts';
import { createRepository } from '../../src/repository/create-repository.ts';
import type { Repository } from '../../src/repository/repository.ts';
import { createInMemoryStorage } from '../../src/storage/in-memory/in-memory-storage.ts';
import { failing } from '../support/failing.ts';
import { artifact, asImported, base, committed, run, sampleManifest, storeArtifacts } from './sample-manifest.ts';

const at = Date.UTC(2026, 10, 23, 1, 0, 0);
let objects: Map<string, Uint8Array>;
let repository: Repository;
beforeEach(() => {
  objects = new Map();
  repository = createRepository('nas', createInMemoryStorage(objects));
});

const unfinished = async (): Promise<BackupManifest> => sampleManifest('shop', await repository.claimBackup('shop', run('a'), at));
const paths = (): readonly string[] => [...objects.keys()].filter((path) => path.includes('/backups/')).sort();

describe('committing a manifest', () => {
  it('makes the backup exist, and reads back what was given', async () => {
    const manifest = await unfinished();
    await storeArtifacts(repository, manifest);
    expect(await repository.listBackups('shop')).toEqual([]);
    const { sha256 } = await repository.commitManifest(manifest);
    expect(await repository.listBackups('shop')).toEqual([manifest.backupId]);
    expect(await repository.readManifest('shop', manifest.backupId)).toEqual({ manifest, sha256 });
  });

  it('that comes after its run was cleaned up leaves no manifest without its files', async () => {
    const manifest = await unfinished();
    await storeArtifacts(repository, manifest);
    const storage = createInMemoryStorage(objects);
    const held = createRepository('nas', { ...storage, async createExclusive(path, bytes) {
      await repository.removeUncommitted('shop', manifest.backupId);
      await storage.createExclusive(path, bytes);
    } });
    await failing('ObjectNotFound', held.commitManifest(manifest));
    expect([await repository.listBackups('shop'), paths()]).toEqual([[], []]);
  });

  it('takes a base backup for a component, and nothing that is half of either', async () => {
    const sample = await unfinished();
    const [dump, ...others] = sample.components as readonly [PostgresDump, ...ComponentBackup[]];
    const manifest = { ...sample, components: [base, ...others] };
    await storeArtifacts(repository, manifest);
    await repository.commitManifest(manifest);
    expect((await repository.readManifest('shop', manifest.backupId)).manifest).toEqual(manifest);
    const { range, ...without } = base;
    const next = { ...manifest, backupId: '20261123-010001' };
    await storeArtifacts(repository, next);
    for (const { path, stored } of dump.artifacts) await repository.storage.createExclusive(`shop/backups/${next.backupId}/${path}`, Buffer.alloc(stored.sizeBytes));
    for (const half of [{ ...base, method: 'dump' }, { ...dump, method: 'base' }, without, { ...base, range: { ...range, begin: 'x' } }, { ...base, range: { ...range, timeline: 0 } }, { ...base, databases: [] }, { ...base, content: dump.content }, { ...base, chain: [] }, { ...base, chain: [{ backupId: '20261123-010000' }] }, { ...dump, chain: [] }]) {
      await failing('ManifestDamaged', repository.commitManifest({ ...next, components: [half as unknown as ComponentBackup, ...others] }));
    }
  });

  it('takes how a container was made with its options and, of before they were kept, without', async () => {
    const sample = await unfinished();
    await storeArtifacts(repository, sample);
    const setUp = { name: 'db', image: 'postgres:17', entrypoint: [], command: [], user: null, environmentNames: [], places: {}, mounts: [], networks: [], ports: [], labels: {}, restart: 'no', init: false, shmSizeBytes: 0, memoryBytes: 0 };
    const made = (changed: object): BackupManifest => ({ ...sample, components: sample.components.map((each) => ({ ...each, server: { ...each.server, setUp: { ...setUp, ...changed } } }) as ComponentBackup) });
    for (const options of [['--'], ['db'], ['-v=/:/host'], ['--cap-drop ALL']]) await failing('ManifestDamaged', repository.commitManifest(made({ options, notCarried: [] })));
    const manifest = made({ options: ['--read-only', '--health-cmd=a\nb = c', '--cap-drop=ALL'], notCarried: ['--gpus'] });
    await repository.commitManifest(manifest);
    expect((await repository.readManifest('shop', manifest.backupId)).manifest).toEqual(manifest);
    const older = { ...made({}), backupId: '20261123-010001' };
    await storeArtifacts(repository, older);
    await repository.commitManifest(older);
    expect((await repository.readManifest('shop', older.backupId)).manifest).toEqual(older);
  });

  it('takes an imported one in a format that an older reader refuses by its number, and in no other', async () => {
    const sample = await unfinished();
    const manifest = asImported(sample);
    await storeArtifacts(repository, manifest);
    const { imported, ...without } = manifest;
    for (const half of [without, { ...manifest, format: 1 as const }, { ...manifest, imported: { ...imported, files: [] } }]) await failing('ManifestDamaged', repository.commitManifest(half as BackupManifest));
    await repository.commitManifest(manifest);
    expect((await repository.readManifest('shop', manifest.backupId)).manifest).toEqual(manifest);
    const text = Buffer.from(objects.get(`shop/backups/${manifest.backupId}/manifest.json`) as Uint8Array).toString();
    objects.set(`shop/backups/${manifest.backupId}/manifest.json`, Buffer.from(text.replace('"format":2', '"format":4')));
    await failing('UnsupportedFormat', repository.readManifest('shop', manifest.backupId));
  });

  it('takes one with a canary in a format that an older reader refuses by its number, and in no other', async () => {
    const sample = await unfinished();
    const canary = { nonce: '0f'.repeat(16), writtenAt: '2026-11-23T00:59:59.000Z', components: ['redis'] };
    const manifest: BackupManifest = { ...sample, format: 3, canary };
    await storeArtifacts(repository, manifest);
    for (const half of [{ ...sample, format: 3 as const }, { ...manifest, format: 1 as const }, { ...asImported(sample), canary }, { ...manifest, canary: { ...canary, nonce: 'x' } }, { ...manifest, canary: { ...canary, components: [] } }, { ...manifest, canary: { ...canary, components: ['mysql'] } }]) {
      await failing('ManifestDamaged', repository.commitManifest(half));
    }
    await repository.commitManifest(manifest);
    expect((await repository.readManifest('shop', manifest.backupId)).manifest).toEqual(manifest);
  });

  it('takes an incremental one with what it stands on', async () => {
    const sample = await unfinished();
    const manifest = { ...sample, components: [{ ...base, chain: [{ backupId: '20261122-010000', sha256: 'a'.repeat(64) }] }, ...sample.components.slice(1)] };
    await storeArtifacts(repository, manifest);
    await repository.commitManifest(manifest);
    expect((await repository.readManifest('shop', manifest.backupId)).manifest).toEqual(manifest);
  });

  it('is refused without its artifacts, or with a shorter one', async () => {
    const manifest = await unfinished();
    await failing('ObjectNotFound', repository.commitManifest(manifest));
    await storeArtifacts(repository, manifest);
    const dump = `shop/backups/${manifest.backupId}/postgres/a1-00000001/dump.tar`;
    objects.set(dump, Buffer.alloc(10));
    await failing('ArtifactDamaged', repository.commitManifest(manifest));
    objects.delete(dump);
    await failing('ObjectNotFound', repository.commitManifest(manifest));
    expect(await repository.listBackups('shop')).toEqual([]);
  });

  it('succeeds again with the same manifest, and with no other', async () => {
    const manifest = await unfinished();
    await storeArtifacts(repository, manifest);
    const first = await repository.commitManifest(manifest);
    expect(await repository.commitManifest(structuredClone(manifest))).toEqual(first);
    await failing('AlreadyExists', repository.commitManifest({ ...manifest, holdfastVersion: '0.1.1' }));
    expect((await repository.readManifest('shop', manifest.backupId)).sha256).toBe(first.sha256);
  });

  it('has one winner among many', async () => {
    const manifest = await unfinished();
    await storeArtifacts(repository, manifest);
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, (_, each) => repository.commitManifest({ ...manifest, holdfastVersion: `0.1.${each}` })));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  });

  const [postgres, redis] = sampleManifest('shop', { backupId: '20261123-010000', sequence: 1, previousManifestSha256: null, repositoryId: '' }).components;
  it.each<[string, object]>([
    ['a fraction', { point: { at: '2026-11-23T01:00:00Z', skewMs: 0.5, skewLimitMs: 2000 } }],
    ['no component', { components: [] }],
    ['two components of one name', { components: [postgres, postgres] }],
    ['an artifact of another attempt', { components: [{ ...redis, attempt: 'a3-00000003' }] }],
    ['an artifact elsewhere', { components: [{ ...redis, artifacts: [artifact('rdb', 'redis/../dump.rdb', 5)] }] }],
    ['a member that is not known', { components: [redis], surprise: 1 }],
    ['a time that is none', { beganAt: 'yesterday' }],
  ])('never writes one that could not be read: %s', async (_what, change) => {
    const manifest = await unfinished();
    await storeArtifacts(repository, manifest);
    const changed = { ...manifest, ...change } as BackupManifest;
    for (const each of changed.components.flatMap((component) => component.artifacts)) if (!each.path.includes('..')) objects.set(`shop/backups/${manifest.backupId}/${each.path}`, Buffer.alloc(each.stored.sizeBytes));
    await expect(repository.commitManifest(changed)).rejects.toMatchObject({ name: 'HoldfastFailure' });
    expect(await repository.listBackups('shop')).toEqual([]);
  });
});

describe('listing backups', () => {
  it('knows those with a manifest only, oldest first', async () => {
    const second = await committed(repository, 'shop', 'b', at + 1000);
    const first = await committed(repository, 'shop', 'a', at);
    objects.set('shop/backups/20261122-000000/postgres/a1/dump.tar', Buffer.alloc(1));
    objects.set('shop/backups/not an id/manifest.json', Buffer.from('{}'));
    objects.set('shop/backups/20260230-000000/manifest.json', Buffer.from('{}'));
    expect(await repository.listBackups('shop')).toEqual([first.backupId, second.backupId]);
    expect(await repository.listBackups('bank')).toEqual([]);
  });
});

describe('removing', () => {
  it('takes an unfinished backup away, again and again, and never a finished one', async () => {
    const manifest = await unfinished();
    await storeArtifacts(repository, manifest);
    await repository.removeUncommitted('shop', manifest.backupId);
    await repository.removeUncommitted('shop', manifest.backupId);
    expect(paths()).toEqual([]);
    const kept = await committed(repository, 'shop', 'b', at);
    const before = paths();
    await failing('AlreadyExists', repository.removeUncommitted('shop', kept.backupId));
    expect(paths()).toEqual(before);
  });

  it('refuses ids that lead elsewhere', async () => {
    await committed(repository, 'shop', 'a', at);
    const before = paths();
    for (const id of ['..', '.', '', '../..', '../../bank']) await failing('InvalidInput', repository.removeUncommitted('shop', id));
    expect(paths()).toEqual(before);
  });

  it('takes the losing attempts, and keeps the winners, the manifest and the proofs', async () => {
    const manifest = await committed(repository, 'shop', 'a', at);
    const directory = `shop/backups/${manifest.backupId}`;
    objects.set(`${directory}/proofs/x.json`, Buffer.from('{}'));
    const before = paths();
    for (const loser of ['postgres/a2-ffffffff/dump.tar', 'postgres/a2-ffffffff/globals.sql', 'redis/a1-ffffffff/dump.rdb']) objects.set(`${directory}/${loser}`, Buffer.alloc(1));
    await repository.removeLosingAttempts(manifest);
    await repository.removeLosingAttempts(manifest);
    expect(paths()).toEqual(before);
  });
});

describe('a manifest with strange names', () => {
  it('is canonical whatever the database called its tables', async () => {
    const manifest = await unfinished();
    const tables = ['"__proto__"', '"a\nb"', '"\u2028"', '"\ud800"', '"💣"', '"constructor"'].map((table) => ({ table, rows: '1', hash: null }));
    const strange: BackupManifest = { ...manifest, components: manifest.components.map((component) => (component.engine === 'postgres' && component.method === 'dump' ? { ...component, content: { ...component.content, tables } } : component)) };
    await storeArtifacts(repository, strange);
    const { sha256 } = await repository.commitManifest(strange);
    const read = await repository.readManifest('shop', strange.backupId);
    expect(canonicalJson(read.manifest)).toBe(canonicalJson(strange));
    expect(read.sha256).toBe(sha256);
  });
});
