/** How far back a service is proven: the newest backup, the newest that has a proof, and the newest that is proven. From the repositories alone. */
import { backupInstant } from '../../domain/identifiers.ts';
import type { BackupFacts } from '../../domain/status/judge-backups.ts';
import type { Repository } from '../../repository/repository.ts';
import { newestFirst, readEntry, type CatalogEntry } from '../backup-catalog.ts';
import { proofReason } from '../rendering/backup-table.ts';

/** More than a week of hourly ones; a proof that lies further back is as good as none. */
const looksBack = 400;

export interface ProvenBackups {
  readonly newest: CatalogEntry | null;
  readonly newestProof: CatalogEntry | null;
  readonly newestProven: CatalogEntry | null;
  readonly total: number;
  /** Since when there is something to drill; null where there never was a backup. */
  readonly firstAt: string | null;
}

/** @throws RepositoryUnreachable */
export async function readProvenBackups(repositories: readonly Repository[], service: string): Promise<ProvenBackups> {
  const holders = new Map<string, Repository[]>();
  for (const repository of repositories) for (const id of await repository.listBackups(service)) holders.set(id, [...holders.get(id) ?? [], repository]);
  const ids = await newestFirst(repositories, service, [...holders.keys()]);
  const found: { newest: CatalogEntry | null; newestProof: CatalogEntry | null; newestProven: CatalogEntry | null } = { newest: null, newestProof: null, newestProven: null };
  for (const id of ids.slice(0, looksBack)) {
    const entry = await readEntry(holders.get(id) ?? [], service, id);
    if (entry === null) continue;
    found.newest ??= entry;
    if (entry.proof !== null) found.newestProof ??= entry;
    // What it takes to restore it has to be there still.
    if (entry.proof?.verdict === 'proven' && entry.damage === null) {
      found.newestProven = entry;
      break;
    }
  }
  return { ...found, total: ids.length, firstAt: await readFirstAt(repositories, service) };
}

/** Of several repositories the earliest. @throws RepositoryUnreachable */
export async function readFirstAt(repositories: readonly Repository[], service: string): Promise<string | null> {
  const [first] = (await Promise.all(repositories.map((repository) => repository.firstBackupAt(service)))).filter((at) => at !== null).sort();
  return first ?? null;
}

export function backupFacts({ newest, newestProof, newestProven }: ProvenBackups, scheduledSince: string | null): BackupFacts {
  const proof = newestProof?.proof ?? null;
  return {
    newest: newest === null ? null : { id: newest.id, at: backupInstant(newest.id), damage: newest.damage, isProofOut: newest.proof !== null },
    newestProof: newestProof === null || proof === null ? null : { id: newestProof.id, verdict: proof.verdict, reason: proofReason(proof) },
    newestProven: newestProven === null ? null : { id: newestProven.id, at: backupInstant(newestProven.id) },
    scheduledSince,
  };
}
