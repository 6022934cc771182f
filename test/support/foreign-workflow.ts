/** What an attacker with access to Temporal can run: a workflow that schedules any activity with any input, on our queue. */
import { ActivityFailure, ApplicationFailure, proxyActivities } from '@temporalio/workflow';

export async function callActivity(input: { name: string; argument: unknown; taskQueue: string }): Promise<{ type: string } | { result: unknown }> {
  const proxy = proxyActivities<Record<string, (argument: unknown) => Promise<unknown>>>({ taskQueue: input.taskQueue, startToCloseTimeout: 60_000, retry: { maximumAttempts: 1 } });
  try {
    const call = proxy[input.name];
    if (call === undefined) throw ApplicationFailure.nonRetryable('no such activity', 'NoSuchActivity');
    return { result: await call(input.argument) };
  } catch (error) {
    if (error instanceof ActivityFailure && error.cause instanceof ApplicationFailure) return { type: error.cause.type ?? 'none' };
    throw error;
  }
}
