/**
 * The closed list of what a check of a drill can come out as. A class decides its verdict: nobody can call a missing role a pass, or a tool that died a
 * failure of the backup. Names are public: reports keep them for years, and docs/drill-reports.md explains each (a test walks this list against that page).
 */
import type { FailureType } from '../failures.ts';
import type { Verdict } from '../proof.ts';

interface CheckKind {
  readonly verdict: Verdict;
  /** What it means, a sentence. */
  readonly meaning: string;
  /** What to do next, a sentence; empty where nothing is to be done. */
  readonly next: string;
}

const proven = (meaning: string): CheckKind => ({ verdict: 'proven', meaning, next: '' });
const failed = (meaning: string, next: string): CheckKind => ({ verdict: 'failed', meaning, next });
const unknown = (meaning: string, next: string): CheckKind => ({ verdict: 'couldNotVerify', meaning, next });

const takeAnother = 'Prove an older backup, take a new one now, and find out what the server did when this one was taken.';

export const checkKinds = {
  asExpected: proven('What was found is what was expected.'),
  harmlessDifference: proven('It differs in a way that loses nothing and breaks nothing; the sentence says how.'),

  // What the backup holds, against its manifest.
  countDiffers: failed('A table has another number of rows than when it was backed up.', takeAnother),
  hashDiffers: failed('A table has as many rows as it had, and not the same ones.', takeAnother),
  tableMissing: failed('A table of the manifest is not there.', takeAnother),
  tableUnexpected: failed('A table is there that the manifest does not name.', 'Look whether the drill was given the backup of another service, or another database.'),
  sequenceMissing: failed('A sequence of the manifest is not there.', takeAnother),
  sequenceBehind: failed('A sequence lies behind the values in its column: the next insert would meet a key that exists.', 'Set it with setval() after a restore, and find out what wrote past it.'),
  largeObjectsDiffer: failed('Large objects are missing, or are not the same.', takeAnother),
  objectsDiffer: failed('Indexes, constraints, functions or views are fewer or more than they were.', 'Compare the restored schema with the live one: a constraint that does not hold, or a missing extension, is the usual reason.'),
  keysDiffer: failed('A Redis database has another number of keys, or of keys that expire.', takeAnother),
  digestDiffers: failed('Redis has as many keys as it had, and not the same ones.', takeAnother),
  detailsDiffer: failed('Times to live, consumer groups or functions of Redis are not what they were.', takeAnother),
  otherDatabase: failed('What came up is another server, or has other databases, than the backup was taken of.', 'Look whether the container named in holdfast.yaml is the one you mean.'),
  contentDiffers: failed('What was restored differs from the manifest.', takeAnother),

  // What it needs around it.
  roleMissing: failed('A role that objects belong to, or rights are given to, is not there.', 'Create it before a restore, or take a backup that holds the roles.'),
  extensionMissing: failed('An extension that the data needs is not in the image.', 'Restore into the image that the service runs on, and keep a copy of it.'),
  localeMissing: failed('A locale that the database sorts by is not in the image.', 'Restore into the image that the service runs on, and keep a copy of it.'),
  collationVersionDiffers: failed('The libraries sort text in another way than when the indexes were written.', 'REINDEX what the sentence names, then ALTER DATABASE … REFRESH COLLATION VERSION; or restore into the image the service runs on.'),
  settingMissing: failed('A setting that the server ran with is not there.', 'Set it as the sentence says, and put it where a rebuilt server takes it from.'),

  // Whether it is sound.
  indexCorrupt: failed('An index does not fit its table (amcheck).', 'REINDEX it on the live server, then take a backup and prove it.'),
  pageDamaged: failed('A page differs from its checksum.', 'Hold the older backups, check the disk of the live server, and prove backward until one is sound.'),
  backupUnreadable: failed('A file of the backup is missing, damaged, or not what its manifest says.', 'Prove the backup before it; then check the disk under the repository.'),
  noBackup: failed('There is no backup to come back from.', 'Take one now: holdfast backup.'),
  logIncomplete: failed('The log between the base backup and the moment asked for is not complete.', 'See `holdfast wal status`, and take a base backup now.'),
  restoreFailed: failed('The data could not be brought back.', 'Read the sentence, restore the backup before it by `holdfast prove`, and take a new one.'),
  serverDidNotStart: failed('The server did not start on the restored data.', 'Read the sentence: it is the server\'s own last word.'),
  canaryMissing: failed('The row or key that was written before the backup, to be found by this drill, is not there.', 'The backup is older than it says, or is of another server: look at its manifest.'),
  canariesDisagree: failed('PostgreSQL and Redis came back to different moments.', 'Look whether something else backs up one of them too, or writes over `holdfast.canary` or `holdfast:canary`; prove an older backup, and take a new one.'),

  // What the people who own the service ask of it.
  assertionFailed: failed('An assertion of yours does not hold on the restored data.', 'Ask it of the live service: where it fails there too, the data is wrong and not the backup.'),
  applicationTestsFailed: failed('The application\'s own tests ended with an error.', 'Read their output; run them against a copy: holdfast clone.'),
  healthNotReached: failed('The application came up and did not become healthy on the restored data.', 'Read its last words in the sentence; try it against a copy: holdfast clone.'),

  // What could not be told. None of these is ever a pass.
  checkDidNotRun: unknown('The check was to be made and gave no answer.', 'See what ended the drill, and run it again.'),
  assertionDidNotRun: unknown('An assertion of yours could not be asked, or answered with something that cannot be judged.', 'Correct it in holdfast.yaml: the sentence says what the server said.'),
  applicationTestsTimedOut: unknown('The application\'s own tests were stopped at their time limit.', 'Raise tests.timeout, or give the drill fewer of them.'),
  applicationTestsOutOfMemory: unknown('The application\'s own tests were stopped at their memory limit.', 'Raise tests.memory.'),
  applicationTestsDidNotStart: unknown('The application\'s own tests could not be started.', 'Look at tests.image and tests.command in holdfast.yaml.'),
  applicationDidNotStart: unknown('The application\'s container could not be started, so its health was not asked.', 'Look at its image and its settings in the drill.'),
  applicationOutOfMemory: unknown('The application was ended at its memory limit, so its health says nothing.', 'Raise app.memory, or mem_limit in the compose file.'),
  serverNotInTime: unknown('The server ran on the restored data, and did not answer in the time that its size is given.', 'Read the sentence; give the host less to do, or another disk, and run the drill again.'),
  imageMissing: unknown('The image that the data needs is not on this Docker engine.', 'Pull it, and keep a copy where a disaster leaves it.'),
  versionUnfit: unknown('There is no server here of a version that can read the backup.', 'Bring the image that the service runs on.'),
  keyMissing: unknown('A key or secret that the drill needs was not given.', 'Fetch it from where it is kept, and run the drill again: what nobody can open is no backup.'),
  repositoryUnreachable: unknown('The repository could not be read.', 'See `holdfast doctor`.'),
  hostUnreachable: unknown('The Docker engine of the drill, or its worker, does not answer.', 'See `holdfast doctor`, and look whether a worker runs there.'),
  notEnoughRoom: unknown('The disk of the drill had less room than the data needs.', 'Make room, or let the drill run on another host.'),
  networkNotIsolated: unknown('The drill\'s network could not be closed, so nothing was started in it.', 'Look at the Docker engine\'s version and firewall.'),
  nothingToCompare: unknown('The backup holds nothing that the restored data could be compared with.', 'Take backups with counts and hashes (`backup.hashes: true`).'),
  otherImage: unknown('It was loaded into another image than its own, which may make the digest in another way.', 'Bring the image that the service ran on when the backup was taken.'),
  environmentRefused: unknown('The drill\'s environment asks for something that is not supported.', 'Take what the sentence names out of the compose file, or see `holdfast doctor` for all of it; docs/runbooks/run-drill.md lists what is understood.'),
  helperFailed: unknown('A tool that makes the check ended with an error of its own.', 'Read the sentence, and run the drill again.'),
  interrupted: unknown('The drill was cancelled or terminated before the check was made.', 'Run it again.'),
} as const satisfies Record<string, CheckKind>;

export type CheckClass = keyof typeof checkKinds;

export const isCheckClass = (name: string): name is CheckClass => Object.hasOwn(checkKinds, name);

/** What a step's failure says about the backup. What is not named here says nothing about it: the check could not be made. */
const ofFailures: Partial<Record<FailureType, CheckClass>> = {
  ArtifactDamaged: 'backupUnreadable', ManifestDamaged: 'backupUnreadable', ObjectNotFound: 'backupUnreadable', RepositoryDamaged: 'backupUnreadable',
  RestoreFailed: 'restoreFailed', ProofFailed: 'contentDiffers', PageDamaged: 'pageDamaged', RoleMissing: 'roleMissing', ExtensionMissing: 'extensionMissing', LocaleMissing: 'localeMissing', DatabaseNotFound: 'otherDatabase',
  PointUnreachable: 'logIncomplete', WalConflict: 'logIncomplete', HealthCheckFailed: 'healthNotReached',
  NetworkRefused: 'networkNotIsolated', EnvironmentRefused: 'environmentRefused', ImageMissing: 'imageMissing', VersionMismatch: 'versionUnfit', UnsupportedFormat: 'versionUnfit', SecretNotFound: 'keyMissing',
  DatabaseUnreachable: 'serverNotInTime', RepositoryUnreachable: 'repositoryUnreachable', LogSuperseded: 'repositoryUnreachable', DockerUnreachable: 'hostUnreachable', HostUnavailable: 'hostUnreachable', WorkerLost: 'hostUnreachable',
  NotEnoughSpace: 'notEnoughRoom', DiskFull: 'notEnoughRoom', HelperFailed: 'helperFailed', HelperLost: 'helperFailed',
  RunCancelled: 'interrupted', RunTerminated: 'interrupted',
};

export const classOfFailure = (type: FailureType): CheckClass => ofFailures[type] ?? 'checkDidNotRun';
