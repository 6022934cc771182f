/** Contract of `undeleteBackup`: a backup comes back from the trash, and stays until its hold is released. */
import type { TakenBack } from '../../activities/retention/prune-activities.ts';
import type { CommonInput } from '../shared/run.ts';

export interface UndeleteBackupInput extends CommonInput {
  /** An id or its first digits. */
  readonly backup: string;
}

export type UndeleteBackupResult = TakenBack;
