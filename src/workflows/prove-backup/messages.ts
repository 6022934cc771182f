/** Contract of `proveBackup`: a stored backup restored into throwaway containers, started and compared. */
import type { ComponentProof } from '../../domain/proof.ts';
import type { CommonInput } from '../shared/run.ts';

export interface ProveBackupInput extends CommonInput {
  /** Backup id, unique prefix, or "latest" (the default). */
  readonly backup?: string;
}

export interface ProveBackupResult {
  readonly backupId: string;
  /** A run whose verdict is anything else fails with `ProofFailed` or `CouldNotVerify`. */
  readonly verdict: 'proven';
  readonly components: readonly ComponentProof[];
}
