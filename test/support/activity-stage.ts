/** Activities without Temporal: on a real repository in a temporary directory, in the context of a run that the test names. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { createActivities, type Activities } from '../../src/activities/index.ts';
import type { ActivityDependencies, RunDirectory } from '../../src/activities/dependencies.ts';
import type { RunOwner } from '../../src/domain/run-owner.ts';
import type { ServiceDefinition } from '../../src/domain/service.ts';
import { defaultKeepMs } from '../../src/domain/drill/drill-report.ts';
import { testTiming } from '../../src/domain/timing.ts';
import type { Repository } from '../../src/repository/repository.ts';
import { createRepository } from '../../src/repository/create-repository.ts';
import { createLocalStorage } from '../../src/storage/local/local-storage.ts';

export interface ActivityStage {
  readonly repository: Repository;
  readonly directory: string;
  readonly service: ServiceDefinition;
  /** The activities of a worker with these dependencies instead of the stage's own, each called by this run; of this runbook, and given out then by the server's clock, where that counts. */
  as(run: RunOwner & { readonly runbook?: string; readonly givenOutMs?: number }, changed?: Partial<ActivityDependencies>): Activities;
  remove(): Promise<void>;
}

export const stageNamespace = 'namespace';

export const stageService: ServiceDefinition = {
  name: 'shop', host: 'local', version: '2.0.0',
  components: [{ engine: 'postgres', name: 'postgres', container: 'shop-postgres', database: 'shop', user: 'postgres' }, { engine: 'redis', name: 'redis', container: 'shop-redis' }],
  application: null, health: null, repositories: ['local'],
  approval: { required: ['restore', 'undo', 'accept'], fourEyes: false, approvers: [], expiresAfterMs: 120_000 },
  proveAfterBackup: false, contentHashes: true, skewLimitMs: 2_000,
};

export async function openActivityStage(): Promise<ActivityStage> {
  const directory = await mkdtemp(join(tmpdir(), 'holdfast test-'));
  const repository = createRepository('local', createLocalStorage(directory));
  const dependencies: ActivityDependencies = {
    services: new Map([[stageService.name, stageService]]),
    hostQueueOf: (host) => `holdfast-host-${host}`,
    timingProfile: 'test',
    timing: testTiming,
    holdfastVersion: '0.1.0',
    runtime: absent('a container engine'),
    engineFor: () => absent('a database engine'),
    repositories: new Map([['local', repository]]),
    runs: absent<RunDirectory>('Temporal', { namespaceId: stageNamespace }),
    logServers: absent('a server'),
    readLog: async () => null,
    wishForLog: async () => undefined,
    resolveSecret: async () => '',
    requireKey: async () => undefined,
    readCompose: () => Promise.reject(new Error('this test has no compose file')),
    signReport: () => Promise.reject(new Error('this test has no key to sign reports with')),
    trustedReportKeys: async () => null,
    keepReportsMs: defaultKeepMs,
    nowMs: () => Date.now(),
    jobs: 2,
  };
  return {
    repository, directory, service: stageService,
    as: (run, changed = {}) => calledBy(run, createActivities({ ...dependencies, ...changed })),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

function calledBy({ workflowId, runId, runbook, givenOutMs }: Parameters<ActivityStage['as']>[0], activities: Activities): Activities {
  const environment = new MockActivityEnvironment({ workflowExecution: { workflowId, runId }, ...(runbook === undefined ? {} : { workflowType: runbook }), ...(givenOutMs === undefined ? {} : { currentAttemptScheduledTimestampMs: givenOutMs }) }, { logger: new DefaultLogger('ERROR') });
  return Object.fromEntries(Object.entries(activities).map(([name, activity]) => [name, (input: unknown) => environment.run(activity as (given: unknown) => Promise<unknown>, input)])) as Activities;
}

/** What a test does not give: asking it is a mistake of the test, or a step more than the activity should take. */
function absent<T extends object>(what: string, given: Partial<T> = {}): T {
  return new Proxy(given as T, {
    get: (object, name) => {
      if (name in object) return Reflect.get(object, name) as unknown;
      throw new Error(`this test has no ${what}, and ${String(name)} was asked for`);
    },
  });
}
