import { waitUntil } from '../../src/containers/wait-until.ts';
import { HoldfastFailure } from '../../src/domain/failures.ts';
import type { WriterStats } from './application/order-writer.ts';
import type { DemoService } from './demo-shape.ts';

type Application = Pick<DemoService, 'healthUrl'>;

export interface HealthAnswer {
  healthy: boolean;
  /** HTTP status; null where nobody answered. */
  status: number | null;
  reasons: readonly string[];
}

const answerMs = 10_000;

/** One question to /health. No answer is an answer too: unhealthy. */
export async function health({ healthUrl }: Application): Promise<HealthAnswer> {
  try {
    const response = await fetch(healthUrl, { signal: AbortSignal.timeout(answerMs) });
    const { reasons } = (await response.json()) as { reasons: string[] };
    return { healthy: response.ok, status: response.status, reasons };
  } catch (error) {
    const { message, cause } = error as Error;
    return { healthy: false, status: null, reasons: [cause instanceof Error ? cause.message : message] };
  }
}

/** @throws HealthCheckFailed with the application's own reasons when the time is over */
export async function waitForHealth(application: Application, withinMs: number, healthy = true): Promise<HealthAnswer> {
  let last: HealthAnswer = { healthy: false, status: null, reasons: ['not asked yet'] };
  const probe = async (): Promise<HealthAnswer | null> => {
    last = await health(application);
    return last.healthy === healthy ? last : null;
  };
  return waitUntil(probe, { withinMs, everyMs: 200 }, () => new HoldfastFailure('HealthCheckFailed', {
    operation: `wait for the application to be ${healthy ? 'healthy' : 'unhealthy'}`, object: application.healthUrl, cause: last.reasons.join('; ') || `it answers ${last.status}`, hint: 'Look at the logs of its container.',
  }));
}

/** What the writer has done since its container started. */
export const writerStats = (application: Application): Promise<WriterStats> => ask(application, 'GET', '/writer');
/** When it answers, the last order is in both stores, and no other follows. */
export const pauseWriter = (application: Application): Promise<WriterStats> => ask(application, 'POST', '/writer/pause');
export const resumeWriter = (application: Application): Promise<WriterStats> => ask(application, 'POST', '/writer/resume');

async function ask({ healthUrl }: Application, method: string, path: string): Promise<WriterStats> {
  const response = await fetch(new URL(path, healthUrl), { method, signal: AbortSignal.timeout(answerMs) });
  if (!response.ok) throw new Error(`${path} answered ${response.status}`);
  return (await response.json()) as WriterStats;
}
