/** What a plan decides of one backup, and why. */
import type { KeepReason } from './rules/keep-rules.ts';

export interface BackupDecision {
  readonly backupId: string;
  /** Null where nobody knows. */
  readonly sequence: number | null;
  readonly outcome: 'keep' | 'remove';
  /** Can it be relied on? The record of a removal says so ({@link RemovedBackup}). */
  readonly sound: boolean;
  /** Why it is kept; empty where it goes. */
  readonly reasons: readonly KeepReason[];
  readonly sentence: string;
}
