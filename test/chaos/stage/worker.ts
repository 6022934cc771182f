/** A worker in this process, on a stage. */
import type { Config } from '../../../src/config/config.ts';
import { runWorker } from '../../../src/worker/main.ts';
import { dockerHost, temporalAddress } from '../../support/test-environment.ts';
import { testWorkflows } from '../../support/workflow-bundle.ts';
import type { Instrumented } from '../fault/instrument.ts';
import type { Wrap } from '../fault/twist.ts';

/** Whose worker it is, and whether that host is the service's own or stands by. */
export interface WorkerHost {
  readonly config: Config;
  readonly standby: boolean;
}

/** Instrumented or not; answers how to stop it. */
export async function startHealthyWorker({ config, standby }: WorkerHost, instrumented?: Instrumented, twist?: Wrap): Promise<() => Promise<void>> {
  const abort = new AbortController();
  const ready = Promise.withResolvers<void>();
  const running = runWorker({
    config, standby,
    temporal: { address: temporalAddress() },
    environment: { ...process.env, HOLDFAST_TIMING: 'test', DOCKER_HOST: dockerHost() },
    signal: abort.signal,
    onReady: () => ready.resolve(),
    wrap: (dependencies) => (instrumented?.wrap ?? asTheyAre)(twist?.(dependencies) ?? dependencies),
    hooks: { ...instrumented?.hooks, ...await testWorkflows() },
  });
  running.catch((error: unknown) => ready.reject(error));
  await ready.promise;
  return async () => {
    abort.abort();
    await running;
  };
}

const asTheyAre: Wrap = (dependencies) => dependencies;

export async function withWorker<T>(start: () => Promise<() => Promise<void>>, work: () => Promise<T>): Promise<T> {
  const stop = await start();
  try {
    return await work();
  } finally {
    await stop();
  }
}
