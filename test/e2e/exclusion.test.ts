/** Runs that meet: on one service, on one plan, on what another left. Nothing is done twice, nobody waits for ever, and nothing stays. */
import type { WorkflowHandle } from '@temporalio/client';
import { WorkflowFailedError } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { HoldfastFailure } from '../../src/domain/failures.ts';
import { leaseWorkflowId } from '../../src/domain/workflow-ids.ts';
import { statusQuery } from '../../src/workflows/shared/messages.ts';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import { parsePoint } from '../chaos/fault/fault-point.ts';
import { instrument, type Probe } from '../chaos/fault/instrument.ts';
import { strikeAt } from '../chaos/fault/strike.ts';
import { startServiceFixture, waitFor, type ServiceFixture } from '../support/service-fixture.ts';

let service: ServiceFixture;
let backup: TakeBackupResult;
let stopWorker: (() => Promise<void>) | null = null;
let goOn = (): void => undefined;

beforeAll(async () => {
  service = await startServiceFixture();
  await service.sql(`CREATE TABLE state (word text); INSERT INTO state VALUES ('saved')`);
  await service.redisCli('SET', 'state', 'saved');
  await workWith({});
  backup = await service.run<TakeBackupResult>('takeBackup', { service: service.name });
  await endWorker();
});
afterAll(async () => service?.stop());
beforeEach(async () => {
  await service.sql(`UPDATE state SET word = 'live'`);
  await service.redisCli('SET', 'state', 'live');
});
afterEach(endWorker);

async function workWith(probe: Probe): Promise<void> {
  const { wrap, hooks } = instrument(service.config, probe);
  stopWorker = await service.startWorker({ wrap, hooks });
}

async function endWorker(): Promise<void> {
  goOn();
  await stopWorker?.();
  stopWorker = null;
}

/** A worker that stands still at a point of a run until it is told to go on. */
async function workUntil(text: string): Promise<{ readonly reached: Promise<void>; goOn(): void }> {
  const [reached, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  goOn = () => released.resolve();
  await workWith(strikeAt(parsePoint(text), async () => {
    reached.resolve();
    await released.promise;
  }));
  return { reached: reached.promise, goOn };
}

const restore = () => service.start('restoreBackup', { service: service.name, backup: backup.backupId });

async function failureOf(handle: WorkflowHandle): Promise<unknown> {
  const error: unknown = await handle.result().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(WorkflowFailedError);
  return ((error as WorkflowFailedError).cause as { type?: unknown }).type;
}

/** Both stores on one side, the service free, and nothing of any run left but rollback copies. */
async function expectSettled(word: string): Promise<void> {
  expect(await service.sql('SELECT word FROM state')).toBe(word);
  expect(await service.redisCli('GET', 'state')).toBe(word);
  expect(await service.leftovers()).toEqual([]);
  expect((await service.client.workflow.getHandle(leaseWorkflowId(service.name)).describe()).status.name).not.toBe('RUNNING');
  expect(await service.sql(`SELECT count(*) FROM pg_database WHERE datname LIKE 'holdfast_side%'`)).toBe('0');
}

test('a cut-over keeps a backup away; a second approved restore waits for it, and then refuses to replace what it was not made for', async () => {
  const held = await workUntil('restoreBackup/swapComponent:postgres#1/before');
  const [first, second] = [await restore(), await restore()];
  await service.waitForPhase(second, 'awaitingApproval');
  await service.approve(first);
  await held.reached;
  expect(await failureOf(await service.start('takeBackup', { service: service.name }))).toBe('ServiceBusy');
  await service.approve(second);
  await service.waitForPhase(second, 'waitingForService');
  expect((await second.query(statusQuery)).waitingFor).toMatchObject({ workflowId: first.workflowId, purpose: 'the cut-over of a restore' });
  held.goOn();
  await first.result();
  expect(await failureOf(second)).toBe('PlanChanged');
  await expectSettled('saved');
});

test('a database that somebody made anew while the plan waited is not touched', { tags: 'long' }, async () => {
  await workWith({});
  const handle = await restore();
  await service.waitForPhase(handle, 'awaitingApproval');
  await service.sql('DROP DATABASE shop WITH (FORCE)', 'postgres');
  await service.sql('CREATE DATABASE shop', 'postgres');
  await service.sql(`CREATE TABLE state (word text); INSERT INTO state VALUES ('live')`);
  await service.approve(handle);
  expect(await failureOf(handle)).toBe('PlanChanged');
  await expectSettled('live');
});

test('a cancellation that comes when the opening has begun comes too late: the run ends well, and undo is the way back, once', async () => {
  const held = await workUntil('restoreBackup/openComponent:redis#1/before');
  const handle = await restore();
  await service.approve(handle);
  await held.reached;
  await handle.cancel();
  held.goOn();
  await handle.result();
  await expectSettled('saved');

  const undo = () => service.start('undoRestore', { service: service.name, run: handle.workflowId });
  const [first, second] = [await undo(), await undo()];
  await service.waitForPhase(second, 'awaitingApproval');
  await service.approve(first);
  await first.result();
  await service.approve(second);
  expect(await failureOf(second)).toBe('PlanChanged');
  await expectSettled('live');
});

test('an accept that is terminated between its two stores is finished by its repair: half of a rollback copy brings nothing back', { tags: 'long' }, async () => {
  const copies = (): Promise<string> => service.sql('SELECT count(*) FROM pg_database WHERE datname LIKE \'holdfast_old_%\'');
  const before = await copies();
  const held = await workUntil('acceptRestore/discardRollbackCopy:redis#1/before');
  const handle = await restore();
  await service.approve(handle);
  await handle.result();
  const accept = await service.start('acceptRestore', { service: service.name, run: handle.workflowId });
  await service.approve(accept);
  await held.reached;
  await accept.terminate('test');
  held.goOn();
  await service.run('reapLeftovers', { service: service.name });
  await expectSettled('saved');
  expect(await copies()).toBe(before);
  for (const runbook of ['undoRestore', 'acceptRestore']) expect(await failureOf(await service.start(runbook, { service: service.name, run: handle.workflowId }))).toBe('UnknownRollbackCopy');
  await expectSettled('saved');
});

test('an accept that is cancelled when its first copy goes comes to its end', { tags: 'long' }, async () => {
  const held = await workUntil('acceptRestore/discardRollbackCopy:redis#1/before');
  const handle = await restore();
  await service.approve(handle);
  await handle.result();
  const accept = await service.start('acceptRestore', { service: service.name, run: handle.workflowId });
  await service.approve(accept);
  await held.reached;
  await accept.cancel();
  held.goOn();
  expect(await accept.result()).toMatchObject({ outcome: 'accepted' });
  await expectSettled('saved');
});

test('a repair that fails itself keeps nobody from repairing: the next run takes over its fences too', { tags: 'long' }, async () => {
  const held = await workUntil('restoreBackup/swapComponent:postgres#1/after');
  const handle = await restore();
  await service.approve(handle);
  await held.reached;
  await handle.terminate('test');
  held.goOn();
  await endWorker();
  await workWith({
    around: (call, name, run) => {
      if (call.activity === 'repairRun' && name === 'runtime.exec#1') throw new HoldfastFailure('AmbiguousState', { operation: 'test', object: 'test', cause: 'injected', hint: 'None.' });
      return run();
    },
  });
  expect(await failureOf(await service.start('reapLeftovers', { service: service.name }))).toBe('AmbiguousState');
  await endWorker();
  await workWith({});
  await service.run('takeBackup', { service: service.name });
  await expectSettled('live');
});

test('what a restore should go into is part of its input, and a component that the service does not have is refused', async () => {
  await workWith({});
  for (const into of [{ postgres: 'other-postgres', redi: 'other-redis' }, { redi: 'other-redis' }]) {
    expect(await failureOf(await service.start('restoreBackup', { service: service.name, backup: backup.backupId, into }))).toBe('InvalidInput');
  }
  await waitFor(async () => (await service.leftovers()).length === 0);
  await expectSettled('live');
});
