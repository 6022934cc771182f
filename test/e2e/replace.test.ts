/**
 * A volume with room for the data once, in earnest: the ordinary restore is refused with the command that helps, `--replace` only for a proven backup; the old data is copied out, dropped, and comes back with
 * an undo. Of two that are approved at once one is carried out. The worker is killed when the old data is gone and the new is not there: it goes on, or, where the run was ended over it, the repair brings the old data back.
 */
import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { WorkflowHandle } from '@temporalio/client';
import type { RestoreBackupResult } from '../../src/workflows/restore-backup/messages.ts';
import { statusQuery } from '../../src/workflows/shared/messages.ts';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import { startDoomedWorker } from '../chaos/fault/doomed-worker.ts';
import { runToEnd } from '../chaos/stage/drive.ts';
import { startServiceFixture, waitFor, type ServiceFixture } from '../support/service-fixture.ts';
import { temporalAddress } from '../support/test-environment.ts';
import { testWorkflows } from '../support/workflow-bundle.ts';

let service: ServiceFixture;
let backupId: string;
let stopWorker: () => Promise<void>;
beforeAll(async () => {
  // A plan holds for as long as another one is carried out, on a machine that has much else to do too.
  service = await startServiceFixture({ smallPostgresMib: 100, definition: { approval: { required: ['restore', 'undo', 'accept'], fourEyes: false, approvers: [], expiresAfterMs: 900_000 } } });
  await service.sql('CREATE TABLE filling AS SELECT n, repeat(md5(n::text), 16) AS text FROM generate_series(1, 23000) n; CREATE TABLE state (word text); INSERT INTO state VALUES (\'saved\'); CHECKPOINT;');
  await service.redisCli('SET', 'cart', 'of the backup');
  stopWorker = await service.startWorker();
  backupId = (await service.run<TakeBackupResult>('takeBackup', { service: service.name, kind: 'base' })).backupId;
  await service.sql('INSERT INTO state VALUES (\'later\')');
  await service.redisCli('SET', 'cart', 'of later');
});
afterAll(async () => service?.stop());

const state = async (): Promise<readonly string[]> => [await service.sql('SELECT string_agg(word, \',\' ORDER BY word) FROM state'), await service.redisCli('GET', 'cart')];
const archives = (): readonly string[] => readdirSync(service.repositoryPath, { recursive: true, encoding: 'utf8' }).filter((path) => path.includes('set-aside') && path.endsWith('.zst'));
/** Everything up to the plan is a dozen helpers: on a machine that has much else to do they take their time. */
async function approve(run: WorkflowHandle): Promise<void> {
  await waitFor(async () => ['awaitingApproval', 'failed'].includes((await run.query(statusQuery)).phase), 400_000);
  await service.approve(run);
}
const before = ['later,saved', 'of later'];
const replace = (): Promise<WorkflowHandle & { result(): Promise<RestoreBackupResult> }> => service.start<RestoreBackupResult>('restoreBackup', { service: service.name, backup: backupId, replace: true });

test('refused beside with the command that helps, and that for a proven backup alone; nothing was touched', async () => {
  const beside = await runToEnd(service, await service.start('restoreBackup', { service: service.name, backup: backupId }), 300_000);
  expect(beside).toMatchObject({ failure: 'NotEnoughSpace', message: expect.stringContaining(`holdfast restore ${backupId} --replace`) });
  const unproven = await runToEnd(service, await replace(), 300_000);
  expect(unproven).toMatchObject({ failure: 'ReplacementRefused', message: expect.stringContaining(`holdfast prove ${backupId}`) });
  expect([await state(), archives(), await service.leftovers()]).toEqual([before, [], []]);
});

test('replaced after the yes, once where two plans get it at once, equal to the backup, undone with all that was written since, and let go', async () => {
  await service.run('proveBackup', { service: service.name, backup: backupId });
  const runs = await Promise.all([replace(), replace()]);
  for (const run of runs) await waitFor(async () => ['awaitingApproval', 'failed'].includes((await run.query(statusQuery)).phase), 400_000);
  const { plan } = await runs[0].query(statusQuery);
  expect(plan?.body.notes.join('\n')).toMatch(/REPLACED WHERE IT LIES[^]*DOWN for as long as[^]*it grows with the data/);
  expect(plan?.body.steps.join('\n')).toMatch(/DROP it from/);
  expect([await state(), archives()]).toEqual([before, []]);
  await Promise.all(runs.map(approve));
  const ends = await Promise.all(runs.map((run) => runToEnd(service, run, 400_000)));
  expect(ends.map(({ status, failure }) => failure ?? status).sort()).toEqual(['COMPLETED', 'PlanChanged']);
  expect([await state(), archives().length]).toEqual([['saved', 'of the backup'], 1]);
  expect((await service.runtime.inspect(service.postgres)).restartPolicy.name).toBe('always');

  const undo = await service.start('undoRestore', { service: service.name, run: 'latest' });
  await approve(undo);
  await undo.result();
  expect([await state(), archives().length]).toEqual([before, 2]);
  const accept = await service.start('acceptRestore', { service: service.name, run: 'latest' });
  await approve(accept);
  await accept.result();
  expect([await state(), archives(), await service.leftovers()]).toEqual([before, [], []]);
});

/** A worker that dies when the helper that drops the old data has ended: nothing of it is there, and nothing new. */
async function killedAfterTheDrop(): Promise<WorkflowHandle & { result(): Promise<RestoreBackupResult> }> {
  await stopWorker();
  const doomed = startDoomedWorker();
  await doomed.serve({ config: service.config, temporalAddress: temporalAddress(), ...await testWorkflows(), point: 'restoreBackup/swapComponent:postgres#1/done:runtime.wait#5', strike: 'kill' });
  const run = await replace();
  await approve(run);
  expect(await doomed.gone).toBe('SIGKILL');
  const { stdout } = await service.runtime.exec(`${(await service.runtime.inspect(service.postgres)).name}-keeper`, { argv: ['ls', '-A', '/var/lib/postgresql/data'], timeoutMs: 10_000 });
  expect(stdout.split('\n').filter((name) => ['base', 'PG_VERSION'].includes(name))).toEqual([]);
  return run;
}

test('the worker dies when the old data is gone: another one goes on to the restored data', async () => {
  const run = await killedAfterTheDrop();
  stopWorker = await service.startWorker();
  await run.result();
  expect(await state()).toEqual(['saved', 'of the backup']);
  const undo = await service.start('undoRestore', { service: service.name, run: 'latest' });
  await approve(undo);
  await undo.result();
  expect([await state(), await service.leftovers()]).toEqual([before, []]);
});

test('and where the run was ended over it, the repair brings the old data back from its copy', { tags: 'long' }, async () => {
  const run = await killedAfterTheDrop();
  await run.terminate('the operator gave up');
  const copies = archives().length;
  stopWorker = await service.startWorker();
  await service.run('reapLeftovers', { service: service.name });
  expect(await state()).toEqual(before);
  expect(archives()).toHaveLength(copies - 1);
  expect((await service.runtime.inspect(service.postgres)).restartPolicy.name).toBe('always');
  expect(await service.leftovers()).toEqual([]);
});
