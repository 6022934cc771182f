/** What runs that are open may be reading, or building on. Where a run does not say which backup it means, it may be any. Pure. */
import type { BackupFacts, BackupUse } from './facts.ts';

/** A run as Temporal knows it. Its input is null where nobody can tell: then it may be of any service, and mean anything. */
export interface OpenRun {
  readonly workflowId: string;
  readonly runbook: string;
  readonly input: Readonly<Record<string, unknown>> | null;
  /** Milliseconds since the epoch, by the server's clock. */
  readonly startedMs: number;
}

/** One whose input nobody can read may be of any service. */
export const mayBeOf = (service: string, { input }: Pick<OpenRun, 'input'>): boolean => input === null || input['service'] === service;

/** Backups, each with the run that made it. */
export type MadeBackup = Pick<BackupFacts, 'backupId' | 'parts'> & { readonly madeBy: string };

export interface RunUses {
  readonly uses: readonly BackupUse[];
  /** Components of which a base backup is, or may be, on its way. */
  readonly beingBased: readonly string[];
  /** Is anything being read that has no name of its own: the append-only files? */
  readonly isRead: boolean;
}

/** Runbooks that read what backups or logs hold. What a cut-over brought in is told by its rollback record, so that undo, accept and repair are none. */
export const readingRunbooks: readonly string[] = ['verifyBackup', 'proveBackup', 'restoreBackup', 'restoreToPointInTime', 'restoreTables', 'cloneService', 'findMoment', 'exportBackup', 'runDrill'];
/** Runbooks that make backups, and go on from others. */
export const makingRunbooks: readonly string[] = ['takeBackup', 'importBackups', 'importBackup'];

/**
 * @param trash a run may have begun with one that went there the moment before: what it names by an id that no other has is in use there, too
 * @param postgres names of the service's PostgreSQL components
 */
export function runUses(service: string, runs: readonly OpenRun[], { backups, trash }: { readonly backups: readonly MadeBackup[]; readonly trash: readonly MadeBackup[] }, postgres: readonly string[]): RunUses {
  const own = runs.filter((run) => mayBeOf(service, run));
  const reading = own.filter(({ runbook }) => readingRunbooks.includes(runbook));
  const basing = own.filter(({ runbook, input }) => makingRunbooks.includes(runbook) && (input === null || (input['kind'] !== undefined && input['kind'] !== 'dump')));
  return {
    uses: [
      ...reading.flatMap((run) => readBy(run, backups, trash)),
      ...own.flatMap(({ workflowId }) => backups.filter(({ madeBy }) => madeBy === workflowId).map(({ backupId }) => ({ backupId, by: `is what ${workflowId} is at work on` }))),
      // Which one an incremental backup goes on from is told when it is there; what it stands on may be any base backup until then.
      ...basing.flatMap(({ workflowId }) => backups.filter(({ parts }) => parts.some(({ base }) => base !== null)).map(({ backupId }) => ({ backupId, by: `may be what ${workflowId} goes on from` }))),
    ],
    beingBased: basing.length === 0 ? [] : postgres,
    isRead: reading.length > 0,
  };
}

function readBy({ workflowId, runbook, input }: OpenRun, backups: readonly MadeBackup[], trash: readonly MadeBackup[]): readonly BackupUse[] {
  const isOfMoment = runbook === 'restoreToPointInTime' || runbook === 'findMoment' || input?.['to'] !== undefined || input?.['before'] !== undefined;
  const named = isOfMoment ? undefined : input?.['backup'];
  const among = (list: readonly MadeBackup[]): readonly MadeBackup[] => (typeof named === 'string' && /^\d{8}/.test(named) ? list.filter(({ backupId }) => backupId.startsWith(named)) : []);
  const stored = among(backups);
  const [only, ...others] = stored.length === 0 ? among(trash) : stored;
  return only !== undefined && others.length === 0 ? [{ backupId: only.backupId, by: `is read by ${workflowId}` }] : backups.map(({ backupId }) => ({ backupId, by: `may be read by ${workflowId}` }));
}
