import { setTimeout as pause } from 'node:timers/promises';
import type Docker from 'dockerode';
import type { ContainerRuntime } from '../../src/containers/container-runtime.ts';
import { createDockerRuntime } from '../../src/containers/docker-runtime.ts';
import { connectDocker } from '../docker-connection.ts';
import { unlessAborted } from '../signals.ts';
import { health, waitForHealth } from './application-client.ts';
import { ensureApplicationImage } from './application-image.ts';
import { createApplication, createNetwork, createPostgres, createRedis, findByLabel, removeByLabel } from './demo-containers.ts';
import type { DemoOptions, DemoService } from './demo-shape.ts';
import { readSeededSize, seedPostgres, seedRedis, waitForDatabases } from './seed-data.ts';

const lastMomentMs = 10_000;

/**
 * Brings the service up, seeded and healthy. What an earlier call left whole and of the same size is used again; anything
 * else under this prefix is taken down first. About 10 s for 200 MB.
 */
export async function startDemoService(options: DemoOptions): Promise<DemoService> {
  const running = await findRunning(options);
  if (running !== undefined) return running;
  await stopDemoService(options);
  const creating = create(options);
  try {
    return await (options.signal === undefined ? creating : unlessAborted(options.signal, creating));
  } catch (error) {
    // Half a service is of no use to anyone, and the next start would have to guess what it is. What is still being created fails
    // where its containers are taken away; what it made until then goes too.
    await stopDemoService(options).catch(() => undefined);
    await Promise.race([creating.catch(() => undefined), pause(lastMomentMs)]);
    await stopDemoService(options);
    throw error;
  }
}

async function create(options: DemoOptions): Promise<DemoService> {
  const docker = connectDocker(options.dockerHost);
  const runtime = createDockerRuntime(options.dockerHost);
  const [image] = await Promise.all([ensureApplicationImage(docker, options.redisImage ?? 'redis:8'), createStores(docker, runtime, options)]);
  options.signal?.throwIfAborted();
  const service = serviceOf(options, await createApplication(docker, options, image));
  await waitForHealth(service, 30_000);
  return service;
}

async function createStores(docker: Docker, runtime: ContainerRuntime, options: DemoOptions): Promise<void> {
  await createNetwork(docker, options);
  await Promise.all([createPostgres(docker, options), createRedis(docker, options)]);
  await waitForDatabases(runtime, options);
  await Promise.all([seedPostgres(runtime, options), seedRedis(runtime, options)]);
}

/** The service of an earlier call, when it is whole: its canary is there and of this size, and its application is healthy. */
async function findRunning(options: DemoOptions): Promise<DemoService | undefined> {
  const runtime = createDockerRuntime(options.dockerHost);
  const found = await findByLabel(connectDocker(options.dockerHost), options);
  if (found.port === undefined || found.runningContainers < 3) return undefined;
  if ((await readSeededSize(runtime, options)) !== options.sizeMb) return undefined;
  const service = serviceOf(options, found.port);
  return (await health(service)).healthy ? service : undefined;
}

function serviceOf(options: DemoOptions, port: number): DemoService {
  const { dockerHost, prefix, label, sizeMb } = options;
  return {
    dockerHost, prefix, label, sizeMb, port,
    postgres: { container: `${prefix}-postgres`, database: 'shop', user: 'postgres' },
    redis: { container: `${prefix}-redis`, password: options.redisPassword ?? null },
    application: { container: `${prefix}-app` },
    healthUrl: `http://127.0.0.1:${port}/health`,
  };
}

/** Removes containers, volumes and the network of this prefix, by label. Nothing there is no error. */
export async function stopDemoService(service: Pick<DemoOptions, 'dockerHost' | 'prefix' | 'label'>): Promise<void> {
  await removeByLabel(connectDocker(service.dockerHost), { [service.label]: service.prefix });
}

/** How the demo's service is configured. */
export interface DemoConfigOptions {
  backupDirectory: string;
  /** The service's name; `shop` unless given. Tests that share a Temporal server take one of their own, and a queue prefix. */
  name?: string;
  queuePrefix?: string;
  /** Prove each backup right away? */
  prove?: boolean;
  /** How long /health may stay red after a restore; `1m` unless given. */
  healthWithin?: string;
  /** How far the two stores' snapshots may lie apart; `2s` unless given. */
  skewLimit?: string;
  /** Is PostgreSQL's write-ahead log kept? */
  wal?: boolean;
  /** The image of the application, which a drill starts and whose tests it runs; no drill asks for any unless given. */
  drillImage?: string;
}

/** The text of a holdfast.yaml; Redis's password, where it has one, is found in the environment variable DEMO_REDIS_PASSWORD. */
export function demoConfig(service: DemoService, options: DemoConfigOptions): string {
  const password = service.redis.password === null ? '' : ', password: { env: DEMO_REDIS_PASSWORD }';
  return `queuePrefix: ${options.queuePrefix ?? 'holdfast'}
backup: { prove: ${options.prove ?? true}, skewLimit: ${options.skewLimit ?? '2s'} }
services:
  ${options.name ?? 'shop'}:
    version: "1.0.0"
    postgres: { container: ${service.postgres.container}, database: ${service.postgres.database}, user: ${service.postgres.user}${options.wal === true ? ', wal: stream' : ''} }
    redis: { container: ${service.redis.container}${password} }
    app: { containers: [${service.application.container}], restart: onRestore }
    health: { url: "${service.healthUrl}", within: ${options.healthWithin ?? '1m'} }
${options.drillImage === undefined ? '' : drillConfig(options.drillImage)}repositories:
  local: { url: ${JSON.stringify(options.backupDirectory)} }
`;
}

/** What a drill asks: two assertions, the application's health on the drill's network, and its own tests. Loopback is not what it is called by there. */
function drillConfig(image: string): string {
  const variables = '{ POSTGRES_HOST: "${PGHOST}", POSTGRES_DB: "${PGDATABASE}", POSTGRES_USER: "${PGUSER}", POSTGRES_PASSWORD: "${PGPASSWORD}", REDIS_HOST: "${HOLDFAST_REDIS_HOST}", ORDERS_PER_SECOND: "20", ALLOWED_HOST: shop }';
  return `    drill:
      assertions:
        canary: { sql: "SELECT count(*) FROM service_canary", expect: 1 }
        sessions: { redis: [ZCARD, "session:index"], expect: { atLeast: 1 } }
      app: { image: "${image}", environment: ${variables} }
      health: { url: "http://shop:8009/health", within: 1m }
      tests: { image: "${image}", command: [/usr/local/bin/node, --test, /app/tests.ts], environment: ${variables} }
`;
}
