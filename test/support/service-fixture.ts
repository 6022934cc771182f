/** A small real service for end-to-end tests: PostgreSQL and Redis in containers, a repository in a temporary directory, a worker, a client. */
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { buffer } from 'node:stream/consumers';
import type { Client, WorkflowHandle, WorkflowHandleWithFirstExecutionRunId } from '@temporalio/client';
import { pack } from 'tar-stream';
import type { ActivityDependencies } from '../../src/activities/dependencies.ts';
import { connectClient } from '../../src/client/temporal-connection.ts';
import type { Config } from '../../src/config/config.ts';
import type { ContainerRuntime, MountSpec } from '../../src/containers/container-runtime.ts';
import { createDockerRuntime } from '../../src/containers/docker-runtime.ts';
import { labelNames } from '../../src/containers/labels.ts';
import type { ServiceDefinition } from '../../src/domain/service.ts';
import { archiveRoot } from '../../src/domain/wal/archive-command.ts';
import { workflowQueue } from '../../src/domain/task-queues.ts';
import { realProgram } from '../../src/engines/postgres/server/real-program.ts';
import type { WorkerHooks } from '../../src/worker/create-worker.ts';
import { runWorker } from '../../src/worker/main.ts';
import { approveUpdate, statusQuery } from '../../src/workflows/shared/messages.ts';
import { awaitFirstStart } from './await-first-start.ts';
import { engineCall } from './engine-call.ts';
import { dockerHost, temporalAddress, testLabel } from './test-environment.ts';
import { testWorkflows } from './workflow-bundle.ts';

export interface ServiceFixture {
  readonly name: string;
  readonly config: Config;
  readonly client: Client;
  readonly runtime: ContainerRuntime;
  readonly postgres: string;
  readonly redis: string;
  readonly repositoryPath: string;
  readonly taskQueue: string;
  /** One SQL text in the live database; answers unaligned tuples. */
  sql(text: string, database?: string): Promise<string>;
  redisCli(...args: string[]): Promise<string>;
  start<R>(type: string, input: object): Promise<WorkflowHandleWithFirstExecutionRunId & { result(): Promise<R> }>;
  run<R>(type: string, input: object): Promise<R>;
  /** Waits for the plan, then approves it. */
  approve(handle: WorkflowHandle): Promise<void>;
  waitForPhase(handle: WorkflowHandle, phase: string): Promise<void>;
  /** Starts a worker in this process, with faults where they are given; answers how to stop it. */
  startWorker(faults?: Faults): Promise<() => Promise<void>>;
  /** Changes the service's definition for the workers that this process has started. */
  define(definition: Partial<ServiceDefinition>): void;
  /** The same container anew: another id, the same volume. */
  recreateRedis(): Promise<void>;
  /** The same, of another image. */
  recreatePostgres(image: string): Promise<void>;
  /** Names of containers, volumes and networks that carry Holdfast's labels for this service. */
  leftovers(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

/** What test/chaos/fault/instrument.ts makes: the product's own parts, wrapped. */
export interface Faults {
  /** Further variables of the worker's. */
  readonly environment?: Readonly<Record<string, string>>;
  readonly wrap?: (dependencies: ActivityDependencies) => ActivityDependencies;
  readonly hooks?: WorkerHooks;
}

export interface FixtureOptions {
  readonly postgresImage?: string;
  readonly redisImage?: string;
  readonly redisArguments?: readonly string[];
  readonly definition?: Partial<ServiceDefinition>;
  /** Passwords that both databases then ask for; the components refer to them by {@link secretVariables}, which a worker needs in its environment. */
  readonly secrets?: { readonly postgres: string; readonly redis: string };
  /** PostgreSQL's volume is of this size, in memory, and its log in small files; a container that writes nothing holds the volume while the server is stopped. */
  readonly smallPostgresMib?: number;
  /** A volume for what PostgreSQL archives itself. */
  readonly archiveVolume?: boolean;
}

export const secretVariables = { postgres: 'HOLDFAST_TEST_POSTGRES_SECRET', redis: 'HOLDFAST_TEST_REDIS_SECRET' } as const;

const authFile = 'auth.conf';

/** A plan holds for as long as another run is carried out, on a machine that has much else to do too: who wants one to expire says so. */
const approvalMs = 900_000;
/** Up to a plan both stores are made ready beside, by a dozen helpers each, and a server that does not answer is given up first. A run that fails is not waited for. */
const phaseWithinMs = 180_000;

const environment: NodeJS.ProcessEnv = { ...process.env, HOLDFAST_TIMING: 'test' };

export async function startServiceFixture(options: FixtureOptions = {}): Promise<ServiceFixture> {
  const id = randomBytes(4).toString('hex');
  const name = `svc-${id}`;
  const runtime = createDockerRuntime(dockerHost());
  const { secrets } = options;
  const { smallPostgresMib } = options;
  const keeper = smallPostgresMib === undefined ? null : await createSmallVolume(runtime, `hf-test-pg-${id}`, options.postgresImage ?? 'postgres:17', smallPostgresMib);
  const small = keeper === null ? [] : ['-c', 'max_wal_size=16MB', '-c', 'min_wal_size=4MB'];
  const initdb = ['--no-sync', ...(keeper === null ? [] : ['--wal-segsize=1']), ...(secrets === undefined ? [] : ['--auth-local=scram-sha-256', '--auth-host=scram-sha-256'])].join(' ');
  const asking: Record<string, string> = { POSTGRES_INITDB_ARGS: initdb, ...(secrets === undefined ? {} : { POSTGRES_HOST_AUTH_METHOD: 'scram-sha-256' }) };
  const createPostgres = (image: string): Promise<string> => createDatabase(runtime, `hf-test-pg-${id}`, image, ['-c', 'fsync=off', ...small], { POSTGRES_PASSWORD: secrets?.postgres ?? 'test', POSTGRES_DB: 'shop', ...asking }, undefined, options.archiveVolume === true ? archiveRoot : undefined);
  const postgres = await createPostgres(options.postgresImage ?? 'postgres:17');
  const redisArguments = [...(secrets === undefined ? [] : [`/data/${authFile}`]), ...(options.redisArguments ?? ['--appendonly', 'yes'])];
  const createRedis = (): Promise<string> => createDatabase(runtime, `hf-test-redis-${id}`, options.redisImage ?? 'redis:8', redisArguments, {}, secrets?.redis);
  const redis = await createRedis();
  const repositoryPath = await mkdtemp(join(tmpdir(), 'holdfast test-'));
  const config = configOf(name, id, repositoryPath, { postgres: `hf-test-pg-${id}`, redis: `hf-test-redis-${id}` }, options);
  const client = await connectClient({ address: temporalAddress() });
  const passwords: Record<string, string> = secrets === undefined ? {} : { PGPASSWORD: secrets.postgres, REDISCLI_AUTH: secrets.redis };
  const fixture = fixtureOf({ name, config, client, runtime, postgres, redis, repositoryPath, createPostgres, createRedis, passwords, keeper });
  await awaitFirstStart(runtime, postgres);
  await waitFor(async () => (await runtime.exec(postgres, { argv: realProgram('psql', '-h', '127.0.0.1', '-U', 'postgres', '-d', 'shop', '-c', 'select 1'), environment: passwords, timeoutMs: 5_000 })).exitCode === 0);
  return fixture;
}

/** A volume in memory is empty again when no container runs that has it: one does, until the end. */
async function createSmallVolume(runtime: ContainerRuntime, name: string, image: string, sizeMib: number): Promise<string> {
  const found = await runtime.findImage(image);
  if (found === null) throw new Error(`the image ${image} is missing on the test engine`);
  await engineCall(dockerHost(), 'POST', '/volumes/create', { Name: `${name}-data`, Labels: { [testLabel]: name }, Driver: 'local', DriverOpts: { type: 'tmpfs', device: 'tmpfs', o: `size=${sizeMib}m` } });
  const { id } = await runtime.create({
    name: `${name}-keeper`, imageId: found.id, entrypoint: ['sleep'], command: ['infinity'], environment: {}, labels: { [testLabel]: name }, network: 'none', init: true, logDriver: 'none',
    mounts: [{ type: 'volume', source: `${name}-data`, target: found.volumes[0] ?? '/data', readOnly: true }],
  });
  await runtime.start(id);
  return id;
}

async function createDatabase(runtime: ContainerRuntime, name: string, image: string, command: readonly string[], env: Record<string, string>, redisPassword?: string, further?: string): Promise<string> {
  const found = await runtime.findImage(image);
  if (found === null) throw new Error(`the image ${image} is missing on the test engine`);
  const volume = `${name}-data`;
  await runtime.createVolume(volume, { [testLabel]: name });
  const target = found.volumes[0] ?? '/data';
  if (further !== undefined) await runtime.createVolume(`${name}-further`, { [testLabel]: name });
  const mounts: readonly MountSpec[] = [{ type: 'volume', source: volume, target }, ...(further === undefined ? [] : [{ type: 'volume', source: `${name}-further`, target: further } as const])];
  const { id } = await runtime.create({ name, imageId: found.id, command, environment: env, labels: { [testLabel]: name }, network: 'none', mounts, logDriver: 'json-file', shmSizeBytes: 256 * 1024 * 1024 });
  // In a file: an argument would be read by everyone who may inspect the container.
  if (redisPassword !== undefined) await runtime.writeArchive(id, target, await tarOf(authFile, `requirepass ${redisPassword}\n`));
  await runtime.start(id);
  await runtime.updateRestartPolicy(id, { name: 'always', maximumRetryCount: 0 });
  return id;
}

async function tarOf(name: string, text: string): Promise<Uint8Array> {
  const archive = pack();
  archive.entry({ name, mode: 0o600 }, text);
  archive.finalize();
  return buffer(archive);
}

function configOf(name: string, id: string, path: string, containers: { postgres: string; redis: string }, { definition, secrets }: FixtureOptions): Config {
  const passwordIn = (variable: string): { password?: { env: string } } => (secrets === undefined ? {} : { password: { env: variable } });
  const service: ServiceDefinition = {
    name,
    host: `host-${id}`,
    version: '2.0.0',
    components: [
      { engine: 'postgres', name: 'postgres', container: containers.postgres, database: 'shop', user: 'postgres', ...passwordIn(secretVariables.postgres) },
      { engine: 'redis', name: 'redis', container: containers.redis, ...passwordIn(secretVariables.redis) },
    ],
    application: null,
    health: null,
    repositories: ['local'],
    approval: { required: ['restore', 'undo', 'accept'], fourEyes: false, approvers: [], expiresAfterMs: approvalMs },
    proveAfterBackup: false,
    contentHashes: true,
    // How far apart the snapshots lie on a busy machine is not looked for here.
    skewLimitMs: 600_000,
    ...definition,
  };
  return { services: [service], repositories: [{ name: 'local', path }], host: `host-${id}`, queuePrefix: `hf-${id}`, path: null, notices: [] };
}

interface Parts { keeper: string | null; name: string; config: Config; client: Client; runtime: ContainerRuntime; postgres: string; redis: string; repositoryPath: string; createPostgres(image: string): Promise<string>; createRedis(): Promise<string>; passwords: Record<string, string> }

function fixtureOf(given: Parts): ServiceFixture {
  const parts = { ...given };
  const { runtime, client, config, name } = parts;
  const taskQueue = workflowQueue(config.queuePrefix);
  const postgresName = config.services[0]?.components.find(({ engine }) => engine === 'postgres')?.container ?? parts.postgres;
  const stops: (() => Promise<void>)[] = [];
  const exec = async (id: string, argv: readonly string[], stdin?: string): Promise<string> => {
    const result = await runtime.exec(id, { argv, environment: parts.passwords, timeoutMs: 60_000, ...(stdin === undefined ? {} : { stdin }) });
    if (result.exitCode !== 0) throw new Error(`${argv.join(' ')} exited ${result.exitCode}: ${result.stderr}`);
    return result.stdout.trim();
  };
  const start = async <R>(type: string, input: object) =>
    client.workflow.start(type, { taskQueue, workflowId: `holdfast/test/${name}/${type}-${randomBytes(3).toString('hex')}`, args: [input] }) as Promise<WorkflowHandleWithFirstExecutionRunId & { result(): Promise<R> }>;
  const waitForPhase = (handle: WorkflowHandle, phase: string): Promise<void> => waitFor(async () => {
    const status = await handle.query(statusQuery);
    if (status.phase === 'failed' && phase !== 'failed') {
      const why = await handle.result().catch((error: unknown) => (error instanceof Error && error.cause instanceof Error ? error.cause.message : String(error)));
      throw new Error(`the run failed: ${String(why)} ${JSON.stringify(status.events.slice(-5))}`);
    }
    return status.phase === phase;
  }, phaseWithinMs);
  return {
    ...parts,
    taskQueue,
    // By its name: a test may make it anew.
    sql: (text, database = 'shop') => exec(postgresName, realProgram('psql', '-X', '-A', '-t', '-q', '-v', 'ON_ERROR_STOP=1', '-U', 'postgres', '-d', database), text),
    redisCli: (...args) => exec(parts.redis, ['redis-cli', '-e', ...args]),
    start,
    run: async <R>(type: string, input: object) => (await start<R>(type, input)).result() as Promise<R>,
    waitForPhase,
    approve: async (handle) => {
      await waitForPhase(handle, 'awaitingApproval');
      const { plan } = await handle.query(statusQuery);
      if (plan === null) throw new Error('no plan is shown');
      await handle.executeUpdate(approveUpdate, { args: [{ digest: plan.envelope.digest, runId: plan.envelope.runId, by: 'test' }] });
    },
    define: (definition) => void Object.assign(config.services[0] as ServiceDefinition, definition),
    startWorker: async ({ environment: further, hooks, ...faults } = {}) => {
      const abort = new AbortController();
      const ready = Promise.withResolvers<void>();
      const running = runWorker({ config, temporal: { address: temporalAddress() }, environment: { ...environment, HOLDFAST_STATE_DIR: `${parts.repositoryPath}.state`, ...further, DOCKER_HOST: dockerHost() }, signal: abort.signal, onReady: () => ready.resolve(), ...faults, hooks: { ...await testWorkflows(), ...hooks } });
      running.catch((error: unknown) => ready.reject(error));
      await ready.promise;
      const stop = async (): Promise<void> => {
        abort.abort();
        await running;
      };
      stops.push(stop);
      return stop;
    },
    recreateRedis: async () => {
      await runtime.stop(parts.redis, 30_000);
      await runtime.remove(parts.redis);
      parts.redis = await parts.createRedis();
      await waitFor(async () => (await exec(parts.redis, ['redis-cli', '-e', 'PING'])) === 'PONG');
    },
    recreatePostgres: async (image) => {
      await runtime.stop(postgresName, 30_000);
      await runtime.remove(postgresName);
      await parts.createPostgres(image);
      await waitFor(async () => (await exec(postgresName, realProgram('psql', '-X', '-A', '-t', '-U', 'postgres', '-c', 'SELECT 1'))) === '1');
    },
    leftovers: async () => {
      const labels = { 'dev.holdfast.service': name };
      return [...(await runtime.list(labels)).map((container) => container.name), ...(await runtime.listVolumes(labels)).map((volume) => volume.name), ...(await runtime.listNetworks(labels)).map((network) => network.name)];
    },
    stop: async () => {
      for (const stop of stops) await stop();
      await removeKeepers(runtime, name);
      for (const id of [postgresName, parts.redis, ...(parts.keeper === null ? [] : [parts.keeper])]) await runtime.remove(id);
      for (const volume of await runtime.listVolumes({})) if (volume.labels[testLabel]?.endsWith(name.slice(4)) === true) await runtime.removeVolume(volume.name);
      for (const path of [parts.repositoryPath, `${parts.repositoryPath}.state`]) await rm(path, { recursive: true, force: true });
      await client.connection.close();
    },
  };
}

/** What receives a log, or watches a server archive it, outlives workers and its database by design. */
async function removeKeepers(runtime: ContainerRuntime, service: string): Promise<void> {
  for (const kind of ['receiver', 'archive']) {
    const labels = { [labelNames.kind]: kind, [labelNames.service]: service };
    for (const { id } of await runtime.list(labels)) await runtime.remove(id);
    for (const volume of await runtime.listVolumes(labels)) await runtime.removeVolume(volume.name);
  }
}

/** Polls until it is so; a check that throws counts as "not yet" until the bound. */
export async function waitFor(check: () => Promise<boolean>, boundMs = 150_000): Promise<void> {
  const deadline = Date.now() + boundMs;
  let last: unknown;
  while (Date.now() < deadline) {
    try {
      if (await check()) return;
    } catch (error) {
      last = error;
      if (error instanceof Error && error.message.startsWith('the run failed')) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`waited ${boundMs} ms in vain`, { cause: last });
}
