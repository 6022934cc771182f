/** Contract of `importBackups`: every file of a directory that an earlier script made, each run of it one `importBackup`. */
import type { CommonInput } from '../shared/run.ts';

export interface ImportBackupsInput extends CommonInput {
  /** Absolute, on the host of the service's worker. */
  readonly directory: string;
  /** In which the stamps of the names were local time (`America/Denver`); the worker's own unless given. */
  readonly timeZone?: string;
}

/** A run that could not take a file ends as a failure that names it, after it took all the others. */
export interface ImportBackupsResult {
  readonly imported: readonly string[];
  /** Files that are in the catalog already, by their stamp and content. */
  readonly known: number;
  /** Runs of the script that are left for the next import. */
  readonly leftOver: number;
  readonly timeZone: string;
  readonly timeZoneGiven: boolean;
}
