/** Everything the play needs, brought up; and the record by which it is taken away again. */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Client } from '@temporalio/client';
import { connectClient } from '../../src/client/temporal-connection.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import { createDockerRuntime } from '../../src/containers/docker-runtime.ts';
import type { ServiceDefinition } from '../../src/domain/service.ts';
import type { Repository } from '../../src/repository/repository.ts';
import { composeRepositories } from '../../src/worker/dependencies.ts';
import { identifyProcess } from '../process-identity.ts';
import { unlessAborted } from '../signals.ts';
import { step } from '../steps.ts';
import { startTemporal, type TemporalServer } from '../temporal.ts';
import { childEnvironment } from './child-environment.ts';
import type { DemoEnvironment } from './demo-environment.ts';
import { readRecords, writeRecord, type DemoRecord } from './demo-record.ts';
import { demoConfig, startDemoService } from './demo-service.ts';
import type { DemoService } from './demo-shape.ts';
import { startDemoWorker, type DemoWorker } from './demo-worker.ts';

const firstPort = 8009;
/** An undo of a disaster waits this long for a health that cannot come back; a restored application answers within some two seconds. */
export const healthWithin = '20s';
/** The report says what it was; on a machine that is busy with other things it is not what the demo is about. */
const skewLimit = '30s';

export interface Stage {
  readonly service: DemoService;
  readonly client: Client;
  readonly namespaceId: string;
  readonly uiAddress: string;
  readonly directory: string;
  /** The service as holdfast.yaml describes it, and where its backups are. */
  readonly definition: ServiceDefinition;
  readonly repository: Repository;
  /** What the demo's own programs get. */
  readonly environment: NodeJS.ProcessEnv;
  readonly signal: AbortSignal;
  /** Is a person there who types? The command line decides it the same way. */
  readonly interactive: boolean;
  readonly worker: DemoWorker;
  /** Starts another worker, which takes the place of one that was killed. */
  replaceWorker(): Promise<DemoWorker>;
  /** From now on the configuration says `wal: stream`. A worker reads it once: another takes the place of the one there is. */
  keepLog(): Promise<DemoWorker>;
}

/** A demo's record, written before anything is made; `note` adds to it. Every demo has names of its own, so that two can run and none is in another's way. */
export function beginRecord(dockerHost: string): { readonly current: DemoRecord; note(facts: Partial<DemoRecord>): void } {
  let current: DemoRecord = {
    dockerHost, prefix: newPrefix(), label: 'dev.holdfast.demo', process: identifyProcess(process.pid) ?? '',
    directory: mkdtempSync(join(tmpdir(), 'holdfast-demo-')), namespaceId: null, temporal: null, worker: null, kept: false,
  };
  const note = (facts: Partial<DemoRecord>): void => writeRecord((current = { ...current, ...facts }));
  note({});
  return { get current() { return current; }, note };
}

/** One that no demo on record has: what bears another's names would be taken away with it. */
function newPrefix(): string {
  const taken = new Set(readRecords().map(({ prefix }) => prefix));
  for (;;) {
    const prefix = `holdfast-demo-${randomBytes(2).toString('hex')}`;
    if (!taken.has(prefix)) return prefix;
  }
}

export async function setStage(environment: DemoEnvironment, record: ReturnType<typeof beginRecord>): Promise<Stage> {
  const { signal, choices } = environment;
  const { directory } = record.current;
  mkdirSync(join(directory, 'backups'));
  const temporal = await startServer(environment, record);
  const client = await connectClient({ address: temporal.address, namespace: 'default' });
  const { namespaceInfo } = await client.workflowService.describeNamespace({ namespace: 'default' });
  const namespaceId = namespaceInfo?.id ?? '';
  record.note({ namespaceId });
  const service = await raiseService(environment, record.current);
  const configPath = join(directory, 'holdfast.yaml');
  const { image: drillImage } = await createDockerRuntime(service.dockerHost).inspect(service.application.container);
  const configure = (wal: boolean): void => writeFileSync(configPath, demoConfig(service, { backupDirectory: join(directory, 'backups'), prove: false, healthWithin, skewLimit, wal, drillImage }));
  configure(false);
  const { definition, repository } = await readConfiguration(configPath);
  const own = childEnvironment(process.env, { dockerHost: environment.dockerHost, temporalAddress: temporal.address, configPath, directory });
  const startWorker = async (): Promise<DemoWorker> => {
    const started = await startDemoWorker({ configPath, environment: own, keptLog: choices.keep ? join(directory, 'worker.log') : null, signal });
    record.note({ worker: started.identity });
    return started;
  };
  let worker = await step('worker', async () => {
    const value = await startWorker();
    return { value, outcome: `process ${value.pid}` };
  });
  return {
    service, client, namespaceId, directory, definition, repository, environment: own, signal, uiAddress: temporal.uiAddress ?? '',
    interactive: process.stdin.isTTY === true && process.stdout.isTTY === true,
    get worker() { return worker; },
    replaceWorker: async () => (worker = await startWorker()),
    keepLog: async () => {
      configure(true);
      await worker.kill();
      return (worker = await startWorker());
    },
  };
}

async function readConfiguration(path: string): Promise<Pick<Stage, 'definition' | 'repository'>> {
  const config = await loadConfig({ path, environment: {}, currentDirectory: dirname(path) });
  const [definition] = config.services;
  const [repository] = composeRepositories(config).values();
  if (definition === undefined || repository === undefined) throw new Error(`${path} names no service or no repository`);
  return { definition, repository };
}

async function startServer({ temporalCli, choices, signal }: DemoEnvironment, record: ReturnType<typeof beginRecord>): Promise<TemporalServer> {
  return step('temporal', async () => {
    const starting = startTemporal({ cli: temporalCli, dbFile: join(record.current.directory, 'temporal.sqlite'), keep: choices.keep });
    const value = await unlessAborted(signal, starting, (late) => late.stop());
    record.note({ temporal: value.identity });
    return { value, outcome: `a server of its own, UI ${value.uiAddress ?? 'none'}` };
  });
}

async function raiseService({ dockerHost, images, choices, signal }: DemoEnvironment, { prefix, label }: DemoRecord): Promise<DemoService> {
  return step('service', async () => {
    const { postgres, redis } = images;
    const value = await startDemoService({ dockerHost, prefix, label, sizeMb: choices.sizeMb, port: firstPort, signal, postgresImage: postgres, redisImage: redis });
    return { value, outcome: `${prefix}: PostgreSQL 17 (about ${choices.sizeMb} MB), Redis 8, application on ${value.healthUrl}` };
  });
}
