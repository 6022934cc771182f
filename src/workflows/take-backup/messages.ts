/** Contract of `takeBackup`: one recovery point over all components, committed, then proven by policy. */
import type { BackedUpComponent } from '../../activities/backup-activities.ts';
import type { Verdict } from '../../domain/proof.ts';
import type { CommonInput } from '../shared/run.ts';

export interface TakeBackupInput extends CommonInput {
  /**
   * `dump`, unless given: one database, compared row by row when it is restored. `base`: a copy of the whole PostgreSQL server, quick to take and to restore
   * whatever its size; all of its databases come back together. `incremental`: of such a copy only what changed since the newest one (PostgreSQL 17 and later, with
   * summarize_wal); a full one where there is none to go on from, or a chain of them is as long as one may be.
   */
  readonly kind?: 'dump' | 'base' | 'incremental';
  /** Prove it right away? By default what the service's configuration says. */
  readonly prove?: boolean;
}

export interface TakeBackupResult {
  readonly backupId: string;
  readonly manifestSha256: string;
  readonly point: string;
  readonly skewMs: number;
  readonly sizeBytes: number;
  /** `notProven` where the policy did not ask for it. */
  readonly proof: Verdict | 'notProven';
  readonly backups: number;
  readonly usedBytes: number;
  readonly location: string;
  /** Where an incremental one was asked for: the backup that it goes on from, or, without a full stop, why a full one was taken instead. */
  readonly incremental?: NonNullable<BackedUpComponent['incremental']>;
}
