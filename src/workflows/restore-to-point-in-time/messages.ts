/** Contract of `restoreToPointInTime`: the service as it was at any moment that the log leads to, looked at, moved, approved, exchanged, opened. */
import { defineSignal, defineUpdate } from '@temporalio/workflow';
import type { RestoreBackupResult } from '../restore-backup/messages.ts';
import type { CommonInput } from '../shared/run.ts';

export interface RestoreToPointInTimeInput extends CommonInput {
  /** The point to come back to, what happened at it included: a time with offset, "5 minutes ago", "lsn:…", "xid:…", "mark:…", "backup:…", "latest". */
  readonly to?: string;
  /** The same, what happened at it left out. One of the two. */
  readonly before?: string;
  /** Along which timeline; the youngest that the archive knows unless given. */
  readonly timeline?: number;
  /** Of which cluster, by its system identifier; the one that is live unless given. */
  readonly cluster?: string;
  /** Everything up to the plan, then stop; removes what it made. */
  readonly dryRun?: boolean;
  /** Containers to restore into instead of the service's own, by component. */
  readonly into?: Readonly<Record<string, string>>;
  /** When the disaster happened (RFC 3339 with offset): RTO and RPO are measured from it. */
  readonly since?: string;
}

export interface RestoreToPointInTimeResult extends RestoreBackupResult {
  /** The base backup that was started on the new timeline, by its workflow id; null where none was. */
  readonly newBase: string | null;
}

/** Another point, asked for while the plan of one waits for approval. */
export interface Move {
  readonly to?: string;
  readonly before?: string;
  /** Who asks. */
  readonly by?: string;
}

/** Answers the point that recovery goes to, a relative one resolved. */
export const moveUpdate = defineUpdate<string, [Move]>('move');
/** For the Temporal UI and tctl, which send no updates: a refusal is found in the status. */
export const moveSignal = defineSignal<[Move]>('moveBySignal');
