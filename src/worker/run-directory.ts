/** What Temporal knows about runs, leases and the namespace: the concrete {@link RunDirectory}. */
import { WorkflowNotFoundError, type Client, type WorkflowExecutionDescription } from '@temporalio/client';
import type { RunDirectory } from '../activities/dependencies.ts';
import { HoldfastFailure } from '../domain/failures.ts';
import type { RunOwner } from '../domain/run-owner.ts';
import { leaseWorkflowId } from '../domain/workflow-ids.ts';
import { releaseLeaseSignal } from '../workflows/shared/messages.ts';

export const searchAttributeNames = ['HoldfastService', 'HoldfastRunbook', 'HoldfastPhase', 'HoldfastOutcome'] as const;

/** @throws TemporalUnreachable */
export async function createRunDirectory(client: Client): Promise<RunDirectory> {
  const { namespace } = client.options;
  const { namespaceInfo } = await asking(() => client.workflowService.describeNamespace({ namespace }));
  return {
    namespaceId: namespaceInfo?.id ?? '',
    searchAttributesRegistered: () => searchAttributesRegistered(client),
    isOpen: async (workflowId, runId) => isOpen(await describe(client, workflowId, runId)),
    closedAtMs: async (workflowId, runId) => {
      const description = await describe(client, workflowId, runId);
      return isOpen(description) ? null : description?.closeTime?.getTime() ?? 0;
    },
    readLease: async (service) => leaseOf(await describe(client, leaseWorkflowId(service))),
    endLease: async (service, leaseRunId, reason) => {
      await asking(() => client.workflow.getHandle(leaseWorkflowId(service), leaseRunId).terminate(reason).catch(ignoreNotFound));
    },
    releaseLease: async (service, leaseRunId, runId) => {
      await asking(() => client.workflow.getHandle(leaseWorkflowId(service), leaseRunId).signal(releaseLeaseSignal, { runId }).catch(ignoreNotFound));
    },
  };
}

/** Ended are only those that say so: a run that is paused, or in a state that this version does not know, still owns what it made. */
const endedStatuses: readonly string[] = ['COMPLETED', 'FAILED', 'CANCELLED', 'TERMINATED', 'TIMED_OUT', 'CONTINUED_AS_NEW'];
const isOpen = (description: WorkflowExecutionDescription | null): boolean => description !== null && !endedStatuses.includes(description.status.name);

export async function searchAttributesRegistered(client: Client): Promise<boolean> {
  const { customAttributes } = await asking(() => client.connection.operatorService.listSearchAttributes({ namespace: client.options.namespace }));
  return searchAttributeNames.every((name) => Object.hasOwn(customAttributes ?? {}, name));
}

function leaseOf(description: WorkflowExecutionDescription | null): Awaited<ReturnType<RunDirectory['readLease']>> {
  if (description === null || !isOpen(description)) return null;
  const { owner, purpose } = (description.memo ?? {}) as { owner?: RunOwner; purpose?: string };
  return { leaseRunId: description.runId, workflowId: owner?.workflowId ?? '', runId: owner?.runId ?? '', purpose: purpose ?? 'an unknown purpose' };
}

/** Not found means ended: runs of our own namespace only, and only where the server answered. */
async function describe(client: Client, workflowId: string, runId?: string): Promise<WorkflowExecutionDescription | null> {
  return asking(() => client.workflow.getHandle(workflowId, runId).describe().catch((error: unknown) => ignoreNotFound(error) ?? null));
}

function ignoreNotFound(error: unknown): undefined {
  if (error instanceof WorkflowNotFoundError) return undefined;
  throw error;
}

async function asking<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask();
  } catch (error) {
    const cause = error instanceof Error ? error.message.split('\n')[0] ?? 'no answer' : String(error);
    throw new HoldfastFailure('TemporalUnreachable', { operation: 'ask Temporal about a run', object: 'the namespace', cause, hint: 'Check the connection to the Temporal server.' }, { cause: error });
  }
}
