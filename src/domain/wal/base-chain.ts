/** Chains of base backups, each of which holds what changed since the one before it: which are whole, and which one the next goes on from. Pure. */
import type { ChainLink } from '../backup-manifest.ts';

/**
 * Backups in a chain at the most, the full one among them: a full one a week and an incremental one on every other day. Each further one is another copy to be read
 * and verified at a restore, and is lost with any one that it stands on.
 */
export const longestChain = 7;

export interface ChainedBase extends ChainLink {
  /** What it stands on, as its manifest says: the full one first. Empty for a full one. */
  readonly chain: readonly ChainLink[];
}

export interface BrokenLink {
  readonly backupId: string;
  /** Without a full stop, to be read behind the id. */
  readonly cause: string;
}

/** The first of the backups it stands on that cannot be used; null where each is there, unchanged, and stands on those before it. @param known all whose manifests can be believed, by id */
export function brokenLink({ chain }: ChainedBase, known: ReadonlyMap<string, ChainedBase>): BrokenLink | null {
  for (const [index, { backupId, sha256 }] of chain.entries()) {
    const found = known.get(backupId);
    if (found === undefined) return { backupId, cause: 'is not in the repository, or its manifest cannot be believed' };
    if (found.sha256 !== sha256) return { backupId, cause: 'has another manifest than it had then' };
    if (!sameLinks(found.chain, chain.slice(0, index))) return { backupId, cause: 'stands on other backups than the manifest says' };
  }
  return null;
}

export const sameLinks = (one: readonly ChainLink[], other: readonly ChainLink[]): boolean =>
  one.length === other.length && one.every(({ backupId, sha256 }, index) => backupId === other[index]?.backupId && sha256 === other[index]?.sha256);

/** A base backup of the component that is to be backed up. */
export interface ParentCandidate extends ChainedBase {
  readonly sequence: number;
  readonly systemIdentifier: string;
  readonly timeline: number;
  /** Where it is consistent. */
  readonly end: bigint;
  /** The transaction that the server would have begun next when it ended. */
  readonly nextXid: bigint;
  /** Did its newest proof fail? */
  readonly failed: boolean;
}

/** @param snapshot `pg_current_snapshot()`: `xmin:xmax:xip,…` */
export const nextXidOf = (snapshot: string): bigint => BigInt(/^\d+:(\d+):/.exec(snapshot)?.[1] ?? 0);

/** The server as it is now. */
export interface LineageServer {
  readonly systemIdentifier: string;
  readonly timeline: number;
  /** How far its log is. */
  readonly end: bigint;
  readonly nextXid: bigint;
}

/** `doubted`: the proof of one that stands on it failed, so its bytes are to be read before anything is built on them. `reason`: without a full stop. */
export type ParentChoice = { readonly parent: ParentCandidate; readonly doubted: boolean } | { readonly parent: null; readonly reason: string };

/**
 * The newest of the server's own cluster and timeline whose chain is whole and sound; none where the newest such chain is as long as one may be. What of it is
 * damaged in the repository is not known from manifests: the caller looks, and asks again. @param damaged what was found damaged so far, by id
 */
export function chooseParent(server: LineageServer, candidates: readonly ParentCandidate[], damaged: ReadonlyMap<string, string> = new Map()): ParentChoice {
  const known = new Map(candidates.map((candidate) => [candidate.backupId, candidate]));
  const cluster = candidates.filter(({ systemIdentifier }) => systemIdentifier === server.systemIdentifier).sort((a, b) => b.sequence - a.sequence);
  if (cluster.length === 0) return none('there is no base backup of this cluster yet');
  const own = cluster.filter(({ timeline }) => timeline === server.timeline);
  const [newest] = own;
  if (newest === undefined) return none(`the server is on timeline ${server.timeline}, and every base backup is of another one`);
  const obstacleOf = (candidate: ParentCandidate): string | null => {
    if (candidate.end > server.end) return 'ends behind where the server is: it was set back since';
    if (candidate.nextXid > server.nextXid) return 'has transactions that the server never made: it was set back since';
    if (candidate.failed) return 'failed its newest proof';
    const broken = [...candidate.chain, candidate].map(({ backupId }) => ({ backupId, cause: damaged.get(backupId) })).find(({ cause }) => cause !== undefined) ?? brokenLink(candidate, known);
    if (broken === null) return null;
    return broken.backupId === candidate.backupId ? broken.cause ?? null : `stands on ${broken.backupId}, which ${broken.cause}`;
  };
  const parent = own.find((candidate) => obstacleOf(candidate) === null);
  if (parent === undefined) return none(`no base backup of this timeline can be gone on from: ${newest.backupId} ${obstacleOf(newest)}`);
  if (parent.chain.length + 1 >= longestChain) return none(`${parent.backupId} is the last of a chain of ${parent.chain.length + 1}, and no chain is longer`);
  return { parent, doubted: cluster.some(({ failed, chain }) => failed && chain.some(({ backupId }) => backupId === parent.backupId)) };
}

const none = (reason: string): ParentChoice => ({ parent: null, reason });
