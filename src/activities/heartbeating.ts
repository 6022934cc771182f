/**
 * Heartbeats in one place: every activity beats for as long as it runs, with the progress it last reported. An attempt whose process is
 * gone falls silent and is replaced; one that hangs is ended by its start-to-close timeout, by the helper's own watch or by a person who
 * sees that the figures stand still.
 */
import { Context } from '@temporalio/activity';
import type { ActivityExecuteInput, ActivityInboundCallsInterceptor, Next } from '@temporalio/worker';
import type { StepProgress } from '../engines/engine-context.ts';

const latest = new WeakMap<Context, StepProgress>();

/** Remembers how far the current activity is; the next heartbeat carries it. */
export function reportProgress(progress: StepProgress): void {
  latest.set(Context.current(), progress);
}

export function createHeartbeatInterceptor(intervalMs: number): ActivityInboundCallsInterceptor {
  return {
    async execute(input: ActivityExecuteInput, next: Next<ActivityInboundCallsInterceptor, 'execute'>): Promise<unknown> {
      const context = Context.current();
      const timer = setInterval(() => context.heartbeat(latest.get(context) ?? { phase: 'working' }), intervalMs);
      try {
        return await next(input);
      } finally {
        clearInterval(timer);
      }
    },
  };
}
