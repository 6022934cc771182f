/** The sixth step: the log is kept, somebody runs DELETE without WHERE, and the service comes back to just before that transaction. */
import type { ContainerRuntime } from '../../src/containers/container-runtime.ts';
import { createDockerRuntime } from '../../src/containers/docker-runtime.ts';
import { waitUntil } from '../../src/containers/wait-until.ts';
import { resultOf } from '../../src/client/follow-run.ts';
import { HoldfastFailure } from '../../src/domain/failures.ts';
import type { FindMomentResult } from '../../src/workflows/find-moment/messages.ts';
import type { RestoreToPointInTimeResult } from '../../src/workflows/restore-to-point-in-time/messages.ts';
import { deletedFrom, deleteWithoutWhere, readStanding, type Accident, type Standing } from './accident.ts';
import { health, pauseWriter, resumeWriter, waitForHealth, writerStats } from './application-client.ts';
import { approvedRun } from './approved-run.ts';
import { holdfastOrFail } from './command-line.ts';
import { say, title } from './narration.ts';
import type { Stage } from './stage.ts';
import { newestResult, newRun, runsOf } from './watch-run.ts';

const keptMs = 60_000;
const orderedMs = 30_000;
const healthyMs = 60_000;

export interface AnySecond {
  readonly found: FindMomentResult;
  /** From typing the command to its answer. */
  readonly findMs: number;
  readonly restored: RestoreToPointInTimeResult;
  /** Orders that were placed after the accident. */
  readonly ordersAside: number;
}

/** @throws Error where anything is not as it is said to be; the signal's reason */
export async function anySecond(stage: Stage): Promise<AnySecond> {
  const { service, environment, client, signal } = stage;
  const runtime = createDockerRuntime(service.dockerHost);
  title('6. A DELETE without WHERE', 'from now on the log is kept (wal: stream), which leads to any second');
  await keepLog(stage);
  const accident = await deleteWithoutWhere(runtime, service);
  const { orders } = await writerStats(service);
  say(`Somebody tidies up with DELETE FROM ${deletedFrom}, and forgets the WHERE: ${amount(accident.before.events)} rows are gone`);
  const since = await untilOrdered(stage, orders);
  say(`/health: ${(await health(service)).status ?? 'no answer'}; the application writes on (${amount(since)} orders since), and nobody knows which transaction it was`);

  const begun = performance.now();
  await holdfastOrFail(['find', '--shrunk', deletedFrom], environment, signal);
  const findMs = performance.now() - begun;
  const found = await newestResult<FindMomentResult>(client, 'findMoment');
  if (found.xid !== accident.xid) throw new Error(`transaction ${accident.xid} did it, and ${found.xid} was found`);
  say(`PostgreSQL had numbered it ${accident.xid}: that one`);

  // What comes before the restore is counted and set aside, what comes after it is counted anew: nothing may come in between.
  await pauseWriter(service);
  const after = await readStanding(runtime, service);
  const { workflowId, exitCode } = await approvedRun(stage, { type: 'restoreToPointInTime', args: ['restore', '--before', found.point, '--since', found.at, '--reason', 'demo'] });
  if (exitCode !== 0) throw new Error(`the restore exited ${exitCode}`);
  await checkBack(stage, runtime, accident);
  const ordersAside = after.orders - accident.before.orders;
  say(`Set aside: the ${amount(ordersAside)} orders that were placed after it, still in the old copy`);
  await resumeWriter(service);
  const { status } = await waitForHealth(service, healthyMs);
  say(`/health: ${status}; the application writes again`);
  return { found, findMs, ordersAside, restored: await resultOf<RestoreToPointInTimeResult>(client, workflowId) };
}

/** The worker that keeps the log takes the base backup that it leads on from, by itself. */
async function keepLog(stage: Stage): Promise<void> {
  const { client, environment, signal } = stage;
  const before = await runsOf(client, 'takeBackup');
  const { pid } = await stage.keepLog();
  say(`holdfast.yaml has wal: stream now; a worker (process ${pid}) receives the log, and takes a base backup by itself`);
  const base = await newRun(client, 'takeBackup', before, AbortSignal.timeout(keptMs), signal);
  if (base === null) throw new Error('no base backup was begun');
  await holdfastOrFail(['watch', base], environment, signal);
}

/** Business goes on, and nobody has noticed: answers how many orders there were since. */
async function untilOrdered({ service, signal }: Stage, before: number): Promise<number> {
  const since = async (): Promise<number | null> => {
    const { orders } = await writerStats(service);
    return orders > before ? orders - before : null;
  };
  return waitUntil(since, { withinMs: orderedMs, everyMs: 100, signal }, () => new HoldfastFailure('HealthCheckFailed', {
    operation: 'wait for orders', object: service.healthUrl, cause: `none was placed in ${orderedMs / 1000} s`, hint: 'Look at what the application printed.',
  }));
}

/** The writer is paused: every figure is what the deleting transaction counted before it deleted, or something is wrong. */
async function checkBack({ service }: Stage, runtime: ContainerRuntime, { before }: Accident): Promise<void> {
  const now = await readStanding(runtime, service);
  const wrong = (Object.keys(before) as (keyof Standing)[]).filter((key) => now[key] !== before[key]);
  if (wrong.length > 0) throw new Error(`not as just before the accident: ${wrong.map((key) => `${key} ${now[key]}, was ${before[key]}`).join('; ')}`);
  say(`Counted again with the writer stopped: ${amount(now.events)} events, ${amount(now.orders)} orders, ${amount(now.orderLines)} lines worth ${now.worth}: each as just before the DELETE`);
}

const amount = (count: number): string => count.toLocaleString('en-US');
