/** A watch that has gone on as a new run shows what the one before saw last, until it has looked itself. The workflow on a real Temporal server; its looks are recorded ones. */
import { randomBytes } from 'node:crypto';
import { Context } from '@temporalio/activity';
import { DefaultLogger, NativeConnection, Runtime, Worker } from '@temporalio/worker';
import { afterAll, expect, test } from 'vitest';
import type { ResolvedService } from '../../src/activities/service-activities.ts';
import type { LogWatch } from '../../src/activities/wal/watch-activities.ts';
import { connectClient } from '../../src/client/temporal-connection.ts';
import { longQueue } from '../../src/domain/task-queues.ts';
import { testTiming } from '../../src/domain/timing.ts';
import { workflowSource } from '../../src/worker/create-worker.ts';
import type { ArchiveWalStatus } from '../../src/workflows/archive-wal/messages.ts';
import { statusQuery } from '../../src/workflows/shared/messages.ts';
import { waitFor } from '../support/service-fixture.ts';
import { temporalAddress } from '../support/test-environment.ts';
import { scriptOf } from './scripted-run.ts';

Runtime.install({ logger: new DefaultLogger('ERROR') });
const closers: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const close of closers.reverse()) await close();
});

test('the status of a watch is never empty again', async () => {
  const { calls } = await scriptOf('archiveWal.base');
  const resolved = calls.find(({ name }) => name === 'resolveService')?.result as ResolvedService;
  const look = calls.findLast(({ name }) => name === 'watchLogs')?.result as LogWatch;
  expect([look.logs.length, look.due]).toEqual([1, []]);
  const client = await connectClient({ address: temporalAddress() });
  closers.push(() => client.connection.close());
  const connection = await NativeConnection.connect({ address: temporalAddress() });
  closers.push(() => connection.close());
  const taskQueue = `watch-${randomBytes(4).toString('hex')}`;
  let looks = 0;
  const activities = {
    resolveService: async () => ({ ...resolved, hostQueue: taskQueue, timing: 'test', searchAttributes: false }),
    // The first look of the second run has no answer while this test looks.
    watchLogs: async (): Promise<LogWatch> => (++looks > testTiming.walWatchRounds ? Context.current().cancelled : look),
  };
  const workers = [await Worker.create({ connection, taskQueue, ...await workflowSource(), activities }), await Worker.create({ connection, taskQueue: longQueue(taskQueue), activities })];
  const running = Promise.all(workers.map((worker) => worker.run()));
  closers.push(async () => {
    for (const worker of workers) worker.shutdown();
    await running;
  });
  const handle = await client.workflow.start('archiveWal', { taskQueue, workflowId: taskQueue, args: [{ service: resolved.definition.name }] });
  const watch = client.workflow.getHandle(taskQueue);
  closers.push(() => watch.terminate('the test is over'));
  await waitFor(async () => looks > testTiming.walWatchRounds);
  expect((await watch.describe()).runId).not.toBe(handle.firstExecutionRunId);
  const status = await watch.query(statusQuery) as ArchiveWalStatus;
  expect(status.logs).toEqual(look.logs);
}, 240_000);
