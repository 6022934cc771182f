/** What Temporal knows about runs, leases and the namespace: the concrete {@link RunDirectory}. */
import { WorkflowNotFoundError, type Client, type WorkflowExecutionDescription, type WorkflowExecutionStatusName } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import type { RunDirectory } from '../activities/dependencies.ts';
import { grpcCause } from '../client/ask-temporal.ts';
import { HoldfastFailure } from '../domain/failures.ts';
import type { OpenRun } from '../domain/retention/run-uses.ts';
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
    serverVersion: async () => (await asking(() => client.workflowService.getSystemInfo({}))).serverVersion || 'not said',
    searchAttributesRegistered: () => searchAttributesRegistered(client),
    isOpen: async (workflowId, runId) => {
      const description = await describe(client, workflowId, runId);
      return description !== null && !isClosed(description.status.name);
    },
    closedAtMs: async (workflowId, runId) => {
      const description = await describe(client, workflowId, runId);
      if (description === null) return 0;
      return isClosed(description.status.name) ? description.closeTime?.getTime() ?? 0 : null;
    },
    openRuns: (runbooks) => asking(() => openRuns(client, runbooks)),
    awaits: async ({ workflowId, runId, activityId, attempt }) => {
      const pending = (await describe(client, workflowId, runId))?.raw.pendingActivities ?? [];
      return pending.some((each) => each.activityId === activityId && each.attempt === attempt && each.state !== scheduled);
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

async function openRuns(client: Client, runbooks: readonly string[]): Promise<readonly OpenRun[]> {
  const found: OpenRun[] = [];
  const query = `ExecutionStatus = 'Running' AND WorkflowType IN (${runbooks.map((type) => `'${type}'`).join(', ')})`;
  for await (const { workflowId, runId, type, startTime } of client.workflow.list({ query, pageSize: 100 })) {
    found.push({ workflowId, runbook: type, input: await inputOf(client, workflowId, runId), startedMs: startTime.getTime() });
  }
  return found;
}

/** What a run was started with; null where it cannot be read: it may have been encoded by somebody else. */
async function inputOf(client: Client, workflowId: string, runId: string): Promise<OpenRun['input']> {
  const { history } = await client.workflowService.getWorkflowExecutionHistory({ namespace: client.options.namespace, execution: { workflowId, runId }, maximumPageSize: 1 });
  const payload = history?.events?.[0]?.workflowExecutionStartedEventAttributes?.input?.payloads?.[0];
  try {
    const input = payload == null ? null : defaultPayloadConverter.fromPayload<unknown>(payload);
    return typeof input === 'object' && input !== null && !Array.isArray(input) ? input as Readonly<Record<string, unknown>> : null;
  } catch {
    return null;
  }
}

/** PendingActivityState of temporal.api.enums.v1: no worker has it. */
const scheduled = 1;

const closedStatuses: ReadonlySet<string> = new Set<WorkflowExecutionStatusName>(['COMPLETED', 'FAILED', 'CANCELLED', 'TERMINATED', 'TIMED_OUT', 'CONTINUED_AS_NEW']);

/** Has a run of this status ended? One that is paused, or in a state that this client does not know, has not: it may go on. */
export const isClosed = (status: string): boolean => closedStatuses.has(status);

const permissionDenied = 7;
const unimplemented = 12;

/** Not registered, as far as runs are concerned, is also where this user may not ask, or the server (Temporal Cloud) has no such question. @throws TemporalUnreachable */
export async function searchAttributesRegistered(client: Client): Promise<boolean> {
  const { customAttributes } = await asking(() => client.connection.operatorService.listSearchAttributes({ namespace: client.options.namespace }).catch((error: unknown) => {
    const code = grpcCause(error)?.code;
    if (code === permissionDenied || code === unimplemented) return { customAttributes: {} };
    throw error;
  }));
  return searchAttributeNames.every((name) => Object.hasOwn(customAttributes ?? {}, name));
}

function leaseOf(description: WorkflowExecutionDescription | null): Awaited<ReturnType<RunDirectory['readLease']>> {
  if (description === null || isClosed(description.status.name)) return null;
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
