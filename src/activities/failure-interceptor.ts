/** The only place where a HoldfastFailure becomes Temporal's ApplicationFailure: type, details and whether to retry come from the closed list. */
import { ApplicationFailure } from '@temporalio/common';
import type { ActivityExecuteInput, ActivityInboundCallsInterceptor, Next } from '@temporalio/worker';
import { isFailure } from '../domain/failures.ts';

const messageLimit = 2_000;

export function createFailureInterceptor(): ActivityInboundCallsInterceptor {
  return {
    async execute(input: ActivityExecuteInput, next: Next<ActivityInboundCallsInterceptor, 'execute'>): Promise<unknown> {
      try {
        return await next(input);
      } catch (error) {
        if (!isFailure(error)) throw error;
        throw ApplicationFailure.create({ message: error.message.slice(0, messageLimit), type: error.type, nonRetryable: !error.retryable, details: [error.fields] });
      }
    },
  };
}
