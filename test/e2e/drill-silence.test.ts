/**
 * A drill of a copy of a whole server that would act like the original if it were let: its subscription is enabled, its archive_command is, and a job of pg_cron's runs each second. The publisher
 * is let into the drill's network, where the drill's own guest reaches it, and hears nothing of the server; the job does nothing there (databases.md P14).
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cronImage } from '../../devbox/images/recipes.ts';
import { noDrillSettings } from '../../src/domain/drill/drill-settings.ts';
import type { RunDrillResult } from '../../src/workflows/run-drill/messages.ts';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import { callText } from '../chaos/fault/fault-point.ts';
import { instrument } from '../chaos/fault/instrument.ts';
import { DockerScope } from '../support/docker.ts';
import { startServiceFixture, waitFor, type ServiceFixture } from '../support/service-fixture.ts';

const scope = new DockerScope();
let service: ServiceFixture;
let publisher: string;
let backup: string;

const published = async (sql: string): Promise<string> => (await scope.runtime.exec(publisher, { argv: ['psql', '-X', '-A', '-t', '-U', 'postgres', '-v', 'ON_ERROR_STOP=1'], stdin: sql, timeoutMs: 30_000 })).stdout.trim();

beforeAll(async () => {
  const { id: network } = await scope.runtime.createIsolatedNetwork(scope.name('network'), scope.labels);
  publisher = await scope.run({
    imageId: await scope.image('postgres:17'), command: ['postgres', '-c', 'fsync=off', '-c', 'wal_level=logical', '-c', 'log_connections=on'], environment: { POSTGRES_HOST_AUTH_METHOD: 'trust', POSTGRES_INITDB_ARGS: '--no-sync' },
    network, logDriver: 'json-file', mounts: [{ type: 'volume', source: await scope.volume(), target: '/var/lib/postgresql/data' }],
  });
  service = await startServiceFixture({ postgresImage: cronImage });
  await waitFor(async () => (await scope.runtime.exec(publisher, { argv: ['psql', '-h', '127.0.0.1', '-U', 'postgres', '-c', 'SELECT 1'], timeoutMs: 5_000 })).exitCode === 0);
  await published('CREATE TABLE arrived (what text); CREATE TABLE orders (id int); CREATE PUBLICATION everything FOR ALL TABLES;');
  await published('SELECT pg_create_logical_replication_slot(\'upstream\', \'pgoutput\')');
  await service.sql('CREATE TABLE orders (id int)');
  await service.sql('CREATE EXTENSION pg_cron; CREATE TABLE ticks (at timestamptz DEFAULT now()); SELECT cron.schedule(\'tick\', \'1 second\', \'INSERT INTO ticks DEFAULT VALUES\')');
  await waitFor(async () => (await service.sql('SELECT count(*) > 1 FROM ticks')) === 't');
  await service.sql('CREATE SUBSCRIPTION upstream CONNECTION \'host=publisher user=postgres dbname=postgres\' PUBLICATION everything WITH (connect = false)');
  await service.sql('ALTER SUBSCRIPTION upstream ENABLE');
  // From its next start on it would archive: that of the copy is one.
  await service.sql('ALTER SYSTEM SET archive_mode = on');
  await service.sql('ALTER SYSTEM SET archive_command = \'psql -h publisher -U postgres -c "INSERT INTO arrived VALUES (\'\'%f\'\')"\'');
  const { wrap, hooks } = instrument(service.config, {
    after: async (call) => (callText(call) === 'runDrill/prepareDrill#1' ? change('connect', { EndpointConfig: { Aliases: ['publisher'] } }) : undefined),
    before: async (call) => (callText(call) === 'runDrill/removeDrill#1' ? change('disconnect', { Force: true }) : undefined),
  });
  await service.startWorker({ wrap, hooks });
  backup = (await service.run<TakeBackupResult>('takeBackup', { service: service.name, kind: 'base' })).backupId;
});
afterAll(async () => {
  await service?.stop();
  await scope.removeAll();
});

/** The publisher in the drill's network, and out of it. */
async function change(how: 'connect' | 'disconnect', more: object): Promise<void> {
  for (const { id } of await scope.runtime.listNetworks({ 'dev.holdfast.service': service.name })) await scope.engineCall('POST', `/networks/${id}/${how}`, { Container: publisher, ...more });
}

/** A whole segment is there to be archived, and time for it, for a subscriber to come and for a job to run; then the guest tells the publisher what came of the job. */
const visit = `set -e
psql -c 'SELECT pg_switch_wal()' -c CHECKPOINT
ticks() { psql -X -A -t -c 'SELECT count(*) FROM ticks'; }
before=$(ticks)
sleep 6
found="$(psql -X -A -t -c 'SELECT count(*) FROM cron.job WHERE active') job, $(($(ticks) - before)) ticks"
psql -h publisher -U postgres -d postgres -c "INSERT INTO arrived VALUES ('the guest: $found')"`;

test('neither its subscription nor its archive_command sends anything, where both would be heard, and its job does not run', async () => {
  const before = await published('SELECT confirmed_flush_lsn FROM pg_replication_slots');
  service.define({
    drill: {
      ...noDrillSettings,
      tests: { image: 'postgres:17', command: ['sh', '-c', visit], timeoutMs: 60_000, memoryBytes: 128 * 1024 ** 2, environment: {} },
    },
  });
  const { checks } = await service.run<RunDrillResult>('runDrill', { service: service.name, depth: 'restore', backup });
  expect(checks.find(({ name }) => name === 'tests')?.class).toBe('asExpected');
  expect(await published('SELECT string_agg(what, \', \') FROM arrived')).toBe('the guest: 1 job, 0 ticks');
  expect(await published('SELECT active, confirmed_flush_lsn FROM pg_replication_slots')).toBe(`f|${before}`);
  const log = await scope.runtime.logs(publisher, 200_000);
  expect(log).toContain('connection authorized: user=postgres database=postgres application_name=psql');
  expect(log).not.toMatch(/replication connection|application_name=upstream/);
  expect(await service.leftovers()).toEqual([]);
});
