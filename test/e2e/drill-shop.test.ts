/**
 * The demo's shop, configured by a file, drilled by the command that people type: its application comes up on the drill's network, its own tests pass, and the report is one that anybody can
 * check. Where the shop has lost what its tests look for, or a byte of the backup has flipped, that is what the report says.
 */
import { open, readFile, readdir } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';
import { join } from 'node:path';
import { WorkflowFailedError } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { DrillReport } from '../../src/domain/drill/drill-report.ts';
import { testTiming } from '../../src/domain/timing.ts';
import { parseLsn } from '../../src/domain/wal/lsn.ts';
import { readReport } from '../../src/report/read-report.ts';
import { createRepository } from '../../src/repository/create-repository.ts';
import { createLocalStorage } from '../../src/storage/local/local-storage.ts';
import { composeWalSources } from '../../src/worker/dependencies.ts';
import { createRunDirectory } from '../../src/worker/run-directory.ts';
import { readLogStatus } from '../../src/worker/standing-file.ts';
import type { RunDrillResult } from '../../src/workflows/run-drill/messages.ts';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import { waitFor } from '../support/service-fixture.ts';
import { startShopFixture, type ShopFixture } from '../support/shop-fixture.ts';

let service: ShopFixture;
/** Of a shop that has lost something. */
let backup: string;

beforeAll(async () => {
  service = await startShopFixture(20);
  await work(false);
});

/** A worker for the shop as it is configured then. */
async function work(wal: boolean): Promise<void> {
  const { image } = await service.runtime.inspect(service.shop.application.container);
  await service.startWorker({ prove: false, skewLimit: '10m', wal, drillImage: image });
}
afterAll(async () => {
  if (service === undefined) return;
  await service.stopWorker();
  await forgetLog();
  await service.stop();
});

async function forgetLog(): Promise<void> {
  const { namespaceId } = await createRunDirectory(service.client);
  const { postgres } = service.shop;
  await composeWalSources().stream.stop({ namespaceId, service: service.name, runtime: service.runtime, timing: testTiming, signal: AbortSignal.timeout(60_000), secret: async () => '' }, { engine: 'postgres', name: 'postgres', container: postgres.container, database: postgres.database, user: postgres.user, wal: 'stream' }, { forget: true });
}

/** As a person starts one; `what` tells it from others of its type. */
const run = (type: string, input: object, what = 'run'): Promise<unknown> => service.client.workflow.execute(type, { taskQueue: service.name, workflowId: `holdfast/${type}-${what}/${service.name}`, args: [{ service: service.name, ...input }] });

async function newestReport(): Promise<DrillReport | undefined> {
  const drills = join(service.directory, 'backups', service.name, 'drills');
  const [newest = ''] = (await readdir(drills)).sort().reverse();
  return readReport(await readFile(join(drills, newest, 'report.json'), 'utf8')).signed?.report;
}

/** What a drill that is not to be proven ended with, and each check that is not. */
async function notProven(input: object, what: string): Promise<Readonly<Record<string, string>>> {
  const ended = await run('runDrill', input, what).then(() => 'none', (error: unknown) => (error instanceof WorkflowFailedError ? (error.cause as { type?: string }).type ?? String(error.cause) : String(error)));
  const report = await newestReport();
  expect(report?.run.workflowId).toBe(`holdfast/runDrill-${what}/${service.name}`);
  return { ended, ...Object.fromEntries((report?.checks ?? []).filter(({ verdict, class: found }) => verdict !== 'proven' && found !== 'checkDidNotRun').map(({ name: check, class: found }) => [check, found])) };
}

const sql = (text: string): Promise<string> => service.sql(text);

/** Why a drill is not proven stands in its report. */
async function explain(error: unknown): Promise<never> {
  const report = await newestReport();
  throw new Error(report?.checks.filter(({ verdict }) => verdict !== 'proven').map(({ name: check, class: found, sentence }) => `${check} (${found}): ${sentence}`).join('\n'), { cause: error });
}

test('the shop comes back with all that its people ask of it, and not a word of its passwords is anywhere', async () => {
  await run('takeBackup', {});
  const began = (await service.runtime.inspect(service.shop.application.container)).startedAt;
  const { drillId, checks } = await run('runDrill', { depth: 'restore', requestedBy: 'the test' }).catch(explain) as RunDrillResult;
  expect(checks.filter(({ class: found }) => found !== 'asExpected' && found !== 'harmlessDifference')).toEqual([]);
  expect(checks.map(({ name: check }) => check)).toEqual(expect.arrayContaining(['assertion:canary', 'assertion:sessions', 'health', 'tests']));
  const place = join(service.directory, 'backups', service.name, 'drills', drillId);
  const [report, page, output] = await Promise.all(['report.json', 'report.html', 'tests.txt'].map((file) => readFile(join(place, file), 'utf8')));
  expect(readReport(report ?? '').signed?.report.tests).toMatchObject({ exitCode: 0 });
  expect(output).toContain('pass 3');
  const history = JSON.stringify(await service.client.workflow.getHandle(`holdfast/runDrill-run/${service.name}`).fetchHistory());
  for (const text of [report, page, output, history]) expect(text).not.toContain(service.canary);
  // The live shop has gone on selling, and knows nothing of it.
  expect((await service.runtime.inspect(service.shop.application.container)).startedAt).toBe(began);
  expect([...await service.runtime.list({ 'dev.holdfast.service': service.name }), ...await service.runtime.listVolumes({ 'dev.holdfast.service': service.name }), ...await service.runtime.listNetworks({ 'dev.holdfast.service': service.name })]).toEqual([]);
});

test('the shop comes back from nothing but its log, while the live one goes on selling', async () => {
  await service.stopWorker();
  await work(true);
  const repository = createRepository('local', createLocalStorage(join(service.directory, 'backups')));
  // The worker takes the base backup by itself.
  await waitFor(async () => {
    for (const id of await repository.listBackups(service.name)) if ((await repository.readManifest(service.name, id)).manifest.components.some((each) => each.engine === 'postgres' && each.method === 'base')) return true;
    return false;
  }, 180_000);
  await pause(5_000);
  const { drillId, checks } = await run('runDrill', { depth: 'rebuild', requestedBy: 'the test' }, 'log').catch(explain) as RunDrillResult;
  expect(checks.filter(({ class: found }) => found !== 'asExpected' && found !== 'harmlessDifference')).toEqual([]);
  expect(checks.map(({ name: check }) => check)).toEqual(expect.arrayContaining(['recovery:postgres', 'assertion:canary', 'health', 'tests']));
  const { report } = readReport(await readFile(join(service.directory, 'backups', service.name, 'drills', drillId, 'report.json'), 'utf8')).signed ?? {};
  expect(report?.components.map(({ depth }) => depth)).toEqual(['baseAndLog', 'rdb']);
  expect(report?.rebuilt?.coldStart).toMatchObject({ to: { what: 'the application answering' } });
  expect(report?.tests?.exitCode).toBe(0);
});

test('an order whose lines are lost comes back as it is from the log, and the shop\'s own tests say so', async () => {
  await sql('DELETE FROM order_lines WHERE order_id = (SELECT min(id) FROM orders)');
  const position = parseLsn(await sql('SELECT pg_current_wal_flush_lsn()')) ?? 0n;
  await waitFor(async () => (parseLsn((await readLogStatus(join(service.directory, 'state'), service.name, 'postgres'))?.repositories[0]?.durable ?? '0/0') ?? 0n) >= position, 60_000);
  expect(await notProven({ depth: 'rebuild' }, 'lost')).toEqual({ ended: 'ProofFailed', tests: 'applicationTestsFailed' });
});

test('so it does from a backup', async () => {
  backup = (await run('takeBackup', {}, 'lost') as TakeBackupResult).backupId;
  expect(await notProven({ depth: 'restore', backup }, 'lost')).toEqual({ ended: 'ProofFailed', tests: 'applicationTestsFailed' });
  expect((await newestReport())?.tests?.exitCode).toBe(1);
});

test('of a backup of which a byte flipped nothing is asked any more', async () => {
  const place = join(service.directory, 'backups', service.name, 'backups', backup, 'postgres');
  const [attempt = ''] = await readdir(place);
  await using file = await open(join(place, attempt, 'dump.tar'), 'r+');
  const at = Math.floor((await file.stat()).size / 2);
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, at);
  await file.write(Buffer.from([(buffer[0] ?? 0) ^ 1]), 0, 1, at);
  expect(await notProven({ depth: 'restore', backup }, 'flipped')).toEqual({ ended: 'ProofFailed', 'content:postgres': 'backupUnreadable' });
});
