/** Contract of `importBackup`: the files of one run of an earlier script become one backup of the catalog, not proven. */
import type { CommonInput } from '../shared/run.ts';

export interface ImportBackupInput extends CommonInput {
  /** Absolute, on the host of the service's worker. */
  readonly directory: string;
  /** Names in it, of one stamp: `postgres-20260118-133121.sql.gz`, `redis-20260118-133121.rdb`. */
  readonly files: readonly string[];
  /** In which the stamp was the local time (`America/Denver`); the worker's own unless given. */
  readonly timeZone?: string;
}

export interface ImportBackupResult {
  readonly backupId: string;
  readonly manifestSha256: string;
  readonly point: string;
  readonly skewMs: number;
  readonly sizeBytes: number;
  readonly timeZone: string;
  readonly timeZoneGiven: boolean;
  readonly location: string;
}
