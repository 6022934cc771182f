/** A log as archiveWal tells of it: what its keeper last wrote down, what is alarming, and the base backup that it leads on from. Travels as JSON. */
import type { LogAlarm } from './log-alarms.ts';
import type { LogStatus } from './log-status.ts';

export interface WatchedLog {
  readonly component: string;
  /** Null where no worker of this host has kept it yet. */
  readonly status: LogStatus | null;
  /** Empty: it is received, kept, and leads on from a base backup. */
  readonly alarms: readonly LogAlarm[];
  /** The newest base backup from which the archived log leads on without a gap. Null where there is none, or it is not known. */
  readonly base: { readonly backupId: string } | null;
}

/** A base backup that is to be taken now. */
export interface DueBase {
  readonly component: string;
  /** Computed from its cause: the same cause never has two. */
  readonly workflowId: string;
  readonly reason: string;
}
