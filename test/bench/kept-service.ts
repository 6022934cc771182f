/** A service of one PostgreSQL server whose log is kept, with the worker that keeps it, for a bench. */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { connectDocker } from '../../devbox/docker-connection.ts';
import { removeByLabel } from '../../devbox/demo/demo-containers.ts';
import type { Config } from '../../src/config/config.ts';
import { workflowQueue } from '../../src/domain/task-queues.ts';
import { labelNames } from '../../src/containers/labels.ts';
import type { WalMode } from '../../src/domain/service.ts';
import { figuresAt, type LogStatus } from '../../src/domain/wal/log-status.ts';
import { parseLsn } from '../../src/domain/wal/lsn.ts';
import { logWatchId } from '../../src/domain/workflow-ids.ts';
import { createRepository } from '../../src/repository/create-repository.ts';
import type { Repository } from '../../src/repository/repository.ts';
import { createLocalStorage } from '../../src/storage/local/local-storage.ts';
import { readLogStatus } from '../../src/worker/standing-file.ts';
import { standingOf } from '../../src/worker/wal/standing-of.ts';
import { waitFor } from '../support/service-fixture.ts';
import type { BenchServer } from './bench-server.ts';
import { startBenchWorker, type BenchWorker } from './bench-worker.ts';
import type { BenchPlace } from './environment.ts';

export interface KeptService {
  readonly name: string;
  readonly worker: BenchWorker;
  readonly repository: Repository;
  /** How its log stands, as `holdfast wal status` reads it. */
  status(): Promise<LogStatus | null>;
  /** Returns when all that the server has written until now lies in the repository. */
  kept(): Promise<void>;
  /** Is there a base backup that the log, as it is now, leads on from? */
  leadsOn(): Promise<boolean>;
  /** The worker ends; what it kept, and what the product made for it, is gone. */
  stop(): Promise<void>;
}

export interface KeptOptions {
  /** Of one cluster alone: what was written down of another would be taken for its own. */
  readonly name: string;
  /** Its watch takes base backups by itself; where what runs is measured, it must not. */
  readonly watched: boolean;
  /** `stream` unless given. */
  readonly wal?: WalMode;
  readonly environment?: Readonly<Record<string, string>>;
}

const patienceMs = 600_000;

export async function startKeptService(place: BenchPlace, server: BenchServer, { name, watched, wal = 'stream', environment }: KeptOptions): Promise<KeptService> {
  const [path, state] = [join(place.directory, `${name}-repository`), join(place.directory, `${name}-state`)];
  for (const directory of [path, state]) mkdirSync(directory, { recursive: true });
  const config = configOf(name, server.container, path, wal);
  const worker = await startBenchWorker({ config, address: place.temporal.address, dockerHost: place.dockerHost, directory: place.directory, environment: { ...environment, HOLDFAST_STATE_DIR: state } });
  place.atEnd(() => worker.kill());
  if (!watched) await withoutWatch(worker, name, config);
  const status = async (): Promise<LogStatus | null> => figuresAt(await readLogStatus(state, name, 'postgres'), Date.now());
  return {
    name, worker, status, repository: createRepository('local', createLocalStorage(path)),
    stop: async () => {
      await worker.stop();
      await removeByLabel(connectDocker(place.dockerHost), { [labelNames.service]: name });
      for (const directory of [path, state]) rmSync(directory, { recursive: true, force: true });
    },
    leadsOn: async () => {
      const standing = await standingOf(config, await status());
      return standing?.base != null && standing.cause === null;
    },
    kept: async () => {
      const position = parseLsn(await server.sql('SELECT pg_current_wal_flush_lsn()')) ?? 0n;
      await waitFor(async () => (parseLsn((await status())?.repositories[0]?.durable ?? '') ?? 0n) >= position, patienceMs);
    },
  };
}

async function withoutWatch({ client }: BenchWorker, name: string, config: Config): Promise<void> {
  await waitFor(async () => client.workflow.getHandle(logWatchId(name)).terminate('the bench takes its own').then(() => true));
  await waitFor(async () => (await client.workflow.count(`TaskQueue = '${workflowQueue(config.queuePrefix)}' AND WorkflowType = 'takeBackup' AND ExecutionStatus = 'Running'`)).count === 0, patienceMs);
}

function configOf(name: string, container: string, path: string, wal: WalMode): Config {
  return {
    services: [{
      name, host: 'bench', version: null, contentHashes: true, proveAfterBackup: false, skewLimitMs: 60_000, repositories: ['local'], application: null, health: null,
      approval: { required: [], fourEyes: false, approvers: [], expiresAfterMs: 600_000 },
      components: [{ engine: 'postgres', name: 'postgres', container, database: 'shop', user: 'postgres', wal }],
    }],
    repositories: [{ name: 'local', path }], host: 'bench', queuePrefix: name, path: null, notices: [],
  };
}
