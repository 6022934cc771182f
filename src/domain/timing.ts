/**
 * Every wait, timeout and interval of the product, in one object, so that tests run the same code with a faster profile
 * and nobody has to hunt for a number. Milliseconds throughout.
 */
export interface Timing {
  /** Silence after which Temporal gives an activity to another attempt. */
  readonly heartbeatTimeoutMs: number;
  /** How often a long activity reports that it lives. */
  readonly heartbeatIntervalMs: number;
  /** A short activity (inspect, one SQL statement, one object) may take this long. */
  readonly quickActivityMs: number;
  /** A long activity (dump, restore, transfer) may take this long in all. */
  readonly longActivityMs: number;
  /** First pause between two attempts of an activity. */
  readonly retryInitialMs: number;
  readonly retryMaximumMs: number;
  /** How long an attempt that Temporal gave up on, or whose run was terminated, may go on before it hears of it: its last local timeout, and the buffer the SDK adds (temporal.md, finding 3). */
  readonly lateAttemptMs: number;
  /** A first activity has to be taken by the host's worker within this, else there is none. */
  readonly hostAnswerMs: number;
  /** How long a lease is waited for before the run answers `ServiceBusy`. A restore that was approved waits until its plan expires. */
  readonly leaseWaitMs: number;
  readonly leasePollMs: number;
  /** Single commands exec'd in a database's container. */
  readonly execMs: number;
  /** From starting a container to its database answering. */
  readonly startUpMs: number;
  readonly pollMs: number;
  /** How often the log of a server that recovers is looked at. */
  readonly recoveryLookMs: number;
  /** Readiness is established twice, this far apart (databases.md D18). */
  readonly readinessGapMs: number;
  /** How long `docker stop` waits before it kills (databases.md D17). */
  readonly stopMs: number;
  /** How long an application's container gets to stop before it is killed, Docker's own default: every second of it is a second of the outage. */
  readonly applicationStopMs: number;
  /** How long clients are terminated for before a fence gives up. */
  readonly fenceMs: number;
  /** `pg_dump --lock-wait-timeout` (databases.md L12). */
  readonly lockWaitMs: number;
  /** How long a table that is to be written is waited for: so long all other writers of it wait too. */
  readonly tableLockMs: number;
  /** The application has to be healthy within this, unless its own `within` says otherwise. */
  readonly healthMs: number;
  /** One request to the health URL. */
  readonly healthRequestMs: number;
  /** How long an approval may take, unless the policy says otherwise. */
  readonly approvalMs: number;
  /** How long a drill waits for a key that it asked for, how often it reminds of it, and how often it looks. */
  readonly keyWaitMs: number;
  readonly keyRemindMs: number;
  readonly keyLookMs: number;
  /** Shielded clean-up after a failure or cancellation is bounded too. */
  readonly cleanUpMs: number;
  /** How often somebody who watches a run looks at it. */
  readonly followPollMs: number;
  /** How long a watcher bears that Temporal does not answer; the run itself does not mind. */
  readonly followAbsenceMs: number;
  /** One question to Temporal by a watcher. */
  readonly followCallMs: number;
  /** How often the log of a component is looked after: its receiver is back within a few of these. */
  readonly walRoundMs: number;
  /** How often the segment that is being written goes to the repositories: what they lack at most, with the time that storing takes. */
  readonly walPartialMs: number;
  /** How often the room on the file systems of a log is looked at. */
  readonly walRoomMs: number;
  /** How long a run that asks for the newest of the log waits for it. Without it, it goes on with what is there. */
  readonly walBringMs: number;
  /** How often the source's readings go there: as old may the end of a window be that is told from a repository alone. */
  readonly walSamplesMs: number;
  /** What may be lost on the database's host, and in a repository, before it is an alarm: a few times what is promised, so that a busy moment is none. */
  readonly walOnHostExposureMs: number;
  readonly walExposureMs: number;
  /** The same for both places where the server archives its log itself: a segment comes when it is full, or at its archive_timeout. */
  readonly walArchiveExposureMs: number;
  /** One round of archiveWal lasts as long where nothing changes, and at least as long as the second where something does: figures as new, and history as small. */
  readonly walWatchMs: number;
  readonly walWatchEarliestMs: number;
  /** Rounds in one run of archiveWal, before it goes on as a new one. */
  readonly walWatchRounds: number;
  /** Between an attempt to take a base backup that failed and the next; twice as long each time, up to the second. */
  readonly walBaseRetryMs: number;
  readonly walBaseRetryMaximumMs: number;
  /** What was due, or has to be cleaned up, is nothing to be alarmed about for this long: `status --check`. Two intervals of the reaper. */
  readonly statusGraceMs: number;
  /** The embedded server and its worker stop when no run was open for this long. */
  readonly localIdleMs: number;
  readonly localPollMs: number;
  /** From starting the embedded server, or its worker, to its answer. */
  readonly localStartMs: number;
}

export const productionTiming: Timing = {
  heartbeatTimeoutMs: 20_000,
  heartbeatIntervalMs: 4_000,
  quickActivityMs: 120_000,
  longActivityMs: 24 * 3_600_000,
  retryInitialMs: 1_000,
  retryMaximumMs: 30_000,
  lateAttemptMs: 25_000,
  hostAnswerMs: 60_000,
  leaseWaitMs: 15_000,
  leasePollMs: 1_000,
  execMs: 60_000,
  startUpMs: 120_000,
  pollMs: 200,
  recoveryLookMs: 50,
  readinessGapMs: 2_000,
  stopMs: 120_000,
  applicationStopMs: 10_000,
  fenceMs: 30_000,
  lockWaitMs: 60_000,
  tableLockMs: 5_000,
  healthMs: 120_000,
  healthRequestMs: 5_000,
  approvalMs: 4 * 3_600_000,
  keyWaitMs: 4 * 3_600_000,
  keyRemindMs: 900_000,
  keyLookMs: 2_000,
  cleanUpMs: 600_000,
  followPollMs: 400,
  followAbsenceMs: 60_000,
  followCallMs: 8_000,
  walRoundMs: 2_000,
  walPartialMs: 20_000,
  walRoomMs: 20_000,
  walBringMs: 15_000,
  walSamplesMs: 300_000,
  walOnHostExposureMs: 15_000,
  walExposureMs: 120_000,
  walArchiveExposureMs: 60_000,
  walWatchMs: 60_000,
  walWatchEarliestMs: 10_000,
  walWatchRounds: 500,
  walBaseRetryMs: 600_000,
  walBaseRetryMaximumMs: 24 * 3_600_000,
  statusGraceMs: 1_200_000,
  localIdleMs: 30_000,
  localPollMs: 1_000,
  localStartMs: 90_000,
};

/** The profile of our own tests: the same code, shorter waits. Selected by `HOLDFAST_TIMING=test`. */
export const testTiming: Timing = {
  ...productionTiming,
  heartbeatTimeoutMs: 5_000,
  heartbeatIntervalMs: 1_000,
  quickActivityMs: 60_000,
  longActivityMs: 600_000,
  retryInitialMs: 200,
  retryMaximumMs: 2_000,
  lateAttemptMs: 10_000,
  hostAnswerMs: 20_000,
  leaseWaitMs: 2_000,
  leasePollMs: 200,
  startUpMs: 60_000,
  pollMs: 100,
  readinessGapMs: 200,
  stopMs: 30_000,
  applicationStopMs: 1_000,
  fenceMs: 10_000,
  lockWaitMs: 5_000,
  tableLockMs: 2_000,
  healthMs: 30_000,
  approvalMs: 120_000,
  keyWaitMs: 15_000,
  keyRemindMs: 2_000,
  keyLookMs: 200,
  cleanUpMs: 120_000,
  followPollMs: 200,
  walRoundMs: 500,
  walPartialMs: 1_000,
  walRoomMs: 3_000,
  walSamplesMs: 2_000,
  walWatchMs: 3_000,
  walWatchEarliestMs: 500,
  walWatchRounds: 8,
  walBaseRetryMs: 1_000,
  statusGraceMs: 1_000,
  localIdleMs: 3_000,
  localPollMs: 200,
};
