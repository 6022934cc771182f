/**
 * The contract with a kind of database. One folder per engine; test/suites/engine-suite.ts is run by each.
 *
 * Every method is called from one activity. Temporal retries it, so each one is written "read state, decide, act, verify" and may be
 * run twice, in part or whole, also while an earlier attempt still lives. Everything created carries a name computed from run and step
 * (containers/scratch.ts) and the run's labels. Failures are HoldfastFailures. `ctx.signal` ends the work and the helper with it.
 */
import type { ComponentBackup } from '../domain/backup-manifest.ts';
import type { Canary } from '../domain/canary.ts';
import type { Content, Difference } from '../domain/content.ts';
import type { ComponentProof } from '../domain/proof.ts';
import type { MarkedPosition } from '../domain/point.ts';
import type { PinnedStore } from '../domain/restore-plan.ts';
import type { ComponentCutOver } from '../domain/rollback.ts';
import type { RunOwner } from '../domain/run-owner.ts';
import type { EngineName } from '../domain/engine-name.ts';
import type { Component } from '../domain/service.ts';
import type { TableOutcome } from '../domain/tables/difference.ts';
import type { WantedTable } from '../domain/tables/table-name.ts';
import type { LineageServer } from '../domain/wal/base-chain.ts';
import type { AofEngine } from './aof-engine.ts';
import type { CopyEngine } from './copy-engine.ts';
import type { DrillEngine } from './drill-engine.ts';
import type { ExportEngine } from './export-engine.ts';
import type { ImportEngine } from './import-engine.ts';
import type { ArtifactDestination, ArtifactSource, BackupOptions, EngineContext, PreparedComponent } from './engine-context.ts';
import type { MomentEngine, MomentRecovery, RecoveredComponent } from './moment-engine.ts';
import type { ReplacementEngine } from './replacement-engine.ts';

/**
 * What a look at a component is for: a backup tolerates more than a restore. `replace`: all of its data is to be replaced as a whole, so that it need not answer,
 * nor run, nor have been made. `look`: the same, and nothing is done to it: no container is refused for what a restore would do.
 */
export type InspectionPurpose = 'backup' | 'restore' | 'replace' | 'look';

/** What preflight learned, and what stands in the way; `warnings` are shown and go on, `refusal` ends the run. */
export interface ComponentFacts {
  readonly pinned: PinnedStore;
  readonly version: string;
  readonly imageId: string;
  readonly running: boolean;
  /** PostgreSQL: it follows another server, or would once it is started. False unless given. */
  readonly standby?: boolean;
  /** Holds nothing of a user's (no database of that name, or one without tables, functions, sequences, views and large objects; no keys): a restore into it replaces nothing. */
  readonly empty: boolean;
  /** Bytes of live data: what a backup will read and a side copy will need. */
  readonly dataSizeBytes: number;
  /** PostgreSQL, where its data could be read: the timeline that it is on. */
  readonly timeline?: number;
  /** Free bytes on the file system of the live data, or null where it could not be told. */
  readonly freeBytes: number | null;
  readonly warnings: readonly string[];
}

/** Which tables come back, and how. */
export interface TablesRequest {
  readonly tables: readonly WantedTable[];
  /** Rows that the backup does not have go. */
  readonly exact: boolean;
  /** A new schema beside the live tables, which are not touched then. */
  readonly into: string | null;
}

/** What only an engine with tables has. Its cut-overs go through the same steps as any other: `swap` is the one transaction, `close` and `open` keep nobody out. */
export interface TablesEngine<C extends Component> {
  /** The rows as they were, taken aside and compared with the live ones. Idempotent per run. @throws UnknownTable, TableUnfit, ForeignKeysBroken and what `prepare` throws */
  prepare(ctx: EngineContext, component: C, backup: ComponentBackup, source: ArtifactSource, request: TablesRequest): Promise<PreparedComponent>;
  /** The same rows as of a moment of the log, from a copy of its own that is recovered to it and goes again. Idempotent per run. @throws besides what a recovery may */
  prepareFromMoment(ctx: EngineContext, component: C, recovery: MomentRecovery, request: TablesRequest): Promise<RecoveredComponent>;
  /** What the transaction of a cut-over did, as it counted itself. @throws AmbiguousState where it was not carried out */
  readOutcome(ctx: EngineContext, component: C, cutOver: ComponentCutOver): Promise<readonly TableOutcome[]>;
}

export interface DatabaseEngine<C extends Component = Component> {
  readonly name: EngineName;

  /** Absent where there are no tables. */
  readonly tables?: TablesEngine<C>;

  /** Reads, changes nothing: does the container run this engine, does it answer, what is in the way? */
  inspect(ctx: EngineContext, component: C, purpose: InspectionPurpose): Promise<ComponentFacts>;

  /** After a start: returns when the database answers steadily (databases.md D18, R12). @throws ContainerNotRunning with the reason when it ends or does not answer in time */
  waitUntilReady(ctx: EngineContext, component: C): Promise<void>;

  /** One snapshot: artifacts, exact counts and hashes. Leaves nothing of a failed attempt but files in its own attempt directory. */
  backUp(ctx: EngineContext, component: C, destination: ArtifactDestination, options: BackupOptions): Promise<ComponentBackup>;

  /** What tells which backup an incremental one can go on from. Absent of an engine that takes none: it is backed up as ever. @throws UnsupportedTopology where the server cannot say what changed */
  lineage?(ctx: EngineContext, component: C): Promise<LineageServer>;

  /** Every artifact re-read, hashed and listed by the stock tools. @throws ArtifactDamaged, CouldNotVerify */
  verify(ctx: EngineContext, backup: ComponentBackup, source: ArtifactSource): Promise<{ readonly sentence: string }>;

  /** Restored into a throwaway container without a network, started and compared. Answers a verdict; throws only what Temporal may retry. */
  prove(ctx: EngineContext, backup: ComponentBackup, source: ArtifactSource): Promise<ComponentProof>;

  /** Made ready beside the live data and compared, then closed. Idempotent per run. @throws NotEnoughSpace, VersionMismatch, RestoreFailed, ProofFailed … */
  prepare(ctx: EngineContext, component: C, backup: ComponentBackup, source: ArtifactSource): Promise<PreparedComponent>;
  /**
   * The same where the component's server cannot be used: its whole data is made anew, to be exchanged as one. `unusable` says why, for the plan. Idempotent per run. Only engines whose {@link prepare}
   * needs a server that answers have it. @throws besides, ContainerNotRunning where it is not its data that keeps a server from starting, and that can be told
   */
  prepareWhole?(ctx: EngineContext, component: C, backup: ComponentBackup, source: ArtifactSource, unusable: string): Promise<PreparedComponent>;
  /**
   * The rollback copy of an earlier cut-over as something to cut over to: the way of `undo`. `unusable` says why the live server cannot be used, where the caller goes on all the same.
   * @throws UnknownRollbackCopy
   */
  prepareUndo(ctx: EngineContext, component: C, previous: ComponentCutOver, unusable?: string): Promise<PreparedComponent>;
  /** Removes what prepare made and what no cut-over used. Never touches live data or a rollback copy. For undo: nothing. */
  discardPrepared(ctx: EngineContext, component: C, cutOver: ComponentCutOver): Promise<void>;

  /**
   * Just before the first destructive step, nothing being closed yet: what was made ready is there as it was left, and what it replaces is
   * what it was made for. An approval may come hours after the plan, and another run may have been quicker. Reads only. @throws PlanChanged
   */
  requireReady(ctx: EngineContext, component: C, cutOver: ComponentCutOver): Promise<void>;

  // The cut-over. The caller has checked approval, fence and pinned facts; each is idempotent and finds its way from what it reads.
  /** Keeps clients out (PostgreSQL: no new connections, old ones ended; Redis: stopped after a successful SHUTDOWN SAVE). */
  close(ctx: EngineContext, component: C, cutOver: ComponentCutOver): Promise<void>;
  /** How many transactions that write the server has begun, for the difference between two readings; null where the engine does not count them. */
  writeMark(ctx: EngineContext, component: C): Promise<string | null>;
  /** Exchanges the data, still closed. */
  swap(ctx: EngineContext, component: C, cutOver: ComponentCutOver): Promise<void>;
  /** Equality of what is now live with the backup, read closed; for undo that the old data is in place. @throws ProofFailed, CouldNotVerify */
  compareClosed(ctx: EngineContext, component: C, cutOver: ComponentCutOver, backup: ComponentBackup | null): Promise<readonly Difference[]>;
  /** Lets clients in (Redis: started). After it there is only undo. */
  open(ctx: EngineContext, component: C, cutOver: ComponentCutOver): Promise<void>;
  /** Before the opening: whatever state it is in, back to the old data, open. Idempotent. Answers a sentence where the data is as it was, and its server does not answer. */
  rollBack(ctx: EngineContext, component: C, cutOver: ComponentCutOver): Promise<readonly string[]>;
  /** Lets the rollback copy of a cut-over go: `accept`. Refuses to touch anything that is live. */
  discardRollback(ctx: EngineContext, component: C, cutOver: ComponentCutOver): Promise<void>;

  /**
   * A place in the log just behind everything that is committed when it is called, with a record behind it: a recovery that excludes it stops there, and
   * needs nothing that is written later. Durable on the server when it is answered. Run again, it makes another one. Null where the engine keeps no log.
   * @throws UnsupportedTopology where the server takes none, ContainerNotRunning, DatabaseUnreachable
   */
  mark(ctx: EngineContext, component: C, name: string): Promise<MarkedPosition | null>;

  /**
   * Writes into the live store, in the place of the one before: only where the owner of the service asks for it. Run again with the same, it leaves the same. Null where it is there, durable as far as
   * the store is; else why the store does not take it, without a full stop. @throws what may be tried again
   */
  plantCanary(ctx: EngineContext, component: C, canary: Canary): Promise<string | null>;

  /** Removes whatever an ended run left: sessions, settings (from its notes), roles, scratch databases that no rollback record names. */
  repairLeftovers(ctx: EngineContext, component: C, run: { readonly owner: RunOwner; readonly notes: Readonly<Record<string, unknown>>; readonly kept: readonly ComponentCutOver[] }): Promise<readonly string[]>;

  /** How it is brought back to any moment of its log; null of an engine that keeps none. */
  readonly moments: MomentEngine<C> | null;
  /** How it is replaced where it lies; absent of an engine whose data is small. */
  readonly replacements?: ReplacementEngine<C>;
  /** How it is brought to a second by an archive of its append-only file; absent of an engine that has none. */
  readonly aof?: AofEngine<C>;

  /** How a backup leaves as a file that other tools read. */
  readonly exports: ExportEngine;
  /** How a file that another tool made becomes a backup of its own kind. */
  readonly imports: ImportEngine<C>;

  /** How a server of its own is made of its backups, for looking or development. */
  readonly copies: CopyEngine<C>;

  /** What such a server is asked in a drill. */
  readonly drills: DrillEngine<C>;

  /** What is live now, counted and hashed the way a backup does; for tests, `doctor` and comparing by hand. */
  readContent(ctx: EngineContext, component: C, options: BackupOptions): Promise<Content>;

  /**
   * What belongs to the server rather than to the database: login, password, memberships of the roles this run created; after the opening was
   * marked; idempotent. Answers a sentence per thing that could not be given back.
   */
  completeRestore(ctx: EngineContext, component: C, cutOver: ComponentCutOver, backup: ComponentBackup, source: ArtifactSource, createdRoles: readonly string[]): Promise<readonly string[]>;
}
