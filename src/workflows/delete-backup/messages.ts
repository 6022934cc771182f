/** Contract of `deleteBackup`: one backup goes to the trash before its time, and out of it for good when the trash's days are over. */
import type { Deletion } from '../../domain/retention/deletion.ts';
import type { CommonInput } from '../shared/run.ts';

export interface DeleteBackupInput extends CommonInput {
  /** An id or its first digits. */
  readonly backup: string;
  readonly reason: string;
  /** The digest of the plan, or its first eight digits as they are shown: that backup goes, and no other. Without it nothing does. */
  readonly apply?: string;
}

export interface DeleteBackupResult {
  readonly outcome: 'planned' | 'deleted';
  readonly deletion: Deletion;
}
