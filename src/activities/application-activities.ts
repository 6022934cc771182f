/** The application around the databases: is it healthy, and a restart so that it drops connections to what is gone. */
import { setTimeout as pause } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { serviceNamed } from './activity-run.ts';
import type { ActivityDependencies } from './dependencies.ts';
import { reportProgress } from './heartbeating.ts';

export interface Health {
  readonly healthy: boolean;
  /** When the last check answered. */
  readonly at: string;
  /** HTTP status, or why there was none. */
  readonly answer: string;
}

export function createApplicationActivities(dependencies: ActivityDependencies) {
  return {
    /** One check now; null where the service has no health URL. Never throws for an unhealthy service: that is an answer. */
    async checkHealth(input: { service: string }): Promise<Health | null> {
      const { health } = serviceNamed(dependencies, input.service);
      return health === null ? null : askOnce(health.url);
    },

    /** Asks until it is healthy or the service's own time is over; answers the last state. */
    async waitForHealth(input: { service: string }): Promise<Health | null> {
      const { health } = serviceNamed(dependencies, input.service);
      if (health === null) return null;
      const deadlineMs = dependencies.nowMs() + health.withinMs;
      for (;;) {
        const answer = await askOnce(health.url);
        if (answer.healthy || dependencies.nowMs() >= deadlineMs) return answer;
        reportProgress({ phase: `health answers ${answer.answer}` });
        await pause(dependencies.timing.pollMs, undefined, { signal: Context.current().cancellationSignal });
      }
    },

    /** Restarts the application's containers so that their pools connect anew. Repeating it restarts them again, which does no harm. */
    async restartApplication(input: { service: string }): Promise<{ readonly restarted: readonly string[] }> {
      const { application } = serviceNamed(dependencies, input.service);
      for (const container of application?.containers ?? []) {
        const { id } = await dependencies.runtime.inspect(container);
        // By one call: the engine starts again what it has stopped, also where nobody waits any more, and keeps a container that was made with --rm.
        await dependencies.runtime.restart(id, dependencies.timing.applicationStopMs);
        reportProgress({ phase: `restarted ${container}` });
      }
      return { restarted: application?.containers ?? [] };
    },
  };

  async function askOnce(url: string): Promise<Health> {
    const at = (): string => new Date(dependencies.nowMs()).toISOString();
    try {
      const response = await fetch(url, { signal: AbortSignal.timeout(dependencies.timing.healthRequestMs), redirect: 'manual' });
      await response.body?.cancel();
      return { healthy: response.ok, at: at(), answer: String(response.status) };
    } catch (error) {
      return { healthy: false, at: at(), answer: error instanceof Error ? causeOf(error) : 'no answer' };
    }
  }
}

const causeOf = (error: Error): string => (error.cause instanceof Error ? error.cause.message : error.message).slice(0, 200);
