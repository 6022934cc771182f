/** A restore that waits for hours: what it reads stays, what schedules start meanwhile is left out and says so, and all goes on when it has ended, however. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { applySchedule, removeSchedule } from '../../src/client/schedules/apply-schedule.ts';
import { triggerSchedule } from '../../src/client/schedules/direct-schedule.ts';
import { readSchedule, type LastRun } from '../../src/client/schedules/read-schedules.ts';
import { defaultPolicy } from '../../src/domain/retention/policy.ts';
import { wishedSchedules } from '../../src/domain/schedules/schedule-terms.ts';
import { type ScheduledVerb } from '../../src/domain/schedules/scheduled-runbooks.ts';
import type { ServiceDefinition } from '../../src/domain/service.ts';
import { scheduleId } from '../../src/domain/workflow-ids.ts';
import { createRepository } from '../../src/repository/create-repository.ts';
import type { Repository } from '../../src/repository/repository.ts';
import { createLocalStorage } from '../../src/storage/local/local-storage.ts';
import type { PruneBackupsResult } from '../../src/workflows/prune-backups/messages.ts';
import { statusQuery } from '../../src/workflows/shared/messages.ts';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import { parsePoint } from '../chaos/fault/fault-point.ts';
import { instrument } from '../chaos/fault/instrument.ts';
import { strikeAt } from '../chaos/fault/strike.ts';
import { oldBackups } from '../support/old-backups.ts';
import { commandLineOf, type CommandLine } from '../support/service-command-line.ts';
import { startServiceFixture, waitFor, type ServiceFixture } from '../support/service-fixture.ts';

const dayMs = 86_400_000;
const patienceMs = 60_000;
const scheduled = ['backup', 'drill', 'prune', 'reap'] as const;

let service: ServiceFixture;
let directory: string;
let holdfast: CommandLine;
let repository: Repository;
/** Twelve days old and the only one that restores anything. */
let backupId: string;
let stopWorker: (() => Promise<void>) | null = null;
let goOn = (): void => undefined;

beforeAll(async () => {
  service = await startServiceFixture({ definition: { approval: { required: ['restore', 'undo', 'accept'], fourEyes: false, approvers: [], expiresAfterMs: 1_800_000 }, retention: { ...defaultPolicy, days: 7, minimumCopies: 1 } } });
  directory = await mkdtemp(join(tmpdir(), 'holdfast test-'));
  repository = createRepository('local', createLocalStorage(service.repositoryPath));
  await service.sql(`CREATE TABLE state (word text); INSERT INTO state VALUES ('saved')`);
  stopWorker = await service.startWorker({ wrap: (dependencies) => ({ ...dependencies, nowMs: () => Date.now() - 12 * dayMs }) });
  ({ backupId } = await service.run<TakeBackupResult>('takeBackup', { service: service.name }));
  await endWorker();
  await oldBackups(repository, service.name, 9);
  const [definition] = service.config.services;
  // Due once a year: what begins is what the test asks for.
  const yearly = { ...definition as ServiceDefinition, schedules: { timeZone: 'UTC', jitterMs: 0, catchupMs: 60_000, times: Object.fromEntries(scheduled.map((verb) => [verb, '0 0 1 1 *'])) } };
  for (const wished of wishedSchedules(yearly, service.taskQueue)) await applySchedule(service.client, { kind: 'create', id: wished.id, wished, found: null }, 'test');
  const schedules = { ...Object.fromEntries(scheduled.map((verb) => [verb, '0 0 1 1 *'])), jitter: '0s', catchup: '1m' };
  holdfast = await commandLineOf(service, directory, { service: { schedules }, file: { backup: { prove: false } } });
});
afterEach(endWorker);
afterAll(async () => {
  for (const verb of scheduled) await removeSchedule(service.client, scheduleId(verb, service.name));
  await service?.stop();
  await rm(directory, { recursive: true, force: true });
});

async function endWorker(): Promise<void> {
  goOn();
  await stopWorker?.();
  stopWorker = null;
}

const listed = (): Promise<readonly string[]> => repository.listBackups(service.name);
const failureOf = (run: Promise<unknown>): Promise<unknown> => run.then(() => 'nothing', (error: unknown) => (error instanceof WorkflowFailedError ? (error.cause as { type?: unknown }).type : error));

/** Starts it as if it were due, and answers what came of it. */
async function due(verb: ScheduledVerb): Promise<LastRun> {
  const id = scheduleId(verb, service.name);
  // For whoever waits at a prompt ten seconds are enough; the server's scheduler may take longer where it has much to do.
  const { started } = await triggerSchedule(service.client, id, patienceMs);
  expect(started).not.toBeNull();
  await waitFor(async () => (await readSchedule(service.client, id))?.last?.state !== 'RUNNING', patienceMs);
  return (await readSchedule(service.client, id))?.last as LastRun;
}

async function waitingRestore(): Promise<WorkflowHandle> {
  const handle = await service.start('restoreBackup', { service: service.name, backup: backupId });
  await service.waitForPhase(handle, 'awaitingApproval');
  return handle;
}

test('its backup stays, whatever is due; what schedules start is left out for it, and goes on once it was terminated', { tags: 'long' }, async () => {
  stopWorker = await service.startWorker();
  const plan = async () => (await service.run<PruneBackupsResult>('pruneBackups', { service: service.name, plan: true })).plans[0];
  expect((await plan())?.backups.find((each) => each.backupId === backupId)?.outcome).toBe('remove');
  const restore = await waitingRestore();
  expect((await restore.query(statusQuery)).events.map(({ text }) => text)).toContain(`Retention and schedules of ${service.name} wait until this has ended.`);
  const cron = await service.client.workflow.start('takeBackup', { taskQueue: service.taskQueue, workflowId: `holdfast/backup/${service.name}/by-cron`, cronSchedule: '* * * * *', args: [{ service: service.name }] });

  expect(await plan()).toMatchObject({ waitsFor: restore.workflowId, counts: { kept: 10, removed: 0 } });
  expect((await plan())?.backups.find((each) => each.backupId === backupId)?.sentence).toBe(`It is read by ${restore.workflowId}; it stays as long as ${restore.workflowId} is restoring the service.`);
  expect(await failureOf(service.run('pruneBackups', { service: service.name }))).toBe('ServiceBusy');
  for (const verb of ['backup', 'drill', 'prune'] as const) expect(await due(verb)).toMatchObject({ state: 'FAILED', skipped: `${restore.workflowId} is restoring it` });
  expect(await due('reap')).toMatchObject({ state: 'COMPLETED', skipped: null });
  // Its first run, behind which the next one is due already.
  const first = service.client.workflow.getHandle(cron.workflowId, cron.firstExecutionRunId);
  await waitFor(async () => (await first.describe()).status.name !== 'RUNNING', 2 * patienceMs);
  const closing = (await first.fetchHistory()).events?.at(-1);
  expect((closing?.workflowExecutionFailedEventAttributes ?? closing?.workflowExecutionContinuedAsNewEventAttributes)?.failure?.applicationFailureInfo?.type).toBe('ServiceBusy');
  await cron.terminate('the test has seen enough');
  expect(await listed()).toHaveLength(10);

  const list = await holdfast('schedule', 'list');
  for (const verb of ['backup', 'drill', 'prune']) expect(list.stdout).toMatch(new RegExp(`holdfast/${verb}/${service.name} .* skipped +1 +0 +0 +skipped: ${restore.workflowId} is restoring it`));
  expect(list.stdout).toMatch(new RegExp(`holdfast/reap/${service.name} .* done +1 +0 +0`));
  expect(list.stdout).toContain(`${service.name}: ${restore.workflowId} is restoring it: retention and schedules wait until that has ended.`);
  expect((await holdfast('status')).stdout).toMatch(new RegExp(`${restore.workflowId} is restoring it: retention and schedules wait[^]*schedule backup: next .*, last .* skipped \\(${restore.workflowId} is restoring it\\)`));
  expect((await holdfast('status', '--check')).stdout).not.toMatch(/the last run of schedule/);
  expect(await holdfast('prune')).toMatchObject({ code: 6, stderr: expect.stringContaining('ServiceBusy') });

  await restore.terminate('the test has seen enough');
  await waitFor(async () => (await plan())?.waitsFor === undefined, patienceMs);
  expect(await due('reap')).toMatchObject({ state: 'COMPLETED' });
  expect(await service.leftovers()).toEqual([]);
  expect(await due('prune')).toMatchObject({ state: 'COMPLETED' });
  expect(await listed()).not.toContain(backupId);
  expect(await due('backup')).toMatchObject({ state: 'COMPLETED', skipped: null });
  await service.run('undeleteBackup', { service: service.name, backup: backupId });
});

test('a backup that is due in the midst of a cut-over is left out; one that somebody asks for waits its turn', async () => {
  const reached = Promise.withResolvers<void>();
  const released = Promise.withResolvers<void>();
  goOn = () => released.resolve();
  const { wrap, hooks } = instrument(service.config, strikeAt(parsePoint('restoreBackup/swapComponent:postgres#1/before'), async () => {
    reached.resolve();
    await released.promise;
  }));
  stopWorker = await service.startWorker({ wrap, hooks });
  const restore = await waitingRestore();
  await service.approve(restore);
  await reached.promise;
  const before = await listed();
  expect(await due('backup')).toMatchObject({ state: 'FAILED', skipped: `${restore.workflowId} is restoring it` });
  expect(await listed()).toEqual(before);
  goOn();
  await restore.result();
  await waitFor(async () => (await due('backup')).state === 'COMPLETED', patienceMs);
  expect(await service.sql('SELECT word FROM state')).toBe('saved');
});
