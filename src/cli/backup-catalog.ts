/** What repositories hold, read directly: with nothing running, one can still see what there is to come back to. */
import type { BackupManifest } from '../domain/backup-manifest.ts';
import { isFailure } from '../domain/failures.ts';
import { holdKey, holdsOn, type Hold, type ReleasedHold } from '../domain/hold.ts';
import type { ProofRecord } from '../domain/proof.ts';
import type { Repository } from '../repository/repository.ts';

export interface CatalogEntry {
  readonly id: string;
  /** Null where no copy of the manifest can be believed. */
  readonly manifest: BackupManifest | null;
  readonly manifestSha256: string | null;
  /** Why the manifest cannot be believed, or what it takes to make an incremental backup whole and is not there. */
  readonly damage: string | null;
  /** The newest proof of this very manifest, whatever its verdict. */
  readonly proof: ProofRecord | null;
  /** Names of the repositories that hold it. */
  readonly repositories: readonly string[];
}

/**
 * Newest first. Ids are wall clocks, which may have been wrong: the one that "latest" means to a restore, the first repository's highest sequence, leads.
 * @throws RepositoryUnreachable
 */
export async function newestFirst(repositories: readonly Repository[], service: string, ids: readonly string[]): Promise<readonly string[]> {
  const byId = [...ids].sort().reverse();
  const latest = await latestOf(repositories, service);
  // One that came since they were listed, nobody knows where to read.
  return latest === null || !ids.includes(latest) ? byId : [latest, ...byId.filter((id) => id !== latest)];
}

/** Null also where a damaged repository cannot tell: then its rows say why. */
async function latestOf([first]: readonly Repository[], service: string): Promise<string | null> {
  try {
    return await first?.latestBackup(service) ?? null;
  } catch (error) {
    if (!isFailure(error) || error.type === 'RepositoryUnreachable') throw error;
    return null;
  }
}

/** Newest first, at most `limit`. A damaged backup is a row that says so, never a reason to show nothing. @throws RepositoryUnreachable */
export async function readCatalog(repositories: readonly Repository[], service: string, limit: number): Promise<{ readonly entries: readonly CatalogEntry[]; readonly total: number }> {
  const holders = new Map<string, Repository[]>();
  for (const repository of repositories) {
    for (const id of await repository.listBackups(service)) holders.set(id, [...holders.get(id) ?? [], repository]);
  }
  const ids = await newestFirst(repositories, service, [...holders.keys()]);
  const entries: CatalogEntry[] = [];
  let gone = 0;
  for (const id of ids.slice(0, limit)) {
    const entry = await readEntry(holders.get(id) ?? [], service, id);
    if (entry === null) gone += 1;
    else entries.push(entry);
  }
  return { entries, total: ids.length - gone };
}

export interface HoldSurvey {
  /** Those that stand. */
  readonly holds: readonly Hold[];
  readonly released: readonly ReleasedHold[];
  readonly unreadable: readonly string[];
}

/** Why backups have to stay. A record that cannot be read is told, and is no reason to show nothing. @throws RepositoryUnreachable */
export async function readHolds(repositories: readonly Repository[], service: string): Promise<HoldSurvey> {
  const [holds, released, unreadable] = [new Map<string, Hold>(), new Map<string, ReleasedHold>(), [] as string[]];
  for (const repository of repositories) {
    try {
      for (const hold of await repository.listHolds(service)) holds.set(holdKey(hold), hold);
      for (const each of await repository.listReleasedHolds(service)) released.set(holdKey(each.hold), each);
    } catch (error) {
      if (!isFailure(error) || error.type === 'RepositoryUnreachable') throw error;
      unreadable.push(`${error.fields.object}: ${error.fields.cause}`);
    }
  }
  // What stands in one repository is held, whatever another says.
  return { holds: [...holds.values()], released: [...released.values()].filter(({ hold }) => !holds.has(holdKey(hold))), unreadable };
}

/** Of the holds that were let go, those that one of these backups was under. */
export const releasedOf = (released: readonly ReleasedHold[], entries: readonly CatalogEntry[]): readonly ReleasedHold[] =>
  released.filter(({ hold }) => entries.some(({ manifest }) => manifest !== null && holdsOn([hold], manifest.sequence).length > 0));

/** Null for one that went to the trash since it was listed: that is no damage. @throws RepositoryUnreachable */
export async function readEntry(repositories: readonly Repository[], service: string, id: string): Promise<CatalogEntry | null> {
  const names = repositories.map(({ name }) => name);
  let damage: string | null = null;
  let broken: CatalogEntry | null = null;
  for (const repository of repositories) {
    try {
      const { manifest, sha256 } = await repository.readManifest(service, id);
      const entry = { id, manifest, manifestSha256: sha256, damage: await brokenChain(repository, manifest), proof: (await repository.listProofs(service, id)).findLast((proof) => proof.manifestSha256 === sha256) ?? null, repositories: names };
      if (entry.damage === null) return entry;
      // What it stands on goes behind it: then neither is there.
      await repository.readManifest(service, id);
      broken ??= entry;
    } catch (error) {
      if (!isFailure(error) || error.type === 'RepositoryUnreachable') throw error;
      if (error.type !== 'UnknownBackup') damage = error.fields.cause;
    }
  }
  return broken ?? (damage === null ? null : { id, manifest: null, manifestSha256: null, damage, proof: null, repositories: names });
}

/** Each backup that an incremental one stands on has to be there, with the manifest that it had; null where all are. */
async function brokenChain(repository: Repository, { service, components }: BackupManifest): Promise<string | null> {
  for (const { backupId, sha256 } of components.flatMap((component) => (component.engine === 'postgres' && component.method === 'base' ? component.chain ?? [] : []))) {
    try {
      if ((await repository.readManifest(service, backupId)).sha256 !== sha256) return `it stands on ${backupId}, which was changed`;
    } catch (error) {
      if (!isFailure(error) || error.type === 'RepositoryUnreachable') throw error;
      return `it stands on ${backupId}, which is ${error.type === 'UnknownBackup' ? 'gone' : 'damaged'}`;
    }
  }
  return null;
}
