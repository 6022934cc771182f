/** What an activity writes into a repository is marked as its run's, so that what is left of it after a kill can be told and removed. */
import { activityInfo } from '@temporalio/activity';
import type { ActivityExecuteInput, ActivityInboundCallsInterceptor, Next } from '@temporalio/worker';
import { writingFor } from '../storage/writer-mark.ts';

export function createWriterInterceptor(): ActivityInboundCallsInterceptor {
  return {
    execute(input: ActivityExecuteInput, next: Next<ActivityInboundCallsInterceptor, 'execute'>): Promise<unknown> {
      const runId = activityInfo().workflowExecution?.runId;
      return runId === undefined ? next(input) : writingFor(runId, () => next(input));
    },
  };
}
