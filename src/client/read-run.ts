/** One look at a run: what Temporal says about it, what it says about itself, and how far its activities are. */
import type { Client, WorkflowExecutionDescription } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { statusQuery } from '../workflows/shared/messages.ts';
import type { RunStatus } from '../workflows/shared/run-status.ts';
import { HoldfastFailure } from '../domain/failures.ts';
import { askTemporal, grpcCause } from './ask-temporal.ts';

/** One activity that is under way, from its heartbeats. */
export interface ActivityView {
  readonly name: string;
  /** Null until its first heartbeat. */
  readonly progress: { readonly phase: string; readonly doneBytes?: number; readonly totalBytes?: number } | null;
  readonly attempt: number;
  /** Why the attempt before this one failed. */
  readonly lastFailure: string | null;
}

export interface RunView {
  readonly workflowId: string;
  readonly runId: string;
  readonly runbook: string;
  readonly open: boolean;
  /** Null where no worker answered in time, or before the first task. */
  readonly status: RunStatus | null;
  readonly activities: readonly ActivityView[];
}

/** gRPC's FAILED_PRECONDITION: what a server answers to a query where it has seen no worker for a while. */
const failedPrecondition = 9;

type PendingActivity = NonNullable<WorkflowExecutionDescription['raw']['pendingActivities']>[number];

/** @throws UnknownRun, TemporalUnreachable */
export async function readRun(client: Client, workflowId: string, callMs: number): Promise<RunView> {
  const handle = client.workflow.getHandle(workflowId);
  const description = await askTemporal(client, 'look at the run', workflowId, () => handle.describe(), callMs);
  return {
    workflowId,
    runId: description.runId,
    runbook: description.type,
    open: description.closeTime === undefined,
    status: await readStatus(client, workflowId, callMs).catch(() => null),
    activities: (description.raw.pendingActivities ?? []).map(activityView),
  };
}

/** What the run says about itself: a query is answered by a worker, not by the server. @throws HostUnavailable, TemporalUnreachable (nobody answered in time), UnknownRun */
export async function readStatus(client: Client, workflowId: string, callMs: number): Promise<RunStatus> {
  try {
    return await askTemporal(client, 'ask the run for its status', workflowId, () => client.workflow.getHandle(workflowId).query(statusQuery), callMs);
  } catch (error) {
    if (grpcCause(error)?.code !== failedPrecondition) throw error;
    throw new HoldfastFailure('HostUnavailable', { operation: 'ask the run for its status', object: workflowId, cause: grpcCause(error)?.details ?? 'no worker answers', hint: 'Start a worker beside the Docker engine: holdfast worker.' }, { cause: error });
  }
}

function activityView(pending: PendingActivity): ActivityView {
  return {
    name: pending.activityType?.name ?? '',
    progress: progressOf(pending),
    attempt: pending.attempt ?? 1,
    lastFailure: pending.lastFailure?.message?.split('\n')[0] ?? null,
  };
}

function progressOf(pending: PendingActivity): ActivityView['progress'] {
  const payload = pending.heartbeatDetails?.payloads?.[0];
  if (payload == null) return null;
  const details = defaultPayloadConverter.fromPayload<unknown>(payload);
  if (typeof details !== 'object' || details === null || !('phase' in details) || typeof details.phase !== 'string') return null;
  const number = (name: string): number | undefined => {
    const value = (details as Record<string, unknown>)[name];
    return typeof value === 'number' ? value : undefined;
  };
  const [doneBytes, totalBytes] = [number('doneBytes'), number('totalBytes')];
  return { phase: details.phase, ...(doneBytes === undefined ? {} : { doneBytes }), ...(totalBytes === undefined ? {} : { totalBytes }) };
}
