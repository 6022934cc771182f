/** The chain of a service's backups: each manifest names the one before it, so that one that was exchanged or taken from the middle is missed. */
import { isFailure } from '../domain/failures.ts';
import { readClaims } from './claims.ts';
import { isDamage } from './documents.ts';
import type { ReadManifest } from '../domain/backup-manifest.ts';
import type { Repository } from './repository.ts';

export interface ChainMember {
  readonly backupId: string;
  /** Null where the manifest cannot be believed. */
  readonly sequence: number | null;
}

export interface ChainCheck {
  /** Manifests that were looked at. */
  readonly checked: number;
  /** Claims without a manifest: backups that failed, or still run. Nothing is wrong with them. */
  readonly unfinished: readonly ChainMember[];
  /** What does not fit, each with a sentence. Empty: the chain holds. */
  readonly damaged: readonly (ChainMember & { readonly problem: string })[];
}

/**
 * Reads every manifest of a service and follows the chain. A manifest that is gone from the very end leaves no trace here: its claim looks like that of a
 * backup that failed.
 * @throws HoldfastFailure RepositoryUnreachable, RepositoryDamaged (a claim cannot be read); a damaged manifest is an answer, not a failure
 */
export async function checkChain(repository: Repository, service: string): Promise<ChainCheck> {
  // Manifests first: a backup that is committed meanwhile has its claim by then.
  const backupIds = await repository.listBackups(service);
  const claims = await readClaims(repository.storage, service);
  const claimed = new Map(claims.map(({ sequence, claim }) => [claim.backupId, sequence]));
  const links: Link[] = [];
  for (const backupId of backupIds) {
    const read = await readLink(repository, service, backupId);
    if (read !== null) links.push({ backupId, sequence: claimed.get(backupId), read });
  }
  // Last: what leaves the list meanwhile is found there.
  const gone = await repository.trash.departed(service);
  const known = new Set([...backupIds, ...gone.map(({ backupId }) => backupId)]);
  return {
    checked: links.length,
    unfinished: claims.filter(({ claim }) => !known.has(claim.backupId)).map(({ sequence, claim }) => ({ backupId: claim.backupId, sequence })),
    damaged: links.flatMap((link) => {
      const problem = problemOf(link, links, gone);
      return problem === null ? [] : [{ backupId: link.backupId, sequence: typeof link.read === 'string' ? null : link.read.manifest.sequence, problem }];
    }),
  };
}

/** What a manifest may go on from: one that is there, in the trash, or was removed and left its record. */
interface Predecessor {
  readonly sequence: number;
  readonly sha256: string;
}

interface Link {
  readonly backupId: string;
  /** The number that was claimed for the id. */
  readonly sequence: number | undefined;
  /** The manifest, or why it cannot be believed. */
  readonly read: ReadManifest | string;
}

async function readLink(repository: Repository, service: string, backupId: string): Promise<ReadManifest | string | null> {
  try {
    return await repository.readManifest(service, backupId);
  } catch (error) {
    // It went to the trash since it was listed.
    if (isFailure(error, 'UnknownBackup')) return null;
    // What the place itself answers (unreachable, not permitted) says nothing about the chain.
    if (isDamage(error)) return error.fields.cause;
    throw error;
  }
}

function problemOf({ sequence, read }: Link, links: readonly Link[], gone: readonly Predecessor[]): string | null {
  if (typeof read === 'string') return read;
  const { manifest } = read;
  if (sequence === undefined) return 'nobody claimed its id';
  if (sequence !== manifest.sequence) return `it has the number ${manifest.sequence}, its id was claimed with ${sequence}`;
  if (manifest.previousManifestSha256 === null) return null;
  const there = links.flatMap(({ read: each }): readonly Predecessor[] => (typeof each === 'string' ? [] : [{ sequence: each.manifest.sequence, sha256: each.sha256 }]));
  const before = [...there, ...gone].find(({ sha256 }) => sha256 === manifest.previousManifestSha256);
  if (before === undefined) return 'the manifest it goes on from is gone or changed';
  return before.sequence < manifest.sequence ? null : 'the manifest it goes on from has a higher number';
}
