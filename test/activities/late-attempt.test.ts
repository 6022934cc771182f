import { MockActivityEnvironment } from '@temporalio/testing';
import { describe, expect, it } from 'vitest';
import { createLateAttemptInterceptor } from '../../src/activities/late-attempt.ts';
import type { RunDirectory } from '../../src/activities/dependencies.ts';
import { failing } from '../support/failing.ts';

const scheduledAt = Date.UTC(2026, 10, 23);
const lateMs = 5_000;

/** One attempt, begun so long after it was given out; `asked` tells what Temporal was asked about. */
async function begun(afterMs: number, awaited: boolean): Promise<{ ran: boolean; asked: readonly unknown[]; ended: Promise<unknown> }> {
  const asked: unknown[] = [];
  const awaits: RunDirectory['awaits'] = async (attempt) => (asked.push(attempt), awaited);
  const environment = new MockActivityEnvironment({ workflowExecution: { workflowId: 'w', runId: 'r' }, activityId: '7', attempt: 2, currentAttemptScheduledTimestampMs: scheduledAt },
    { interceptors: [() => ({ inbound: createLateAttemptInterceptor({ awaits }, lateMs, () => scheduledAt + afterMs) })] });
  let ran = false;
  const ended = environment.run(async () => void (ran = true));
  await ended.catch(() => undefined);
  return { ran, asked, ended };
}

describe('an attempt', () => {
  it('that begins in time begins, and nobody is asked', async () => {
    expect(await begun(lateMs - 1, false)).toMatchObject({ ran: true, asked: [] });
  });

  it('that begins late begins where its run still waits for it', async () => {
    expect(await begun(lateMs, true)).toMatchObject({ ran: true, asked: [{ workflowId: 'w', runId: 'r', activityId: '7', attempt: 2 }] });
  });

  it('that begins late and was given up does nothing', async () => {
    const { ran, ended } = await begun(lateMs, false);
    expect(ran).toBe(false);
    await failing('WorkerLost', ended);
  });
});
