/** Activities about the service itself and about other runs: what is configured, is the host there, who holds the lease. */
import type { RunOwner } from '../domain/run-owner.ts';
import type { Component, ServiceDefinition } from '../domain/service.ts';
import { currentOwner, firstRepository, serviceNamed } from './activity-run.ts';
import type { ActivityDependencies } from './dependencies.ts';

export interface ResolvedService {
  readonly definition: ServiceDefinition;
  readonly hostQueue: string;
  readonly timing: 'production' | 'test';
  /** Are the search attributes registered? Part of history, so that a replay never depends on the worker. */
  readonly searchAttributes: boolean;
  readonly namespaceId: string;
  readonly holdfastVersion: string;
}

export type LeaseHolder =
  | { readonly state: 'free' }
  | { readonly state: 'ended'; readonly leaseRunId: string; readonly owner: RunOwner }
  | { readonly state: 'held'; readonly leaseRunId: string; readonly owner: RunOwner; readonly purpose: string };

/** The first note of every run. */
export interface RunNote {
  readonly owner: RunOwner;
  readonly components: readonly Component[];
}
export const runNoteKey = 'run';

export function createServiceActivities(dependencies: ActivityDependencies) {
  return {
    /** The service as this worker's configuration knows it; without secrets. @throws UnknownService */
    async resolveService(input: { service: string }): Promise<ResolvedService> {
      const definition = serviceNamed(dependencies, input.service);
      return {
        definition,
        hostQueue: dependencies.hostQueueOf(definition.host),
        timing: dependencies.timingProfile,
        searchAttributes: await dependencies.runs.searchAttributesRegistered(),
        namespaceId: dependencies.runs.namespaceId,
        holdfastVersion: dependencies.holdfastVersion,
      };
    },

    /**
     * The run arrives at the host: does the Docker engine answer? And it leaves a note of who it is and what it works on, for whoever
     * has to clean up after it. @throws DockerUnreachable, UnknownService, RepositoryUnreachable
     */
    async enterHost(input: { service: string; components: readonly Component[] }): Promise<{ readonly engineVersion: string }> {
      const { version } = await dependencies.runtime.ping();
      const repository = firstRepository(dependencies, input.service);
      await repository.open();
      const owner = currentOwner(dependencies);
      const note: RunNote = { owner, components: input.components };
      await repository.recordOnce(input.service, owner.runId, runNoteKey, note);
      return { engineVersion: version };
    },

    async inspectLease(input: { service: string }): Promise<LeaseHolder> {
      const lease = await dependencies.runs.readLease(input.service);
      if (lease === null) return { state: 'free' };
      const owner: RunOwner = { namespaceId: dependencies.runs.namespaceId, workflowId: lease.workflowId, runId: lease.runId };
      const open = await dependencies.runs.isOpen(owner.workflowId, owner.runId);
      return open ? { state: 'held', leaseRunId: lease.leaseRunId, owner, purpose: lease.purpose } : { state: 'ended', leaseRunId: lease.leaseRunId, owner };
    },

    /** Ends the lease of an owner that this activity finds closed itself; a living owner's lease is left alone. */
    async endLease(input: { service: string; leaseRunId: string }): Promise<void> {
      const lease = await dependencies.runs.readLease(input.service);
      if (lease === null || lease.leaseRunId !== input.leaseRunId) return;
      if (await dependencies.runs.isOpen(lease.workflowId, lease.runId)) return;
      await dependencies.runs.endLease(input.service, input.leaseRunId, `its owner ended; taken by ${currentOwner(dependencies).workflowId}`);
    },
  };
}
