/** Servers that run and answer nobody, or crash at every start, and a restore or undo of the whole that does not come through: all is as it was, and nothing is held. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { WorkflowHandle } from '@temporalio/client';
import type { Activities } from '../../src/activities/index.ts';
import { HoldfastFailure } from '../../src/domain/failures.ts';
import { statusQuery } from '../../src/workflows/shared/messages.ts';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import { runToEnd } from '../chaos/stage/drive.ts';
import { startServiceFixture, waitFor, type ServiceFixture } from '../support/service-fixture.ts';

let service: ServiceFixture;
let backupId: string;
/** Does what was exchanged differ, so that everything is taken back? */
let differs = false;
beforeAll(async () => {
  service = await startServiceFixture({ definition: { approval: { required: ['restore', 'undo', 'accept'], fourEyes: false, approvers: [], expiresAfterMs: 600_000 } } });
  await service.sql('CREATE TABLE orders (id int PRIMARY KEY); INSERT INTO orders VALUES (1);');
  await service.startWorker({ hooks: { wrapActivities: (activities: Activities): Activities => ({
    ...activities,
    compareClosedComponent: async (input) => {
      if (differs) throw new HoldfastFailure('ProofFailed', { operation: 'compare before the opening', object: input.component.container, cause: 'the test says so', hint: 'It is rolled back.' });
      await activities.compareClosedComponent(input);
    },
  }) } });
  backupId = (await service.run<TakeBackupResult>('takeBackup', { service: service.name, kind: 'base' })).backupId;
  await service.sql('INSERT INTO orders VALUES (2)');
});
afterAll(async () => service?.stop());

const facts = () => service.runtime.inspect(service.postgres);
const restore = (): Promise<WorkflowHandle> => service.start('restoreBackup', { service: service.name, backup: backupId });
/** On a machine that has much else to do a plan takes its time. */
const slowMs = 300_000;
const planOf = async (run: WorkflowHandle) => {
  await waitFor(async () => ['awaitingApproval', 'failed'].includes((await run.query(statusQuery)).phase), slowMs);
  await service.waitForPhase(run, 'awaitingApproval');
  return (await run.query(statusQuery)).plan?.body;
};
/** Where nobody looks for the server when it listens there. */
async function onOtherPort(sql: string): Promise<string> {
  const ask = () => service.runtime.exec(service.postgres, { argv: ['psql', '-X', '-q', '-A', '-t', '-U', 'postgres', '-p', '5433', '-d', 'shop'], stdin: sql, timeoutMs: 10_000 });
  await waitFor(async () => (await ask()).exitCode === 0);
  return (await ask()).stdout.trim();
}
async function startAgain(): Promise<void> {
  await service.runtime.stop(service.postgres, 30_000);
  await service.runtime.start(service.postgres);
}
async function fallSilent(): Promise<void> {
  await service.sql('ALTER SYSTEM SET port = 5433');
  await startAgain();
  await onOtherPort('SELECT 1');
}
async function speakAgain(): Promise<void> {
  await onOtherPort('ALTER SYSTEM RESET port');
  await startAgain();
  await waitFor(async () => (await service.sql('SELECT 1').catch(() => '')) === '1');
}
/** @returns what the run said at its end */
async function takenBack(run: WorkflowHandle): Promise<string> {
  const ended = await runToEnd(service, run, slowMs);
  const { events } = await run.query(statusQuery);
  expect(ended).toMatchObject({ status: 'FAILED', failure: 'ProofFailed', message: expect.stringContaining('did not answer before') });
  expect(events.filter(({ text }) => text.includes('Clean-up did not finish'))).toEqual([]);
  expect([(await facts()).restartPolicy.name, await service.leftovers()]).toEqual(['always', []]);
  return events.map(({ text }) => text).join('\n');
}

test('one that hangs is stopped however it ends, and started again as it was, though it answers no more than before', async () => {
  await fallSilent();
  differs = true;
  const run = await restore();
  expect((await planOf(run))?.losses.map(({ notes }) => notes.join()).join()).toContain('does not answer');
  // From here on it cannot even end.
  await service.runtime.kill(service.postgres, 'SIGSTOP');
  expect(await takenBack(run)).toContain('did not answer before either');
  expect([(await facts()).state, await onOtherPort('SELECT string_agg(id::text, \',\' ORDER BY id) FROM orders')]).toEqual(['running', '1,2']);
  await speakAgain();
}, 900_000);

test('an undo is taken back likewise', { tags: 'long', timeout: 900_000 }, async () => {
  differs = false;
  const restored = await restore();
  await planOf(restored);
  await service.approve(restored);
  await restored.result();
  await fallSilent();
  differs = true;
  await takenBack(await service.start('undoRestore', { service: service.name, run: 'latest' }));
  expect([(await facts()).state, await onOtherPort('SELECT string_agg(id::text, \',\' ORDER BY id) FROM orders')]).toEqual(['running', '1']);
  await speakAgain();
});

test('one that its restart policy tries again and again is tried again afterwards', { tags: 'long', timeout: 900_000 }, async () => {
  await service.sql('ALTER SYSTEM SET shared_preload_libraries = \'nowhere\'');
  await startAgain();
  await waitFor(async () => (await facts()).state === 'restarting');
  differs = true;
  const run = await restore();
  await planOf(run);
  await takenBack(run);
  await waitFor(async () => (await facts()).state === 'restarting');
});
