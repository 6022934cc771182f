/**
 * The contract with whatever brings a component's write-ahead log to the host of its database: a receiver, to which it comes as it is written and beside the
 * server's own archiving (`wal: stream`), or that archiving itself, which puts whole segments into a spool (`wal: archive`). It is kept alive by the host's worker process, not by a workflow: bytes do not depend on the Temporal server.
 *
 * Nothing here belongs to a run. What it makes (a container, a volume, a replication slot) has names computed from namespace, service and component,
 * and labels of the kind `receiver` or `archive`; nothing that cleans up after runs touches them. Failures are HoldfastFailures; nothing here retries.
 */
import type { Readable } from 'node:stream';
import type { PostgresComponent } from '../domain/service.ts';
import type { Timing } from '../domain/timing.ts';
import type { WalSample } from '../domain/wal/exposure.ts';
import type { ServerRoom } from '../domain/wal/server-room.ts';
import type { ContainerRuntime } from '../containers/container-runtime.ts';

export interface WalContext {
  readonly namespaceId: string;
  readonly service: string;
  readonly runtime: ContainerRuntime;
  readonly timing: Timing;
  readonly signal: AbortSignal;
  /** Resolves a secret reference now, in this process; the value is never stored or logged. @throws SecretNotFound */
  secret(reference: { env: string } | { file: string }): Promise<string>;
}

/** What the cluster is whose log is received: the key of its archive. */
export interface WalCluster {
  readonly systemIdentifier: string;
  readonly majorVersion: number;
  readonly segmentSizeBytes: number;
}

/** One reading of the source, made each second inside the database's host; the receiver's position is read with it. */
export interface WalReading extends WalSample {
  readonly timeline: number;
  /**
   * Everything before it is synced in the receiver's volume, or in the spool; null while no receiver is connected, or nothing was archived yet. A receiver that has just begun receives its last segment
   * once more, the same bytes into the same file: the position then stands at that segment's begin for a moment, though no less is there than before.
   */
  readonly received: bigint | null;
  /** The slot's state as the server calls it (`reserved`, `extended`, `unreserved`, `lost`), or null where there is no slot. */
  readonly slotState: string | null;
  /** Bytes that may still be written before the slot is lost; null where the server sets no limit. */
  readonly slotRoomBytes: bigint | null;
}

/** A segment that the server let go of for want of room, as its archiving noted on the spot. */
export interface LetGo {
  readonly segment: string;
  /** ISO 8601 UTC. */
  readonly at: string;
}

/** A file in the receiver's volume, or in the spool. */
export interface ReceivedFile {
  /** `000000010000000000000003`, the same with `.partial`, `00000002.history`. */
  readonly name: string;
  readonly sizeBytes: number;
}

/** What one look at a receiver's volume, or at a spool, tells. */
export interface WalLook {
  readonly readings: readonly WalReading[];
  readonly files: readonly ReceivedFile[];
  readonly breaks: readonly LetGo[];
}

/** How the receiver stands after {@link WalSource.ensure}. */
export type ReceiverState = 'running' | 'started' | 'waitingForDatabase';

export interface EnsureOptions {
  /**
   * The caller has recorded that the log is broken here (after `WalSlotLost`): where no receiver runs, a slot that has lost its log is replaced, and the next
   * receiver begins where the slot does. What was received before stays in the volume, among the files, until it is released. False unless given.
   */
  readonly acceptBreak?: boolean;
}

export interface WalSource {
  /**
   * Returns when a receiver runs that belongs to the database's container as it is now. Creates slot and volume where they are missing; replaces a
   * receiver that has ended, or whose network was that of a former container or start. Idempotent: called every few seconds.
   * `waitingForDatabase` where the container is down or does not answer yet: nobody's fault, and tried again.
   *
   * Why a receiver ended on its own is raised once, by the first call that finds it, where it was more than its database's end; the next call starts it anew.
   * A slot that was there and is gone, or has lost its log, is raised by each call, and nothing is made, until one accepts the break. So is a volume
   * that holds another cluster's log; there `stop` with `forget` is the way on.
   * With `archive` what runs only watches, and the server has to be set up (`enableWal`): each call raises what of that is not so.
   * @throws AuthenticationFailed, PermissionDenied (no REPLICATION, no pg_read_all_stats), UnsupportedTopology (in recovery, wal_level minimal, no slot or sender free), WalSlotLost, WalConflict, DiskFull, WalNotArchived,
   * HelperFailed (pg_receivewal ended for a reason of its own), HelperLost, NameTaken, ImageMissing
   */
  ensure(ctx: WalContext, component: PostgresComponent, options?: EnsureOptions): Promise<ReceiverState>;

  /** The cluster whose log lies in the receiver's volume; null before the first {@link ensure} that found the database. */
  cluster(ctx: WalContext, component: PostgresComponent): Promise<WalCluster | null>;

  /**
   * What {@link readings}, {@link files} and {@link breaks} answer, by one command: it is asked for every few seconds, of every database. What a reading says was received lies in the
   * files, and notes of breaks are no older than these: a segment that follows a break is not seen without it.
   */
  look(ctx: WalContext, component: PostgresComponent, after: string | null): Promise<WalLook>;

  /** Readings since `after` (ISO 8601 UTC, exclusive; all that are kept where null), oldest first. Kept for an hour, also while no worker looks. */
  readings(ctx: WalContext, component: PostgresComponent, after: string | null): Promise<readonly WalReading[]>;

  /** Segments, partial ones and history files in the volume, in the log's order. */
  files(ctx: WalContext, component: PostgresComponent): Promise<readonly ReceivedFile[]>;

  /** One file's bytes. A partial one is what was synced when it was read: the caller keeps what lies before the position it knows. @throws PathNotFound, BrokenStream */
  read(ctx: WalContext, component: PostgresComponent, name: string): Promise<Readable>;

  /** Bytes free on the file system of the volume; null where no receiver runs to ask through. */
  freeBytes(ctx: WalContext, component: PostgresComponent): Promise<number | null>;

  /** What is left on the file system of the server's own log, and what keeps log there; null where that is not told. Disturbs nobody: single short commands. */
  serverRoom(ctx: WalContext, component: PostgresComponent): Promise<ServerRoom | null>;

  /** What the server let go of and nobody has taken note of yet; none with `stream`, where a break is a slot that was lost. */
  breaks(ctx: WalContext, component: PostgresComponent): Promise<readonly LetGo[]>;

  /** Removes the notes of these: the caller has recorded them as breaks in every repository. Idempotent. */
  settle(ctx: WalContext, component: PostgresComponent, breaks: readonly LetGo[]): Promise<void>;

  /**
   * Removes files from the volume: the caller has them in every repository. The newest complete segment and the newest partial one stay, whatever is asked:
   * the receiver goes on from them. Idempotent. @throws PathNotFound, before anything is removed, for a name that no file of a log has
   */
  release(ctx: WalContext, component: PostgresComponent, names: readonly string[]): Promise<void>;

  /**
   * Ends the receiver; with `forget`, the slot and the volume go too (what is in the volume is lost). Idempotent. A slot that nobody drops keeps the
   * server's log for ever: where the server is there and does not answer, the volume stays too. With `archive` the server's settings go back first, for one that calls
   * a script which is gone keeps its log as well. @throws DatabaseUnreachable, ContainerNotRunning, NameTaken, AmbiguousState (its command line calls the script)
   */
  stop(ctx: WalContext, component: PostgresComponent, options: { readonly forget: boolean }): Promise<void>;
}
