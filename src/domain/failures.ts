/**
 * The closed list of everything that can go wrong, with a stable name each.
 *
 * A name is public: operators search for it, Temporal shows it as the failure's type, `docs/errors.md` explains it and a test
 * walks this list against that page. Whether a failure may be retried stands here and nowhere else; nothing ever matches on text.
 */

/** What a command line exits with when a run ends in a failure of this kind (docs/errors.md). */
export type FailureExit = 'failed' | 'usage' | 'refused' | 'couldNotVerify' | 'busy' | 'unreachable';

interface FailureKind {
  /** May Temporal run the activity again? True only where another attempt can end differently without a human. */
  readonly retryable: boolean;
  readonly exit: FailureExit;
  /** One sentence: what it means. Shown in docs/errors.md and by `holdfast show`. */
  readonly meaning: string;
}

const refused = (meaning: string): FailureKind => ({ retryable: false, exit: 'refused', meaning });
const failed = (meaning: string): FailureKind => ({ retryable: false, exit: 'failed', meaning });
const transient = (meaning: string): FailureKind => ({ retryable: true, exit: 'failed', meaning });

export const failureKinds = {
  // What was asked for.
  InvalidInput: { retryable: false, exit: 'usage', meaning: 'The input of a run or command is malformed.' },
  InvalidConfiguration: { retryable: false, exit: 'usage', meaning: 'holdfast.yaml or the environment is not valid.' },
  UnknownService: { retryable: false, exit: 'usage', meaning: 'No service of that name is configured.' },
  UnknownBackup: { retryable: false, exit: 'usage', meaning: 'No committed backup matches that id.' },
  AmbiguousBackup: { retryable: false, exit: 'usage', meaning: 'More than one backup begins with that prefix.' },
  UnknownRun: { retryable: false, exit: 'usage', meaning: 'No run of that id is known.' },
  PointUnreachable: refused('The moment asked for cannot be reached from the base backups and the WAL there are.'),
  BackupNeeded: refused('The backup was promised to somebody or something, and does not go before its time.'),
  UnknownHold: refused('Nothing of that id is on hold.'),
  UnknownCopy: { retryable: false, exit: 'usage', meaning: 'There is no copy of the service of that name.' },
  UnknownRollbackCopy: refused('There is no rollback copy of that run (never made, undone, or accepted away).'),
  SecretNotFound: refused('A secret reference (environment variable or file) could not be resolved.'),

  // The engine and the containers.
  DockerUnreachable: transient('The Docker engine does not answer.'),
  ContainerNotFound: refused('The configured container does not exist.'),
  ContainerNotRunning: refused('The container is not running and cannot be used as it is.'),
  ContainerRecreated: refused('The container is not the one that was planned for: its id changed.'),
  WrongContainer: refused('The container does not run the engine it is configured for.'),
  ImageMissing: refused('The image that the data needs is not on this Docker engine.'),
  HelperFailed: failed('A helper container ended with an error.'),
  HelperLost: transient('A helper container disappeared or was killed before it finished, or the disk or share that it works on is away.'),
  PathNotFound: failed('A file or directory does not exist in a container.'),
  BrokenStream: transient('A stream from the Docker engine ended early or was damaged.'),
  NameTaken: refused('A container or volume with the computed name exists and belongs to something else.'),
  NetworkRefused: refused('The Docker engine makes no network that nothing leads out of.'),
  EnvironmentRefused: refused('The compose file of a drill asks for something that a drill does not do.'),
  PortTaken: refused('The port that a copy was to be reached on is in use.'),

  // The databases.
  DatabaseUnreachable: transient('The database does not accept connections.'),
  DatabaseNotFound: refused('The configured database does not exist on the server.'),
  AuthenticationFailed: refused('The database refused the user or password.'),
  PermissionDenied: refused('The database user may not read or do what the step needs.'),
  RowSecurityFilters: refused('Row security would hide rows from the backup.'),
  DumpFailed: failed('pg_dump did not finish.'),
  PageDamaged: failed('A page of the database differs from its checksum.'),
  TableLocked: transient('Another session holds a table exclusively, or waits to.'),
  SnapshotLost: transient('The session that held the exported snapshot ended before the dump did.'),
  RdbTransferFailed: transient('redis-cli --rdb did not deliver a complete file.'),
  RecoveryPointSkewed: failed('The PostgreSQL snapshot and the Redis file lie further apart than the limit.'),
  VersionMismatch: refused('The backup cannot be restored into a server of this version.'),
  RestoreFailed: failed('The data could not be restored beside the live one.'),
  RoleMissing: failed('A role that the data names does not exist on the server.'),
  ExtensionMissing: { retryable: false, exit: 'couldNotVerify', meaning: 'The server that it was tried on lacks an extension that the data needs, or has not loaded its library.' },
  LocaleMissing: { retryable: false, exit: 'couldNotVerify', meaning: 'The server that it was tried on lacks a locale that the database sorts by.' },
  UnknownTable: refused('There is no table of that name, or more than one.'),
  TableUnfit: refused('The table cannot take rows back one by one: it has no primary key, or another shape than it had.'),
  ForeignKeysBroken: refused('Rows would point to rows that are not there.'),
  PreparedTransactionsInTheWay: refused('Prepared transactions block exchanging the database.'),
  LogicalSlotsInTheWay: refused('Logical replication slots or subscriptions hang on the live database.'),
  UnsupportedTopology: refused('A replica, a cluster or sentinel cannot be handled this way.'),
  CutOverFailed: failed('The exchange of the data did not complete and was rolled back.'),
  AmbiguousState: failed('The state found fits neither before nor after the step; a human has to look.'),
  HealthCheckFailed: failed('The service did not become healthy after the restore.'),

  // The repository.
  RepositoryUnreachable: transient('The repository cannot be read or written.'),
  RepositoryDamaged: failed('The repository holds something that is not what it claims to be.'),
  AlreadyExists: refused('The object exists and is never overwritten.'),
  ObjectNotFound: failed('An object the manifest names is not in the repository.'),
  ArtifactDamaged: failed('An artifact differs from its manifest in size or SHA-256.'),
  ManifestDamaged: failed('A manifest is not canonical, or differs from its own SHA-256.'),
  UnsupportedFormat: refused('The repository was written by a newer version of Holdfast.'),
  NotEnoughSpace: refused('A file system has less room than the step needs.'),
  ReplacementRefused: refused('Data may not be dropped where it lies before what replaces it stands.'),
  DiskFull: failed('A file system ran full.'),

  // The log.
  WalConflict: failed('The archive holds other bytes under that name: two servers write into one archive, or one was rewound.'),
  LogSuperseded: transient('The newest part of the log was replaced by a longer one between being listed and being read.'),
  WalNotArchived: failed('The server does not archive its log as it was set up to.'),
  WalSlotLost: failed('The replication slot was lost, and the log that it kept with it.'),

  // Verification.
  ProofFailed: failed('The restored data differs from the manifest.'),
  ObjectiveMissed: failed('The service came back as it was, but slower, or with more lost, than it is promised.'),
  CouldNotVerify: { retryable: false, exit: 'couldNotVerify', meaning: 'It could not be established whether the data is right; this is never a pass.' },

  // Approval, exclusion, runs.
  ServiceBusy: { retryable: false, exit: 'busy', meaning: 'Another run holds the service.' },
  ApprovalRejected: refused('A human said no.'),
  ApprovalMissing: refused('It would do more than is usual, and nobody said yes to that.'),
  ApprovalExpired: refused('Nobody approved in time.'),
  ApprovalInvalid: refused('The approval does not belong to the plan that is shown.'),
  ApprovalNotForThisRun: refused('The approval was given to another run.'),
  PlanChanged: refused('Something the plan names changed after it was shown.'),
  FenceMissing: refused('The fence of this run does not stand; another run may be at work.'),
  ForeignFence: { retryable: false, exit: 'busy', meaning: 'A fence of another run stands on the data.' },
  RunCancelled: refused('The run was cancelled.'),
  RunTerminated: failed('The run was terminated from outside and has to be repaired.'),
  LeftoversRemain: failed('Something of an ended run could not be removed.'),
  WorkerLost: transient('The worker that did a step ceased to answer, or began it too late.'),
  HostUnavailable: { retryable: false, exit: 'unreachable', meaning: 'No worker answers on the task queue of the service\'s Docker host.' },
  TemporalUnreachable: { retryable: true, exit: 'unreachable', meaning: 'The Temporal server does not answer.' },
  Internal: failed('Something happened that the code did not foresee.'),
} as const satisfies Record<string, FailureKind>;

/** The stable name of a failure. */
export type FailureType = keyof typeof failureKinds;

export const isFailureType = (name: string): name is FailureType => Object.hasOwn(failureKinds, name);

export interface FailureFields {
  /** What was being done, as a verb phrase: `dump database`. */
  readonly operation: string;
  /** What it was done to: `agentic-postgres/agentic_platform`. */
  readonly object: string;
  /** Why it failed, lowercase, no full stop. Never holds a secret or a row of data. */
  readonly cause: string;
  /** What to do next, a sentence. */
  readonly hint: string;
}

/** The one error class of Holdfast. An interceptor turns it into Temporal's ApplicationFailure; nothing else does. */
export class HoldfastFailure extends Error {
  readonly type: FailureType;
  readonly fields: FailureFields;

  constructor(type: FailureType, fields: FailureFields, options?: { cause?: unknown }) {
    super(`${fields.operation} (${fields.object}): ${fields.cause}. ${fields.hint}`, options);
    this.name = 'HoldfastFailure';
    this.type = type;
    this.fields = fields;
  }

  get retryable(): boolean {
    return failureKinds[this.type].retryable;
  }
}

/** Is this our own failure (optionally of one type)? */
export function isFailure(error: unknown, type?: FailureType): error is HoldfastFailure {
  return error instanceof HoldfastFailure && (type === undefined || error.type === type);
}
