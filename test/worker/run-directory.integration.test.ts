/** What a real Temporal server says of runs that go on, ended, or were never there. */
import { randomBytes } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { temporal } from '@temporalio/proto';
import { msToTs } from '@temporalio/common/lib/time.js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunDirectory } from '../../src/activities/dependencies.ts';
import { connectClient } from '../../src/client/temporal-connection.ts';
import { readRun } from '../../src/client/read-run.ts';
import { createRunDirectory } from '../../src/worker/run-directory.ts';
import { failing } from '../support/failing.ts';
import { temporalAddress } from '../support/test-environment.ts';

const id = `holdfast/test/run-directory-${randomBytes(4).toString('hex')}`;
let client: Client;
let runs: RunDirectory;

beforeAll(async () => {
  client = await connectClient({ address: temporalAddress() });
  runs = await createRunDirectory(client);
});
afterAll(() => client?.connection.close());

test('a run is open until it ends, and then ended when the server says so', async () => {
  // Nobody polls this queue: it stays as it is until it is terminated.
  const handle = await client.workflow.start('nothing', { workflowId: id, taskQueue: id, args: [] });
  const runId = handle.firstExecutionRunId;
  expect([await runs.isOpen(id, runId), await runs.closedAtMs(id, runId)]).toEqual([true, null]);
  const { startTime } = await handle.describe();
  await handle.terminate('the test is over');
  expect(await runs.isOpen(id, runId)).toBe(false);
  expect(await runs.closedAtMs(id, runId)).toBeGreaterThanOrEqual(startTime.getTime());
  expect(await runs.closedAtMs(id, runId)).toBe((await handle.describe()).closeTime?.getTime());
});

test('a run that nobody knows is not open, and ended before all time', async () => {
  const runId = '01900000-0000-7000-8000-000000000000';
  expect([await runs.isOpen(`${id}-never`, runId), await runs.closedAtMs(`${id}-never`, runId)]).toEqual([false, 0]);
});

test('an attempt is awaited from when a worker has it until it has ended', async () => {
  const workflowId = `${id}-attempt`;
  const { firstExecutionRunId: runId } = await client.workflow.start('nothing', { workflowId, taskQueue: workflowId, args: [] });
  const { namespace } = client.options;
  const service = client.workflowService;
  const taskQueue = { name: workflowId };
  const activityId = '5';
  const awaited = (attempt: number): Promise<boolean> => runs.awaits({ workflowId, runId, activityId, attempt });
  const polling = <T>(poll: () => Promise<T>): Promise<T> => client.connection.withDeadline(Date.now() + 30_000, poll);
  // What a worker does, call by call.
  const { taskToken } = await polling(() => service.pollWorkflowTaskQueue({ namespace, taskQueue }));
  await service.respondWorkflowTaskCompleted({ namespace, taskToken, commands: [{
    commandType: temporal.api.enums.v1.CommandType.COMMAND_TYPE_SCHEDULE_ACTIVITY_TASK,
    scheduleActivityTaskCommandAttributes: { activityId, activityType: { name: 'nothing' }, taskQueue, startToCloseTimeout: msToTs(60_000) },
  }] });
  expect(await awaited(1)).toBe(false);
  const task = await polling(() => service.pollActivityTaskQueue({ namespace, taskQueue }));
  expect([await awaited(1), await awaited(2)]).toEqual([true, false]);
  await service.respondActivityTaskCompleted({ namespace, taskToken: task.taskToken });
  expect(await awaited(1)).toBe(false);
  await client.workflow.getHandle(workflowId, runId).terminate('the test is over');
  expect([await awaited(1), await runs.awaits({ workflowId: `${id}-never`, runId, activityId, attempt: 1 })]).toEqual([false, false]);
});

test('who asks for a run that nobody knows is told so', async () => {
  await failing('UnknownRun', readRun(client, `${id}-never`, 10_000));
});
