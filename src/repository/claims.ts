/** Sequence numbers and backup ids: claimed exclusively, so that two backups can share neither an id nor a predecessor. */
import { backupIdAt, isBackupId } from '../domain/identifiers.ts';
import type { RunOwner } from '../domain/run-owner.ts';
import type { BackupStorage } from '../storage/storage.ts';
import { createOrMatch, documentNames, notWhatItClaims, readDocument } from './documents.ts';
import { listBackups, readManifest } from './manifests.ts';
import type { ClaimedBackup } from './repository.ts';

interface Claim {
  readonly format: 1;
  readonly backupId: string;
  readonly run: RunOwner;
}

const directory = (service: string): string => `${service}/sequence`;
/** Nine digits, so that names sort as numbers do. */
const pathOf = (service: string, sequence: number): string => `${directory(service)}/${String(sequence).padStart(9, '0')}.json`;
const claimAttempts = 100;

/** The next free number for this run; a run that claimed before gets its own claim again. */
export async function claimBackup(storage: BackupStorage, repositoryId: string, service: string, run: RunOwner, nowMs: number): Promise<ClaimedBackup> {
  const claims = await readClaims(storage, service);
  const own = claims.find(({ claim }) => claim.run.runId === run.runId && claim.run.workflowId === run.workflowId);
  if (own !== undefined) return claimed(own.sequence, own.claim.backupId);
  const taken = new Set([...claims.map(({ claim }) => claim.backupId), ...await storage.listNames(`${service}/backups`)]);
  let sequence = Math.max(0, ...claims.map((each) => each.sequence)) + 1;
  for (let attempt = 0; attempt < claimAttempts; attempt += 1, sequence += 1) {
    const claim: Claim = { format: 1, backupId: freeId(taken, nowMs), run: { namespaceId: run.namespaceId, workflowId: run.workflowId, runId: run.runId } };
    if (await createOrMatch(storage, pathOf(service, sequence), claim)) return claimed(sequence, claim.backupId);
    taken.add(claimOf(await readDocument(storage, pathOf(service, sequence)), pathOf(service, sequence)).backupId);
  }
  throw notWhatItClaims('RepositoryDamaged', directory(service), `${claimAttempts} sequence numbers in a row were taken by others`);

  async function claimed(number: number, backupId: string): Promise<ClaimedBackup> {
    return { backupId, sequence: number, previousManifestSha256: await newestManifestSha256(storage, repositoryId, service, number), repositoryId };
  }
}

/** The SHA-256 of the manifest with the highest sequence below this one: what the chain goes on from. */
async function newestManifestSha256(storage: BackupStorage, repositoryId: string, service: string, below: number): Promise<string | null> {
  const committed = new Set(await listBackups(storage, service));
  const earlier = (await readClaims(storage, service)).filter(({ sequence, claim }) => sequence < below && committed.has(claim.backupId));
  const newest = earlier.at(-1);
  return newest === undefined ? null : (await readManifest(storage, repositoryId, service, newest.claim.backupId)).sha256;
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
