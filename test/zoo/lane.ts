/** One service on one repository with a worker of its own: what befalls it befalls no other. */
import { randomBytes } from 'node:crypto';
import { readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { WorkflowFailedError } from '@temporalio/client';
import type { Config } from '../../src/config/config.ts';
import type { DrillReport } from '../../src/domain/drill/drill-report.ts';
import type { ServiceDefinition } from '../../src/domain/service.ts';
import { workflowQueue } from '../../src/domain/task-queues.ts';
import { readReport } from '../../src/report/read-report.ts';
import { runWorker } from '../../src/worker/main.ts';
import type { RunDrillResult } from '../../src/workflows/run-drill/messages.ts';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import { instrument } from '../chaos/fault/instrument.ts';
import type { ServiceFixture } from '../support/service-fixture.ts';
import { dockerHost, temporalAddress } from '../support/test-environment.ts';
import { testWorkflows } from '../support/workflow-bundle.ts';
import type { Trouble } from './animal.ts';
import type { StoredBackup } from './stored-backup.ts';

export interface LaneRequest {
  /** Directory of the repository. */
  readonly root: string;
  readonly definition: Partial<ServiceDefinition>;
  readonly trouble?: Trouble;
}

/** What a drill came to. */
export interface Drilled {
  /** The failure that its run ended with; null where it was proven. */
  readonly failure: { readonly type: string; readonly message: string } | null;
  /** Null where it left none. */
  readonly report: DrillReport | null;
  readonly testOutput: string;
}

export interface Lane {
  takeBackup(kind?: 'base'): Promise<StoredBackup>;
  drill(): Promise<Drilled>;
}

/** The worker ends with the work. */
export async function withLane<T>(service: ServiceFixture, request: LaneRequest, work: (lane: Lane) => Promise<T>): Promise<T> {
  const config = configFor(service, request);
  const [abort, ready] = [new AbortController(), Promise.withResolvers<void>()];
  const { wrap, hooks } = faultsOf(config, request.trouble ?? {});
  const environment = { ...process.env, HOLDFAST_TIMING: 'test', HOLDFAST_STATE_DIR: `${request.root}.state`, DOCKER_HOST: request.trouble?.dockerHost ?? dockerHost() };
  const running = runWorker({ config, temporal: { address: temporalAddress() }, environment, signal: abort.signal, onReady: () => ready.resolve(), keepsLogs: false, wrap, hooks: { ...await testWorkflows(), ...hooks } });
  running.catch((error: unknown) => ready.reject(error));
  try {
    await ready.promise;
    return await work(laneOn(service, config, request.root));
  } finally {
    abort.abort();
    await running;
    await rm(`${request.root}.state`, { recursive: true, force: true });
  }
}

function configFor(service: ServiceFixture, { root, definition }: LaneRequest): Config {
  const id = randomBytes(4).toString('hex');
  const own = service.config.services[0] as ServiceDefinition;
  // How far apart the snapshots lie on a busy machine is nothing that is looked for here.
  return { ...service.config, services: [{ ...own, skewLimitMs: 600_000, ...definition, host: `host-${id}`, repositories: ['local'] }], repositories: [{ name: 'local', path: root }], host: `host-${id}`, queuePrefix: `hf-${id}` };
}

function faultsOf(config: Config, { probe, around }: Trouble): ReturnType<typeof instrument> {
  const { wrap, hooks } = instrument(config, probe ?? {});
  return {
    hooks,
    wrap: (dependencies) => {
      const wrapped = wrap(dependencies);
      return around === undefined ? wrapped : { ...wrapped, runtime: around(wrapped.runtime) };
    },
  };
}

function laneOn(service: ServiceFixture, config: Config, root: string): Lane {
  const run = async <R>(type: string, input: object): Promise<R> => {
    const workflowId = `holdfast/zoo/${service.name}/${type}-${randomBytes(4).toString('hex')}`;
    const handle = await service.client.workflow.start(type, { taskQueue: workflowQueue(config.queuePrefix), workflowId, args: [{ service: service.name, ...input }] });
    return handle.result() as Promise<R>;
  };
  return {
    takeBackup: async (kind) => {
      const { backupId } = await run<TakeBackupResult>('takeBackup', kind === undefined ? {} : { kind });
      return { root, service: service.name, backupId };
    },
    drill: async () => {
      const failure = await run<RunDrillResult>('runDrill', { depth: 'restore' }).then(() => null, failureOf);
      return { failure, ...await reportIn(join(root, service.name, 'drills')) };
    },
  };
}

function failureOf(error: unknown): NonNullable<Drilled['failure']> {
  if (!(error instanceof WorkflowFailedError)) throw error;
  const cause = error.cause as { type?: string; message?: string } | undefined;
  return { type: cause?.type ?? String(cause), message: cause?.message ?? '' };
}

/** Of the one drill that there was. */
async function reportIn(directory: string): Promise<Pick<Drilled, 'report' | 'testOutput'>> {
  const [drillId = 'none', ...others] = (await readdir(directory).catch(() => [])).sort();
  if (others.length > 0) throw new Error(`${directory} holds more drills than one`);
  const read = (name: string): Promise<string> => readFile(join(directory, drillId, name), 'utf8').catch(() => '');
  return { report: readReport(await read('report.json')).signed?.report ?? null, testOutput: await read('tests.txt') };
}
