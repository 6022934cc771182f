/**
 * An attempt that begins long after it was given out is a lost one: its worker's machine stood still meanwhile, the attempt has timed out, and another
 * one, or the run's end, has come. Begun all the same, it would leave behind what nobody comes to clean up.
 */
import { activityInfo } from '@temporalio/activity';
import type { ActivityExecuteInput, ActivityInboundCallsInterceptor, Next } from '@temporalio/worker';
import { HoldfastFailure } from '../domain/failures.ts';
import type { RunDirectory } from './dependencies.ts';

/** @param lateMs how long after it was scheduled an attempt may have timed out at the earliest: the heartbeat timeout */
export function createLateAttemptInterceptor(runs: Pick<RunDirectory, 'awaits'>, lateMs: number, nowMs: () => number): ActivityInboundCallsInterceptor {
  return {
    async execute(input: ActivityExecuteInput, next: Next<ActivityInboundCallsInterceptor, 'execute'>): Promise<unknown> {
      const { workflowExecution, activityId, attempt, activityType, currentAttemptScheduledTimestampMs } = activityInfo();
      // One that waited for a worker is as late and is asked about too: the run still waits for it.
      if (workflowExecution === undefined || nowMs() - currentAttemptScheduledTimestampMs < lateMs || await runs.awaits({ ...workflowExecution, activityId, attempt })) return next(input);
      throw new HoldfastFailure('WorkerLost', { operation: `begin ${activityType}`, object: workflowExecution.workflowId, cause: 'this attempt was given out long ago and has timed out', hint: 'Nothing was done; another attempt has taken its place.' });
    },
  };
}
