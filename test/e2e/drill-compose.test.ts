/** Drills in the environment of a compose file, as a team has it for its tests: its databases hold the backup, its other services come up beside them, and nothing of it leads out, or is anybody else's. */
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { stringify } from 'yaml';
import { labelNames } from '../../src/containers/labels.ts';
import type { DrillReport } from '../../src/domain/drill/drill-report.ts';
import { noDrillSettings, type DrillSettings } from '../../src/domain/drill/drill-settings.ts';
import { readReport } from '../../src/report/read-report.ts';
import type { ReapLeftoversResult } from '../../src/workflows/reap-leftovers/messages.ts';
import type { RunDrillResult } from '../../src/workflows/run-drill/messages.ts';
import { statusQuery } from '../../src/workflows/shared/messages.ts';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import { callText } from '../chaos/fault/fault-point.ts';
import { instrument, type Probe } from '../chaos/fault/instrument.ts';
import { loseFirstAnswers } from '../chaos/fault/lose-answers.ts';
import { dockerHost } from '../support/test-environment.ts';
import { startServiceFixture, type ServiceFixture } from '../support/service-fixture.ts';
import { engineCall } from '../support/engine-call.ts';

let service: ServiceFixture;
let directory: string;
let file: string;
/** What befalls the run of the moment. */
let trouble: Probe = {};

beforeAll(async () => {
  service = await startServiceFixture();
  await service.sql('CREATE TABLE orders (id int PRIMARY KEY, total numeric NOT NULL); INSERT INTO orders SELECT each, each FROM generate_series(1, 500) each');
  for (let each = 0; each < 20; each += 1) await service.redisCli('SET', `cart:${each}`, `${each} articles`);
  directory = await mkdtemp(join(tmpdir(), 'holdfast compose-'));
  file = join(directory, 'docker-compose.test.yml');
  const { wrap, hooks } = instrument(service.config, { before: async (call) => trouble.before?.(call), after: async (call) => trouble.after?.(call) });
  await service.startWorker({ wrap, hooks });
  await service.run<TakeBackupResult>('takeBackup', { service: service.name });
});
afterAll(async () => {
  await service?.stop();
  await rm(directory, { recursive: true, force: true });
});
afterEach(async () => {
  trouble = {};
  expect(await service.leftovers()).toEqual([]);
});

const password = 'only-for-this-test';

/** Well where the restored data is: it comes in by the names and the password of the file. */
const application = `use IO::Socket::INET; my $s = IO::Socket::INET->new(LocalPort => 8009, Listen => 5, ReuseAddr => 1) or die; print STDERR "listening with ${password}\\n";
while (my $c = $s->accept) {
  while (<$c>) { last if /^\\r?\\n$/ }
  my $orders = \`psql "$ENV{DATABASE_URL}" -Atc "SELECT count(*) FROM orders"\`;
  my $redis = IO::Socket::INET->new(PeerAddr => 'test-redis:6379'); print $redis "GET cart:7\\r\\n"; <$redis>; my $cart = <$redis>;
  my $broker = IO::Socket::INET->new(PeerAddr => 'broker:6379'); print $broker "PING\\r\\n"; my $pong = <$broker>;
  my $code = $orders == 500 && $cart =~ /^7 articles/ && $pong =~ /PONG/ ? 200 : 500;
  print $c "HTTP/1.1 $code So\\r\\nContent-Length: 0\\r\\n\\r\\n"; close $c;
}`;

/** As the seed's: the two databases under their test names, and the application with what it needs. */
const compose = () => ({
  services: {
    api: {
      image: 'postgres:17', hostname: 'shop', entrypoint: ['perl', '-e'], command: [application.replaceAll('$', '$$$$')], user: 'nobody', working_dir: '/tmp', mem_limit: '256m',
      environment: { DATABASE_URL: `postgresql://postgres:${password}@test-postgres:5432/shop` },
      depends_on: { db: { condition: 'service_healthy' }, cache: { condition: 'service_started' }, broker: { condition: 'service_healthy' } },
      healthcheck: { test: ['CMD', 'perl', '-MIO::Socket::INET', '-e', 'exit(IO::Socket::INET->new(PeerAddr => "127.0.0.1:8009") ? 0 : 1)'], interval: '1s', timeout: '5s', retries: 30 },
    },
    db: {
      image: 'postgres:17', container_name: 'test-postgres', environment: { POSTGRES_PASSWORD: `\${DB_PASSWORD:-${password}}`, POSTGRES_DB: 'shop' }, ports: ['5433:5432'], volumes: ['pgdata:/var/lib/postgresql/data'],
      healthcheck: { test: ['CMD-SHELL', 'pg_isready -U postgres'], interval: '5s' },
    },
    cache: { image: 'redis:8-alpine', container_name: 'test-redis', command: 'redis-server --appendonly yes', ports: ['6380:6379'] },
    broker: { image: 'redis:8', volumes: ['broker:/data'], healthcheck: { test: ['CMD', 'redis-cli', 'ping'], interval: '1s', timeout: '5s', retries: 30 } },
  } as Record<string, Record<string, unknown>>,
  volumes: { pgdata: null, broker: null } as Record<string, unknown>,
  networks: { default: { driver: 'bridge' } } as Record<string, unknown>,
});

async function write(change: (file: ReturnType<typeof compose>) => void = () => undefined): Promise<string> {
  const written = compose();
  change(written);
  const text = stringify(written);
  await writeFile(file, text);
  return createHash('sha256').update(text).digest('hex');
}

const settings = (drill: Partial<DrillSettings> = {}): void => service.define({ drill: { ...noDrillSettings, compose: { file, databases: { postgres: 'db', redis: 'cache' } }, health: { url: 'http://shop:8009/health', withinMs: 60_000 }, ...drill } });
const drill = (): ReturnType<ServiceFixture['start']> => service.start<RunDrillResult>('runDrill', { service: service.name, depth: 'restore' });

async function reports(): Promise<readonly DrillReport[]> {
  const place = join(service.repositoryPath, service.name, 'drills');
  // One that was terminated has a claim there, and no report.
  const texts = await Promise.all((await readdir(place)).sort().map((id) => readFile(join(place, id, 'report.json'), 'utf8').catch(() => '')));
  return texts.map((text) => readReport(text).signed?.report).filter((each) => each !== undefined);
}

async function failed(run: WorkflowHandle): Promise<{ readonly type: string; readonly classes: Readonly<Record<string, string>>; readonly report: DrillReport }> {
  const type = await run.result().then(() => 'none', (error: unknown) => (error instanceof WorkflowFailedError ? (error.cause as { type?: string }).type ?? String(error.cause) : String(error)));
  const report = (await reports()).at(-1) as DrillReport;
  expect(report.run.workflowId).toBe(run.workflowId);
  return { type, report, classes: Object.fromEntries(report.checks.filter(({ verdict }) => verdict !== 'proven').map(({ name, class: found }) => [name, found])) };
}

test('the backup comes back in the databases of the file, and its application is well beside them, by steps that are each done twice', async () => {
  const sha256 = await write();
  settings({
    assertions: [{ kind: 'sql', name: 'orders', component: 'postgres', sql: 'SELECT count(*) FROM orders', expect: { kind: 'number', atLeast: '500' } }],
    tests: { image: 'postgres:17', command: ['sh', '-c', 'psql "$DATABASE_URL" -Atc "SELECT count(*) FROM orders" && getent hosts api broker test-redis test-postgres postgres >/dev/null && echo "came in with $PGPASSWORD"'], timeoutMs: 60_000, memoryBytes: 128 * 1024 ** 2, environment: {} },
  });
  const { probe, lost: doneOnce } = loseFirstAnswers(({ runbook }) => runbook === 'runDrill');
  let made: readonly { readonly HostConfig: Record<string, unknown> & { readonly CapAdd: readonly string[] }; readonly Config: { readonly Labels: Record<string, string> }; readonly Mounts: readonly { readonly Type: string; readonly Name?: string }[] }[] = [];
  let volumes: readonly string[] = [];
  trouble = { ...probe, after: async (call) => {
    if (callText(call) === 'runDrill/startDrillServices#1') volumes = (await service.runtime.listVolumes({ [labelNames.service]: service.name, [labelNames.component]: 'service' })).map(({ name }) => name);
    if (callText(call) === 'runDrill/startDrillServices#1') made = await Promise.all((await service.runtime.list({ [labelNames.service]: service.name, [labelNames.component]: 'service' })).map(async ({ id }) => JSON.parse(await engineCall(dockerHost(), 'GET', `/containers/${id}/json`)) as (typeof made)[number]));
    await probe.after?.(call);
  } };
  const run = await drill();
  const result = await run.result().catch(async (error: unknown) => {
    throw new Error(JSON.stringify((await reports()).at(-1)?.checks.filter(({ verdict }) => verdict !== 'proven'), null, 1), { cause: error });
  }) as RunDrillResult;
  expect([...doneOnce]).toEqual(expect.arrayContaining(['runDrill/chooseDrill#1', 'runDrill/fillDrill:postgres#1', 'runDrill/startDrill:redis#1', 'runDrill/startDrillServices#1', 'runDrill/checkDrillHealth#1', 'runDrill/removeDrill#1']));
  expect(result.checks.filter(({ class: found }) => found !== 'asExpected')).toEqual([]);
  expect(result.checks.map(({ name }) => name)).toEqual(expect.arrayContaining(['assertion:orders', 'service:api', 'service:broker', 'health', 'tests']));

  expect(made).toHaveLength(2);
  for (const { HostConfig, Config, Mounts } of made) {
    expect(HostConfig).toMatchObject({ PortBindings: null, Binds: null, Privileged: false, CapDrop: ['ALL'] });
    expect(HostConfig.CapAdd.map((name) => name.replace('CAP_', ''))).toEqual(['CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'SETGID', 'SETUID']);
    expect(Config.Labels).toMatchObject({ [labelNames.kind]: 'scratch', [labelNames.workflowId]: run.workflowId, [labelNames.expiresAt]: expect.stringMatching(/^20/) as string });
    expect(Mounts.filter(({ Type }) => Type === 'bind')).toEqual([]);
  }
  // The broker's, made twice and there once; whatever the file calls it.
  expect(volumes).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/)]);
  expect(made.flatMap(({ Mounts }) => Mounts.filter(({ Type }) => Type === 'volume').map(({ Name }) => Name))).toEqual(volumes);
  const report = (await reports()).at(-1) as DrillReport;
  expect(report.inputs).toContainEqual({ what: 'compose file docker-compose.test.yml', path: null, sha256 });
  const { id } = await service.runtime.findImage('redis:8-alpine') ?? { id: '' };
  expect(report.components.map(({ component, image: { drillId, backupId } }) => [component, drillId === backupId, drillId === id])).toEqual([['postgres', true, false], ['redis', false, true]]);
  const { events } = await run.query(statusQuery);
  expect(events.map(({ text }) => text)).toContain('Not followed of docker-compose.test.yml: ports of db, volumes of db, healthcheck of db, ports of cache, command of cache');
  const output = await readFile(join(service.repositoryPath, service.name, 'drills', result.drillId, 'tests.txt'), 'utf8');
  expect(output).toBe('500\ncame in with [redacted]\n');
  for (const text of [JSON.stringify(await run.fetchHistory()), JSON.stringify(report)]) expect(text).not.toContain(password);
});

test('what a drill does not do is refused by name, before anything is made, and never a pass', async () => {
  settings();
  const cases: readonly (readonly [(file: ReturnType<typeof compose>) => void, string])[] = [
    [({ services }) => { Object.assign(services['api'] as object, { privileged: true }); }, 'services.api.privileged: '],
    [({ services, volumes }) => { Object.assign(services['db'] as object, { volumes: [`hf-test-pg-${service.name.slice(4)}-data:/var/lib/postgresql/data`] }); volumes[`hf-test-pg-${service.name.slice(4)}-data`] = { external: true }; }, '-data.external: '],
    [({ networks }) => { networks['default'] = { external: true, name: 'bridge' }; }, 'networks.default.external: '],
  ];
  for (const [change, words] of cases) {
    await write(change);
    const reached: string[] = [];
    trouble = { before: async (call) => { reached.push(callText(call)); } };
    const { type, classes, report } = await failed(await drill());
    expect([type, classes]).toEqual(['CouldNotVerify', { content: 'environmentRefused' }]);
    expect(report.checks.find(({ name }) => name === 'content')?.sentence).toContain(words);
    expect(report.cleanUp).toEqual({ outcome: 'clean', removed: 0, leftovers: [] });
    expect(reached.filter((call) => /prepareDrill|fillDrill|startDrill/.test(call))).toEqual([]);
  }
});

test('a service that is not well fails the drill, without its password; one that has no image leaves it open, and what waits for it', { tags: 'long' }, async () => {
  settings();
  await write(({ services }) => { Object.assign(services['api'] as object, { healthcheck: { test: ['CMD', 'false'], interval: '1s', timeout: '1s', retries: 1 } }); });
  const unwell = await failed(await drill());
  expect([unwell.type, unwell.classes]).toEqual(['ProofFailed', { 'service:api': 'healthNotReached' }]);
  expect(unwell.report.checks.find(({ name }) => name === 'service:api')?.sentence).toContain('listening with [redacted]');
  expect(JSON.stringify(unwell.report)).not.toContain(password);
  await write(({ services }) => { Object.assign(services['broker'] as object, { image: 'nobody/has:this' }); });
  const missing = await failed(await drill());
  expect([missing.type, missing.classes]).toEqual(['CouldNotVerify', { 'service:api': 'checkDidNotRun', 'service:broker': 'imageMissing', health: 'applicationDidNotStart' }]);
});

test('what a drill was terminated over goes with the reaper, services and all', { tags: 'long' }, async () => {
  settings();
  await write();
  const [reached, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  trouble = { after: async (call) => {
    if (callText(call) !== 'runDrill/startDrillServices#1') return;
    reached.resolve();
    await released.promise;
  } };
  const terminated = await drill();
  await reached.promise;
  await terminated.terminate('the test');
  released.resolve();
  trouble = {};
  // Two servers, two services, their volumes and the network.
  expect((await service.leftovers()).length).toBeGreaterThanOrEqual(8);
  await service.run<ReapLeftoversResult>('reapLeftovers', { service: service.name });
  expect(await service.leftovers()).toEqual([]);
});

test('a file that changes while the drill runs is another one', { tags: 'long' }, async () => {
  settings({ health: null });
  await write();
  trouble = { after: async (call) => { if (callText(call).startsWith('runDrill/prepareDrill')) await write(({ services }) => { Object.assign(services['db'] as object, { image: 'postgres:18' }); }); } };
  const { type, classes, report } = await failed(await drill());
  expect([type, classes['content:postgres'], classes['content:redis']]).toEqual(['CouldNotVerify', 'checkDidNotRun', 'checkDidNotRun']);
  expect(report.checks.find(({ name }) => name === 'content:redis')?.sentence).toContain('it is not the one that this run began with');
});
