/** Contract of `restoreBackup`: a backup made ready beside the live data, compared, planned, approved, exchanged, opened. */
import type { RestorePlan } from '../../domain/restore-plan.ts';
import type { RecoveryReport } from '../shared/recovery-report.ts';
import type { CommonInput } from '../shared/run.ts';

export type { RecoveryReport };

export interface RestoreBackupInput extends CommonInput {
  /** Backup id, unique prefix, or "latest". Never a default: a restore says what it restores. */
  readonly backup: string;
  /** Everything up to the plan, then stop; removes what it made. Prints the very plan that a restore would show. */
  readonly dryRun?: boolean;
  /** Containers to restore into instead of the service's own, by component: {"postgres":"test-postgres","redis":"test-redis"}. */
  readonly into?: Readonly<Record<string, string>>;
  /** These components of the service and no others: what is left out stays as it is, of another moment than the backup's. */
  readonly only?: readonly string[];
  /** PostgreSQL where old and new do not fit beside each other: the old data is copied to the repository and dropped before the new stands. Refused where that is not needed. */
  readonly replace?: boolean;
  /** When the disaster happened (RFC 3339 with offset): RTO and RPO are measured from it. */
  readonly since?: string;
}

export interface RestoreBackupResult {
  readonly outcome: 'restored' | 'planned';
  readonly backupId: string;
  readonly plan: RestorePlan;
  /** null for a dry run. */
  readonly report: RecoveryReport | null;
  /** The run whose rollback copy `undo` brings back and `accept` lets go; null for a dry run. */
  readonly rollbackRun: string | null;
}
