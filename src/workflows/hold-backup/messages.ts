/** Contract of `holdBackup`: a backup that nothing may remove until its hold is released. */
import type { ChangedHolds } from '../../activities/hold-activities.ts';
import type { CommonInput } from '../shared/run.ts';

export interface HoldBackupInput extends CommonInput {
  /** An id or its first digits. */
  readonly backup: string;
  /** Required here: who finds the hold in a year has nothing else. */
  readonly reason: string;
}

export type HoldBackupResult = ChangedHolds;
