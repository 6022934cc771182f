/** Drills of a real service: a healthy backup comes back and is proven; a broken one, or a broken environment, gets the class that it has. Nothing live is touched, and nothing is left. */
import { createHash } from 'node:crypto';
import { mkdir, open, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { BackupManifest, PostgresDump } from '../../src/domain/backup-manifest.ts';
import { canonicalJson } from '../../src/domain/canonical-json.ts';
import type { DrillCheck } from '../../src/domain/drill/check.ts';
import type { DrillReport } from '../../src/domain/drill/drill-report.ts';
import { noDrillSettings, type DrillSettings } from '../../src/domain/drill/drill-settings.ts';
import { defaultObjectives } from '../../src/domain/drill/objectives.ts';
import { readReport } from '../../src/report/read-report.ts';
import { verifyReport } from '../../src/report/verify-report.ts';
import type { ReapLeftoversResult } from '../../src/workflows/reap-leftovers/messages.ts';
import type { RunDrillResult } from '../../src/workflows/run-drill/messages.ts';
import { statusQuery } from '../../src/workflows/shared/messages.ts';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import { callText } from '../chaos/fault/fault-point.ts';
import { instrument, type Probe } from '../chaos/fault/instrument.ts';
import { loseFirstAnswers } from '../chaos/fault/lose-answers.ts';
import { startServiceFixture, waitFor, type ServiceFixture } from '../support/service-fixture.ts';

let service: ServiceFixture;
let backup: string;
/** What befalls the run of the moment. */
let trouble: Probe = {};

beforeAll(async () => {
  service = await startServiceFixture();
  await service.sql(`CREATE ROLE clerk LOGIN PASSWORD 'secret-of-the-clerk'; CREATE ROLE auditor NOLOGIN;
    CREATE TABLE orders (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, total numeric NOT NULL, note text);
    INSERT INTO orders (total, note) SELECT each, 'note ' || each FROM generate_series(1, 500) each; GRANT SELECT ON orders TO auditor; ALTER TABLE orders OWNER TO clerk;
    ALTER DATABASE shop SET work_mem = '7MB';`);
  await service.sql('CREATE PUBLICATION everything FOR ALL TABLES');
  // What must not act like the original in a drill, and what must not keep it from being checked.
  await service.sql(`CREATE SUBSCRIPTION upstream CONNECTION 'host=publisher' PUBLICATION everything WITH (connect = false);
    CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no more changes'; END $$; CREATE EVENT TRIGGER no_changes ON ddl_command_start EXECUTE FUNCTION refuse();`);
  for (let each = 0; each < 20; each += 1) await service.redisCli('SET', `cart:${each}`, `${each} articles`);
  const { wrap, hooks } = instrument(service.config, { before: async (call) => trouble.before?.(call), after: async (call) => trouble.after?.(call) });
  await service.startWorker({ wrap, hooks });
  backup = (await service.run<TakeBackupResult>('takeBackup', { service: service.name })).backupId;
});
afterAll(() => service?.stop());
afterEach(async () => {
  trouble = {};
  expect(await service.leftovers()).toEqual([]);
});

const settings = (drill: Partial<DrillSettings>): void => service.define({ drill: { ...noDrillSettings, ...drill } });
const orders = { kind: 'sql', name: 'orders', component: 'postgres', sql: 'SELECT count(*) FROM orders', expect: { kind: 'number', atLeast: '500' } } as const;
const cart = { kind: 'redis', name: 'cart', component: 'redis', command: ['GET', 'cart:7'], database: 0, expect: { kind: 'equals', value: '7 articles' } } as const;
const tests = { image: 'postgres:17', timeoutMs: 60_000, memoryBytes: 128 * 1024 ** 2, environment: {} } as const;
const shell = (script: string): { command: readonly string[] } => ({ command: ['sh', '-c', script] });

const drill = (input: object = {}) => service.start<RunDrillResult>('runDrill', { service: service.name, depth: 'restore', ...input });

/** What it came to; where it is not proven, with why. */
async function proven(run: Awaited<ReturnType<typeof drill>>): Promise<RunDrillResult> {
  return run.result().catch(async (error: unknown) => {
    throw new Error(JSON.stringify((await reports()).at(-1)?.checks.filter(({ verdict }) => verdict !== 'proven'), null, 1), { cause: error });
  });
}

/** The failure that a drill ended with, and the report that it left. */
async function failed(run: WorkflowHandle): Promise<{ readonly type: string; readonly report: DrillReport; readonly of: (name: string) => DrillCheck | undefined }> {
  const type = await run.result().then(() => 'none', (error: unknown) => (error instanceof WorkflowFailedError ? (error.cause as { type?: string }).type ?? String(error.cause) : String(error)));
  const report = (await reports()).at(-1) as DrillReport;
  expect(report.run.workflowId).toBe(run.workflowId);
  return { type, report, of: (name) => report.checks.find((check) => check.name === name || check.name.startsWith(`${name}:`)) };
}

async function reports(): Promise<readonly DrillReport[]> {
  const directory = join(service.repositoryPath, service.name, 'drills');
  const ids = (await readdir(directory)).sort();
  // One that was terminated has begun, and leaves none.
  const texts = await Promise.all(ids.map((id) => readFile(join(directory, id, 'report.json'), 'utf8').catch(() => '')));
  return texts.map((text) => readReport(text).signed?.report).filter((each) => each !== undefined);
}

/** Everything of production that a drill could change: containers, volumes, what the servers serve, and who has connected. */
async function production(): Promise<unknown> {
  const facts = await Promise.all([service.postgres, service.redis].map((id) => service.runtime.inspect(id)));
  return [
    facts, (await service.runtime.listVolumes({})).filter(({ labels }) => labels['dev.holdfast.test'] !== undefined).map(({ name }) => name).filter((name) => name.includes(service.name.slice(4))).sort(),
    await service.sql('SELECT count(*), sum(total) FROM orders; SELECT sessions FROM pg_stat_database WHERE datname = \'postgres\'; SELECT pg_postmaster_start_time(); SELECT count(*) FROM pg_replication_slots'),
  ];
}
const connections = async (): Promise<number> => Number(/total_connections_received:(\d+)/.exec(await service.redisCli('INFO', 'stats'))?.[1]);
const sessions = async (): Promise<number> => Number(await service.sql('SELECT pg_stat_clear_snapshot() IS NULL; SELECT sum(sessions) FROM pg_stat_database').then((text) => text.split('\n').at(-1)));

/** A backup as it is, but for what is done to its manifest, which is made to match its own sum again. */
async function tampered(change: (manifest: BackupManifest) => unknown): Promise<() => Promise<void>> {
  const path = join(service.repositoryPath, service.name, 'backups', backup, 'manifest.json');
  const original = await readFile(path, 'utf8');
  const { manifestSha256: _old, ...manifest } = JSON.parse(original) as BackupManifest & { manifestSha256: string };
  const changed = change(structuredClone(manifest as BackupManifest)) as object;
  await rm(path);
  await writeFile(path, canonicalJson({ ...changed, manifestSha256: createHash('sha256').update(canonicalJson(changed)).digest('hex') }));
  return async () => {
    await rm(path);
    await writeFile(path, original);
  };
}
const postgresIn = (manifest: BackupManifest): PostgresDump => manifest.components.find(({ engine }) => engine === 'postgres') as PostgresDump;

test('a healthy backup is proven, by steps that are each done twice, and production notices nothing', async () => {
  settings({
    assertions: [
      orders, cart, { ...orders, name: 'cheap', sql: 'SELECT id FROM orders WHERE total < 0', expect: { kind: 'empty' } }, { ...orders, name: 'silent', sql: 'SHOW archive_mode', expect: { kind: 'equals', value: 'off' } },
      { ...orders, name: 'quiet', sql: 'SELECT (SELECT count(*) FROM pg_subscription) + (SELECT count(*) FROM pg_settings WHERE (name, setting) NOT IN ((\'max_logical_replication_workers\', \'0\'), (\'synchronous_standby_names\', \'\'), (\'primary_conninfo\', \'\')) AND name IN (\'max_logical_replication_workers\', \'synchronous_standby_names\', \'primary_conninfo\'))', expect: { kind: 'equals', value: '0' } },
    ],
    tests: { ...tests, ...shell('psql "$DATABASE_URL" -Atc "SELECT count(*) FROM orders" && test "$HOLDFAST_REDIS_HOST:$HOLDFAST_REDIS_PORT" = redis:6379 && echo "came in as $PGUSER with $PGPASSWORD, or $DATABASE_URL" && test ! -e /var/run/docker.sock && test "$GREETING" = "hello postgres"'), environment: { GREETING: 'hello ${PGHOST}' } },
  });
  const { probe, lost: doneOnce } = loseFirstAnswers(({ runbook }) => runbook === 'runDrill');
  trouble = probe;
  const [before, received, opened] = [await production(), await connections(), await sessions()];
  const run = await drill({ requestedBy: 'the test' });
  const result = await proven(run);
  // The questions themselves: one redis-cli each, and three psql before the second count of the sessions.
  expect([await connections() - received, await sessions() - opened]).toEqual([1, 1]);
  expect(await production()).toEqual(before);
  expect([...doneOnce]).toEqual(expect.arrayContaining(['runDrill/chooseDrill#1', 'runDrill/prepareDrill#1', 'runDrill/fillDrill:postgres#1', 'runDrill/startDrill:redis#1', 'runDrill/checkDrill:postgres#1', 'runDrill/askDrill#1', 'runDrill/runDrillTests#1', 'runDrill/removeDrill#1', 'runDrill/recordDrill#1']));
  expect(result).toMatchObject({ verdict: 'proven', depth: 'restore', backupId: backup, repository: 'local' });
  expect(Object.fromEntries(result.checks.map(({ name, class: found }) => [name, found]))).toEqual({
    'amcheck:postgres': 'asExpected', 'assertion:cart': 'asExpected', 'assertion:cheap': 'asExpected', 'assertion:orders': 'asExpected', 'assertion:quiet': 'asExpected', 'assertion:silent': 'asExpected', 'canary:postgres': 'asExpected', 'canary:redis': 'asExpected', 'collations:postgres': 'asExpected',
    'content:postgres': 'asExpected', 'content:redis': 'asExpected', 'extensions:postgres': 'asExpected', 'roles:postgres': 'asExpected', 'settings:postgres': 'asExpected', tests: 'asExpected',
  });

  const directory = join(service.repositoryPath, service.name, 'drills', result.drillId);
  const text = await readFile(join(directory, 'report.json'), 'utf8');
  const { report, signature } = readReport(text).signed ?? {};
  expect(verifyReport(text, [signature?.fingerprint ?? '']).outcome).toBe('valid');
  expect(verifyReport(await readFile(join(directory, 'report.html'), 'utf8'), [signature?.fingerprint ?? '']).outcome).toBe('valid');
  expect(report).toMatchObject({ verdict: 'proven', startedBy: { identity: 'the test', by: 'person' }, choice: { kind: 'latest' }, cleanUp: { outcome: 'clean', leftovers: [] }, tests: { exitCode: 0, image: 'postgres:17' } });
  expect(report?.phases.map(({ phase }) => phase)).toEqual(expect.arrayContaining(['prepare', 'verify', 'restore', 'start', 'compare', 'assert', 'test', 'cleanUp']));
  expect([report?.times.rto.ms, report?.times.rpo.ms].every((ms) => typeof ms === 'number')).toBe(true);
  const output = await readFile(join(directory, 'tests.txt'), 'utf8');
  expect(output).toBe('500\ncame in as postgres with [redacted], or postgresql://postgres:[redacted]@postgres:5432/shop\n');
  const { events } = await run.query(statusQuery);
  expect(events.map(({ text: line }) => line).join('\n')).toMatch(/RTO .*\n.*RPO /);
});

test('a byte of the dump that flipped is a backup that cannot be read', async () => {
  settings({});
  const directory = join(service.repositoryPath, service.name, 'backups', backup, 'postgres');
  const [attempt] = await readdir(directory);
  const file = await open(join(directory, attempt ?? '', 'dump.tar'), 'r+');
  const at = Math.floor((await file.stat()).size / 2);
  const { buffer } = await file.read(Buffer.alloc(1), 0, 1, at);
  await file.write(Buffer.from([(buffer[0] ?? 0) ^ 1]), 0, 1, at);
  try {
    const { type, report, of } = await failed(await drill({ backup }));
    expect([type, report.verdict, of('content:postgres')?.class, of('content:redis')?.class, of('canary:postgres')?.verdict, report.times.rto.ms]).toEqual(['ProofFailed', 'failed', 'backupUnreadable', 'asExpected', 'couldNotVerify', null]);
  } finally {
    await file.write(buffer, 0, 1, at);
    await file.close();
  }
});

test('a role that is missing, a count, a hash, a sequence and a key count that differ each get their class', { tags: 'long' }, async () => {
  settings({});
  const cases: readonly (readonly [name: string, found: string, change: (manifest: BackupManifest) => BackupManifest])[] = [
    ['content:postgres', 'roleMissing', (manifest) => withPostgres(manifest, (own) => ({ ...own, roles: own.roles.filter(({ name }) => name !== 'auditor') }))],
    ['content:postgres', 'countDiffers', (manifest) => withPostgres(manifest, (own) => ({ ...own, content: { ...own.content, tables: own.content.tables.map((table) => ({ ...table, rows: '501' })) } }))],
    ['content:postgres', 'hashDiffers', (manifest) => withPostgres(manifest, (own) => ({ ...own, content: { ...own.content, tables: own.content.tables.map((table) => ({ ...table, hash: '7' })) } }))],
    ['content:postgres', 'sequenceBehind', (manifest) => withPostgres(manifest, (own) => ({ ...own, content: { ...own.content, sequences: own.content.sequences.map((sequence) => ({ ...sequence, lastValue: '9999' })) } }))],
    ['content:redis', 'keysDiffer', (manifest) => ({ ...manifest, components: manifest.components.map((own) => (own.engine === 'redis' ? { ...own, content: { ...own.content, databases: own.content.databases.map((each) => ({ ...each, keys: '21' })) } } : own)) })],
  ];
  for (const [name, found, change] of cases) {
    const putBack = await tampered(change);
    try {
      const { type, of } = await failed(await drill({ backup }));
      expect([found, type, of(name)?.class]).toEqual([found, 'ProofFailed', found]);
    } finally {
      await putBack();
    }
  }
});

const withPostgres = (manifest: BackupManifest, change: (own: PostgresDump) => PostgresDump): BackupManifest =>
  ({ ...manifest, components: manifest.components.map((each) => (each === postgresIn(manifest) ? change(postgresIn(manifest)) : each)) });

test('an assertion that fails, one that cannot be asked and one that would write, tests that fail, and an application that is not well', { tags: 'long' }, async () => {
  settings({
    assertions: [
      { ...orders, expect: { kind: 'number', above: '500' } }, { ...orders, name: 'misspelt', sql: 'SELECT count(*) FROM ordres' }, { ...orders, name: 'writes', sql: 'WITH gone AS (DELETE FROM orders RETURNING 1) SELECT count(*) FROM gone' },
      { ...orders, name: 'many', sql: 'SELECT repeat(\'x\', 1000) FROM generate_series(1, 100000)', expect: { kind: 'rows' } }, { ...cart, command: ['GET', 'cart:none'] },
    ],
    tests: { ...tests, ...shell('psql -Atc "SELECT note FROM orders WHERE id = 7"; exit 1') },
    health: { url: 'http://shop:8009/health', withinMs: 2_000 }, application: { image: 'postgres:17', command: ['sh', '-c', 'echo not today; sleep 60'], memoryBytes: 64 * 1024 ** 2, environment: {} },
  });
  const { type, report, of } = await failed(await drill());
  expect(type).toBe('ProofFailed');
  expect(Object.fromEntries(report.checks.filter(({ verdict }) => verdict !== 'proven').map(({ name, class: found }) => [name, found]))).toEqual({
    'assertion:orders': 'assertionFailed', 'assertion:misspelt': 'assertionDidNotRun', 'assertion:writes': 'assertionDidNotRun', 'assertion:many': 'assertionDidNotRun', 'assertion:cart': 'assertionFailed', tests: 'applicationTestsFailed', health: 'healthNotReached',
  });
  expect(of('assertion:misspelt')?.sentence).toContain('ordres');
  expect(of('health')?.sentence).toContain('not today');
  expect(JSON.stringify(report)).not.toContain('note 7');
});

test('tests that cannot be started, that take too long, and that take too much are never a pass and never a failure', { tags: 'long' }, async () => {
  const cases: readonly (readonly [string, Partial<NonNullable<DrillSettings['tests']>>])[] = [
    ['imageMissing', { image: 'nobody/has:this', command: ['true'] }], ['applicationTestsDidNotStart', { command: ['/no/such/program'] }],
    ['applicationTestsTimedOut', { ...shell('sleep 60'), timeoutMs: 1_000 }], ['applicationTestsOutOfMemory', { ...shell('exec tail /dev/zero'), memoryBytes: 32 * 1024 ** 2 }],
  ];
  for (const [found, given] of cases) {
    settings({ tests: { ...tests, command: [], ...given } });
    const { type, of } = await failed(await drill());
    expect([found, type, of('tests')?.class, of('content:postgres')?.class]).toEqual([found, 'CouldNotVerify', found, 'asExpected']);
  }
  settings({ health: { url: 'http://shop:8009/health', withinMs: 2_000 }, application: { image: 'postgres:17', command: ['tail', '/dev/zero'], memoryBytes: 32 * 1024 ** 2, environment: {} } });
  const { type, of } = await failed(await drill());
  expect([type, of('health')?.class, of('health')?.sentence]).toEqual(['CouldNotVerify', 'applicationOutOfMemory', expect.stringContaining('ended at 32 MB')]);
});

/** Holds the next run that comes so far up, behind this call, until it is told to go on. */
async function at(point: string): Promise<{ readonly reached: Promise<void>; go(): void }> {
  const [reached, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  trouble = { after: async (call) => {
    if (callText(call) !== point) return;
    reached.resolve();
    await released.promise;
  } };
  return { reached: reached.promise, go: () => released.resolve() };
}

test('what a drill was cancelled, failed or terminated over goes, and the cancelled one says that it could not tell', async () => {
  settings({});
  const cancelled = await at('runDrill/startDrill:postgres#1');
  const run = await drill();
  await cancelled.reached;
  expect((await service.leftovers()).length).toBeGreaterThan(3);
  await run.cancel();
  cancelled.go();
  const { report } = await failed(run);
  expect([report.verdict, report.cleanUp.outcome, report.checks.find(({ name }) => name === 'canary:postgres')?.class]).toEqual(['couldNotVerify', 'clean', 'interrupted']);
  expect(await service.leftovers()).toEqual([]);

  const killed = await at('runDrill/startDrill:redis#1');
  const terminated = await drill();
  await killed.reached;
  await terminated.terminate('the test');
  killed.go();
  trouble = {};
  await service.run<ReapLeftoversResult>('reapLeftovers', { service: service.name });
  expect(await service.leftovers()).toEqual([]);
});

test('what a terminated drill left goes while another run holds the service, and where the record of a cut-over cannot be read', { tags: 'long' }, async () => {
  settings({});
  const reap = async (): Promise<unknown> => (await service.start<ReapLeftoversResult>('reapLeftovers', { service: service.name })).result().catch((error: unknown) => (error as WorkflowFailedError).cause);
  const own = join(service.repositoryPath, service.name);
  const killed = await at('runDrill/prepareDrill#1');
  const terminated = await drill();
  await killed.reached;
  await terminated.terminate('the test');
  const left = await service.leftovers();
  killed.go();
  expect(left.length).toBeGreaterThan(2);

  const held = await at('takeBackup/backUpComponent:postgres#1');
  const taking = await service.start<TakeBackupResult>('takeBackup', { service: service.name });
  await held.reached;
  // Its last attempt may be at work yet: until then a repair would wait for the service.
  await waitFor(async () => {
    await reap();
    return (await service.leftovers()).every((name) => !left.includes(name));
  });
  // Its notes are gone with it, and nothing waits for who holds the service.
  expect(await reap()).toEqual({ runs: [] });
  await taking.cancel();
  held.go();
  await expect(taking.result()).rejects.toThrow();
  trouble = {};

  await mkdir(join(own, 'rollbacks'), { recursive: true });
  await writeFile(join(own, 'rollbacks', 'run-x.json'), '{}');
  expect(await reap()).toMatchObject({ type: 'RepositoryDamaged' });
  expect(await readdir(join(own, 'runs'))).toEqual([]);
  await rm(join(own, 'rollbacks', 'run-x.json'));
  expect(await reap()).toEqual({ runs: [] });
});

test('what is no drill is refused before anything is made, and a service without a backup has nothing to come back from', async () => {
  const refused = async (input: object): Promise<string> => (await drill(input)).result().then(() => 'none', (error: unknown) => String(((error as WorkflowFailedError).cause as { type?: string }).type));
  expect([await refused({ depth: 'failover' }), await refused({ into: { postgres: 'x' } }), await refused({ backup: '20010101-000000' }), await refused({ repository: 'elsewhere' })]).toEqual(['InvalidInput', 'InvalidInput', 'UnknownBackup', 'InvalidInput']);
  settings({ choose: { kind: 'randomWithin', days: 3 } });
  expect((await proven(await drill())).backupId).toBe(backup);
  const path = join(service.repositoryPath, service.name, 'backups', backup);
  const manifest = await readFile(join(path, 'manifest.json'), 'utf8');
  await rm(join(path, 'manifest.json'));
  try {
    const { type, of } = await failed(await drill());
    expect([type, of('content')?.class]).toEqual(['ProofFailed', 'noBackup']);
  } finally {
    await writeFile(join(path, 'manifest.json'), manifest);
  }
});

test('a copy of a whole server is recovered to where it is consistent; what is promised and not kept is told, though all is as it was', { tags: 'long' }, async () => {
  settings({ assertions: [orders] });
  const { backupId } = await service.run<TakeBackupResult>('takeBackup', { service: service.name, kind: 'base' });
  const { checks } = await proven(await drill({ backup: backupId }));
  expect(Object.fromEntries(checks.map(({ name, class: found }) => [name, found]))).toEqual({
    'amcheck:postgres': 'asExpected', 'assertion:orders': 'asExpected', 'canary:postgres': 'asExpected', 'canary:redis': 'asExpected', 'collations:postgres': 'asExpected', 'content:postgres': 'asExpected', 'content:redis': 'asExpected', 'recovery:postgres': 'asExpected',
  });
  service.define({ objectives: { ...defaultObjectives, restore: 1 } });
  try {
    const { type, report } = await failed(await drill({ backup: 'latest' }));
    expect([type, report.verdict, report.choice.kind, report.objectives.find(({ objective }) => objective === 'restore')?.result]).toEqual(['ObjectiveMissed', 'proven', 'latest', 'missed']);
  } finally {
    service.define({ objectives: defaultObjectives });
  }
});
