/** The human's yes: what counts as one, and every way of getting around it. */
import { WorkflowFailedError, WorkflowUpdateFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure, CancelledFailure } from '@temporalio/common';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import { approveSignal, approveUpdate, rejectUpdate, statusQuery } from '../../src/workflows/shared/messages.ts';
import { resetBefore } from '../support/reset-run.ts';
import { startServiceFixture, waitFor, type ServiceFixture } from '../support/service-fixture.ts';

const plansHoldMs = 120_000;
let service: ServiceFixture;
let backup: TakeBackupResult;
let stopWorker: () => Promise<void>;

beforeAll(async () => {
  service = await startServiceFixture({ definition: { approval: { required: ['restore', 'undo', 'accept'], fourEyes: true, approvers: ['mia', 'ben'], expiresAfterMs: plansHoldMs } } });
  await service.sql('CREATE TABLE state (word text); INSERT INTO state VALUES (\'saved\')');
  await service.redisCli('SET', 'state', 'saved');
  stopWorker = await service.startWorker();
  backup = await service.run<TakeBackupResult>('takeBackup', { service: service.name });
});
afterAll(async () => service?.stop());
beforeEach(async () => {
  await service.sql(`UPDATE state SET word = 'live'`);
  await service.redisCli('SET', 'state', 'live');
});

const restore = () => service.start('restoreBackup', { service: service.name, backup: backup.backupId, requestedBy: 'mia' });

/** The run has ended in this failure, the live data is as it was, and nothing is left. */
async function expectRefused(handle: WorkflowHandle, type: string): Promise<void> {
  const error: unknown = await handle.result().catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(WorkflowFailedError);
  expect((error as WorkflowFailedError).cause).toMatchObject({ type });
  await expectLive('live');
}

async function expectLive(word: string): Promise<void> {
  expect(await service.sql('SELECT word FROM state')).toBe(word);
  expect(await service.redisCli('GET', 'state')).toBe(word);
  expect(await service.leftovers()).toEqual([]);
  expect(await service.sql(`SELECT count(*) FROM pg_database WHERE datname LIKE 'holdfast_side%'`)).toBe('0');
}

async function planOf(handle: WorkflowHandle) {
  await service.waitForPhase(handle, 'awaitingApproval');
  const { plan } = await handle.query(statusQuery);
  if (plan === null) throw new Error('no plan');
  return { digest: plan.envelope.digest, runId: plan.envelope.runId, by: 'ben' };
}

const refusal = async (answer: Promise<unknown>): Promise<string> => {
  const error: unknown = await answer.catch((thrown: unknown) => thrown);
  if (!(error instanceof WorkflowUpdateFailedError) || !(error.cause instanceof ApplicationFailure)) throw new Error('the update was not refused', { cause: error });
  return error.cause.message;
};

test('wrong decisions are refused at once, by signal they are recorded, and a rejection changes nothing', async () => {
  const handle = await restore();
  const right = await planOf(handle);
  expect(await refusal(handle.executeUpdate(approveUpdate, { args: [{ ...right, digest: 'f'.repeat(64) }] }))).toMatch(/another plan/);
  expect(await refusal(handle.executeUpdate(approveUpdate, { args: [{ ...right, runId: 'another' }] }))).toMatch(/another run/);
  expect(await refusal(handle.executeUpdate(approveUpdate, { args: [{ ...right, by: 'mia' }] }))).toMatch(/another person/);
  expect(await refusal(handle.executeUpdate(approveUpdate, { args: [{ ...right, by: 'mallory' }] }))).toMatch(/not among the approvers/);
  expect(await refusal(handle.executeUpdate(approveUpdate, { args: [{} as never] }))).toMatch(/a decision is/);
  await handle.signal(approveSignal, { ...right, digest: 'f'.repeat(64) });
  await waitFor(async () => (await handle.query(statusQuery)).refusals.length === 1);
  await handle.executeUpdate(rejectUpdate, { args: [{ ...right, reason: 'not now' }] });
  await expectRefused(handle, 'ApprovalRejected');
});

test('an approval that nobody gives in time expires, and changes nothing', async () => {
  await withExpiry(1_000, async () => {
    const handle = await restore();
    await expectRefused(handle, 'ApprovalExpired');
  });
});

test('an approval that was given in time, for a cut-over that begins too late, is no approval any more', async () => {
  const handle = await restore();
  const decision = await planOf(handle);
  // The cut-over is begun by a host whose clock has come past the plan's end; when the yes was given is told by Temporal's.
  await stopWorker();
  stopWorker = await service.startWorker({ wrap: (dependencies) => ({ ...dependencies, nowMs: () => Date.now() + plansHoldMs }) });
  try {
    await handle.executeUpdate(approveUpdate, { args: [decision] });
    await expectRefused(handle, 'ApprovalExpired');
  } finally {
    await stopWorker();
    stopWorker = await service.startWorker();
  }
});

/** Plans that are made meanwhile expire after so long. */
async function withExpiry(expiresAfterMs: number, work: () => Promise<void>): Promise<void> {
  const approval = service.config.services[0]?.approval;
  if (approval === undefined) throw new Error('there is no service');
  service.define({ approval: { ...approval, expiresAfterMs } });
  try {
    await work();
  } finally {
    service.define({ approval });
  }
}

test('an approval by signal counts', async () => {
  const handle = await restore();
  await handle.signal(approveSignal, await planOf(handle));
  await handle.result();
  await expectLive('saved');
});

test('a cancelled run leaves nothing', async () => {
  const handle = await restore();
  await service.waitForPhase(handle, 'awaitingApproval');
  await handle.cancel();
  const error: unknown = await handle.result().catch((thrown: unknown) => thrown);
  expect((error as WorkflowFailedError).cause).toBeInstanceOf(CancelledFailure);
  await expectLive('live');
});

/** Restores, makes the data live again, resets the run to just before an activity, and expects a plan that waits for a new human. */
async function expectAskedAgain(approve: (handle: WorkflowHandle) => Promise<unknown>, before: string, told: boolean): Promise<void> {
  const handle = await restore();
  await approve(handle);
  await handle.result();
  await service.sql(`UPDATE state SET word = 'live'`);
  await service.redisCli('SET', 'state', 'live');
  const again = await resetBefore(service.client, handle, (_type, activity) => activity === before);
  await waitFor(async () => (await again.query(statusQuery)).events.some((event) => event.text.includes('was reset')) === told);
  await service.waitForPhase(again, 'awaitingApproval');
  await again.executeUpdate(rejectUpdate, { args: [await planOf(again)] });
  await expectRefused(again, 'ApprovalRejected');
}
const byUpdate = async (handle: WorkflowHandle) => handle.executeUpdate(approveUpdate, { args: [await planOf(handle)] });
const bySignal = async (handle: WorkflowHandle) => handle.signal(approveSignal, await planOf(handle));

test('a reset to the beginning re-applies the approval, which is refused', { tags: 'long' }, () => expectAskedAgain(byUpdate, 'findBackup', false));
test('a reset to the decision by update finds the approval stale', { tags: 'long' }, () => expectAskedAgain(byUpdate, 'confirmApproval', true));
test('a reset to the decision by signal finds the approval stale', () => expectAskedAgain(bySignal, 'confirmApproval', true), 180_000);
test('a reset behind the confirmation is stopped by the first destructive activity, and asks again', { tags: 'long' }, () => expectAskedAgain(byUpdate, 'beginCutOver', true));

test('a reset in mid cut-over destroys nothing more', async () => {
  const handle = await restore();
  await handle.executeUpdate(approveUpdate, { args: [await planOf(handle)] });
  await handle.result();
  await service.sql(`UPDATE state SET word = 'live'`);
  await service.redisCli('SET', 'state', 'live');
  const again = await resetBefore(service.client, handle, (_type, activity) => activity === 'swapComponent');
  await expectRefused(again, 'ApprovalNotForThisRun');
});

test('a container recreated after the plan was shown is not touched', async () => {
  const handle = await restore();
  const decision = await planOf(handle);
  await service.recreateRedis();
  await handle.executeUpdate(approveUpdate, { args: [decision] });
  await expectRefused(handle, 'ContainerRecreated');
});
