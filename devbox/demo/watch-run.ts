/** What the demo needs to know of its runs, from Temporal itself. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { decide } from '../../src/client/decide.ts';
import { listRuns } from '../../src/client/list-runs.ts';
import { readRun } from '../../src/client/read-run.ts';
import { workflowQueue } from '../../src/domain/task-queues.ts';
import type { RunStatus } from '../../src/workflows/shared/run-status.ts';
import type { DemoService } from './demo-service.ts';
import { requireOwnPlan } from './own-plan.ts';

const callMs = 3_000;
const pollMs = 50;

/** The newest open run of a type, as soon as there is one. */
export async function newestOpenRun(client: Client, runbook: string, signal: AbortSignal): Promise<string> {
  for (;;) {
    signal.throwIfAborted();
    const run = (await listRuns(client, { taskQueue: workflowQueue(), open: true })).find((each) => each.runbook === runbook);
    if (run !== undefined) return run.workflowId;
    await pause(pollMs);
  }
}

/** Waits until a run's status is so; null when it ended before. */
export async function waitForStatus(client: Client, workflowId: string, isSo: (status: RunStatus) => boolean, signal: AbortSignal): Promise<RunStatus | null> {
  for (;;) {
    signal.throwIfAborted();
    const { open, status } = await readRun(client, workflowId, callMs);
    if (status !== null && isSo(status)) return status;
    if (!open) return null;
    await pause(pollMs);
  }
}

/** The demo's own policy: without a terminal nobody could type a yes. @throws Error for a plan that is not about the demo's own service */
export async function approveByDemo(client: Client, workflowId: string, service: DemoService, signal: AbortSignal): Promise<void> {
  const status = await waitForStatus(client, workflowId, (each) => each.phase === 'awaitingApproval', signal);
  if (status?.plan == null) throw new Error(`${workflowId} ended before it showed a plan`);
  requireOwnPlan(status.plan, service);
  await decide(client, 'approve', status.plan, 'demo-policy', 'no terminal: the demo approves by itself');
}

export async function resultOf<R>(client: Client, workflowId: string): Promise<R> {
  return await client.workflow.getHandle(workflowId).result() as R;
}
