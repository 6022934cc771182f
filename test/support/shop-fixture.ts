/** The demo's shop for end-to-end tests: three real containers under load, a holdfast.yaml and its repository in a temporary directory, a worker that reads it, a client. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from '@temporalio/client';
import { demoConfig, startDemoService, stopDemoService, type DemoConfigOptions } from '../../devbox/demo/demo-service.ts';
import type { DemoOptions, DemoService } from '../../devbox/demo/demo-shape.ts';
import { psql } from '../../devbox/demo/seed-data.ts';
import { connectClient } from '../../src/client/temporal-connection.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import type { ContainerRuntime } from '../../src/containers/container-runtime.ts';
import { runWorker } from '../../src/worker/main.ts';
import { DockerScope } from './docker.ts';
import { dockerHost, temporalAddress } from './test-environment.ts';

export interface ShopFixture {
  /** Of the service, and of its task queue. */
  readonly name: string;
  /** Redis's password, which is to be read nowhere. */
  readonly canary: string;
  readonly shop: DemoService;
  readonly runtime: ContainerRuntime;
  readonly client: Client;
  /** Of holdfast.yaml, with `backups` and `state` beside it. */
  readonly directory: string;
  /** One SQL text in the live database; answers unaligned tuples. */
  sql(text: string): Promise<string>;
  /** Writes the configuration, and starts a worker in this process that reads it. */
  startWorker(config?: Partial<DemoConfigOptions>): Promise<void>;
  /** The one that runs; none is no error. */
  stopWorker(): Promise<void>;
  stop(): Promise<void>;
}

export async function startShopFixture(ordersPerSecond: number): Promise<ShopFixture> {
  const { id, runtime } = new DockerScope();
  const name = `shop-${id}`;
  const canary = `canary-${id}-secret`;
  const options: DemoOptions = { dockerHost: dockerHost(), prefix: `holdfast-test-${id}`, label: 'dev.holdfast.test', sizeMb: 5, port: null, ordersPerSecond, redisPassword: canary };
  const client = await connectClient({ address: temporalAddress() });
  const shop = await startDemoService(options);
  const directory = await mkdtemp(join(tmpdir(), 'holdfast shop-'));
  await mkdir(join(directory, 'backups'));
  const environment = { ...process.env, DOCKER_HOST: dockerHost(), HOLDFAST_TIMING: 'test', DEMO_REDIS_PASSWORD: canary, HOLDFAST_STATE_DIR: join(directory, 'state') };
  let stopWorker = async (): Promise<void> => undefined;
  return {
    name, canary, shop, runtime, client, directory,
    sql: async (text) => {
      const { exitCode, stdout, stderr } = await psql(runtime, options, text);
      if (exitCode !== 0) throw new Error(stderr);
      return stdout.trim();
    },
    startWorker: async (config) => {
      await writeFile(join(directory, 'holdfast.yaml'), demoConfig(shop, { backupDirectory: './backups', name, queuePrefix: name, ...config }));
      stopWorker = await startWorkerIn(directory, environment);
    },
    stopWorker: () => stopWorker(),
    stop: async () => {
      await stopWorker();
      await client.connection.close();
      await stopDemoService(options);
      await rm(directory, { recursive: true, force: true });
    },
  };
}

/** Answers how to stop it. */
async function startWorkerIn(directory: string, environment: NodeJS.ProcessEnv): Promise<() => Promise<void>> {
  const config = await loadConfig({ environment: {}, currentDirectory: directory });
  const abort = new AbortController();
  const ready = Promise.withResolvers<void>();
  const running = runWorker({ config, temporal: { address: temporalAddress() }, environment, signal: abort.signal, onReady: () => ready.resolve() });
  running.catch((error: unknown) => ready.reject(error));
  await ready.promise;
  return async () => {
    abort.abort();
    await running;
  };
}
