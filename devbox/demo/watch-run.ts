/** What the demo needs to know of its runs, from Temporal itself. */
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { decide } from '../../src/client/decide.ts';
import { resultOf } from '../../src/client/follow-run.ts';
import { listRuns } from '../../src/client/list-runs.ts';
import { readRun } from '../../src/client/read-run.ts';
import { isFailure, type HoldfastFailure } from '../../src/domain/failures.ts';
import { workflowQueue } from '../../src/domain/task-queues.ts';
import type { RunStatus } from '../../src/workflows/shared/run-status.ts';
import type { DemoService } from './demo-shape.ts';
import { requireOwnPlan } from './own-plan.ts';

const callMs = 3_000;
const pollMs = 50;
const visibleMs = 10_000;

/** The ids of all runs of a runbook, newest first. */
export async function runsOf(client: Client, runbook: string): Promise<readonly string[]> {
  return (await listRuns(client, { taskQueue: workflowQueue() })).filter((each) => each.runbook === runbook).map(({ workflowId }) => workflowId);
}

/**
 * The run of a command, as soon as there is one that was not there before; it may have ended already. Null where the command has ended
 * and none comes to light: Temporal shows a run a moment after it began.
 */
export async function newRun(client: Client, runbook: string, before: readonly string[], command: AbortSignal, signal: AbortSignal): Promise<string | null> {
  let giveUpAt = Number.POSITIVE_INFINITY;
  for (;;) {
    signal.throwIfAborted();
    if (command.aborted) giveUpAt = Math.min(giveUpAt, Date.now() + visibleMs);
    const run = (await runsOf(client, runbook)).find((each) => !before.includes(each));
    if (run !== undefined) return run;
    if (Date.now() > giveUpAt) return null;
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

/** The result of the newest run of a runbook, which has ended. @throws the failure it ended with */
export async function newestResult<R>(client: Client, runbook: string): Promise<R> {
  const [run] = await runsOf(client, runbook);
  if (run === undefined) throw new Error(`no run of ${runbook} is known`);
  return resultOf<R>(client, run);
}

/** The failure that a run ended with, or null where it succeeded. */
export async function failureOf(client: Client, workflowId: string): Promise<HoldfastFailure | null> {
  try {
    await resultOf(client, workflowId);
    return null;
  } catch (error) {
    if (isFailure(error)) return error;
    throw error;
  }
}
