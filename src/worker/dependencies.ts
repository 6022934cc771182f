/** The composition root: the only file that names concrete engines, storages and the container runtime. */
import { availableParallelism } from 'node:os';
import type { Client } from '@temporalio/client';
import type { ActivityDependencies, LogServers } from '../activities/dependencies.ts';
import { readComposeFile } from '../config/compose-file.ts';
import type { Config } from '../config/config.ts';
import { resolveKeyText, resolveSecret } from '../config/secrets.ts';
import type { ContainerRuntime } from '../containers/container-runtime.ts';
import { createDockerRuntime } from '../containers/docker-runtime.ts';
import type { EngineName } from '../domain/engine-name.ts';
import type { WalMode } from '../domain/service.ts';
import { hostQueue } from '../domain/task-queues.ts';
import { defaultKeepMs } from '../domain/drill/drill-report.ts';
import { productionTiming, testTiming } from '../domain/timing.ts';
import type { EngineContext } from '../engines/engine-context.ts';
import type { DatabaseEngine } from '../engines/engine.ts';
import type { AofSource } from '../engines/aof-source.ts';
import { createRedisAofSource } from '../engines/redis/aof/redis-aof-source.ts';
import type { WalContext, WalSource } from '../engines/wal-source.ts';
import { createPostgresEngine } from '../engines/postgres/postgres-engine.ts';
import { obstacleToEnd } from '../engines/postgres/wal/archive/archive-settings.ts';
import { changeLogSettings, readLogSettings } from '../engines/postgres/wal/log-settings.ts';
import { createPostgresArchiveSource } from '../engines/postgres/wal/archive/postgres-archive-source.ts';
import { createPostgresWalSource } from '../engines/postgres/wal/postgres-wal-source.ts';
import { createRedisEngine } from '../engines/redis/redis-engine.ts';
import type { Repository } from '../repository/repository.ts';
import { createRepository } from '../repository/create-repository.ts';
import { createLocalStorage } from '../storage/local/local-storage.ts';
import { withStallGuard } from '../storage/stall-guard.ts';
import { stateDirectory } from './local/state-directory.ts';
import { reportSigner, trustedReportKeys } from './report-key.ts';
import { createRunDirectory } from './run-directory.ts';
import { holdfastVersion } from './version.ts';
import { leaveLogWish, readLogStatus } from './standing-file.ts';

/** The repositories of a configuration, by name. */
export const composeRepositories = (config: Config): ReadonlyMap<string, Repository> =>
  new Map(config.repositories.map(({ name, path }) => [name, createRepository(name, withStallGuard(createLocalStorage(path)))]));

/** The container engine that DOCKER_HOST names. */
export const composeRuntime = (environment: NodeJS.ProcessEnv): ContainerRuntime => createDockerRuntime(environment['DOCKER_HOST']);

export function composeEngines(): Readonly<Record<EngineName, DatabaseEngine>> {
  return { postgres: createPostgresEngine() as unknown as DatabaseEngine, redis: createRedisEngine() as unknown as DatabaseEngine };
}

/** What brings the logs of databases, by the word of the configuration. */
export const composeWalSources = (): Readonly<Record<WalMode, WalSource>> => ({ stream: createPostgresWalSource(), archive: createPostgresArchiveSource() });

/** What follows append-only files. */
export const composeAofSource = (): AofSource => createRedisAofSource();

/** The settings of logs, and what brings them. */
export function composeLogServers(): LogServers {
  const sources = composeWalSources();
  const walContext = ({ owner, service, runtime, timing, signal, secret }: EngineContext): WalContext => ({ namespaceId: owner.namespaceId, service, runtime, timing, signal, secret });
  return {
    read: readLogSettings, change: changeLogSettings,
    received: async (context, component, mode) => {
      const source = sources[mode];
      const cluster = await source.cluster(walContext(context), component);
      if (cluster === null) return null;
      const newest = (await source.readings(walContext(context), component, null)).findLast(({ received }) => received !== null);
      return { cluster, files: await source.files(walContext(context), component), position: newest?.received ?? null };
    },
    forget: (context, component, mode) => sources[mode].stop(walContext(context), component, { forget: true }),
    obstacleToForget: async (context, component, mode) => (mode === 'archive' ? obstacleToEnd(walContext(context), component) : null),
  };
}

/** Everything a worker's activities need, from configuration and a connected client. */
export async function composeDependencies(config: Config, client: Client, environment: NodeJS.ProcessEnv): Promise<ActivityDependencies> {
  const timingProfile = environment['HOLDFAST_TIMING'] === 'test' ? 'test' : 'production';
  const engines = composeEngines();
  return {
    services: new Map(config.services.map((service) => [service.name, service])),
    hostQueueOf: (host) => hostQueue(host, config.queuePrefix),
    timingProfile,
    timing: timingProfile === 'test' ? testTiming : productionTiming,
    holdfastVersion,
    runtime: composeRuntime(environment),
    engineFor: (name) => engines[name],
    repositories: composeRepositories(config),
    runs: await createRunDirectory(client),
    logServers: composeLogServers(),
    readLog: (service, component) => readLogStatus(stateDirectory(environment), service, component),
    wishForLog: (service, component, at) => leaveLogWish(stateDirectory(environment), service, component, at),
    resolveSecret: (reference) => resolveSecret(reference, environment),
    requireKey: async (reference) => void await resolveKeyText(reference, environment),
    readCompose: readComposeFile,
    signReport: reportSigner(config.reports, environment),
    trustedReportKeys: trustedReportKeys(config.reports, environment),
    keepReportsMs: config.reports?.keepMs ?? defaultKeepMs,
    nowMs: () => Date.now(),
    jobs: Math.max(2, Math.min(8, availableParallelism())),
  };
}
