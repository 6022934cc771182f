/** What needs no lease of what ended runs left: scratch is nobody else's, whoever holds the service. */
import { findScratchOf, listOwners, removeScratch } from '../containers/scratch.ts';
import { isFailure } from '../domain/failures.ts';
import { firstRepository } from './activity-run.ts';
import type { ActivityDependencies } from './dependencies.ts';

export interface ReapedRun {
  readonly workflowId: string;
  readonly runId: string;
  /** What was removed, and what could not be, a phrase each. */
  readonly done: readonly string[];
}

export function createReapActivities(dependencies: ActivityDependencies) {
  return {
    /**
     * Scratch on this host, by labels alone, of runs that ended long enough ago for no late attempt to come: nothing that is live is looked at, and nothing that is noted is touched. On the service's own host a
     * repair does the rest; on one that services of others are only drilled on there is none. What cannot be removed is said, and keeps no other from going. Idempotent. @throws TemporalUnreachable
     */
    async reapScratch(input: { service: string }): Promise<readonly ReapedRun[]> {
      const { runtime, runs, timing, nowMs } = dependencies;
      const reaped: ReapedRun[] = [];
      for (const owner of await listOwners(runtime, runs.namespaceId, input.service)) {
        const closedAtMs = await runs.closedAtMs(owner.workflowId, owner.runId);
        if (closedAtMs === null || closedAtMs + timing.lateAttemptMs > nowMs()) continue;
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
      return reaped;
    },

    /** Can the record of every cut-over be read? Whoever has repaired what he could says so in the end. @throws RepositoryDamaged, RepositoryUnreachable */
    async requireRollbackRecords(input: { service: string }): Promise<void> {
      const [damaged] = (await firstRepository(dependencies, input.service).surveyRollbacks(input.service)).unreadable;
      if (damaged !== undefined) throw damaged.failure;
    },
  };
}
