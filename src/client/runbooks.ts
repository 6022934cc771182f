/** The runbooks as clients see them: workflow type, verb, and the types of what goes in and comes out. */
import type { RunVerb } from '../domain/workflow-ids.ts';
import type { AcceptRestoreInput, AcceptRestoreResult } from '../workflows/accept-restore/messages.ts';
import type { CloneServiceInput, CloneServiceResult } from '../workflows/clone-service/messages.ts';
import type { DeleteBackupInput, DeleteBackupResult } from '../workflows/delete-backup/messages.ts';
import type { FindMomentInput, FindMomentResult } from '../workflows/find-moment/messages.ts';
import type { MarkMomentInput, MarkMomentResult } from '../workflows/mark-moment/messages.ts';
import type { EnableWalInput, EnableWalResult } from '../workflows/enable-wal/messages.ts';
import type { ForgetWalInput, ForgetWalResult } from '../workflows/forget-wal/messages.ts';
import type { HoldBackupInput, HoldBackupResult } from '../workflows/hold-backup/messages.ts';
import type { ImportBackupsInput, ImportBackupsResult } from '../workflows/import-backups/messages.ts';
import type { ExportBackupInput, ExportBackupResult } from '../workflows/export-backup/messages.ts';
import type { ProveBackupInput, ProveBackupResult } from '../workflows/prove-backup/messages.ts';
import type { PruneBackupsInput, PruneBackupsResult } from '../workflows/prune-backups/messages.ts';
import type { ReapLeftoversInput, ReapLeftoversResult } from '../workflows/reap-leftovers/messages.ts';
import type { ReleaseHoldInput, ReleaseHoldResult } from '../workflows/release-hold/messages.ts';
import type { RemoveCloneInput, RemoveCloneResult } from '../workflows/remove-clone/messages.ts';
import type { RestoreTablesInput, RestoreTablesResult } from '../workflows/restore-tables/messages.ts';
import type { RestoreBackupInput, RestoreBackupResult } from '../workflows/restore-backup/messages.ts';
import type { RestoreToPointInTimeInput, RestoreToPointInTimeResult } from '../workflows/restore-to-point-in-time/messages.ts';
import type { RunDrillInput, RunDrillResult } from '../workflows/run-drill/messages.ts';
import type { TakeBackupInput, TakeBackupResult } from '../workflows/take-backup/messages.ts';
import type { UndeleteBackupInput, UndeleteBackupResult } from '../workflows/undelete-backup/messages.ts';
import type { UndoRestoreInput, UndoRestoreResult } from '../workflows/undo-restore/messages.ts';
import type { VerifyBackupInput, VerifyBackupResult } from '../workflows/verify-backup/messages.ts';

export interface Runbooks {
  readonly backup: { readonly input: TakeBackupInput; readonly result: TakeBackupResult };
  readonly verify: { readonly input: VerifyBackupInput; readonly result: VerifyBackupResult };
  readonly prove: { readonly input: ProveBackupInput; readonly result: ProveBackupResult };
  readonly drill: { readonly input: RunDrillInput; readonly result: RunDrillResult };
  readonly restore: { readonly input: RestoreBackupInput; readonly result: RestoreBackupResult };
  readonly rewind: { readonly input: RestoreToPointInTimeInput; readonly result: RestoreToPointInTimeResult };
  readonly tables: { readonly input: RestoreTablesInput; readonly result: RestoreTablesResult };
  readonly undo: { readonly input: UndoRestoreInput; readonly result: UndoRestoreResult };
  readonly accept: { readonly input: AcceptRestoreInput; readonly result: AcceptRestoreResult };
  readonly mark: { readonly input: MarkMomentInput; readonly result: MarkMomentResult };
  readonly enable: { readonly input: EnableWalInput; readonly result: EnableWalResult };
  readonly forget: { readonly input: ForgetWalInput; readonly result: ForgetWalResult };
  readonly find: { readonly input: FindMomentInput; readonly result: FindMomentResult };
  readonly clone: { readonly input: CloneServiceInput; readonly result: CloneServiceResult };
  readonly unclone: { readonly input: RemoveCloneInput; readonly result: RemoveCloneResult };
  readonly hold: { readonly input: HoldBackupInput; readonly result: HoldBackupResult };
  readonly unhold: { readonly input: ReleaseHoldInput; readonly result: ReleaseHoldResult };
  readonly prune: { readonly input: PruneBackupsInput; readonly result: PruneBackupsResult };
  readonly delete: { readonly input: DeleteBackupInput; readonly result: DeleteBackupResult };
  readonly undelete: { readonly input: UndeleteBackupInput; readonly result: UndeleteBackupResult };
  readonly export: { readonly input: ExportBackupInput; readonly result: ExportBackupResult };
  readonly import: { readonly input: ImportBackupsInput; readonly result: ImportBackupsResult };
  readonly reap: { readonly input: ReapLeftoversInput; readonly result: ReapLeftoversResult };
}

/** The workflow type behind each verb: public names, the same as in the UI. */
export const workflowTypes = {
  backup: 'takeBackup',
  verify: 'verifyBackup',
  prove: 'proveBackup',
  drill: 'runDrill',
  restore: 'restoreBackup',
  rewind: 'restoreToPointInTime',
  tables: 'restoreTables',
  undo: 'undoRestore',
  accept: 'acceptRestore',
  mark: 'markMoment',
  find: 'findMoment',
  reap: 'reapLeftovers',
  enable: 'enableWal',
  forget: 'forgetWal',
  clone: 'cloneService',
  unclone: 'removeClone',
  hold: 'holdBackup',
  unhold: 'releaseHold',
  prune: 'pruneBackups',
  delete: 'deleteBackup',
  undelete: 'undeleteBackup',
  import: 'importBackups',
  export: 'exportBackup',
} as const satisfies Record<keyof Runbooks, string>;

/** What is no run of a verb: it watches the logs of a service for as long as they are kept. */
export const logWatchType = 'archiveWal';

export type Verb = keyof Runbooks;

/** What stands in a workflow's id: both restores are one word to people. */
export const idVerb = (verb: Verb): RunVerb => (verb === 'rewind' ? 'restore' : verb);

export const verbs = Object.keys(workflowTypes) as readonly Verb[];
