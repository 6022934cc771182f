/**
 * What the steps of all engines are given and answer: the run they belong to, where artifacts come from and go to, the log and the copies that are kept, and what was made ready.
 * The contracts themselves are in engine.ts and, for what only some engines can do, beside it.
 */
import type { Readable } from 'node:stream';
import type { ContainerRuntime, MountSpec } from '../containers/container-runtime.ts';
import type { Artifact, ChainLink, NotCompared, PostgresBase } from '../domain/backup-manifest.ts';
import type { Difference } from '../domain/content.ts';
import type { Loss } from '../domain/restore-plan.ts';
import type { ComponentCutOver } from '../domain/rollback.ts';
import type { RunOwner } from '../domain/run-owner.ts';
import type { SetAsideCopy, SetAsideDecision } from '../domain/set-aside.ts';
import type { TableDifference } from '../domain/tables/difference.ts';
import type { Timing } from '../domain/timing.ts';
import type { LogFile } from '../domain/wal/log-file.ts';

/** What a step says about how far it is. Goes into heartbeats and, from there, into the status of the run. */
export interface StepProgress {
  readonly phase: string;
  readonly doneBytes?: number;
  readonly totalBytes?: number;
}

export interface EngineContext {
  readonly owner: RunOwner;
  readonly service: string;
  /** Changes with every attempt of the activity: `a<attempt>-<8 hex>`; names what may not be shared between overlapping attempts. */
  readonly attempt: string;
  readonly runtime: ContainerRuntime;
  readonly timing: Timing;
  readonly signal: AbortSignal;
  progress(progress: StepProgress): void;
  /** Resolves a secret reference now, in this process; the value is never stored or logged. @throws SecretNotFound */
  secret(reference: { env: string } | { file: string }): Promise<string>;
  /** Small write-once notes of this run in the repository (an original setting before it is changed); answers the value that won. */
  recordOnce(key: string, value: unknown): Promise<unknown>;
  /** A note of this run, or undefined. */
  readNote(key: string): Promise<unknown>;
  /** Where data goes that is dropped before the new stands; absent where nothing is. */
  readonly setAside?: SetAsideAccess;
}

/** Where an engine puts an artifact. */
export interface ArtifactDestination {
  /** Host directory to bind into the helper, or null: then the engine streams through `put`. */
  readonly hostDirectory: string | null;
  /** Stores a stream as `<attempt>/<file>` and answers what was stored. */
  put(file: string, source: Readable): Promise<{ sizeBytes: number; sha256: string }>;
  /** Makes a file that a helper wrote into hostDirectory durable, and re-hashes it. */
  adopt(file: string): Promise<{ sizeBytes: number; sha256: string }>;
  /** `<component>/<attempt>/<file>`: what the manifest calls it. */
  pathOf(file: string): string;
}

/** Where an engine finds an artifact. */
export interface ArtifactSource {
  /** The backup's id, for hints. */
  readonly backupId?: string;
  /** Absolute host path for a read-only bind, or null: then `open` and copy it into the helper's volume. */
  hostPath(artifact: Artifact): Promise<string | null>;
  /** Returns when every stored byte was read and found right. `onBytes` is told how far it is. @throws ArtifactDamaged, ObjectNotFound, RepositoryUnreachable; the signal's reason */
  check(artifact: Artifact, signal: AbortSignal, onBytes: (doneBytes: number) => void): Promise<void>;
  /** The stored bytes; ends with `ArtifactDamaged` when size or SHA-256 differ from the manifest. */
  open(artifact: Artifact): Promise<Readable>;
  /**
   * The histories of the timelines that the archive of that cluster's log knows: a server that is made from the backup begins one with a number that none of them has,
   * or its log would be taken for theirs. None unless given.
   */
  timelines?(backup: PostgresBase): Promise<Pick<KeptLog, 'files' | 'archive'>>;
  /**
   * Of an incremental base backup: all that it takes to make it whole, the full one first, the one that it goes on from last. Where there are none, needed by none.
   * @throws ObjectNotFound naming the one that is gone, ArtifactDamaged naming the one whose manifest is not what it was
   */
  chain?(backup: PostgresBase): Promise<readonly ChainedInput[]>;
}

/** A backup that another one stands on, and where its artifacts are. */
export interface ChainedInput {
  readonly backupId: string;
  readonly backup: PostgresBase;
  readonly source: ArtifactSource;
}

/** The base backup that an incremental one goes on from. */
export interface ParentBackup {
  readonly backup: PostgresBase;
  /** Of the one that is taken: the parent is the last of it. */
  readonly chain: readonly ChainLink[];
  readonly source: ArtifactSource;
}

/** Data made ready beside the live one, already compared; nothing live has changed. */
export interface PreparedComponent {
  readonly component: string;
  readonly cutOver: ComponentCutOver;
  readonly compared: { readonly component: string; readonly objects: number; readonly differences: readonly Difference[] };
  readonly notCompared: readonly NotCompared[];
  readonly loss: Loss;
  readonly createdRoles: readonly string[];
  /** Of single tables: which rows change. */
  readonly tables?: readonly TableDifference[];
  /** Differences in settings, roles and extensions that the plan shows. */
  readonly notes: readonly string[];
  /** The ordered destructive steps, one sentence each, of this component. */
  readonly steps: { readonly close: string; readonly swap: string; readonly open: string };
}

/** A base backup and the log behind it. */
export interface KeptLog {
  readonly backup: PostgresBase;
  /** Everything that recovery may ask for, in that order. */
  readonly files: readonly LogFile[];
  /** Where the engine's host finds the archive that holds them; null where there is none of them. */
  readonly archive: Omit<MountSpec, 'target'> | null;
}

/** The place of one run's copy of one component, as repository/set-aside.ts says. */
export interface SetAsidePlace {
  readonly location: string;
  destination(attempt: string, signal: AbortSignal): Promise<ArtifactDestination>;
  directory(): Promise<string | null>;
  open(attempt: string, file: string): Promise<Readable>;
  digest(attempt: string, file: string, signal: AbortSignal): Promise<{ readonly sizeBytes: number; readonly sha256: string }>;
  record(copy: SetAsideCopy): Promise<SetAsideCopy>;
  read(): Promise<SetAsideCopy | null>;
  removeOthers(copy: SetAsideCopy): Promise<void>;
  decide(wish: SetAsideDecision): Promise<SetAsideDecision>;
  markBack(): Promise<void>;
  isBack(): Promise<boolean>;
  remove(): Promise<void>;
}

/** What an engine is given of the repository for it. */
export interface SetAsideAccess {
  of(runId: string, component: string): SetAsidePlace;
  repository(): Promise<{ readonly location: string; readonly head: { readonly hostPath: string; readonly sha256: string } | null; readonly freeBytes: number | null }>;
}

export interface BackupOptions {
  readonly contentHashes: boolean;
  /** `base`: a copy of the whole server where the engine can make one, and the same as ever where it cannot. A dump unless given. */
  readonly method?: 'dump' | 'base';
  /** Of a base backup: only what changed since this one. */
  readonly parent?: ParentBackup;
  /** Told why a full one was taken in spite of a parent, without a full stop: the server cannot say what changed since. */
  readonly onFull?: (reason: string) => void;
  /** Parallel dump jobs and hash sessions. */
  readonly jobs: number;
}
