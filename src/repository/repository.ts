/**
 * The repository: what is kept where, on top of any storage. It alone is the catalog; Temporal's history is a convenience.
 * Layout and formats: docs/backup-format.md. Everything is write-once; a backup exists when its manifest does.
 */
import type { BackupManifest, ReadManifest } from '../domain/backup-manifest.ts';
import type { ApprovalRecord } from '../domain/approval.ts';
import type { HoldfastFailure } from '../domain/failures.ts';
import type { Hold, HoldRelease, ReleasedHold } from '../domain/hold.ts';
import type { Mark } from '../domain/point.ts';
import type { ProofRecord } from '../domain/proof.ts';
import type { RestorePlan } from '../domain/restore-plan.ts';
import type { RollbackMilestone, RollbackRecord, RollbackState } from '../domain/rollback.ts';
import type { RunOwner } from '../domain/run-owner.ts';
import type { BackupStorage } from '../storage/storage.ts';
import type { AofArchive } from './aof-archive.ts';
import type { DrillArchive } from './drill-archive.ts';
import type { RepositoryPlace, SetAside, SetAsideKey } from './set-aside.ts';
import type { Trash } from './trash.ts';
import type { WalArchive } from './wal-archive.ts';

export interface ClaimedBackup {
  readonly backupId: string;
  readonly sequence: number;
  readonly previousManifestSha256: string | null;
  readonly repositoryId: string;
  /** What was found damaged on the way and did not keep the backup from being claimed; absent where nothing was. */
  readonly warnings?: readonly string[];
}

export interface Rollback {
  readonly record: RollbackRecord;
  readonly state: RollbackState;
  readonly milestones: readonly RollbackMilestone[];
  /** The accept that began to let its copies go; null where none has. */
  readonly acceptedBy: { readonly workflowId: string; readonly runId: string } | null;
}

/** Every rollback that can be read, and those that cannot: nobody knows what an unreadable one protects or how far it went. */
export interface RollbackSurvey {
  readonly rollbacks: readonly Rollback[];
  readonly unreadable: readonly { readonly runId: string; readonly failure: HoldfastFailure }[];
}

/** One try at one component's backup, which writes into a directory of its own. */
export interface BackupAttempt {
  readonly service: string;
  readonly backupId: string;
  readonly component: string;
  /** `a<attempt>-<8 hex>` */
  readonly attempt: string;
}

export interface Repository {
  readonly name: string;
  readonly storage: BackupStorage;
  /** The archive of the components' write-ahead logs. Whoever stores in it needs no {@link open} before: it is asked each time. */
  readonly wal: WalArchive;
  /** The archive of their append-only files, the same. */
  readonly aof: AofArchive;
  /** The drills and their reports. */
  readonly drills: DrillArchive;
  /** What was removed and can be taken back, and what is known of what went for good. */
  readonly trash: Trash;
  /** What a run copies out of a volume before its data is dropped there; asked each time whether this is still the repository it was. */
  setAside(key: SetAsideKey): SetAside;
  /** @throws RepositoryUnreachable */
  place(): Promise<RepositoryPlace>;

  /**
   * Reads holdfast.json, each time anew. Where no repository is, it is created, exclusively; a head that went missing or changed since this
   * process first read it is refused: another disk, or none, is where the repository was.
   * @throws UnsupportedFormat, RepositoryDamaged, RepositoryUnreachable
   */
  open(): Promise<{ readonly repositoryId: string }>;

  /**
   * Claims the next sequence number of a service and a backup id for one run; the same run claiming again gets the same answer. Goes on from
   * the newest manifest that can be read: one that is damaged is a warning, and {@link checkChain}'s to report.
   */
  claimBackup(service: string, run: { workflowId: string; runId: string; namespaceId: string }, nowMs: number, imported?: boolean): Promise<ClaimedBackup>;
  /** Path of an attempt's directory, below the backup's directory. */
  attemptPath(attempt: BackupAttempt): string;
  /** Creates the manifest exclusively, last. The same manifest again is success; another under the same id is `AlreadyExists`. */
  commitManifest(manifest: BackupManifest): Promise<{ readonly sha256: string }>;
  /**
   * The same of what a run made for itself alone: it is in no list, and goes with the run's notes. Answers the id under which {@link readManifest}, and whoever
   * takes a backup's id, finds it.
   */
  commitOwn(manifest: BackupManifest): Promise<{ readonly backupId: string; readonly sha256: string }>;
  /** The run that claimed a backup id, or null where nobody did. @throws RepositoryDamaged */
  readClaimant(service: string, backupId: string): Promise<RunOwner | null>;
  /** The number that was claimed for each id, of backups that failed or were removed too. @throws RepositoryDamaged */
  claimedNumbers(service: string): Promise<ReadonlyMap<string, number>>;
  /** Since when the service is backed up, also where its first backups were removed since; of imported ones only where there is nothing else. Null where there never was one. */
  firstBackupAt(service: string): Promise<string | null>;
  /** Ids with a manifest, oldest first (by id). */
  listBackups(service: string): Promise<readonly string[]>;
  /**
   * The id of the newest backup, by sequence whatever the clocks said; null where there is none. It may turn out to be damaged: an older one
   * must not be taken for it. @throws ManifestDamaged, UnsupportedFormat where a backup without a readable claim cannot be placed
   */
  latestBackup(service: string): Promise<string | null>;
  /** The newest manifest that can be read, or null: for estimates. */
  newestReadable(service: string): Promise<ReadManifest | null>;
  /** @throws UnknownBackup, ManifestDamaged, UnsupportedFormat */
  readManifest(service: string, backupId: string): Promise<ReadManifest>;
  /** Removes the files of a backup that has no manifest; refuses (`AlreadyExists`) when it has one, and leaves alone what is in the trash. */
  removeUncommitted(service: string, backupId: string): Promise<void>;
  /** Removes what an attempt wrote that was not the first to finish; only the attempt itself may know that. */
  removeAttempt(attempt: BackupAttempt): Promise<void>;
  /** Removes attempts of a committed backup that its manifest does not name. */
  removeLosingAttempts(manifest: BackupManifest): Promise<void>;

  /**
   * Removes files that writers of these runs left unfinished when they were killed, and any that are older than `olderThanMs` (more than any step may take):
   * of runs that nobody knows of any more. Answers how many. For the run itself at its end, and for whoever cleans up after one that has ended.
   */
  removeTemporaries(runIds: readonly string[], olderThanMs: number): Promise<number>;

  /** The same mark again is success. @throws AlreadyExists where another moment has that name */
  recordMark(service: string, mark: Mark): Promise<void>;
  readMark(service: string, name: string): Promise<Mark | null>;
  /** Names of all marks, in no order of time. */
  listMarks(service: string): Promise<readonly string[]>;

  /**
   * Puts every backup that is older than a claimed one on hold, or, without a component, that one alone. The first record of a claim and component, or of a claim and
   * run, stays. @throws RepositoryDamaged where nobody claimed it
   */
  recordHold(hold: Omit<Hold, 'format' | 'sequence'>): Promise<void>;
  /** Those that stand, oldest first. @throws RepositoryDamaged: what cannot be read, the release of one too, may hold anything */
  listHolds(service: string): Promise<readonly Hold[]>;
  /** Ends a hold for good; its record stays. The same run again is success. @throws UnknownHold where another run did it before */
  releaseHold(hold: Hold, release: Omit<HoldRelease, 'format' | 'service' | 'backupId'>): Promise<void>;
  /** Those that were ended, oldest first. @throws RepositoryDamaged */
  listReleasedHolds(service: string): Promise<readonly ReleasedHold[]>;

  recordProof(proof: ProofRecord): Promise<void>;
  /** Newest last. */
  listProofs(service: string, backupId: string): Promise<readonly ProofRecord[]>;

  /** Keeps the plan as it was shown, under its nonce. */
  recordPlan(plan: RestorePlan): Promise<void>;
  readPlan(service: string, nonce: string): Promise<RestorePlan>;
  /** Creates `approvals/<nonce>.json` exclusively; true when this call or an earlier one of the same run and digest created it; false when it belongs to another. */
  consumeNonce(service: string, nonce: string, record: ApprovalRecord): Promise<boolean>;
  readApproval(service: string, nonce: string): Promise<ApprovalRecord | null>;

  /** The same record again is success. */
  recordRollback(record: RollbackRecord): Promise<void>;
  markRollback(service: string, runId: string, milestone: RollbackMilestone, by: { workflowId: string; runId: string; at: string }): Promise<void>;
  readRollback(service: string, runId: string): Promise<Rollback | null>;
  /** Oldest first by recordedAt. One that cannot be read fails it: for whoever changes live data. @throws RepositoryDamaged, UnsupportedFormat */
  listRollbacks(service: string): Promise<readonly Rollback[]>;
  /** The same, with those that cannot be read told apart: for whoever only adds (a backup) or shows. */
  surveyRollbacks(service: string): Promise<RollbackSurvey>;

  /** Small write-once notes of a run (an original Redis setting before it is changed, roles created), by key; the first writer wins and everyone reads the winner. */
  recordOnce(service: string, runId: string, key: string, value: unknown): Promise<unknown>;
  readNotes(service: string, runId: string): Promise<Readonly<Record<string, unknown>>>;
  removeNotes(service: string, runId: string): Promise<void>;
  /** Run ids that have notes: what a repair looks at. */
  listNotedRuns(service: string): Promise<readonly string[]>;
}
