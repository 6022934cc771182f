/** Sequence numbers and backup ids: claimed exclusively, so that two backups can share neither an id nor a predecessor. */
import { isFailure } from '../domain/failures.ts';
import { backupIdAt, backupInstant, isBackupId } from '../domain/identifiers.ts';
import type { RunOwner } from '../domain/run-owner.ts';
import type { BackupStorage } from '../storage/storage.ts';
import { createOrMatch, documentNames, isDamage, notWhatItClaims, readDocument } from './documents.ts';
import { listBackups, readManifest } from './manifests.ts';
import type { ReadManifest } from '../domain/backup-manifest.ts';
import type { ClaimedBackup } from './repository.ts';

interface Claim {
  readonly format: 1;
  readonly backupId: string;
  readonly run: RunOwner;
  /** Of a backup that was taken long before: its number says when it came into the repository, its id when it was made. Absent of any other. */
  readonly imported?: true;
}

const directory = (service: string): string => `${service}/sequence`;
/** Nine digits, so that names sort as numbers do. */
const pathOf = (service: string, sequence: number): string => `${directory(service)}/${String(sequence).padStart(9, '0')}.json`;
const claimAttempts = 100;

/** The next free number for this run; a run that claimed before gets its own claim again. @param nowMs for the id; of an imported one when it was made */
export async function claimBackup(storage: BackupStorage, repositoryId: string, service: string, run: RunOwner, nowMs: number, imported = false): Promise<ClaimedBackup> {
  const claims = await readClaims(storage, service);
  const own = claims.find(({ claim }) => claim.run.runId === run.runId && claim.run.workflowId === run.workflowId);
  if (own !== undefined) return claimed(own.sequence, own.claim.backupId);
  const taken = new Set([...claims.map(({ claim }) => claim.backupId), ...await storage.listNames(`${service}/backups`)]);
  let sequence = (claims.at(-1)?.sequence ?? 0) + 1;
  for (let attempt = 0; attempt < claimAttempts; attempt += 1, sequence += 1) {
    const claim: Claim = { format: 1, backupId: freeId(taken, nowMs), run: { namespaceId: run.namespaceId, workflowId: run.workflowId, runId: run.runId }, ...(imported ? { imported: true as const } : {}) };
    if (await createOrMatch(storage, pathOf(service, sequence), claim)) return claimed(sequence, claim.backupId);
    taken.add(claimOf(await readDocument(storage, pathOf(service, sequence)), pathOf(service, sequence)).backupId);
  }
  throw notWhatItClaims('RepositoryDamaged', directory(service), `${claimAttempts} sequence numbers in a row were taken by others`);

  async function claimed(number: number, backupId: string): Promise<ClaimedBackup> {
    const { newest, warnings } = await newestReadable(storage, repositoryId, service, number);
    return { backupId, sequence: number, previousManifestSha256: newest?.sha256 ?? null, repositoryId, ...(warnings.length === 0 ? {} : { warnings }) };
  }
}

/**
 * The manifest with the highest sequence below this one that can be read, and a sentence on each newer one that cannot: a backup that is damaged must
 * not be the reason for taking no further ones.
 */
export async function newestReadable(storage: BackupStorage, repositoryId: string, service: string, below = Infinity): Promise<{ readonly newest: ReadManifest | null; readonly warnings: readonly string[] }> {
  const committed = new Set(await listBackups(storage, service));
  const earlier = (await readClaims(storage, service)).filter(({ sequence, claim }) => sequence < below && committed.has(claim.backupId));
  const warnings: string[] = [];
  for (const { claim: { backupId } } of earlier.reverse()) {
    try {
      return { newest: await readManifest(storage, repositoryId, service, backupId), warnings };
    } catch (error) {
      // It went to the trash since it was listed.
      if (isFailure(error, 'UnknownBackup')) continue;
      if (!isDamage(error)) throw error;
      warnings.push(`The backup ${backupId} cannot be used: ${error.fields.cause}`);
    }
  }
  return { newest: null, warnings };
}

/**
 * The committed backup with the highest sequence, or null; of those that were taken: what is imported is older than its number says, and is the latest only where there
 * is nothing else, then by its id. One whose claim is gone is placed by its own manifest. @throws ManifestDamaged, UnsupportedFormat
 */
export async function latestBackup(storage: BackupStorage, repositoryId: string, service: string): Promise<string | null> {
  const claims = new Map((await readClaims(storage, service)).map(({ sequence, claim }) => [claim.backupId, { sequence, imported: claim.imported === true }]));
  let latest: { backupId: string; sequence: number; imported: boolean } | null = null;
  for (const backupId of await listBackups(storage, service)) {
    const placed = { backupId, ...claims.get(backupId) ?? placeOf(await readManifest(storage, repositoryId, service, backupId)) };
    if (latest === null || isLater(placed, latest)) latest = placed;
  }
  return latest?.backupId ?? null;
}

const placeOf = ({ manifest }: ReadManifest): { sequence: number; imported: boolean } => ({ sequence: manifest.sequence, imported: manifest.imported !== undefined });

function isLater(one: { backupId: string; sequence: number; imported: boolean }, other: { backupId: string; sequence: number; imported: boolean }): boolean {
  if (one.imported !== other.imported) return other.imported;
  return one.imported ? one.backupId > other.backupId : one.sequence > other.sequence;
}

/** The run that claimed this backup id, or null. */
export const readClaimant = async (storage: BackupStorage, service: string, backupId: string): Promise<RunOwner | null> =>
  (await readClaims(storage, service)).find(({ claim }) => claim.backupId === backupId)?.claim.run ?? null;

/**
 * Since when the service is backed up: the instant of its first claim, which stays when the backup goes. What was imported was made before anybody could have drilled it, and
 * counts only where nothing else is there. With a claim that cannot be read, the oldest backup that is still there; null where there never was one.
 */
export async function firstBackupAt(storage: BackupStorage, service: string): Promise<string | null> {
  const ids = await readClaims(storage, service).then(
    (claims) => (claims.some(({ claim }) => claim.imported !== true) ? claims.filter(({ claim }) => claim.imported !== true) : claims).map(({ claim }) => claim.backupId),
    (error: unknown) => {
      if (isDamage(error)) return listBackups(storage, service);
      throw error;
    },
  );
  const [first] = [...ids].sort();
  return first === undefined ? null : backupInstant(first);
}

/** All claims, by sequence. */
export async function readClaims(storage: BackupStorage, service: string): Promise<readonly { readonly sequence: number; readonly claim: Claim }[]> {
  const claims: { sequence: number; claim: Claim }[] = [];
  for (const name of await documentNames(storage, directory(service))) {
    if (!/^\d{9}$/.test(name)) throw notWhatItClaims('RepositoryDamaged', `${directory(service)}/${name}.json`, 'its name is no sequence number');
    const path = pathOf(service, Number(name));
    claims.push({ sequence: Number(name), claim: claimOf(await readDocument(storage, path), path) });
  }
  return claims;
}

function claimOf(document: unknown, path: string): Claim {
  const claim = document as Partial<Claim> | null;
  if (claim?.format === 1 && typeof claim.backupId === 'string' && isBackupId(claim.backupId) && typeof claim.run?.runId === 'string' && typeof claim.run.workflowId === 'string') return claim as Claim;
  throw notWhatItClaims('RepositoryDamaged', path, 'it is not a claim');
}

/** Ids are seconds; where a second is taken the next free one is used. */
function freeId(taken: ReadonlySet<string>, nowMs: number): string {
  let at = nowMs;
  while (taken.has(backupIdAt(at))) at += 1000;
  return backupIdAt(at);
}
