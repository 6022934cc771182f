/** What a real Temporal server says of runs that go on, ended, or were never there. */
import { randomBytes } from 'node:crypto';
import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RunDirectory } from '../../src/activities/dependencies.ts';
import { connectClient } from '../../src/client/temporal-connection.ts';
import { readRun } from '../../src/client/read-run.ts';
import { createRunDirectory } from '../../src/worker/run-directory.ts';
import { failing } from '../support/failing.ts';
import { polling, scheduleActivities } from '../support/schedule-activities.ts';
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

test('the server says which version it is of', async () => {
  expect(await runs.serverVersion()).toMatch(/^\d+\.\d+\.\d+/);
});

test('open runs are told by how they were started, whoever did, and what cannot be read as nothing', async () => {
  const start = (name: string, args: unknown[]) => client.workflow.start(name === 'other' ? 'nothing' : 'verifyBackup', { workflowId: `${id}-${name}`, taskQueue: id, args });
  const [named, unread, other] = [await start('named', [{ service: 'shop', backup: 'latest' }]), await start('unread', ['shop']), await start('other', [{ service: 'shop' }])];
  const own = async () => (await runs.openRuns(['verifyBackup', 'proveBackup'])).filter(({ workflowId }) => workflowId.startsWith(id)).toSorted((a, b) => (a.workflowId < b.workflowId ? -1 : 1));
  const startedMs = async (run: { describe(): Promise<{ readonly startTime: Date }> }): Promise<number> => (await run.describe()).startTime.getTime();
  try {
    await expect.poll(own, { timeout: 30_000 }).toEqual([{ workflowId: named.workflowId, runbook: 'verifyBackup', input: { service: 'shop', backup: 'latest' }, startedMs: await startedMs(named) }, { workflowId: unread.workflowId, runbook: 'verifyBackup', input: null, startedMs: await startedMs(unread) }]);
  } finally {
    for (const handle of [named, unread, other]) await handle.terminate('the test is over');
  }
  await expect.poll(own, { timeout: 30_000 }).toEqual([]);
});

test('a run that nobody knows is not open, and ended before all time', async () => {
  const runId = '01900000-0000-7000-8000-000000000000';
  expect([await runs.isOpen(`${id}-never`, runId), await runs.closedAtMs(`${id}-never`, runId)]).toEqual([false, 0]);
});

test('an attempt is awaited from when a worker has it until it has ended', async () => {
  const workflowId = `${id}-attempt`;
  const queue = `${workflowId}-queue`;
  const run = await scheduleActivities(client, workflowId, queue, 1);
  const { runId } = await run.describe();
  const { namespace } = client.options;
  const awaited = (attempt: number): Promise<boolean> => runs.awaits({ workflowId, runId, activityId: '1', attempt });
  expect(await awaited(1)).toBe(false);
  const { taskToken } = await polling(client, () => client.workflowService.pollActivityTaskQueue({ namespace, taskQueue: { name: queue } }));
  expect([await awaited(1), await awaited(2)]).toEqual([true, false]);
  await client.workflowService.respondActivityTaskCompleted({ namespace, taskToken });
  expect(await awaited(1)).toBe(false);
  await run.terminate('the test is over');
  expect([await awaited(1), await runs.awaits({ workflowId: `${id}-never`, runId, activityId: '1', attempt: 1 })]).toEqual([false, false]);
});

test('who asks for a run that nobody knows is told so', async () => {
  await failing('UnknownRun', readRun(client, `${id}-never`, 10_000));
});
