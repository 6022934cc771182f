/** All activities of a worker, from the factories. The workflows know them by this type only. */
import { createAcceptActivities } from './accept-activities.ts';
import { createApplicationActivities } from './application-activities.ts';
import { createBackupActivities } from './backup-activities.ts';
import { createCanaryActivities } from './canary-activities.ts';
import { createCloneActivities } from './copies/clone-activities.ts';
import { createRemoveCopyActivities } from './copies/remove-copy-activities.ts';
import { createCutOverActivities } from './cut-over-activities.ts';
import { createDrillApplicationActivities } from './drill/application-activities.ts';
import { createDrillCheckActivities } from './drill/check-activities.ts';
import { createChooseActivities } from './drill/choose-activities.ts';
import { createDrillComposedActivities } from './drill/composed-activities.ts';
import { createDrillRecordActivities } from './drill/record-activities.ts';
import { createRebuildActivities } from './drill/rebuild-activities.ts';
import { createDrillServerActivities } from './drill/server-activities.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { createHoldActivities } from './hold-activities.ts';
import { createImportActivities } from './imports/import-activities.ts';
import { createExportActivities } from './exports/export-activities.ts';
import { createFindActivities } from './moment/find-activities.ts';
import { createMomentActivities } from './moment/moment-activities.ts';
import { createMarkActivities } from './moment/mark-activities.ts';
import { createPlanActivities } from './plan-activities.ts';
import { createProofActivities } from './proof-activities.ts';
import { createReapActivities } from './reap-activities.ts';
import { createRepairActivities } from './repair-activities.ts';
import { createDeleteActivities } from './retention/delete-activities.ts';
import { createPruneActivities } from './retention/prune-activities.ts';
import { createServiceActivities } from './service-activities.ts';
import { createTablesActivities } from './tables-activities.ts';
import { createForgetActivities } from './wal/forget-activities.ts';
import { createSettingsActivities } from './wal/settings-activities.ts';
import { createWatchActivities } from './wal/watch-activities.ts';

export const createActivities = (dependencies: ActivityDependencies) => ({
  ...createServiceActivities(dependencies),
  ...createBackupActivities(dependencies),
  ...createCanaryActivities(dependencies),
  ...createProofActivities(dependencies),
  ...createPlanActivities(dependencies),
  ...createMomentActivities(dependencies),
  ...createFindActivities(dependencies),
  ...createCutOverActivities(dependencies),
  ...createTablesActivities(dependencies),
  ...createAcceptActivities(dependencies),
  ...createApplicationActivities(dependencies),
  ...createRepairActivities(dependencies),
  ...createMarkActivities(dependencies),
  ...createHoldActivities(dependencies),
  ...createPruneActivities(dependencies),
  ...createDeleteActivities(dependencies),
  ...createImportActivities(dependencies),
  ...createExportActivities(dependencies),
  ...createWatchActivities(dependencies),
  ...createSettingsActivities(dependencies),
  ...createForgetActivities(dependencies),
  ...createCloneActivities(dependencies),
  ...createRemoveCopyActivities(dependencies),
  ...createChooseActivities(dependencies),
  ...createRebuildActivities(dependencies),
  ...createDrillServerActivities(dependencies),
  ...createDrillCheckActivities(dependencies),
  ...createDrillComposedActivities(dependencies),
  ...createDrillApplicationActivities(dependencies),
  ...createDrillRecordActivities(dependencies),
  ...createReapActivities(dependencies),
});

export type Activities = ReturnType<typeof createActivities>;
