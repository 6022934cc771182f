/** What waits for a restore: retention as long as it is open, and what schedules start, for a day (docs/decisions/0027). Pure. */
import { HoldfastFailure } from '../failures.ts';
import { shortRunId } from '../workflow-ids.ts';
import { mayBeOf, type OpenRun } from './run-uses.ts';

/** Runbooks that bring something back into the live service. */
export const restoringRunbooks: readonly string[] = ['restoreBackup', 'restoreToPointInTime', 'restoreTables', 'undoRestore'];
/** What a schedule starts of these is left out while a restore is open. `pruneBackups` is told by its plan, and `reapLeftovers` waits for nobody: it repairs. */
export const waitingRunbooks: readonly string[] = ['takeBackup', 'runDrill'];

/** A restore that is open longer keeps no backup away any more: one that nobody works on would be the end of them, in silence. */
export const longestWaitMs = 86_400_000;

/** A dry run changes nothing, whatever comes of it. */
export const isRestoring = ({ runbook, input }: Pick<OpenRun, 'runbook' | 'input'>): boolean => restoringRunbooks.includes(runbook) && input?.['dryRun'] !== true;

/** The restore that nothing is removed beside; null where there is none. */
export const restoreBesideRetention = (service: string, runs: readonly OpenRun[]): string | null =>
  runs.find((run) => isRestoring(run) && mayBeOf(service, run))?.workflowId ?? null;

/** The restore that a schedule's runs wait for; null where there is none. A backup is left out only for one that is known to be of its service. */
export const restoreBesideSchedules = (service: string, runs: readonly OpenRun[], nowMs: number): string | null =>
  runs.find((run) => isRestoring(run) && run.input?.['service'] === service && nowMs - run.startedMs < longestWaitMs)?.workflowId ?? null;

/** What a run that is left out ends with. */
export const restoreIsOpen = (service: string, operation: string, restore: string): HoldfastFailure => new HoldfastFailure('ServiceBusy', {
  operation, object: service, cause: `${restore} is restoring it`, hint: `It goes on by itself once that has ended: holdfast watch ${shortRunId(restore)}, or holdfast cancel ${shortRunId(restore)}.`,
});
