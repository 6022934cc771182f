/** What needs no lease of what ended runs left: scratch is nobody else's, whoever holds the service, and on notes of a drill hangs nothing that is live. */
import { Context } from '@temporalio/activity';
import { findScratchOf, listOwners, removeScratch } from '../containers/scratch.ts';
import { pauseFor } from '../containers/wait-until.ts';
import { isFailure } from '../domain/failures.ts';
import type { RunOwner } from '../domain/run-owner.ts';
import { firstRepository, repositoryNamed } from './activity-run.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { notedRuns } from './noted-runs.ts';
import { runNoteKey, type RunNote } from './service-activities.ts';
import { stillLateMs } from './still-late.ts';

/** Whose notes are of nothing but what it has made itself. */
const drill = 'runDrill';

export interface ReapedRun {
  readonly workflowId: string;
  readonly runId: string;
  /** What was removed, and what could not be, a phrase each. */
  readonly done: readonly string[];
}

export function createReapActivities(dependencies: ActivityDependencies) {
  return {
    /**
     * Scratch on this host, by labels alone, of runs that ended long enough ago for no late attempt to come, and what such drills have noted: nothing that is live is looked at, and no other run's notes are touched. On the
     * service's own host a repair does the rest, and waits for those that ended just now; on one that services of others are only drilled on there is none, so there this waits (`waits`), for as long as a late attempt may take. What cannot be removed is said, and keeps no other from going. Idempotent. @throws TemporalUnreachable
     */
    async reapScratch({ service, waits = false }: { service: string; waits?: boolean }): Promise<readonly ReapedRun[]> {
      const { runtime, runs } = dependencies;
      const beganMs = performance.now();
      const isOver = (owner: RunOwner): Promise<boolean> => (waits ? waitUntilLongOver : isLongOver)(owner, performance.now() - beganMs);
      const reaped: ReapedRun[] = [];
      for (const owner of await listOwners(runtime, runs.namespaceId, service)) {
        if (!(await isOver(owner))) continue;
        const done: string[] = [];
        for (const scratch of await findScratchOf(runtime, owner)) {
          try {
            await removeScratch(runtime, scratch);
            done.push(`removed ${scratch.name}`);
          } catch (error) {
            if (!isFailure(error, 'LeftoversRemain')) throw error;
            done.push(`${scratch.name} could NOT be removed: ${error.fields.cause}`);
          }
        }
        if (done.length > 0) reaped.push({ workflowId: owner.workflowId, runId: owner.runId, done });
      }
      const notes = await reapNotesOfDrills(service, isOver);
      await removeOldTemporaries(service);
      return [...reaped, ...notes];
    },

    /** Can the record of every cut-over be read? Whoever has repaired what he could says so in the end. @throws RepositoryDamaged, RepositoryUnreachable */
    async requireRollbackRecords(input: { service: string }): Promise<void> {
      const [damaged] = (await firstRepository(dependencies, input.service).surveyRollbacks(input.service)).unreadable;
      if (damaged !== undefined) throw damaged.failure;
    },
  };

  /** Did the run end so long ago that no late attempt of it can come? */
  async function isLongOver(owner: RunOwner, sinceMs: number): Promise<boolean> {
    return await stillLateMs(dependencies, owner, sinceMs) === 0;
  }

  /** Waits for that where the run has ended; false at once while it is open. */
  async function waitUntilLongOver(owner: RunOwner, sinceMs: number): Promise<boolean> {
    const lateMs = await stillLateMs(dependencies, owner, sinceMs);
    if (lateMs !== null && lateMs > 0) await pauseFor(lateMs, Context.current().cancellationSignal);
    return lateMs !== null;
  }

  /**
   * What killed writers left unfinished, older than any step may take: of keepers of logs, which belong to no run, and of runs in another repository than the one that they end in. One that does not
   * answer is looked at the next time.
   */
  async function removeOldTemporaries(service: string): Promise<void> {
    // A host that services of others are only drilled on need not know this one.
    for (const name of dependencies.services.get(service)?.repositories ?? []) {
      try {
        await repositoryNamed(dependencies, name).removeTemporaries([], dependencies.timing.longActivityMs);
      } catch (error) {
        if (!isFailure(error)) throw error;
      }
    }
  }

  /** A drill notes where it takes everything from: where that is no repository of the service's own host, no repair comes by. A repository that does not answer is looked at the next time. */
  async function reapNotesOfDrills(service: string, isOver: (owner: RunOwner) => Promise<boolean>): Promise<ReapedRun[]> {
    const reaped: ReapedRun[] = [];
    try {
      for (const { repository, runId } of await notedRuns(dependencies, service)) {
        const { owner, runbook } = (await repository.readNotes(service, runId))[runNoteKey] as Partial<RunNote> | undefined ?? {};
        if (runbook !== drill || owner?.runId !== runId || owner.namespaceId !== dependencies.runs.namespaceId || !(await isOver(owner))) continue;
        await repository.removeTemporaries([runId], dependencies.timing.longActivityMs);
        await repository.removeNotes(service, runId);
        reaped.push({ workflowId: owner.workflowId, runId, done: [`removed its notes in ${repository.name}`] });
      }
    } catch (error) {
      if (!isFailure(error) || error.type === 'TemporalUnreachable') throw error;
    }
    return reaped;
  }
}
