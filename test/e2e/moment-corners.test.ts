/** A restore to a moment that waits for its yes: moved while it is being moved, its server lost, reset behind what the yes had begun. */
import type { WorkflowHandle } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { moveUpdate, type RestoreToPointInTimeResult } from '../../src/workflows/restore-to-point-in-time/messages.ts';
import { statusQuery } from '../../src/workflows/shared/messages.ts';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import { resetBefore } from '../support/reset-run.ts';
import { startServiceFixture, waitFor, type ServiceFixture } from '../support/service-fixture.ts';

let service: ServiceFixture;
let to: string;
beforeAll(async () => {
  service = await startServiceFixture();
  await service.sql('CREATE TABLE orders (id int PRIMARY KEY); INSERT INTO orders VALUES (1)');
  await service.startWorker();
  // Its own end is a moment that needs no archived log.
  to = `backup:${(await service.run<TakeBackupResult>('takeBackup', { service: service.name, kind: 'base' })).backupId}`;
  await service.sql('INSERT INTO orders VALUES (2)');
});
afterAll(async () => service?.stop());

const orders = (): Promise<string> => service.sql('SELECT string_agg(id::text, \',\' ORDER BY id) FROM orders');
const move = (run: WorkflowHandle): Promise<string> => run.executeUpdate(moveUpdate, { args: [{ to }] });
const nonceOf = async (run: WorkflowHandle): Promise<string | undefined> => (await run.query(statusQuery)).plan?.envelope.nonce;

let run: WorkflowHandle & { result(): Promise<RestoreToPointInTimeResult> };

test('a move while another one is under way is refused; a server that is lost while the plan waits is recovered anew after the yes', async () => {
  run = await service.start<RestoreToPointInTimeResult>('restoreToPointInTime', { service: service.name, to });
  await service.waitForPhase(run, 'awaitingApproval');
  const first = await nonceOf(run);
  await move(run);
  await expect(move(run)).rejects.toMatchObject({ cause: { type: 'InvalidInput', message: expect.stringContaining('no plan is waiting') } });
  await waitFor(async () => ![undefined, first].includes(await nonceOf(run)));
  const recovery = (await service.runtime.list({ 'dev.holdfast.service': service.name })).find(({ name }) => name.endsWith('-recovery'));
  await service.runtime.kill(recovery?.id as string);
  await service.approve(run);
  const { newBase } = await run.result();
  await service.client.workflow.getHandle(newBase as string).result();
  expect([await orders(), await service.leftovers()]).toEqual(['1', []]);
});

test('a database that a dump replaced while the plan waits is seen, though the server is the same', { tags: 'long' }, async () => {
  const dump = await service.run<TakeBackupResult>('takeBackup', { service: service.name });
  const waiting = await service.start('restoreToPointInTime', { service: service.name, to });
  await service.waitForPhase(waiting, 'awaitingApproval');
  const between = await service.start('restoreBackup', { service: service.name, backup: dump.backupId });
  await service.approve(between);
  await between.result();
  await service.approve(waiting);
  await expect(waiting.result()).rejects.toMatchObject({ cause: { type: 'PlanChanged', message: expect.stringContaining('(restore) has replaced data since the plan was made') } });
  const accept = await service.start('acceptRestore', { service: service.name, run: 'latest' });
  await service.approve(accept);
  await accept.result();
  expect([await orders(), await service.leftovers()]).toEqual(['1', []]);
});

test('reset behind what the yes had begun, it destroys nothing, and asks again', async () => {
  await service.sql('INSERT INTO orders VALUES (3)');
  const again = await resetBefore(service.client, run, (_type, activity) => activity === 'beginCutOver');
  await waitFor(async () => (await again.query(statusQuery)).events.some(({ text }) => text.includes('was reset')));
  await service.waitForPhase(again, 'awaitingApproval');
  expect(await orders()).toBe('1,3');
  await service.approve(again);
  const { newBase } = await again.result() as RestoreToPointInTimeResult;
  await service.client.workflow.getHandle(newBase as string).result();
  expect([await orders(), await service.leftovers()]).toEqual(['1', []]);
  for (const what of ['the second', 'the first']) {
    const accept = await service.start('acceptRestore', { service: service.name, run: 'latest' });
    await service.approve(accept);
    expect(await accept.result(), what).toBeDefined();
  }
  expect(await service.sql('SELECT count(*) FROM pg_ls_dir(\'.\') AS name WHERE name LIKE \'pgsql_tmp%\'')).toBe('0');
});
