/** One history per runbook and outcome; a missing one is a gap in what an upgrade is tested against. */
export const requiredShapes = [
  'takeBackup.done', 'takeBackup.failed', 'takeBackup.twoRounds', 'takeBackup.cancelled', 'takeBackup.proofFailed', 'takeBackup.busy', 'takeBackup.waited',
  'verifyBackup.done', 'verifyBackup.failed', 'proveBackup.done', 'proveBackup.failed', 'proveBackup.couldNotVerify',
  'runDrill.done', 'runDrill.failed', 'runDrill.couldNotVerify', 'runDrill.cancelled',
  'restoreBackup.done', 'restoreBackup.planned', 'restoreBackup.rejected', 'restoreBackup.expired', 'restoreBackup.cancelled', 'restoreBackup.rolledBack',
  'restoreBackup.approvedBySignal', 'restoreBackup.afterReset', 'restoreBackup.intoEmpty', 'restoreBackup.healthCheckFailed', 'restoreBackup.unusable',
  'restoreTables.done', 'restoreTables.planned', 'restoreTables.rejected', 'restoreTables.rolledBack', 'restoreTables.ofMoment', 'restoreTables.ofMomentRefused', 'undoRestore.ofTables',
  'undoRestore.done', 'undoRestore.planned', 'undoRestore.rejected', 'undoRestore.expired', 'undoRestore.rolledBack',
  'acceptRestore.done', 'acceptRestore.planned', 'acceptRestore.rejected',
  'takeBackup.base', 'takeBackup.incremental', 'restoreBackup.base', 'undoRestore.base',
  'restoreToPointInTime.planned', 'restoreToPointInTime.refused', 'restoreToPointInTime.rejected', 'restoreToPointInTime.rolledBack', 'restoreToPointInTime.moved', 'restoreToPointInTime.afterReset', 'restoreToPointInTime.withAppendOnlyFile', 'restoreToPointInTime.ofKeptLog',
  'cloneService.planned', 'cloneService.done', 'cloneService.refused', 'cloneService.cancelled', 'cloneService.withAppendOnlyFile', 'cloneService.ofDump', 'removeClone.planned', 'removeClone.done', 'removeClone.refused',
  'markMoment.done', 'markMoment.refused', 'holdBackup.done', 'holdBackup.refused', 'releaseHold.done', 'releaseHold.refused',
  'reapLeftovers.done', 'reapLeftovers.repaired', 'serviceLease.done',
  'archiveWal.base', 'archiveWal.cancelled', 'archiveWal.done', 'enableWal.planned', 'enableWal.refused', 'enableWal.changed', 'enableWal.restarted',
  'forgetWal.planned', 'forgetWal.busy', 'forgetWal.done',
  'pruneBackups.planned', 'pruneBackups.asks', 'pruneBackups.done', 'pruneBackups.nothing', 'undeleteBackup.done', 'undeleteBackup.refused',
];
