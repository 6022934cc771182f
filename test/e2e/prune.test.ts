/** Retention end to end, as somebody starts it from Temporal: two repositories, a question and its answer, a worker that dies in the middle, and the way back. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WorkflowFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Config } from '../../src/config/config.ts';
import { defaultPolicy } from '../../src/domain/retention/policy.ts';
import { shortDigest } from '../../src/domain/restore-plan.ts';
import { checkChain } from '../../src/repository/check-chain.ts';
import { createRepository } from '../../src/repository/create-repository.ts';
import type { Repository } from '../../src/repository/repository.ts';
import { createLocalStorage } from '../../src/storage/local/local-storage.ts';
import type { PruneBackupsResult } from '../../src/workflows/prune-backups/messages.ts';
import { statusQuery } from '../../src/workflows/shared/messages.ts';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import type { UndeleteBackupResult } from '../../src/workflows/undelete-backup/messages.ts';
import { callText } from '../chaos/fault/fault-point.ts';
import { instrument } from '../chaos/fault/instrument.ts';
import { startDoomedWorker } from '../chaos/fault/doomed-worker.ts';
import { cases } from '../support/cases.ts';
import { oldBackups } from '../support/old-backups.ts';
import { commandLineOf } from '../support/service-command-line.ts';
import { startServiceFixture, waitFor, type ServiceFixture } from '../support/service-fixture.ts';
import { temporalAddress } from '../support/test-environment.ts';
import { testWorkflows } from '../support/workflow-bundle.ts';

let service: ServiceFixture;
let elsewhere: string;
let local: Repository;
/** Another directory. */
let far: Repository;

beforeAll(async () => {
  service = await startServiceFixture({ definition: { repositories: ['local', 'far'], retention: { ...defaultPolicy, days: 6, trashDays: 1 } } });
  elsewhere = await mkdtemp(join(tmpdir(), 'holdfast test-'));
  local = createRepository('local', createLocalStorage(service.repositoryPath));
  const path = await mkdtemp(join(elsewhere, 'far-'));
  far = createRepository('far', createLocalStorage(path));
  Object.assign(service.config, { repositories: [...service.config.repositories, { name: 'far', path }] });
});
afterAll(async () => {
  await service?.stop();
  await rm(elsewhere, { recursive: true, force: true });
});

const listed = (repository: Repository): Promise<readonly string[]> => repository.listBackups(service.name);
const inTrash = async (repository: Repository): Promise<readonly string[]> => (await repository.trash.list(service.name)).map(({ backupId }) => backupId);
const prune = (input: object = {}) => service.run<PruneBackupsResult>('pruneBackups', { service: service.name, ...input });

/** The stable type that a run fails with; what it answers where it does not. */
const failureOf = (run: Promise<unknown>): Promise<unknown> => run.catch((error: unknown) => (error instanceof WorkflowFailedError && error.cause instanceof ApplicationFailure ? error.cause.type : error));

test('a plan that asks removes nothing before somebody says yes to it, in each repository; and a backup comes back', async () => {
  const stop = await service.startWorker();
  const [here, there] = [await oldBackups(local, service.name, 10), await oldBackups(far, service.name, 12)];
  const planned = await prune({ plan: true });
  expect(planned).toMatchObject({ outcome: 'planned', done: [], plans: [{ repository: 'local', counts: { kept: 7, removed: 3 } }, { repository: 'far', counts: { kept: 7, removed: 5 }, question: expect.stringContaining('should have gone before') }] });

  // As a schedule starts it.
  expect(await failureOf(prune())).toBe('ApprovalMissing');
  expect(await failureOf(prune({ apply: '0000-0000' }))).toBe('PlanChanged');
  expect(await failureOf(prune({ repository: 'nowhere' }))).toBe('InvalidInput');
  expect(await failureOf(prune({ apply: 'x', plan: true }))).toBe('InvalidInput');
  expect([await inTrash(local), await inTrash(far)]).toEqual([[], []]);

  const done = await prune({ apply: shortDigest(planned.digest) });
  expect(done).toMatchObject({ outcome: 'pruned', done: [{ repository: 'local', spared: [] }, { repository: 'far', spared: [] }] });
  expect([(await listed(local)).length, (await listed(far)).length]).toEqual([7, 7]);
  expect([await inTrash(local), await inTrash(far)]).toEqual([here.slice(0, 3).map(({ backupId }) => backupId), there.slice(0, 5).map(({ backupId }) => backupId)]);
  expect((await prune()).outcome).toBe('nothing');

  const wanted = (here[1] as (typeof here)[number]).backupId;
  expect(await service.run<UndeleteBackupResult>('undeleteBackup', { service: service.name, backup: wanted })).toMatchObject({ backupId: wanted, broughtBack: [wanted] });
  expect(await failureOf(service.run('undeleteBackup', { service: service.name, backup: '19990101-000000' }))).toBe('UnknownBackup');
  expect(await listed(local)).toContain(wanted);
  expect((await prune()).outcome).toBe('nothing');

  // What is written down for a repository is of that one alone. Where both were filled within one second, the one that came back is there, too.
  const kept = await listed(local);
  service.define({ retentionIn: { far: { ...defaultPolicy, days: 4, trashDays: 1 } } });
  const stricter = await prune({ plan: true });
  expect(stricter.plans.map(({ repository, counts: { removed }, keeps }) => [repository, removed, keeps?.endsWith(', as written down for far')])).toEqual([['local', 0, false], ['far', 2, true]]);
  expect((await prune({ apply: stricter.digest })).outcome).toBe('pruned');
  expect([await listed(local), await listed(far)]).toEqual([kept, there.filter(({ backupId }, index) => index >= 7 || backupId === wanted).map(({ backupId }) => backupId)]);
  delete (service.config.services[0] as { retentionIn?: unknown }).retentionIn;
  expect(await service.leftovers()).toEqual([]);
  await stop();
});

test('a backup of both stores has what came of age removed behind it in each repository, and is one whatever becomes of that', async () => {
  const [here, there] = [createRepository('local', createLocalStorage(await mkdtemp(join(elsewhere, 'behind-')))), createRepository('far', createLocalStorage(await mkdtemp(join(elsewhere, 'behind-far-'))))];
  service.define({ repositories: ['local', 'far'], retention: { ...defaultPolicy, days: 8, trashDays: 1 } });
  const stop = await service.startWorker({ wrap: (dependencies) => ({ ...dependencies, repositories: new Map([['local', here], ['far', there]]) }) });
  await service.sql('CREATE TABLE IF NOT EXISTS orders (id int); INSERT INTO orders VALUES (1)');
  const take = async () => {
    const handle = await service.start<TakeBackupResult>('takeBackup', { service: service.name });
    const { backupId } = await handle.result();
    return { backupId, said: (await handle.query(statusQuery)).events.map(({ text }) => text).join('\n') };
  };
  // What asks is left for somebody who is there.
  const [old, older] = [await oldBackups(here, service.name, 10), await oldBackups(there, service.name, 14)];
  const first = await take();
  expect(first.said).toMatch(/Applying the retention[^]*local: 9 backups kept, 2 into the trash[^]*2 backups into the trash[^]*far: .* should have gone before[^]*far: nothing was removed; look at it with holdfast prune --plan/);
  expect([await inTrash(here), await inTrash(there)]).toEqual([old.slice(0, 2).map(({ backupId }) => backupId), []]);
  await prune({ apply: (await prune({ plan: true })).digest });
  expect((await inTrash(there)).length).toBe(older.length - 9);

  // A hold that nobody can read may hold anything: nothing is planned, and the backup is there all the same.
  await here.storage.createExclusive(`${service.name}/holds/20260101-020000-postgres.json`, Buffer.from('{}'));
  const second = await take();
  expect(second.said).toMatch(/local: the retention was not carried out to its end: [^]*far: 9 backups kept/);
  await here.storage.remove(`${service.name}/holds/20260101-020000-postgres.json`);
  expect(await here.listBackups(service.name)).toEqual([...old.slice(2).map(({ backupId }) => backupId), first.backupId, second.backupId]);
  // What it kept is no empty promise.
  expect(await service.run('proveBackup', { service: service.name, backup: first.backupId })).toMatchObject({ verdict: 'proven' });
  // Where no retention is written down, nothing goes by itself.
  delete (service.config.services[0] as { retention?: unknown }).retention;
  expect((await take()).said).not.toContain('Applying the retention');
  await stop();
});

test('a plan that asked nothing is no answer to what comes up while it is carried out', async () => {
  const path = await mkdtemp(join(elsewhere, 'answered-'));
  const repository = createRepository('local', createLocalStorage(path));
  await oldBackups(repository, service.name, 12);
  service.define({ repositories: ['local'], retention: { ...defaultPolicy, days: 9 } });
  const { wrap, hooks } = instrument({ ...service.config, repositories: [{ name: 'local', path }] }, { before: async (call) => {
    if (callText(call) === 'pruneBackups/carryOutPrune#1') service.define({ retention: { ...defaultPolicy, days: 4 } });
  } });
  const stop = await service.startWorker({ wrap, hooks });
  const planned = await prune({ plan: true });
  expect(planned.plans).toMatchObject([{ question: null, counts: { removed: 2 } }]);
  expect(await failureOf(prune({ apply: planned.digest }))).toBe('PlanChanged');
  expect(await inTrash(repository)).toEqual([]);
  service.define({ repositories: ['local', 'far'] });
  await stop();
});

test('what a run reads, that somebody started by hand, stays', async () => {
  const stop = await service.startWorker({ wrap: (dependencies) => ({ ...dependencies, repositories: new Map([['local', local], ['far', far]]) }) });
  service.define({ retention: { ...defaultPolicy, days: 3, minimumCopies: 1, trashDays: 1 } });
  // Nobody works on its queue: it is open, and that is all.
  const reading = await service.client.workflow.start('findMoment', { taskQueue: `${service.taskQueue}-nobody`, workflowId: `by-hand-${service.name}`, args: [{ service: service.name, before: '1 hour ago' }] });
  try {
    await expect.poll(async () => (await prune({ plan: true, repository: 'local' })).plans[0]?.backups.every(({ sentence }) => sentence.includes(reading.workflowId)), { timeout: 30_000 }).toBe(true);
    expect((await prune()).outcome).toBe('nothing');
  } finally {
    await reading.terminate('the test is over');
    await stop();
    // Temporal's list says so a moment later: until then that run may read what the next test removes.
    await waitFor(async () => (await service.client.workflow.count(`WorkflowId = '${reading.workflowId}' AND ExecutionStatus = 'Running'`)).count === 0);
  }
});

test('from the command line: shown, asked about, done, listed, taken back', async () => {
  const [directory, path] = [await mkdtemp(join(elsewhere, 'cli-')), await mkdtemp(join(elsewhere, 'repository-'))];
  const repository = createRepository('local', createLocalStorage(path));
  const backups = await oldBackups(repository, service.name, 10);
  service.define({ repositories: ['local'], retention: { ...defaultPolicy, days: 5 } });
  const stop = await service.startWorker({ wrap: (dependencies) => ({ ...dependencies, repositories: new Map([['local', repository]]) }) });
  const holdfast = await commandLineOf(service, directory, { service: { retention: { days: 5 } }, file: { repositories: { local: { url: path } } } });
  const oldest = (backups[0] as (typeof backups)[number]).backupId;

  const plan = await holdfast('prune', '--plan');
  expect(plan).toMatchObject({ code: 0, stdout: expect.stringMatching(new RegExp(`local: 6 backups kept, 4 into the trash[^]*${oldest} +removed +It is 9 days old, and nothing keeps it[^]*ASKS: By this policy 4 backups of 10[^]*Nothing was changed`)) });
  const [, digits = ''] = /--apply ([0-9a-f]{4}-[0-9a-f]{4})/.exec(plan.stdout) ?? [];
  expect(await holdfast('prune')).toMatchObject({ code: 5, stdout: expect.stringContaining(`Nothing was removed. If it is meant so: holdfast prune --apply ${digits}`) });
  expect(await holdfast('prune', '--apply', '0000-0000')).toMatchObject({ code: 3, stderr: expect.stringContaining('PlanChanged') });
  expect(await holdfast('prune', '--apply', digits, '--json')).toMatchObject({ code: 0, stdout: expect.stringMatching(/"outcome": ?"pruned"/) });
  expect(await holdfast('prune')).toMatchObject({ code: 0, stdout: expect.stringContaining('Nothing was due.') });
  expect(await holdfast('list', '--trash')).toMatchObject({ code: 0, stdout: expect.stringContaining(oldest) });
  expect(await holdfast('undelete', oldest, '--reason', 'needed')).toMatchObject({ code: 0, stdout: expect.stringContaining(`Back from the trash: ${oldest}`) });
  expect((await holdfast('list')).stdout).toMatch(new RegExp(`${oldest}[^]*HELD: ${oldest} stays, for .*: needed`));
  expect((await holdfast('list', '--trash')).stdout).not.toContain(oldest);
  // One that no age removes yet, and one that is needed.
  const [, , , , young = ''] = backups.map(({ backupId }) => backupId);
  const asked = await holdfast('delete', young, '--reason', 'taken from the wrong container');
  expect(asked).toMatchObject({ code: 5, stdout: expect.stringMatching(new RegExp(`${young}: postgres and redis until [^]*goes to the trash of local, and after 7 days for good[^]*Nothing was deleted`)) });
  const [, shown = ''] = /--apply ([0-9a-f]{4}-[0-9a-f]{4})/.exec(asked.stdout) ?? [];
  expect(await holdfast('delete', young, '--reason', 'x', '--apply', '0000-0000')).toMatchObject({ code: 3, stderr: expect.stringContaining('PlanChanged') });
  expect(await holdfast('delete', young, '--reason', 'x', '--apply', shown)).toMatchObject({ code: 0, stdout: expect.stringContaining(`${young} is in the trash for 7 days. To take it back: holdfast undelete ${young}`) });
  expect((await holdfast('list', '--trash')).stdout).toContain(young);
  expect(await holdfast('delete', backups.at(-1)?.backupId ?? '', '--reason', 'x', '--apply', shown)).toMatchObject({ code: 3, stdout: expect.stringContaining('is the newest proven dump of postgres') });
  expect(await holdfast('delete', young)).toMatchObject({ code: 2 });
  expect(await holdfast('undelete', '19990101')).toMatchObject({ code: 2, stderr: expect.stringContaining('UnknownBackup') });
  await stop();
});

cases([
  'pruneBackups/carryOutPrune#1/done:storage.createExclusive#2',
  'pruneBackups/carryOutPrune#1/done:storage.remove#1',
], [
  'pruneBackups/planPrune#1/after',
  'pruneBackups/carryOutPrune#1/before',
  'pruneBackups/carryOutPrune#1/after',
])('the worker dies: %s', async (point) => {
  const path = await mkdtemp(join(elsewhere, 'case-'));
  const repository = createRepository('local', createLocalStorage(path));
  const backups = await oldBackups(repository, service.name, 12);
  // Two are never asked about.
  service.define({ repositories: ['local'], retention: { ...defaultPolicy, days: 9 } });
  const config: Config = { ...service.config, repositories: [{ name: 'local', path }] };
  const doomed = startDoomedWorker();
  await doomed.serve({ config, temporalAddress: temporalAddress(), workflowBundle: (await testWorkflows()).workflowBundle, point, strike: 'kill' });
  const run = await service.start<PruneBackupsResult>('pruneBackups', { service: service.name });
  expect(await doomed.gone).toBe('SIGKILL');
  const stop = await service.startWorker({ wrap: (dependencies) => ({ ...dependencies, repositories: new Map([['local', repository]]) }) });
  expect(await run.result()).toMatchObject({ outcome: 'pruned', plans: [{ counts: { kept: 10, removed: 2 } }] });
  await stop();
  const ids = backups.map(({ backupId }) => backupId);
  expect([await listed(repository), await inTrash(repository)]).toEqual([ids.slice(2), ids.slice(0, 2)]);
  expect(await repository.trash.lastPlan(service.name)).toEqual({ upTo: 12, newest: ids[11], takenBack: [] });
  expect(await repository.storage.listNames(`${service.name}/runs`)).toEqual([]);
  expect((await checkChain(repository, service.name)).damaged).toEqual([]);
});
