/** The base backups of a component as a repository has them: which are whole, and what each is made of. */
import type { BackupManifest, PostgresBase, ReadManifest } from '../domain/backup-manifest.ts';
import { HoldfastFailure, isFailure } from '../domain/failures.ts';
import { backupDirectory } from '../domain/identifiers.ts';
import { brokenLink, type ChainedBase } from '../domain/wal/base-chain.ts';
import type { Repository } from '../repository/repository.ts';

export interface BaseBackup {
  readonly manifest: BackupManifest;
  readonly sha256: string;
  readonly backup: PostgresBase;
}

/** All whose manifests can be believed, in no order. @throws RepositoryUnreachable, RepositoryDamaged */
export async function readBases(repository: Repository, service: string, component: string): Promise<readonly BaseBackup[]> {
  const bases: BaseBackup[] = [];
  for (const id of await repository.listBackups(service)) bases.push(...baseIn(await readIfThere(repository, service, id), component));
  return bases;
}

export const chainedBase = ({ manifest: { backupId }, sha256, backup }: BaseBackup): ChainedBase => ({ backupId, sha256, chain: backup.chain ?? [] });

/** Without those that stand on one that is gone or changed: nothing whole comes of them. */
export function wholeBases(bases: readonly BaseBackup[]): readonly BaseBackup[] {
  const known = new Map(bases.map((base) => [base.manifest.backupId, chainedBase(base)]));
  return bases.filter((base) => brokenLink(chainedBase(base), known) === null);
}

/** What an incremental one stands on, the full one first. @throws ObjectNotFound naming the one that is gone, ArtifactDamaged naming the one that is not what it was */
export async function readChain(repository: Repository, service: string, base: Pick<PostgresBase, 'component' | 'chain'>): Promise<readonly BaseBackup[]> {
  const chain = base.chain ?? [];
  const found: BaseBackup[] = [];
  for (const { backupId } of chain) found.push(...baseIn(await readIfThere(repository, service, backupId), base.component));
  const broken = brokenLink({ backupId: '', sha256: '', chain }, new Map(found.map((each) => [each.manifest.backupId, chainedBase(each)])));
  if (broken === null) return found;
  const isThere = (await repository.listBackups(service)).includes(broken.backupId);
  throw new HoldfastFailure(isThere ? 'ArtifactDamaged' : 'ObjectNotFound', {
    operation: 'read an incremental backup', object: `${service}/${broken.backupId}`, cause: `it stands on this backup, which ${isThere ? broken.cause : 'is not in the repository'}`,
    hint: 'Bring that backup back from a copy of the repository, or use a backup that does not stand on it (holdfast show names what each stands on).',
  });
}

/** Of an incremental one: the first file that is not there in its size, of all that it takes to make it whole; null where all are, and of a full one. */
export async function missingInChain(repository: Repository, base: BaseBackup, all: readonly BaseBackup[]): Promise<string | null> {
  const links = base.backup.chain?.map(({ backupId }) => all.find(({ manifest }) => manifest.backupId === backupId)) ?? [];
  for (const link of links.length === 0 ? [] : [...links, base]) {
    const missing = link === undefined ? null : await damagedFile(repository, link, 'sizes');
    if (missing !== null) return `${link?.manifest.backupId} ${missing}`;
  }
  return null;
}

/**
 * The first file of a base backup that is not in the repository as its manifest says; null where all are. Sizes only, and the SHA-256 of what `read` names: all of a
 * backup takes as long as its size.
 */
export async function damagedFile(repository: Repository, { manifest, backup }: BaseBackup, read: 'sizes' | 'backup_manifest' | 'everything', signal?: AbortSignal): Promise<string | null> {
  for (const { kind, path, stored } of backup.artifacts) {
    const place = `${backupDirectory(manifest.service, manifest.backupId)}/${path}`;
    const found = await repository.storage.stat(place);
    if (found === null) return `lacks ${path}`;
    if (found.sizeBytes !== stored.sizeBytes) return `has ${found.sizeBytes} bytes of ${path} instead of ${stored.sizeBytes}`;
    if (read === 'everything' || (read === 'backup_manifest' && kind === 'baseManifest')) {
      if ((await repository.storage.digest(place, signal)).sha256 !== stored.sha256) return `has other bytes in ${path} than its manifest says`;
    }
  }
  return null;
}

const baseIn = (read: ReadManifest | null, component: string): readonly BaseBackup[] => {
  const backup = read?.manifest.components.find((each) => each.component === component);
  return read !== null && backup?.engine === 'postgres' && backup.method === 'base' ? [{ ...read, backup }] : [];
};

/** Null for one that cannot be believed: another will do. @throws UnknownBackup, RepositoryUnreachable */
export async function readBelievable(repository: Repository, service: string, backupId: string): Promise<ReadManifest | null> {
  try {
    return await repository.readManifest(service, backupId);
  } catch (error) {
    if (isFailure(error, 'ManifestDamaged') || isFailure(error, 'UnsupportedFormat')) return null;
    throw error;
  }
}

/** Null for one that is not there, too: it went to the trash since it was listed. */
export async function readIfThere(repository: Repository, service: string, backupId: string): Promise<ReadManifest | null> {
  try {
    return await readBelievable(repository, service, backupId);
  } catch (error) {
    if (isFailure(error, 'UnknownBackup')) return null;
    throw error;
  }
}
