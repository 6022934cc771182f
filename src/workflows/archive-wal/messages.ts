/** Contract of `archiveWal`: the one that watches the logs of a service for as long as its configuration asks for them. */
import type { WatchedLog } from '../../domain/wal/watched-log.ts';
import type { RunStatus } from '../shared/run-status.ts';
import type { CommonInput } from '../shared/run.ts';

export interface ArchiveWalInput extends CommonInput {
  /** How often a base backup was begun for each cause, by workflow id: what one run hands to the next of the same id. Nobody gives it by hand. */
  readonly attempts?: Readonly<Record<string, number>>;
  /** The last look of the run before, shown until there is one of its own. Nobody gives it by hand. */
  readonly logs?: readonly WatchedLog[];
}

/** What the query `status` answers: a run's status, and each log with its figures, alarms and base backup. */
export interface ArchiveWalStatus extends RunStatus {
  readonly logs: readonly WatchedLog[];
}

export interface ArchiveWalResult {
  /** Why it ended by itself: the configuration asks for no log of this service any more. */
  readonly ended: 'notConfigured';
}
