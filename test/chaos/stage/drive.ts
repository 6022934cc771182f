/** Being the people around a run: approving its plan whenever one is shown, and waiting for its end, whatever happens to workers and servers meanwhile. */
import { setTimeout as pause } from 'node:timers/promises';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { approveUpdate, statusQuery } from '../../../src/workflows/shared/messages.ts';
import type { ServiceFixture } from '../../support/service-fixture.ts';

export interface Outcome {
  /** Temporal's name for how it ended: COMPLETED, FAILED, TERMINATED …; RUNNING when it had not ended in time. */
  readonly status: string;
  /** The stable type of a failure, else null. */
  readonly failure: string | null;
  readonly message: string;
  /** The base backup that a restore to a moment started: a run of its own, which outlives it. */
  readonly newBase?: string;
}

const lookEveryMs = 150;
/** A query waits for a worker; there may be none just now. */
const answerWithinMs = 2_000;

/** Sees the run through. Answers RUNNING when the time is over. */
export async function runToEnd(service: ServiceFixture, handle: WorkflowHandle, withinMs: number): Promise<Outcome> {
  const deadline = Date.now() + withinMs;
  for (;;) {
    const status = await statusOf(handle);
    if (status !== null && status !== 'RUNNING') return outcomeOf(handle, status);
    if (Date.now() > deadline) return { status: 'RUNNING', failure: null, message: await openActivities(handle) };
    await approveIfAsked(service, handle);
    await pause(lookEveryMs);
  }
}

/** Null while the server does not answer. */
async function statusOf(handle: WorkflowHandle): Promise<string | null> {
  try {
    return (await handle.describe()).status.name;
  } catch {
    return null;
  }
}

async function approveIfAsked(service: ServiceFixture, handle: WorkflowHandle): Promise<void> {
  const soon = <T>(ask: () => Promise<T>): Promise<T> => service.client.withDeadline(Date.now() + answerWithinMs, ask);
  try {
    const { phase, plan, decision } = await soon(() => handle.query(statusQuery));
    if (phase !== 'awaitingApproval' || plan === null || decision !== null) return;
    await soon(() => handle.executeUpdate(approveUpdate, { args: [{ digest: plan.envelope.digest, runId: plan.envelope.runId, by: 'chaos' }] }));
  } catch {
    // Nobody was there to answer; the next round asks again.
  }
}

async function outcomeOf(handle: WorkflowHandle, status: string): Promise<Outcome> {
  const newBase = await newBaseOf(handle);
  const started = newBase === null ? {} : { newBase };
  try {
    await handle.result();
    return { status, failure: null, message: '', ...started };
  } catch (error) {
    const cause = error instanceof WorkflowFailedError ? error.cause : undefined;
    return { status, failure: cause instanceof ApplicationFailure ? cause.type ?? null : null, message: cause?.message ?? String(error), ...started };
  }
}

/** Read from its history: one that was terminated answers nothing. */
async function newBaseOf(handle: WorkflowHandle): Promise<string | null> {
  const { events } = await handle.fetchHistory();
  const started = (events ?? []).map((event) => event.childWorkflowExecutionStartedEventAttributes).find((each) => each?.workflowType?.name === 'takeBackup');
  return started?.workflowExecution?.workflowId ?? null;
}

async function openActivities(handle: WorkflowHandle): Promise<string> {
  try {
    const { raw } = await handle.describe();
    return (raw.pendingActivities ?? []).map((each) => `${each.activityType?.name}, attempt ${each.attempt}: ${each.lastFailure?.message ?? 'no failure'}`).join('; ');
  } catch (error) {
    return String(error);
  }
}
