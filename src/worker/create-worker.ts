/** The pollers of one process: workflows (and what any worker can do) on the shared queue, the host's activities on its own two. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker, bundleWorkflowCode, type NativeConnection, type WorkerOptions } from '@temporalio/worker';
import { createActivities, type Activities } from '../activities/index.ts';
import type { ActivityDependencies } from '../activities/dependencies.ts';
import { createFailureInterceptor } from '../activities/failure-interceptor.ts';
import { createLateAttemptInterceptor } from '../activities/late-attempt.ts';
import { createHeartbeatInterceptor } from '../activities/heartbeating.ts';
import { hostQueues, workflowQueue } from '../domain/task-queues.ts';
import { createWriterInterceptor } from './writer-interceptor.ts';

export interface WorkerPlace {
  readonly connection: NativeConnection;
  readonly namespace: string;
  readonly queuePrefix: string;
  readonly host: string;
  readonly identity: string;
  /** Only what is asked of this host by name; runs are other workers'. False unless given. */
  readonly standby?: boolean;
}

/** For tests that inject faults around activities, or start many workers on one bundle; the product has none. */
export interface WorkerHooks {
  wrapActivities?(activities: Activities): Activities;
  readonly workflowBundle?: NonNullable<WorkerOptions['workflowBundle']>;
}

/** Steps of runs at once on one host, of those that take long and of the others each; what watches a log has a place of its own, for it never ends. */
const hostTasks = 16;

const shutdownForceMs = 20_000;
/** After a worker's death its runs are offered to it for this long before others may go on with them; the SDK's 10 s would be 10 s more of closed databases. */
const deadWorkerMs = 2_000;

/**
 * A worker that stands still (a paused machine) still takes what its open polls were promised, and each of these is an attempt lost: two are few against
 * the attempts that a step has. The SDK's ten are not; its `maxConcurrentActivityTaskPolls` changes nothing in 1.24.
 */
const fewPolls = { type: 'simple-maximum', maximum: 2 } as const;

/**
 * The workers of one process. Each carries all activities: the shared queue's are asked only for what needs no particular host.
 * `shutdownForceTime` is always set: without it a stuck activity keeps `run()` from ever settling (sdk-typescript#2266).
 */
export async function createWorkers(place: WorkerPlace, dependencies: ActivityDependencies, hooks: WorkerHooks = {}): Promise<readonly Worker[]> {
  const created = createActivities(dependencies);
  const activities = hooks.wrapActivities?.(created) ?? created;
  const common: Partial<WorkerOptions> = {
    connection: place.connection,
    namespace: place.namespace,
    identity: place.identity,
    activities,
    interceptors: {
      activity: [
        createFailureInterceptor(), createLateAttemptInterceptor(dependencies.runs, dependencies.timing.heartbeatTimeoutMs, dependencies.nowMs), createWriterInterceptor(), createHeartbeatInterceptor(dependencies.timing.heartbeatIntervalMs),
      ].map((inbound) => () => ({ inbound })),
    },
    maxHeartbeatThrottleInterval: dependencies.timing.heartbeatIntervalMs,
    defaultHeartbeatThrottleInterval: dependencies.timing.heartbeatIntervalMs,
    activityTaskPollerBehavior: fewPolls,
    shutdownGraceTime: 0,
    shutdownForceTime: shutdownForceMs,
  };
  const [queue, longQueue] = hostQueues(place.host, place.queuePrefix);
  const host = [
    Worker.create({ ...common, taskQueue: queue, maxConcurrentActivityTaskExecutions: hostTasks } as WorkerOptions),
    Worker.create({ ...common, taskQueue: longQueue, maxConcurrentActivityTaskExecutions: hostTasks + watchedLogs(dependencies) } as WorkerOptions),
  ];
  if (place.standby === true) return Promise.all(host);
  const workflows = hooks.workflowBundle === undefined ? await workflowSource() : { workflowBundle: hooks.workflowBundle };
  return Promise.all([
    Worker.create({ ...common, ...workflows, workflowTaskPollerBehavior: fewPolls, taskQueue: workflowQueue(place.queuePrefix), stickyQueueScheduleToStartTimeout: deadWorkerMs } as WorkerOptions),
    ...host,
  ]);
}

const watchedLogs = ({ services }: ActivityDependencies): number =>
  [...services.values()].filter(({ components }) => components.some((component) => component.engine === 'postgres' && component.wal !== undefined)).length;

let source: Promise<Pick<WorkerOptions, 'workflowBundle'>> | undefined;

/** The package carries a bundle; a clone bundles from the sources, once per process (about a second). */
export function workflowSource(): Promise<Pick<WorkerOptions, 'workflowBundle'>> {
  source ??= loadWorkflowSource();
  return source;
}

async function loadWorkflowSource(): Promise<Pick<WorkerOptions, 'workflowBundle'>> {
  const packed = fileURLToPath(new URL('../workflow-bundle.js', import.meta.url));
  if (existsSync(packed)) return { workflowBundle: { codePath: packed } };
  return { workflowBundle: await bundleWorkflowCode({ workflowsPath: fileURLToPath(new URL('../workflows/index.ts', import.meta.url)), logger: quietLogger }) };
}

const silent = (): void => undefined;
const quietLogger = { log: silent, trace: silent, debug: silent, info: silent, warn: silent, error: (message: string) => process.stderr.write(`${message}\n`) };
