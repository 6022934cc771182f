/**
 * A service that is gone, rebuilt by a drill from nothing but its repository: the live servers are stopped, what kept their logs is forgotten, and the worker is new. Both stores come
 * back to the newest point; a segment, a base backup, an append-only file or a key that is missing each gets its class.
 */
import { cp, mkdtemp, readFile, readdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { DrillCheck } from '../../src/domain/drill/check.ts';
import type { DrillReport } from '../../src/domain/drill/drill-report.ts';
import { noDrillSettings, type DrillSettings } from '../../src/domain/drill/drill-settings.ts';
import type { RedisComponent } from '../../src/domain/service.ts';
import { testTiming } from '../../src/domain/timing.ts';
import { createRedisAofSource } from '../../src/engines/redis/aof/redis-aof-source.ts';
import { readReport } from '../../src/report/read-report.ts';
import { verifyReport } from '../../src/report/verify-report.ts';
import { createRepository } from '../../src/repository/create-repository.ts';
import { createLocalStorage } from '../../src/storage/local/local-storage.ts';
import { createRunDirectory } from '../../src/worker/run-directory.ts';
import type { ReapLeftoversResult } from '../../src/workflows/reap-leftovers/messages.ts';
import type { RunDrillResult } from '../../src/workflows/run-drill/messages.ts';
import { statusQuery } from '../../src/workflows/shared/messages.ts';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import { callText } from '../chaos/fault/fault-point.ts';
import { instrument, type Probe } from '../chaos/fault/instrument.ts';
import { loseFirstAnswers } from '../chaos/fault/lose-answers.ts';
import { waitFor } from '../support/service-fixture.ts';
import { startWalService, type WalService } from '../support/wal-service.ts';

let service: WalService;
let base: string;
let escrow: string;
/** What befalls the run of the moment. */
let trouble: Probe = {};

beforeAll(async () => {
  service = await startWalService({ redisArguments: ['--appendonly', 'yes', '--aof-timestamp-enabled', 'yes'] });
  const redis: RedisComponent = { engine: 'redis', name: 'redis', container: (await service.runtime.inspect(service.redis)).name, aof: 'archive' };
  service.define({ components: [service.component, redis] });
  escrow = await mkdtemp(join(tmpdir(), 'holdfast escrow-'));
  await writeFile(join(escrow, 'mail.pem'), '-----BEGIN KEY-----\nthe-secret-of-the-mail\n-----END KEY-----\n');
  await service.sql('CREATE ROLE clerk LOGIN; CREATE TABLE orders (id int PRIMARY KEY, note text); ALTER TABLE orders OWNER TO clerk; ALTER DATABASE shop SET work_mem = \'7MB\'');
  const stopWorker = await service.startKeeping();
  base = (await service.run<TakeBackupResult>('takeBackup', { service: service.name, kind: 'base' })).backupId;
  // Of whole seconds behind the backup's own it is then known that nothing had been written into the file.
  await pause(3_100);
  await fileFollowed();
  await writeBehind();
  await stopWorker();
  await takeDown(redis);
  Object.assign(service.config, { repositories: [...service.config.repositories, { name: 'offsite', path: offsite() }] });
  service.define({ repositories: ['local', 'offsite'] });
  const { wrap, hooks } = instrument(service.config, { before: async (call) => trouble.before?.(call), after: async (call) => trouble.after?.(call) });
  // Nobody keeps a log there: what would is made when a worker begins, by what it is told then.
  const components = service.config.services[0]?.components ?? [];
  service.define({ components: components.map(({ name, container }, index) => (index === 0 ? { engine: 'postgres', name, container, database: 'shop', user: 'postgres' } : { engine: 'redis', name, container })) });
  await service.startWorker({ environment: { HOLDFAST_STATE_DIR: join(escrow, 'state') }, wrap, hooks });
  service.define({ components });
});
afterAll(async () => {
  await service?.stop();
  await rm(escrow, { recursive: true, force: true });
});
afterEach(async () => {
  trouble = {};
  expect(await service.leftovers()).toEqual([]);
});

/** Several segments of log, and a second of the append-only file behind the base backup. */
async function writeBehind(): Promise<void> {
  await service.redisCli('SET', 'cart', 'of the base');
  for (const id of [1, 2, 3, 4]) {
    await service.sql(`INSERT INTO orders VALUES (${id}, 'note ${id}')`);
    await service.sql('SELECT pg_switch_wal()');
  }
  await service.redisCli('SET', 'cart', 'of the end');
  await pause(1_100);
  await service.sql('INSERT INTO orders VALUES (5, \'the last\')');
  await pause(2_100);
  await service.kept();
  await fileFollowed();
}

/** Returns when the archive knows of everything that has been written into the append-only file until now. */
async function fileFollowed(): Promise<void> {
  const nowSecond = Math.floor(Date.now() / 1000);
  await waitFor(async () => await coveredSecond() >= nowSecond);
}

/** Up to its end the archive knows of everything that was written into the append-only file. */
async function coveredSecond(): Promise<number> {
  const { aof } = createRepository('local', createLocalStorage(service.repositoryPath));
  return (await aof.looks({ service: service.name, component: 'redis' })).at(-1)?.coveredSecond ?? 0;
}

/** The host of the service is gone, with all that stood on it. */
async function takeDown(redis: RedisComponent): Promise<void> {
  const { namespaceId } = await createRunDirectory(service.client);
  await service.forget();
  await createRedisAofSource().stop({ namespaceId, service: service.name, runtime: service.runtime, timing: testTiming, signal: AbortSignal.timeout(60_000), secret: async () => '' }, redis, { forget: true });
  for (const id of [service.postgres, service.redis]) {
    await service.runtime.updateRestartPolicy(id, { name: 'no', maximumRetryCount: 0 });
    await service.runtime.stop(id, 30_000);
  }
}

/** A copy of the repository. */
const offsite = (): string => join(escrow, 'offsite');

const settings = (drill: Partial<DrillSettings>): void => service.define({ drill: { ...noDrillSettings, assertions: [orders, cart], ...drill } });
const orders = { kind: 'sql', name: 'orders', component: 'postgres', sql: 'SELECT count(*) FROM orders', expect: { kind: 'equals', value: '5' } } as const;
const cart = { kind: 'redis', name: 'cart', component: 'redis', command: ['GET', 'cart'], database: 0, expect: { kind: 'equals', value: 'of the end' } } as const;
/** What the base backup brings beside the rows: who owns them and may come in, and what is set for their database. */
const brought = [
  { ...orders, name: 'clerk', sql: 'SELECT string_agg(rolname || \' \' || rolcanlogin, \', \') FROM pg_class JOIN pg_roles ON pg_roles.oid = relowner WHERE relname = \'orders\'', expect: { kind: 'equals', value: 'clerk true' } },
  { ...orders, name: 'work-mem', sql: 'SHOW work_mem', expect: { kind: 'equals', value: '7MB' } },
  // Not what it brings: beside the original a server takes little of its own.
  { ...orders, name: 'memory', sql: 'SHOW shared_buffers', expect: { kind: 'equals', value: '256MB' } },
] as const;
const mail = () => ({ name: 'mail', kept: { file: join(escrow, 'mail.pem') } });

const rebuild = (input: object = {}) => service.start<RunDrillResult>('runDrill', { service: service.name, depth: 'rebuild', ...input });

async function newestReport(): Promise<{ readonly text: string; readonly page: string; readonly report: DrillReport }> {
  const directory = join(service.repositoryPath, service.name, 'drills');
  const id = (await readdir(directory)).sort().at(-1) ?? '';
  const text = await readFile(join(directory, id, 'report.json'), 'utf8');
  return { text, page: await readFile(join(directory, id, 'report.html'), 'utf8'), report: readReport(text).signed?.report as DrillReport };
}

async function proven(run: Awaited<ReturnType<typeof rebuild>>): Promise<RunDrillResult> {
  return run.result().catch(async (error: unknown) => {
    throw new Error(JSON.stringify((await newestReport()).report.checks.filter(({ verdict }) => verdict !== 'proven'), null, 1), { cause: error });
  });
}

async function failed(run: WorkflowHandle): Promise<{ readonly type: string; readonly report: DrillReport; readonly of: (name: string) => DrillCheck | undefined }> {
  const type = await run.result().then(() => 'none', (error: unknown) => (error instanceof WorkflowFailedError ? (error.cause as { type?: string }).type ?? String(error.cause) : String(error)));
  const { report } = await newestReport();
  expect(report.run.workflowId).toBe(run.workflowId);
  return { type, report, of: (name) => report.checks.find((check) => check.name === name || check.name.startsWith(`${name}:`)) };
}

/** Files of the repository whose path says so, away for as long as the work takes. */
async function without<T>(which: (path: string) => boolean, work: () => Promise<T>): Promise<T> {
  const root = join(service.repositoryPath, service.name);
  const paths = (await readdir(root, { recursive: true, withFileTypes: true })).filter((each) => each.isFile()).map((each) => join(each.parentPath, each.name)).filter((path) => which(path.slice(root.length + 1)));
  expect(paths).not.toEqual([]);
  for (const [index, path] of paths.entries()) await rename(path, join(escrow, `away-${index}`));
  try {
    return await work();
  } finally {
    for (const [index, path] of paths.entries()) await rename(join(escrow, `away-${index}`), path);
  }
}

test('both stores come back to the newest point from the repository alone, by steps that are each done twice', async () => {
  settings({ keys: [mail()], assertions: [orders, cart, ...brought], tests: { image: 'postgres:17', command: ['sh', '-c', 'test "$(psql -Atc "SELECT note FROM orders WHERE id = 5")" = "the last" && test "$HOLDFAST_REDIS_HOST" = redis'], timeoutMs: 60_000, memoryBytes: 128 * 1024 ** 2, environment: {} } });
  const { probe, lost: doneOnce } = loseFirstAnswers(({ runbook }) => runbook === 'runDrill');
  trouble = probe;
  const run = await rebuild({ requestedBy: 'the test' });
  const result = await proven(run);
  expect([...doneOnce]).toEqual(expect.arrayContaining(['runDrill/findDrillKeys#1', 'runDrill/chooseRebuild#1', 'runDrill/findCompanion:redis#1', 'runDrill/makeInstant:redis#1', 'runDrill/fillDrill:postgres#1', 'runDrill/fillDrill:redis#1', 'runDrill/askDrill#1', 'runDrill/runDrillTests#1', 'runDrill/removeDrill#1', 'runDrill/recordDrill#1']));
  expect(result).toMatchObject({ verdict: 'proven', depth: 'rebuild', backupId: base, repository: 'local' });
  expect(Object.fromEntries(result.checks.map(({ name, class: found }) => [name, found]))).toEqual({
    'amcheck:postgres': 'asExpected', 'assertion:cart': 'asExpected', 'assertion:clerk': 'asExpected', 'assertion:memory': 'asExpected', 'assertion:orders': 'asExpected', 'assertion:work-mem': 'asExpected', 'canary:postgres': 'asExpected', 'canary:redis': 'asExpected', 'collations:postgres': 'asExpected', 'content:postgres': 'asExpected', 'content:redis': 'asExpected',
    keys: 'asExpected', 'recovery:postgres': 'asExpected', 'recovery:redis': 'asExpected', tests: 'asExpected',
  });

  const { text, page, report } = await newestReport();
  const { signature } = readReport(text).signed ?? {};
  expect([verifyReport(text, [signature?.fingerprint ?? '']).outcome, verifyReport(page, [signature?.fingerprint ?? '']).outcome]).toEqual(['valid', 'valid']);
  expect(report).toMatchObject({ format: 2, kind: 'rebuild', choice: { kind: 'latest' }, cleanUp: { outcome: 'clean' }, rebuilt: { keys: [{ name: 'mail', place: `file ${join(escrow, 'mail.pem')}`, found: true, why: '' }] } });
  const [postgres, redis] = ['postgres', 'redis'].map((name) => report.components.find(({ component }) => component === name));
  expect([postgres?.depth, postgres?.backupId, postgres?.log?.timeline, redis?.depth]).toEqual(['baseAndLog', base, 1, 'aof']);
  expect(postgres?.log?.segments).toBeGreaterThanOrEqual(4);
  // Both at one second, and that the newest there is: where the append-only file is known for less long than the log, at the end of what is known of it.
  const newest = Math.min(Date.parse(postgres?.point ?? ''), (await coveredSecond() + 1) * 1_000);
  const behind = newest - Date.parse(redis?.point ?? '');
  expect([behind >= 0, behind < 1_000], `${behind} ms`).toEqual([true, true]);
  const phases = report.phases.map(({ phase, component }) => `${phase} ${component ?? ''}`.trim());
  expect(phases).toEqual(expect.arrayContaining(['locate', 'locate redis', 'prepare', 'verify postgres', 'restore postgres', 'replay postgres', 'start redis', 'compare postgres', 'assert', 'test', 'cleanUp']));
  const { rto, rpo } = report.times;
  expect([rto.ms, rpo.ms, report.rebuilt?.coldStart.ms].every((ms) => typeof ms === 'number')).toBe(true);
  expect(Number(report.rebuilt?.coldStart.ms)).toBeLessThan(Number(rto.ms));
  expect(report.objectives.map(({ objective }) => objective)).toEqual(['backup', 'verify', 'rebuild', 'rpo']);
  for (const written of [text, page, JSON.stringify(await run.fetchHistory())]) expect(written).not.toContain('the-secret-of-the-mail');
  // What was made for the run alone is gone with it.
  expect((await readdir(join(service.repositoryPath, service.name), { recursive: true })).filter((name) => /^runs\/.*\.rdb$/.test(name))).toEqual([]);
});

test('a drill of the newest backup brings that back alone, and measures what would be lost by the logs that are kept', { tags: 'long' }, async () => {
  settings({ assertions: [] });
  const run = await service.start<RunDrillResult>('runDrill', { service: service.name, depth: 'restore' });
  const result = await proven(run);
  expect(result).toMatchObject({ verdict: 'proven', backupId: base });
  const { report: { times: { rpo }, objectives, components } } = await newestReport();
  expect(rpo).toMatchObject({ from: { what: expect.stringMatching(/archived (log|append-only file), which this drill/) as string } });
  // What was written behind the base backup took some seconds, and neither log is of less than them.
  const of = components.map(({ point }) => Date.parse(point));
  expect(components.map(({ depth }) => depth)).toEqual(['base', 'rdb']);
  expect(Date.parse(rpo.ms === null ? '' : rpo.from.at)).toBeGreaterThan(Math.max(...of) + 2_000);
  expect(objectives.find(({ objective }) => objective === 'rpo')).toMatchObject({ what: 'what would be lost', measuredMs: rpo.ms });
});

test('out of another repository than the first: that one is not needed, whatever the drill writes lies in the other, and what one that was terminated left there is reaped', { tags: 'long' }, async () => {
  settings({ keys: [mail()], tests: { image: 'postgres:17', command: ['echo', 'told'], timeoutMs: 60_000, memoryBytes: 128 * 1024 ** 2, environment: {} } });
  await cp(service.repositoryPath, offsite(), { recursive: true });
  await rm(join(offsite(), service.name, 'drills'), { recursive: true, force: true });
  await rename(service.repositoryPath, join(escrow, 'gone'));
  const runs = (): Promise<readonly string[]> => readdir(join(offsite(), service.name, 'runs'));
  const [reached, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  try {
    const result = await (await rebuild({ repository: 'offsite' })).result();
    expect(result).toMatchObject({ verdict: 'proven', repository: 'offsite', backupId: base });
    const drills = join(offsite(), service.name, 'drills', result.drillId);
    const { report } = readReport(await readFile(join(drills, 'report.json'), 'utf8')).signed ?? {};
    expect([report?.repository.name, report?.components.map(({ depth }) => depth), await readFile(join(drills, 'tests.txt'), 'utf8')]).toEqual(['offsite', ['baseAndLog', 'aof'], 'told\n']);
    expect(await runs()).toEqual([]);

    trouble = { after: async (call) => {
      if (callText(call) !== 'runDrill/prepareDrill#1') return;
      reached.resolve();
      await released.promise;
    } };
    const run = await rebuild({ repository: 'offsite' });
    await reached.promise;
    await run.terminate('the test');
    released.resolve();
    expect(await runs()).toHaveLength(1);
    await expect(stat(service.repositoryPath)).rejects.toThrow('ENOENT');
  } finally {
    await rename(join(escrow, 'gone'), service.repositoryPath);
  }
  trouble = {};
  await service.run<ReapLeftoversResult>('reapLeftovers', { service: service.name });
  expect(await runs()).toEqual([]);
});

test('a key that is not there is asked for, and reminded of; brought in time the drill goes on, else it could not verify', { tags: 'long' }, async () => {
  const late = join(escrow, 'late.key');
  settings({ keys: [mail(), { name: 'late', kept: { file: late } }] });
  const run = await rebuild();
  await service.waitForPhase(run, 'awaitingKeys');
  await waitFor(async () => (await run.query(statusQuery)).events.filter(({ kind, text }) => kind === 'warning' && text.includes('the key late')).length >= 2);
  await writeFile(late, 'brought\n');
  expect((await proven(run)).checks.find(({ name }) => name === 'keys')?.class).toBe('asExpected');
  expect((await newestReport()).report.phases[0]?.phase).toBe('keys');

  await rm(late);
  const { type, report, of } = await failed(await rebuild());
  expect([type, report.verdict, of('keys')?.class, of('content')?.class, report.components]).toEqual(['CouldNotVerify', 'couldNotVerify', 'keyMissing', 'keyMissing', []]);
  expect(report.rebuilt).toMatchObject({ keys: [{ name: 'mail', found: true }, { name: 'late', found: false, why: 'it does not exist' }], coldStart: { ms: null } });
});

test('a segment that is missing in the midst: what lies before it comes back, and the rest is told as lost', async () => {
  settings({});
  const segments = (await readdir(join(service.repositoryPath, service.name, 'wal'), { recursive: true })).flatMap((path) => /[0-9A-F]{24}(?=-)/.exec(path)?.[0] ?? []).sort();
  const missing = segments.at(-3) ?? '';
  const { type, report, of } = await without((path) => path.startsWith('wal/') && path.includes(missing), async () => failed(await rebuild()));
  expect([type, report.verdict, of('recovery:postgres')?.class, of('content:postgres')?.class, of('assertion:orders')?.class, report.times.rpo.ms]).toEqual(['ProofFailed', 'failed', 'logIncomplete', 'asExpected', 'assertionFailed', null]);
  expect(of('recovery:postgres')?.sentence).toContain(missing);
});

test('no base backup, or a file of it missing, is nothing to come back from', async () => {
  settings({});
  const gone = await without((path) => path === `backups/${base}/manifest.json`, async () => failed(await rebuild()));
  expect([gone.type, gone.of('content')?.class, gone.of('content')?.sentence]).toEqual(['ProofFailed', 'logIncomplete', expect.stringContaining('no base backup')]);
  const damaged = await without((path) => path.startsWith(`backups/${base}/postgres/`) && path.includes('base.tar'), async () => failed(await rebuild()));
  expect([damaged.type, damaged.of('content:postgres')?.class, damaged.of('content:redis')?.class, damaged.of('assertion')?.verdict]).toEqual(['ProofFailed', 'backupUnreadable', 'asExpected', 'couldNotVerify']);
  // Nobody is to rely on it any more, retention neither.
  const proofs = await createRepository('local', createLocalStorage(service.repositoryPath)).listProofs(service.name, base);
  expect(proofs.map(({ verdict, components }) => [verdict, components.map(({ component, sentence }) => [component, sentence.startsWith(`Found by drill ${damaged.report.drillId}`)])])).toEqual([['failed', [['postgres', true]]]]);
});

test('an append-only file with a hole leads up to it, or Redis comes from the backup next to it; and either is told', { tags: 'long' }, async () => {
  settings({ assertions: [orders] });
  const found = async (which: (path: string) => boolean): Promise<readonly unknown[]> => {
    const { type, of, report } = await without(which, async () => failed(await rebuild()));
    return [type, of('recovery:redis')?.class, of('recovery:redis')?.sentence, of('content:redis')?.class, report.components.find(({ component }) => component === 'redis')?.depth];
  };
  // Nothing was written until after the base backup: up to then the file without its increments is the whole truth.
  expect(await found((path) => path.startsWith('aof/redis/increments/'))).toEqual(['ProofFailed', 'logIncomplete', expect.stringContaining('what is archived of it goes on until'), 'asExpected', 'aof']);
  expect(await found((path) => /^aof\/redis\/(bases|increments)\//.test(path))).toEqual(['ProofFailed', 'logIncomplete', expect.stringContaining('does not come from its append-only file'), 'asExpected', 'rdb']);
});

test('what is no rebuild is refused before anything is made', async () => {
  const refused = async (input: object): Promise<string> => (await rebuild(input)).result().then(() => 'none', (error: unknown) => String(((error as WorkflowFailedError).cause as { type?: string }).type));
  expect([await refused({ backup: 'latest' }), await refused({ repository: 'elsewhere' }), await refused({ into: { postgres: 'x' } }), await refused({ depth: 'deeper' })]).toEqual(['InvalidInput', 'InvalidInput', 'InvalidInput', 'InvalidInput']);
});
