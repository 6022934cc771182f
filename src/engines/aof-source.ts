/**
 * The contract with whatever follows a component's append-only file on the host of its database: base by base, increment by increment, beside the server.
 * It is kept alive by the host's worker process, not by a workflow, as what receives a write-ahead log is (wal-source.ts).
 *
 * Nothing here belongs to a run. What it makes (a container, a volume) has names computed from namespace, service and component, and labels of the kind
 * `receiver`. Nothing is run in the database's container but single commands, and its files are only read. Nothing here retries.
 */
import type { Readable } from 'node:stream';
import type { RedisComponent } from '../domain/service.ts';
import type { ReceiverState, WalContext } from './wal-source.ts';

/** How the server stood when it was asked. Seconds are since the epoch, by its own clock. */
export interface AofServerState {
  readonly second: number;
  /** `off`: what is written now does not reach the AOF, or without its time. `unsure`: a rewrite runs, by which it may just be being turned on. */
  readonly state: 'on' | 'off' | 'unsure';
  /** Of `off`: what is the matter, and the exact lines that change it. */
  readonly problem: { readonly cause: string; readonly hint: string } | null;
  /** Changes with each change of a setting, and each start of the server. Null where the server does not tell. */
  readonly settings: string | null;
}

export interface FollowedBlock {
  readonly increment: string;
  /** 0, 1, 2 …: each block but the last has {@link aofBlockBytes}. */
  readonly number: number;
  readonly sizeBytes: number;
}

/** What the follower has that was not released yet, and how far it has come. */
export interface FollowedAof {
  /** The pass that began in this second saw this live base, and had so much of its last increment. Null before the first. */
  readonly pass: { readonly second: number; readonly base: string; readonly increment: string | null; readonly sizeBytes: number } | null;
  readonly bases: readonly { readonly id: string; readonly sizeBytes: number }[];
  readonly blocks: readonly FollowedBlock[];
  /** Increments into which nothing more will be written, and their sizes. */
  readonly ends: readonly { readonly increment: string; readonly sizeBytes: number }[];
  /** The increments behind each base. */
  readonly chains: readonly { readonly base: string; readonly increments: readonly string[] }[];
  /** There is no room for more: nothing is followed until there is. What a rewrite removes meanwhile is held. */
  readonly isFull?: true;
  /** A file of the server's that its manifest names, or that manifest itself, is not there. */
  readonly absent?: string;
}

export const noRoom = { cause: 'the volume of its follower has no room', hint: 'Make room on the file system of the Docker engine\'s volumes. What was written is followed then; a rewrite and a restart of the worker before that lose what lies between.' } as const;

/** A multiple of a file system's block; an archive's object at most. */
export const aofBlockBytes = 4 * 1024 ** 2;

export interface AofSource {
  /**
   * Returns when a follower runs beside the database's container as it is now. Idempotent: called every few seconds. `waitingForDatabase` where that does not
   * run: what was followed before stays. @throws UnsupportedTopology (its data lies in no volume or directory of the host), NameTaken, ImageMissing, DiskFull where the one before found no room to begin
   */
  ensure(ctx: WalContext, component: RedisComponent): Promise<ReceiverState>;
  /** Asks the server. @throws what a command throws, UnsupportedTopology for a replica, a cluster node, or a version without timestamps */
  look(ctx: WalContext, component: RedisComponent): Promise<AofServerState>;
  /** What is there now. @throws ContainerNotRunning where no follower runs */
  followed(ctx: WalContext, component: RedisComponent): Promise<FollowedAof>;
  /** A base, whole; or a block: one that still grows is what it was when it was read, at least as long as it was listed. @throws PathNotFound, BrokenStream */
  read(ctx: WalContext, component: RedisComponent, file: { readonly base: string } | { readonly increment: string; readonly number: number }): Promise<Readable>;
  /** Lets go of what every repository has. The last block of an increment that goes on stays, whatever is asked: the follower goes on from it. Idempotent. */
  release(ctx: WalContext, component: RedisComponent, what: { readonly bases: readonly string[]; readonly blocks: readonly FollowedBlock[] }): Promise<void>;
  /** Ends the follower; with `forget` its volume goes too. Idempotent. @throws NameTaken */
  stop(ctx: WalContext, component: RedisComponent, options: { readonly forget: boolean }): Promise<void>;
}
