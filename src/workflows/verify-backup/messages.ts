/** Contract of `verifyBackup`: every stored byte read and hashed, and listed by the stock tools. Less than a proof. */
import type { CommonInput } from '../shared/run.ts';

export interface VerifyBackupInput extends CommonInput {
  /** Backup id, unique prefix, or "latest" (the default). */
  readonly backup?: string;
}

export interface VerifyBackupResult {
  readonly backupId: string;
  readonly components: readonly { readonly component: string; readonly sentence: string }[];
}
