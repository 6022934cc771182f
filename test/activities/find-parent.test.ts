/** Which base backup the next incremental one goes on from, on a repository: what is damaged there is passed over, and as little as possible is read. */
import { createHash } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { sourceOf } from '../../src/activities/artifacts.ts';
import { findParent } from '../../src/activities/find-parent.ts';
import { createKnownBases } from '../../src/activities/wal/known-bases.ts';
import type { BackupManifest, PostgresBase } from '../../src/domain/backup-manifest.ts';
import type { Verdict } from '../../src/domain/proof.ts';
import { createRepository } from '../../src/repository/create-repository.ts';
import type { Repository } from '../../src/repository/repository.ts';
import { createInMemoryStorage } from '../../src/storage/in-memory/in-memory-storage.ts';
import { failing } from '../support/failing.ts';
import { base as sampleBase, run, sampleManifest, storeArtifacts } from '../repository/sample-manifest.ts';

const server = { systemIdentifier: sampleBase.server.systemIdentifier, timeline: 1, end: 0xFFFF_FFFFn, nextXid: 1_000_000n };
const never = new AbortController().signal;
const sumOf = (sizeBytes: number): string => createHash('sha256').update(Buffer.alloc(sizeBytes)).digest('hex');

let objects: Map<string, Uint8Array>;
let repository: Repository;
let digests: string[];
beforeEach(async () => {
  [objects, digests] = [new Map(), []];
  const storage = createInMemoryStorage(objects);
  repository = createRepository('nas', { ...storage, digest: (path, ...rest) => { digests.push(path); return storage.digest(path, ...rest); } });
  await repository.open();
});

interface Taken { readonly manifest: BackupManifest; readonly sha256: string }
let claims = 0;
async function take(on: Taken | null = null): Promise<Taken> {
  claims += 1;
  const sample = sampleManifest('shop', await repository.claimBackup('shop', run(`take-${claims}`), Date.UTC(2026, 10, 23, 1, 0, claims)));
  const artifacts = sampleBase.artifacts.map((artifact) => ({ ...artifact, plaintext: { ...artifact.plaintext, sha256: sumOf(artifact.stored.sizeBytes) }, stored: { ...artifact.stored, sha256: sumOf(artifact.stored.sizeBytes) } }));
  const chain = on === null ? [] : [...(on.manifest.components[0] as PostgresBase).chain ?? [], { backupId: on.manifest.backupId, sha256: on.sha256 }];
  const manifest = { ...sample, components: [{ ...sampleBase, artifacts, ...(chain.length === 0 ? {} : { chain }) }, ...sample.components.slice(1)] };
  await storeArtifacts(repository, manifest);
  return { manifest, ...await repository.commitManifest(manifest) };
}

const pathOf = ({ manifest: { backupId } }: Taken, file: string): string => `shop/backups/${backupId}/postgres/${sampleBase.attempt}/${file}`;
const find = () => findParent(repository, 'shop', 'postgres', server, never);
const prove = ({ manifest, sha256 }: Taken, verdict: Verdict, at = '2026-11-23T02:00:00.000Z'): Promise<void> => repository.recordProof({
  format: 1, service: 'shop', backupId: manifest.backupId, manifestSha256: sha256, verdict, beganAt: at, finishedAt: at, run: run('proof'),
  components: [{ component: 'postgres', verdict, sentence: 'A test.', differences: [], comparedObjects: 0, notCompared: [] }],
});

describe('findParent', () => {
  it('names the newest with all that it stands on, and reads only what says what it holds', async () => {
    const full = await take();
    const first = await take(full);
    const found = await find();
    expect(found).toMatchObject({ backupId: first.manifest.backupId, parent: { chain: [full, first].map(({ manifest: { backupId }, sha256 }) => ({ backupId, sha256 })) } });
    expect(new Set(digests.map((path) => path.split('/').at(-1)))).toEqual(new Set(['backup_manifest']));
  });

  it('passes over what lacks a file, is shorter, or whose list of files is another', async () => {
    const full = await take();
    const [first, second, third] = [await take(full), await take(full), await take(full)];
    objects.delete(pathOf(third, 'base.tar.zst'));
    expect(await find()).toMatchObject({ backupId: second.manifest.backupId });
    objects.set(pathOf(second, 'pg_wal.tar.zst'), Buffer.alloc(2));
    expect(await find()).toMatchObject({ backupId: first.manifest.backupId });
    objects.set(pathOf(first, 'backup_manifest'), Buffer.alloc(7, 1));
    expect(await find()).toMatchObject({ backupId: full.manifest.backupId });
    objects.set(pathOf(full, '16400.tar.zst'), Buffer.alloc(1));
    expect(await find()).toEqual({ backupId: null, reason: expect.stringContaining('no base backup of this timeline can be gone on from') });
  });

  it('reads everything of what another one failed on, and goes on from the last that is sound', async () => {
    const full = await take();
    const first = await take(full);
    const second = await take(first);
    await prove(second, 'failed');
    // One that could not be made takes nothing back.
    await prove(second, 'couldNotVerify', '2026-11-23T03:00:00.000Z');
    objects.set(pathOf(first, 'base.tar.zst'), Buffer.alloc(11, 1));
    expect(await find()).toMatchObject({ backupId: full.manifest.backupId });
    expect(digests).toContain(pathOf(full, 'base.tar.zst'));
    objects.set(pathOf(full, 'base.tar.zst'), Buffer.alloc(11, 1));
    expect(await find()).toMatchObject({ backupId: null });
  });
});

describe('what an incremental one stands on', () => {
  const chainOf = ({ manifest }: Taken) => sourceOf(repository, manifest).chain?.(manifest.components[0] as PostgresBase);
  const known = () => createKnownBases().of(repository, 'shop', 'postgres', server.systemIdentifier);

  it('is there in its order, each with its own files', async () => {
    const full = await take();
    const first = await take(full);
    const second = await take(first);
    const links = await chainOf(second) ?? [];
    expect(links.map(({ backupId }) => backupId)).toEqual([full.manifest.backupId, first.manifest.backupId]);
    objects.set(pathOf(full, 'base.tar.zst'), Buffer.alloc(11, 1));
    const { fields } = await failing('ArtifactDamaged', links[0]?.source.check(links[0].backup.artifacts[0] as PostgresBase['artifacts'][number], never, () => undefined) ?? Promise.resolve());
    expect(fields.object).toBe(`${full.manifest.backupId}/postgres/${sampleBase.attempt}/base.tar.zst`);
    expect(await known()).toHaveLength(3);
  });

  it('is named where it is gone or damaged, and nothing counts as a base backup then that stood on it', async () => {
    const full = await take();
    const first = await take(full);
    const second = await take(first);
    objects.delete(`shop/backups/${first.manifest.backupId}/manifest.json`);
    expect((await failing('ObjectNotFound', chainOf(second) ?? Promise.resolve())).fields.object).toBe(`shop/${first.manifest.backupId}`);
    expect((await known()).map(({ backupId }) => backupId)).toEqual([full.manifest.backupId]);
    objects.set(`shop/backups/${first.manifest.backupId}/manifest.json`, Buffer.from('{}'));
    expect((await failing('ArtifactDamaged', chainOf(second) ?? Promise.resolve())).fields.object).toBe(`shop/${first.manifest.backupId}`);
  });
});
