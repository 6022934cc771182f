/** Workflow types, by name: everything exported here can be started by anyone with access to Temporal. */
export { acceptRestore } from './accept-restore/accept-restore.ts';
export { cloneService } from './clone-service/clone-service.ts';
export { findMoment } from './find-moment/find-moment.ts';
export { markMoment } from './mark-moment/mark-moment.ts';
export { archiveWal } from './archive-wal/archive-wal.ts';
export { enableWal } from './enable-wal/enable-wal.ts';
export { forgetWal } from './forget-wal/forget-wal.ts';
export { proveBackup } from './prove-backup/prove-backup.ts';
export { reapLeftovers } from './reap-leftovers/reap-leftovers.ts';
export { removeClone } from './remove-clone/remove-clone.ts';
export { restoreBackup } from './restore-backup/restore-backup.ts';
export { restoreToPointInTime } from './restore-to-point-in-time/restore-to-point-in-time.ts';
export { restoreTables } from './restore-tables/restore-tables.ts';
export { serviceLease } from './service-lease/service-lease.ts';
export { takeBackup } from './take-backup/take-backup.ts';
export { undoRestore } from './undo-restore/undo-restore.ts';
export { verifyBackup } from './verify-backup/verify-backup.ts';
