/** Contract of `exportBackup`: a backup as files that stock tools read, without Holdfast. */
import type { ExportedFile } from '../../activities/exports/export-activities.ts';
import type { CommonInput } from '../shared/run.ts';

export interface ExportBackupInput extends CommonInput {
  /** Backup id, unique prefix, or "latest" (the default). */
  readonly backup?: string;
  /** Absolute, there already, on the host of the service's worker. */
  readonly directory: string;
}

export interface ExportBackupResult {
  readonly backupId: string;
  readonly files: readonly ExportedFile[];
}
