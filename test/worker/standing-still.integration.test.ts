/** What a worker that stands still keeps from the others: the attempts that its open polls were promised, and no more. */
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { pollersOf } from '../../src/client/task-queue-pollers.ts';
import { connectClient } from '../../src/client/temporal-connection.ts';
import { hostQueue } from '../../src/domain/task-queues.ts';
import { scheduleActivities } from '../support/schedule-activities.ts';
import { waitFor } from '../support/service-fixture.ts';
import { temporalAddress } from '../support/test-environment.ts';

const queuePrefix = `still-${randomBytes(4).toString('hex')}`;
const promised = 2;
let client: Client;
let worker: ChildProcess;

beforeAll(async () => {
  client = await connectClient({ address: temporalAddress() });
  worker = spawn(process.execPath, [join(import.meta.dirname, 'standing-still-worker.ts'), temporalAddress(), queuePrefix], { stdio: ['ignore', 'pipe', 'inherit'] });
  await new Promise((resolve) => worker.stdout?.once('data', resolve));
});
afterAll(async () => {
  worker.kill('SIGKILL');
  await client?.connection.close();
});

test('two attempts of a step, where a step has five', async () => {
  const queue = hostQueue('here', queuePrefix);
  // Until its first poll is open; and all of them, which nobody tells.
  await waitFor(async () => (await pollersOf(client, queue, 'activity')).includes('standing still'));
  await pause(2_000);
  worker.kill('SIGSTOP');
  const run = await scheduleActivities(client, queuePrefix, queue, 3 * promised);
  const taken = async (): Promise<number> => (await run.describe()).raw.pendingActivities?.filter(({ lastWorkerIdentity }) => lastWorkerIdentity === 'standing still').length ?? 0;
  await waitFor(async () => await taken() >= promised);
  await pause(1_000);
  expect(await taken()).toBe(promised);
  await run.terminate('the test is over');
});
