/** Activities about the service itself and about other runs: what is configured, is the host there, who holds the lease. */
import { setTimeout as pause } from 'node:timers/promises';
import { Context, activityInfo } from '@temporalio/activity';
import { restoreBesideSchedules, restoringRunbooks } from '../domain/retention/restoring.ts';
import type { RunOwner } from '../domain/run-owner.ts';
import type { Component, ServiceDefinition } from '../domain/service.ts';
import { currentOwner, ownRepository, serviceNamed, type InRepository } from './activity-run.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { reportProgress } from './heartbeating.ts';

export interface ResolvedService {
  readonly definition: ServiceDefinition;
  readonly hostQueue: string;
  /** Of the host that it is brought up on when its own is gone; absent where none is named. */
  readonly failoverQueue?: string;
  readonly timing: 'production' | 'test';
  /** Are the search attributes registered? Part of history, so that a replay never depends on the worker. */
  readonly searchAttributes: boolean;
  readonly namespaceId: string;
  readonly holdfastVersion: string;
  /** The restore that a run which a schedule started waits for the next time for; absent where there is none, and where nobody asked. */
  readonly restore?: string;
}

export type LeaseHolder =
  | { readonly state: 'free' }
  | { readonly state: 'ended'; readonly leaseRunId: string; readonly owner: RunOwner }
  | { readonly state: 'held'; readonly leaseRunId: string; readonly owner: RunOwner; readonly purpose: string };

/** The first note of every run. */
export interface RunNote {
  readonly owner: RunOwner;
  /** Its workflow's type; absent in notes of before it was written. */
  readonly runbook?: string;
  readonly components: readonly Component[];
}
export const runNoteKey = 'run';

const firstLookMs = 10;

export function createServiceActivities(dependencies: ActivityDependencies) {
  return {
    /** The service as this worker's configuration knows it; without secrets. `scheduled`: by a schedule, and of a runbook that waits for restores. @throws UnknownService, TemporalUnreachable */
    async resolveService(input: { service: string; scheduled?: boolean }): Promise<ResolvedService> {
      const definition = serviceNamed(dependencies, input.service);
      const restore = input.scheduled === true ? restoreBesideSchedules(input.service, await dependencies.runs.openRuns(restoringRunbooks), dependencies.nowMs()) : null;
      return {
        definition,
        hostQueue: dependencies.hostQueueOf(definition.host),
        ...(definition.failover === undefined ? {} : { failoverQueue: dependencies.hostQueueOf(definition.failover.host) }),
        timing: dependencies.timingProfile,
        searchAttributes: await dependencies.runs.searchAttributesRegistered(),
        namespaceId: dependencies.runs.namespaceId,
        holdfastVersion: dependencies.holdfastVersion,
        ...(restore === null ? {} : { restore }),
      };
    },

    /**
     * The run arrives at the host: does the Docker engine answer? And it leaves a note of who it is and what it works on, for whoever
     * has to clean up after it. @throws DockerUnreachable, UnknownService, RepositoryUnreachable, InvalidInput where the service has no such repository
     */
    async enterHost(input: InRepository & { components: readonly Component[] }): Promise<{ readonly engineVersion: string }> {
      const { version } = await dependencies.runtime.ping();
      const repository = ownRepository(dependencies, input, 'begin the run');
      await repository.open();
      const owner = currentOwner(dependencies);
      const { workflowType: runbook } = activityInfo();
      const note: RunNote = { owner, ...(runbook === undefined ? {} : { runbook }), components: input.components };
      await repository.recordOnce(input.service, owner.runId, runNoteKey, note);
      return { engineVersion: version };
    },

    inspectLease: (input: { service: string }): Promise<LeaseHolder> => leaseHolder(input.service),

    /** Waits while a living run holds the lease, at most until then: inside one activity, so that a long wait is a few events of history. */
    async waitForLease(input: { service: string; until: string }): Promise<LeaseHolder> {
      for (;;) {
        const holder = await leaseHolder(input.service);
        if (holder.state !== 'held' || dependencies.nowMs() >= Date.parse(input.until)) return holder;
        reportProgress({ phase: `waiting for ${holder.owner.workflowId}` });
        await pause(dependencies.timing.leasePollMs, undefined, { signal: Context.current().cancellationSignal });
      }
    },

    /**
     * The end of holding the service: this run's lease is asked to end and seen to have ended, so that whoever comes next finds it free. One
     * of a former self (a reset leaves it behind) is ended too; another run's is left alone. Idempotent.
     */
    async releaseLease(input: { service: string }): Promise<void> {
      const { runs, timing, nowMs } = dependencies;
      const { workflowId, runId } = currentOwner(dependencies);
      const held = await runs.readLease(input.service);
      if (held === null || held.workflowId !== workflowId) return;
      if (held.runId !== runId) {
        if (!(await runs.isOpen(held.workflowId, held.runId))) await runs.endLease(input.service, held.leaseRunId, `its owner was reset; released by ${runId}`);
        return;
      }
      await runs.releaseLease(input.service, held.leaseRunId, runId);
      // It ends within a few milliseconds, and every run waits for this: asked soon, then less often.
      let pauseMs = firstLookMs;
      for (const deadlineMs = nowMs() + timing.leaseWaitMs; nowMs() < deadlineMs; pauseMs = Math.min(2 * pauseMs, timing.pollMs)) {
        await pause(pauseMs);
        if ((await runs.readLease(input.service))?.leaseRunId !== held.leaseRunId) return;
      }
      await runs.endLease(input.service, held.leaseRunId, `released by ${workflowId}, but did not end`);
    },

    /** Ends the lease of an owner that this activity finds closed itself; a living owner's lease is left alone. */
    async endLease(input: { service: string; leaseRunId: string }): Promise<void> {
      const lease = await dependencies.runs.readLease(input.service);
      if (lease === null || lease.leaseRunId !== input.leaseRunId) return;
      if (await dependencies.runs.isOpen(lease.workflowId, lease.runId)) return;
      await dependencies.runs.endLease(input.service, input.leaseRunId, `its owner ended; taken by ${currentOwner(dependencies).workflowId}`);
    },
  };

  async function leaseHolder(service: string): Promise<LeaseHolder> {
    const lease = await dependencies.runs.readLease(service);
    if (lease === null) return { state: 'free' };
    const owner: RunOwner = { namespaceId: dependencies.runs.namespaceId, workflowId: lease.workflowId, runId: lease.runId };
    const open = await dependencies.runs.isOpen(owner.workflowId, owner.runId);
    return open ? { state: 'held', leaseRunId: lease.leaseRunId, owner, purpose: lease.purpose } : { state: 'ended', leaseRunId: lease.leaseRunId, owner };
  }
}
