/** The worker's process: configuration, connection, two pollers, and a clean end. The process around it is process.ts. Started by `holdfast worker`, `up` and the local supervisor. */
import './bound-young-memory.ts';
import { hostname } from 'node:os';
import type { Client } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, type NativeConnectionOptions } from '@temporalio/worker';
import { connectClient, connectOptions, unreachable, type TemporalAddress } from '../client/temporal-connection.ts';
import type { ActivityDependencies } from '../activities/dependencies.ts';
import type { Config } from '../config/config.ts';
import { workflowQueue } from '../domain/task-queues.ts';
import { createWorkers, type WorkerHooks } from './create-worker.ts';
import { aofsOf, endFormerFollowers } from './aof/keep-aofs.ts';
import { composeAofSource, composeDependencies, composeWalSources } from './dependencies.ts';
import { openStateDirectory, stateDirectory } from './local/state-directory.ts';
import { keepRounds, readLogWish } from './standing-file.ts';
import { logsOf } from './wal/keep-logs.ts';
import { watchLogs } from './wal/watch-logs.ts';

export interface WorkerOptions {
  readonly config: Config;
  readonly temporal?: Partial<TemporalAddress>;
  readonly environment: NodeJS.ProcessEnv;
  /** Told once both pollers run. */
  onReady?(description: { readonly address: string; readonly namespace: string; readonly queues: readonly string[] }): void;
  /** Ends the worker gracefully. The process decides what aborts it (SIGINT, SIGTERM). */
  readonly signal: AbortSignal;
  /** Tests wrap what activities are given, to inject faults; the product never does. */
  wrap?(dependencies: ActivityDependencies): ActivityDependencies;
  readonly hooks?: WorkerHooks;
  /** Does it keep the logs that the configuration asks for? Not one that ends when it is idle: nobody would carry on. */
  readonly keepsLogs?: boolean;
  /** Does it stand by for services of other hosts? Then it runs nothing but what is asked of this host by name, and keeps no log. */
  readonly standby?: boolean;
}

/** Runs until it is told to end. @throws TemporalUnreachable and whatever a poller ends with */
export async function runWorker(options: WorkerOptions): Promise<void> {
  installRuntime();
  const { connection: connectionOptions, namespace } = connectOptions(options.temporal);
  const client = await connectClient(options.temporal);
  const connection = await NativeConnection.connect(nativeOptions(connectionOptions)).catch((error: unknown) => {
    throw unreachable(connectionOptions.address, error);
  });
  const composed = await composeDependencies(options.config, client, options.environment);
  const dependencies = options.wrap?.(composed) ?? composed;
  const place = { connection, namespace, queuePrefix: options.config.queuePrefix, host: options.config.host, identity: `holdfast@${hostname()} (${process.pid})`, standby: options.standby === true };
  const workers = await createWorkers(place, dependencies, options.hooks);
  const shutDown = (): void => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  options.signal.addEventListener('abort', shutDown, { once: true });
  const running = Promise.all(workers.map((worker) => worker.run()));
  const keeping = options.keepsLogs === false || options.standby === true ? Promise.resolve() : keepConfiguredLogs(options, dependencies, client);
  options.onReady?.({ address: connectionOptions.address, namespace, queues: workers.map((worker) => worker.options.taskQueue) });
  try {
    await Promise.all([running, keeping]);
  } finally {
    shutDown();
    await connection.close().catch(() => undefined);
    await client.connection.close().catch(() => undefined);
  }
}

/** Ends with the worker; and ends it, where it cannot go on. */
async function keepConfiguredLogs({ config, environment, signal }: WorkerOptions, dependencies: ActivityDependencies, client: Client): Promise<void> {
  const logs = logsOf(config, dependencies, { sources: composeWalSources(), wishOf: (service, component) => readLogWish(stateDirectory(environment), service, component) }, signal);
  const aofSource = composeAofSource();
  const aofs = aofsOf(config, dependencies, aofSource, signal);
  const ended = endFormerFollowers(config, dependencies, aofSource, signal);
  if (logs.length + aofs.length === 0) return ended;
  const { directory } = await openStateDirectory(environment);
  await Promise.all([
    ended,
    keepRounds(logs.map(({ keeper }) => keeper), directory, 'wal', dependencies.timing.walRoundMs, signal),
    // Each time a block that grows is stored anew.
    keepRounds(aofs, directory, 'aof', 2 * dependencies.timing.walRoundMs, signal),
    watchLogs(client, workflowQueue(config.queuePrefix), logs, dependencies.timing, signal),
  ]);
}

let runtimeInstalled = false;

/** Once per process, before the first connection; a second worker in the same process shares it. */
function installRuntime(): void {
  if (runtimeInstalled) return;
  runtimeInstalled = true;
  Runtime.install({ logger: new DefaultLogger('ERROR'), shutdownSignals: [], telemetryOptions: { logging: { filter: { core: 'ERROR', other: 'ERROR' }, forward: {} } } });
}

type ClientOptions = ReturnType<typeof connectOptions>['connection'];

/** What a native connection takes over from the client's options (the two types differ in what may be null). */
function nativeOptions({ address, tls, apiKey, metadata }: ClientOptions): NativeConnectionOptions {
  return { address, ...(tls == null ? {} : { tls }), ...(apiKey === undefined ? {} : { apiKey }), ...(metadata === undefined ? {} : { metadata }) } as NativeConnectionOptions;
}
