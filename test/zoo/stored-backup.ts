/** A backup in a directory of its own, to be broken there: its files, its manifest, and the sums that make a changed one be believed. */
import { createHash } from 'node:crypto';
import { cp, mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Artifact, BackupManifest, ComponentBackup, PostgresBase, PostgresDump, RedisBackup } from '../../src/domain/backup-manifest.ts';
import { canonicalJson } from '../../src/domain/canonical-json.ts';

export interface StoredBackup {
  /** Of the repository. */
  readonly root: string;
  readonly service: string;
  readonly backupId: string;
}

export const newDirectory = (): Promise<string> => mkdtemp(join(tmpdir(), 'holdfast zoo-'));

/** The whole repository that it lies in, in another directory. */
export async function copyOf(backup: StoredBackup): Promise<StoredBackup> {
  const root = await newDirectory();
  await cp(backup.root, root, { recursive: true, preserveTimestamps: true });
  return { ...backup, root };
}

export const serviceDirectory = ({ root, service }: StoredBackup): string => join(root, service);
export const pathIn = (backup: StoredBackup, path: string): string => join(serviceDirectory(backup), 'backups', backup.backupId, path);
export const manifestPath = (backup: StoredBackup): string => pathIn(backup, 'manifest.json');

export async function manifestOf(backup: StoredBackup): Promise<BackupManifest> {
  const { manifestSha256: _own, ...manifest } = JSON.parse(await readFile(manifestPath(backup), 'utf8')) as BackupManifest & { manifestSha256: string };
  return manifest;
}

/** Changed, and made to match its own sum again: nothing but the data itself tells that it is another. */
export async function resign(backup: StoredBackup, change: (manifest: BackupManifest) => object): Promise<void> {
  const changed = change(await manifestOf(backup));
  // Anew: what is stored may not be written to.
  await rm(manifestPath(backup));
  await writeFile(manifestPath(backup), canonicalJson({ ...changed, manifestSha256: createHash('sha256').update(canonicalJson(changed)).digest('hex') }));
}

type Change<C> = (component: C) => ComponentBackup;
const changeComponent = <C extends ComponentBackup>(is: (component: ComponentBackup) => boolean) => (backup: StoredBackup, change: Change<C>): Promise<void> =>
  resign(backup, (manifest) => ({ ...manifest, components: manifest.components.map((each) => (is(each) ? change(each as C) : each)) }));

export const changeDump = changeComponent<PostgresDump>((each) => each.engine === 'postgres' && each.method === 'dump');
export const changeBase = changeComponent<PostgresBase>((each) => each.engine === 'postgres' && each.method === 'base');
export const changeRedis = changeComponent<RedisBackup>((each) => each.engine === 'redis');

export type ArtifactKind = Artifact['kind'];

export async function fileOf(backup: StoredBackup, kind: ArtifactKind): Promise<string> {
  const found = (await manifestOf(backup)).components.flatMap(({ artifacts }) => artifacts).find((artifact) => artifact.kind === kind);
  if (found === undefined) throw new Error(`the backup has no ${kind}`);
  return pathIn(backup, found.path);
}

/** Other bytes under the same name, which the manifest then describes as what was stored. */
export async function replaceAndResign(backup: StoredBackup, kind: ArtifactKind, change: (bytes: Buffer) => Buffer): Promise<void> {
  const path = await fileOf(backup, kind);
  const bytes = change(await readFile(path));
  await rm(path);
  await writeFile(path, bytes);
  const facts = { sizeBytes: bytes.byteLength, sha256: createHash('sha256').update(bytes).digest('hex') };
  await resign(backup, (manifest) => ({
    ...manifest,
    components: manifest.components.map((component) => ({ ...component, artifacts: component.artifacts.map((artifact) => (artifact.kind === kind ? { ...artifact, plaintext: artifact.encodings.length === 0 ? facts : artifact.plaintext, stored: facts } : artifact)) })),
  }));
}

/** One bit, in the middle unless said otherwise. */
export const flipped = (bytes: Buffer, at = Math.floor(bytes.length / 2)): Buffer => {
  const changed = Buffer.from(bytes);
  changed[at] = (changed[at] ?? 0) ^ 1;
  return changed;
};

export async function flipByte(path: string, share = 0.5): Promise<void> {
  const file = await open(path, 'r+');
  try {
    const at = Math.floor((await file.stat()).size * share);
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, at);
    await file.write(flipped(buffer, 0), 0, 1, at);
  } finally {
    await file.close();
  }
}
