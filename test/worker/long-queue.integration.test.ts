/** What takes long on a host keeps nothing else there waiting: steps of an exchange have places of their own. */
import { randomBytes } from 'node:crypto';
import type { Client, WorkflowHandle } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, type Worker } from '@temporalio/worker';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ActivityDependencies } from '../../src/activities/dependencies.ts';
import type { Activities } from '../../src/activities/index.ts';
import { connectClient } from '../../src/client/temporal-connection.ts';
import { hostQueue, longQueue } from '../../src/domain/task-queues.ts';
import { testTiming } from '../../src/domain/timing.ts';
import { createWorkers } from '../../src/worker/create-worker.ts';
import { scheduleActivities } from '../support/schedule-activities.ts';
import { waitFor } from '../support/service-fixture.ts';
import { temporalAddress } from '../support/test-environment.ts';

const queuePrefix = `long-${randomBytes(4).toString('hex')}`;
const queue = hostQueue('here', queuePrefix);
const places = 16;
const over = Promise.withResolvers<void>();
let client: Client;
let connection: NativeConnection;
let workers: readonly Worker[];
let running: Promise<unknown>;

beforeAll(async () => {
  Runtime.install({ logger: new DefaultLogger('ERROR') });
  client = await connectClient({ address: temporalAddress() });
  connection = await NativeConnection.connect({ address: temporalAddress() });
  const nothing: Partial<ActivityDependencies> = { services: new Map(), timing: testTiming, nowMs: () => Date.now() };
  const wrapActivities = (): Activities => ({ nothing: () => over.promise }) as unknown as Activities;
  workers = await createWorkers({ connection, namespace: 'default', queuePrefix, host: 'here', identity: 'busy', standby: true }, nothing as ActivityDependencies, { wrapActivities });
  running = Promise.all(workers.map((worker) => worker.run()));
});
afterAll(async () => {
  over.resolve();
  for (const worker of workers) worker.shutdown();
  await running;
  await connection.close();
  await client.connection.close();
});

test('a step is taken at once while as many dumps are at work as the host takes, and more are waiting', async () => {
  const atWork = async (run: WorkflowHandle): Promise<number> => (await run.describe()).raw.pendingActivities?.filter(({ lastWorkerIdentity }) => lastWorkerIdentity === 'busy').length ?? 0;
  const dumps = await scheduleActivities(client, `${queuePrefix}-dumps`, longQueue(queue), places + 4);
  await waitFor(async () => await atWork(dumps) >= places);
  const exchange = await scheduleActivities(client, `${queuePrefix}-exchange`, queue, 1);
  await waitFor(async () => await atWork(exchange) === 1);
  expect(await atWork(dumps)).toBe(places);
  over.resolve();
  await waitFor(async () => await atWork(dumps) + await atWork(exchange) === 0);
  for (const run of [dumps, exchange]) await run.terminate('the test is over');
});
