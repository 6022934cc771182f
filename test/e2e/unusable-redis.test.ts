/** The worst day for Redis: no server reads its append-only file, its restart policy tries again and again. Restored all the same, PostgreSQL with it, also to a moment, undone, and let go. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { HoldfastFailure } from '../../src/domain/failures.ts';
import type { AcceptRestoreResult } from '../../src/workflows/accept-restore/messages.ts';
import type { RestoreBackupResult } from '../../src/workflows/restore-backup/messages.ts';
import type { RestoreToPointInTimeResult } from '../../src/workflows/restore-to-point-in-time/messages.ts';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import type { UndoRestoreResult } from '../../src/workflows/undo-restore/messages.ts';
import { statusQuery } from '../../src/workflows/shared/messages.ts';
import { instrument, type Probe } from '../chaos/fault/instrument.ts';
import { loseFirstAnswers } from '../chaos/fault/lose-answers.ts';
import { breakRedis, nonsense } from '../support/break-redis.ts';
import { runBeside } from '../support/run-beside.ts';
import { secretVariables, startServiceFixture, waitFor, type ServiceFixture } from '../support/service-fixture.ts';

/** Asked for by a file that lies with the data: what is made like the server needs it, too. */
const secrets = { postgres: 'canary-of-postgres', redis: 'canary-of-redis' };
let service: ServiceFixture;
let trouble: Probe = {};
beforeAll(async () => {
  service = await startServiceFixture({ secrets });
  await service.sql('CREATE TABLE orders (id int PRIMARY KEY); INSERT INTO orders VALUES (1)');
  await service.redisCli('SET', 'cart', 'of the backup');
  const faults = instrument(service.config, { before: (call) => trouble.before?.(call) ?? Promise.resolve(), after: (call) => trouble.after?.(call) ?? Promise.resolve() });
  await service.startWorker({ ...faults, environment: { [secretVariables.postgres]: secrets.postgres, [secretVariables.redis]: secrets.redis } });
});
afterAll(async () => service?.stop());

const content = async (): Promise<readonly string[]> => [await service.sql('SELECT string_agg(id::text, \',\' ORDER BY id) FROM orders'), await service.redisCli('GET', 'cart')];
const restartPolicy = async (): Promise<string> => (await service.runtime.inspect(service.redis)).restartPolicy.name;
const stateOf = async (): Promise<string> => (await service.runtime.inspect(service.redis)).state;

const heldFiles = 'cat /data/appendonlydir/*.incr.aof';

const inVolume = (script: string): Promise<string> => runBeside(service, service.redis, ['sh', '-euc', script]);

let backupId: string;

test('a cut-over that fails leaves a Redis that no server answers in as broken as it was, and ends with its own failure', async () => {
  ({ backupId } = await service.run<TakeBackupResult>('takeBackup', { service: service.name }));
  await service.sql('INSERT INTO orders VALUES (2)');
  await service.redisCli('SET', 'cart', 'of later');
  await breakRedis(service);

  trouble = { before: async ({ activity, component }) => { if (activity === 'compareClosedComponent' && component === 'redis') throw new HoldfastFailure('ProofFailed', { operation: 'test', object: 'redis', cause: 'it is said so', hint: 'None.' }); } };
  const run = await service.start<RestoreBackupResult>('restoreBackup', { service: service.name, backup: backupId });
  await service.approve(run);
  await expect(run.result()).rejects.toMatchObject({ cause: { type: 'ProofFailed' } });
  trouble = {};
  expect([await service.sql('SELECT max(id) FROM orders'), await inVolume(heldFiles), await restartPolicy()]).toEqual(['2', nonsense, 'always']);
  expect(await service.leftovers()).toEqual([]);
});

test('it is restored over, by steps that are each done twice, comes back as broken as it was, and goes', async () => {
  const { probe, lost: doneOnce } = loseFirstAnswers(({ runbook }) => runbook === 'restoreBackup');
  trouble = probe;
  const run = await service.start<RestoreBackupResult>('restoreBackup', { service: service.name, backup: backupId });
  await service.waitForPhase(run, 'awaitingApproval');
  const { plan } = await run.query(statusQuery);
  expect(plan?.body.losses.find(({ component }) => component === 'redis')?.notes.join()).toContain('is not known');
  expect(plan?.body.notes.join('\n')).toContain('its files are put aside as they are, unread');
  await service.approve(run);
  expect([(await run.result()).outcome, ...await content(), await restartPolicy()]).toEqual(['restored', '1', 'of the backup', 'always']);
  trouble = {};
  expect([...doneOnce]).toEqual(expect.arrayContaining(['ensureRunning', 'prepareComponent', 'closeComponent', 'swapComponent', 'compareClosedComponent', 'openComponent'].map((activity) => `restoreBackup/${activity}:redis#1`)));

  const undo = await service.start<UndoRestoreResult>('undoRestore', { service: service.name, run: 'latest' });
  await service.waitForPhase(undo, 'awaitingApproval');
  expect((await undo.query(statusQuery)).plan?.body.notes.join('\n')).toContain('a Redis that did not start on them does not start on them now');
  await service.approve(undo);
  await expect(undo.result()).rejects.toMatchObject({ cause: { type: 'HealthCheckFailed' } });
  expect([await service.sql('SELECT max(id) FROM orders'), await inVolume(heldFiles), await restartPolicy()]).toEqual(['2', nonsense, 'always']);

  // The way back from there: what was restored is set aside, and as good as it was.
  const again = await service.start<UndoRestoreResult>('undoRestore', { service: service.name, run: 'latest' });
  await service.approve(again);
  expect([(await again.result()).outcome, ...await content(), await restartPolicy()]).toEqual(['undone', '1', 'of the backup', 'always']);
  const accept = await service.start<AcceptRestoreResult>('acceptRestore', { service: service.name, run: 'latest' });
  await service.approve(accept);
  expect([(await accept.result()).outcome, await inVolume('find /data -path "*holdfast*"')]).toEqual(['accepted', '']);
  expect(await service.leftovers()).toEqual([]);
});

test('as the companion of a moment it is brought along, and comes back as broken as it was', async () => {
  const base = await service.run<TakeBackupResult>('takeBackup', { service: service.name, kind: 'base' });
  await service.sql('INSERT INTO orders VALUES (3)');
  await service.redisCli('SET', 'cart', 'of later');
  await breakRedis(service);
  const run = await service.start<RestoreToPointInTimeResult>('restoreToPointInTime', { service: service.name, to: `backup:${base.backupId}` });
  await service.waitForPhase(run, 'awaitingApproval');
  const body = (await run.query(statusQuery)).plan?.body;
  expect(body?.moment?.companions).toMatchObject([{ component: 'redis', backupId: base.backupId }]);
  expect(body?.losses.find(({ component }) => component === 'redis')?.notes.join()).toContain('is not known');
  await service.approve(run);
  const { newBase } = await run.result();
  expect([...await content(), await restartPolicy()]).toEqual(['1', 'of the backup', 'always']);
  if (newBase !== null) await service.client.workflow.getHandle(newBase).result();

  const undo = await service.start<UndoRestoreResult>('undoRestore', { service: service.name, run: 'latest' });
  await service.approve(undo);
  await expect(undo.result()).rejects.toMatchObject({ cause: { type: 'HealthCheckFailed' } });
  expect([await service.sql('SELECT max(id) FROM orders'), await inVolume(heldFiles), await restartPolicy()]).toEqual(['3', nonsense, 'always']);
});
