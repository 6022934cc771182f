/**
 * The demo's shop, configured by a file, drilled by the command that people type: its application comes up on the drill's network, its own tests pass, and the report is one that anybody can
 * check. Where the shop has lost what its tests look for, or a byte of the backup has flipped, that is what the report says.
 */
import { mkdir, mkdtemp, open, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WorkflowFailedError, type Client } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { demoConfig, startDemoService, stopDemoService } from '../../devbox/demo/demo-service.ts';
import type { DemoOptions, DemoService } from '../../devbox/demo/demo-shape.ts';
import { connectClient } from '../../src/client/temporal-connection.ts';
import { loadConfig } from '../../src/config/load-config.ts';
import type { DrillReport } from '../../src/domain/drill/drill-report.ts';
import { testTiming } from '../../src/domain/timing.ts';
import { parseLsn } from '../../src/domain/wal/lsn.ts';
import { readReport } from '../../src/report/read-report.ts';
import { createRepository } from '../../src/repository/create-repository.ts';
import { createLocalStorage } from '../../src/storage/local/local-storage.ts';
import { composeWalSources } from '../../src/worker/dependencies.ts';
import { runWorker } from '../../src/worker/main.ts';
import { createRunDirectory } from '../../src/worker/run-directory.ts';
import { readLogStatus } from '../../src/worker/standing-file.ts';
import type { RunDrillResult } from '../../src/workflows/run-drill/messages.ts';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import { DockerScope } from '../support/docker.ts';
import { waitFor } from '../support/service-fixture.ts';
import { dockerHost, temporalAddress } from '../support/test-environment.ts';

const scope = new DockerScope();
const name = `shop-${scope.id}`;
const canary = `canary-${scope.id}-secret`;
const options: DemoOptions = { dockerHost: dockerHost(), prefix: `holdfast-test-${scope.id}`, label: 'dev.holdfast.test', sizeMb: 5, port: null, ordersPerSecond: 20, redisPassword: canary };
let shop: DemoService;
let directory: string;
let client: Client;
/** Of a shop that has lost something. */
let backup: string;
let stopWorker: () => Promise<void>;

beforeAll(async () => {
  shop = await startDemoService(options);
  directory = await mkdtemp(join(tmpdir(), 'holdfast shop-'));
  await mkdir(join(directory, 'backups'));
  client = await connectClient({ address: temporalAddress() });
  await work(false);
}, 240_000);

/** A worker for the shop as it is configured then. */
async function work(wal: boolean): Promise<void> {
  const { image } = await scope.runtime.inspect(shop.application.container);
  await writeFile(join(directory, 'holdfast.yaml'), demoConfig(shop, { backupDirectory: './backups', name, queuePrefix: name, prove: false, skewLimit: '5s', wal, drillImage: image }));
  const environment = { ...process.env, DOCKER_HOST: dockerHost(), HOLDFAST_TIMING: 'test', DEMO_REDIS_PASSWORD: canary, HOLDFAST_STATE_DIR: join(directory, 'state') };
  const config = await loadConfig({ environment: {}, currentDirectory: directory });
  const abort = new AbortController();
  const ready = Promise.withResolvers<void>();
  const running = runWorker({ config, temporal: { address: temporalAddress() }, environment, signal: abort.signal, onReady: () => ready.resolve() });
  running.catch((error: unknown) => ready.reject(error));
  await ready.promise;
  stopWorker = async () => {
    abort.abort();
    await running;
  };
}
afterAll(async () => {
  await stopWorker?.();
  if (shop !== undefined) await forgetLog();
  await client?.connection.close();
  await stopDemoService(options);
  await rm(directory, { recursive: true, force: true });
});

async function forgetLog(): Promise<void> {
  const { namespaceId } = await createRunDirectory(client);
  await composeWalSources().stream.stop({ namespaceId, service: name, runtime: scope.runtime, timing: testTiming, signal: AbortSignal.timeout(60_000), secret: async () => '' }, { engine: 'postgres', name: 'postgres', container: shop.postgres.container, database: shop.postgres.database, user: shop.postgres.user, wal: 'stream' }, { forget: true });
}

/** As a person starts one; `what` tells it from others of its type. */
const run = (type: string, input: object, what = 'run'): Promise<unknown> => client.workflow.execute(type, { taskQueue: name, workflowId: `holdfast/${type}-${what}/${name}`, args: [{ service: name, ...input }] });

async function newestReport(): Promise<DrillReport | undefined> {
  const drills = join(directory, 'backups', name, 'drills');
  const [newest = ''] = (await readdir(drills)).sort().reverse();
  return readReport(await readFile(join(drills, newest, 'report.json'), 'utf8')).signed?.report;
}

/** What a drill that is not to be proven ended with, and each check that is not. */
async function notProven(input: object, what: string): Promise<Readonly<Record<string, string>>> {
  const ended = await run('runDrill', input, what).then(() => 'none', (error: unknown) => (error instanceof WorkflowFailedError ? (error.cause as { type?: string }).type ?? String(error.cause) : String(error)));
  const report = await newestReport();
  expect(report?.run.workflowId).toBe(`holdfast/runDrill-${what}/${name}`);
  return { ended, ...Object.fromEntries((report?.checks ?? []).filter(({ verdict, class: found }) => verdict !== 'proven' && found !== 'checkDidNotRun').map(({ name: check, class: found }) => [check, found])) };
}

const sql = async (text: string): Promise<string> => {
  const { stdout, stderr, exitCode } = await scope.runtime.exec(shop.postgres.container, { argv: ['psql', '-X', '-A', '-t', '-q', '-v', 'ON_ERROR_STOP=1', '-U', shop.postgres.user, '-d', shop.postgres.database, '-c', text], timeoutMs: 30_000 });
  if (exitCode !== 0) throw new Error(stderr);
  return stdout.trim();
};

/** Why a drill is not proven stands in its report. */
async function explain(error: unknown): Promise<never> {
  const report = await newestReport();
  throw new Error(report?.checks.filter(({ verdict }) => verdict !== 'proven').map(({ name: check, class: found, sentence }) => `${check} (${found}): ${sentence}`).join('\n'), { cause: error });
}

test('the shop comes back with all that its people ask of it, and not a word of its passwords is anywhere', async () => {
  await run('takeBackup', {});
  const began = (await scope.runtime.inspect(shop.application.container)).startedAt;
  const { drillId, checks } = await run('runDrill', { depth: 'restore', requestedBy: 'the test' }).catch(explain) as RunDrillResult;
  expect(checks.filter(({ class: found }) => found !== 'asExpected' && found !== 'harmlessDifference')).toEqual([]);
  expect(checks.map(({ name: check }) => check)).toEqual(expect.arrayContaining(['assertion:canary', 'assertion:sessions', 'health', 'tests']));
  const place = join(directory, 'backups', name, 'drills', drillId);
  const [report, page, output] = await Promise.all(['report.json', 'report.html', 'tests.txt'].map((file) => readFile(join(place, file), 'utf8')));
  expect(readReport(report ?? '').signed?.report.tests).toMatchObject({ exitCode: 0 });
  expect(output).toContain('pass 3');
  const history = JSON.stringify(await client.workflow.getHandle(`holdfast/runDrill-run/${name}`).fetchHistory());
  for (const text of [report, page, output, history]) expect(text).not.toContain(canary);
  // The live shop has gone on selling, and knows nothing of it.
  expect((await scope.runtime.inspect(shop.application.container)).startedAt).toBe(began);
  expect([...await scope.runtime.list({ 'dev.holdfast.service': name }), ...await scope.runtime.listVolumes({ 'dev.holdfast.service': name }), ...await scope.runtime.listNetworks({ 'dev.holdfast.service': name })]).toEqual([]);
}, 300_000);

test('the shop comes back from nothing but its log, while the live one goes on selling', async () => {
  await stopWorker();
  await work(true);
  const repository = createRepository('local', createLocalStorage(join(directory, 'backups')));
  // The worker takes the base backup by itself.
  await waitFor(async () => {
    for (const id of await repository.listBackups(name)) if ((await repository.readManifest(name, id)).manifest.components.some((each) => each.engine === 'postgres' && each.method === 'base')) return true;
    return false;
  }, 120_000);
  await pause(5_000);
  const { drillId, checks } = await run('runDrill', { depth: 'rebuild', requestedBy: 'the test' }, 'log').catch(explain) as RunDrillResult;
  expect(checks.filter(({ class: found }) => found !== 'asExpected' && found !== 'harmlessDifference')).toEqual([]);
  expect(checks.map(({ name: check }) => check)).toEqual(expect.arrayContaining(['recovery:postgres', 'assertion:canary', 'health', 'tests']));
  const { report } = readReport(await readFile(join(directory, 'backups', name, 'drills', drillId, 'report.json'), 'utf8')).signed ?? {};
  expect(report?.components.map(({ depth }) => depth)).toEqual(['baseAndLog', 'rdb']);
  expect(report?.rebuilt?.coldStart).toMatchObject({ to: { what: 'the application answering' } });
  expect(report?.tests?.exitCode).toBe(0);
}, 300_000);

test('an order whose lines are lost comes back as it is from the log, and the shop\'s own tests say so', async () => {
  await sql('DELETE FROM order_lines WHERE order_id = (SELECT min(id) FROM orders)');
  const position = parseLsn(await sql('SELECT pg_current_wal_flush_lsn()')) ?? 0n;
  await waitFor(async () => (parseLsn((await readLogStatus(join(directory, 'state'), name, 'postgres'))?.repositories[0]?.durable ?? '0/0') ?? 0n) >= position, 60_000);
  expect(await notProven({ depth: 'rebuild' }, 'lost')).toEqual({ ended: 'ProofFailed', tests: 'applicationTestsFailed' });
}, 300_000);

test('so it does from a backup', async () => {
  backup = (await run('takeBackup', {}, 'lost') as TakeBackupResult).backupId;
  expect(await notProven({ depth: 'restore', backup }, 'lost')).toEqual({ ended: 'ProofFailed', tests: 'applicationTestsFailed' });
  expect((await newestReport())?.tests?.exitCode).toBe(1);
}, 300_000);

test('of a backup of which a byte flipped nothing is asked any more', async () => {
  const place = join(directory, 'backups', name, 'backups', backup, 'postgres');
  const [attempt = ''] = await readdir(place);
  await using file = await open(join(place, attempt, 'dump.tar'), 'r+');
  const at = Math.floor((await file.stat()).size / 2);
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, at);
  await file.write(Buffer.from([(buffer[0] ?? 0) ^ 1]), 0, 1, at);
  expect(await notProven({ depth: 'restore', backup }, 'flipped')).toEqual({ ended: 'ProofFailed', 'content:postgres': 'backupUnreadable' });
}, 300_000);
