/** The worst day, for a dump: PostgreSQL crashes at every start, its restart policy tries again and again. Restored all the same, Redis with it, and undone. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { RestoreBackupResult } from '../../src/workflows/restore-backup/messages.ts';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import { statusQuery } from '../../src/workflows/shared/messages.ts';
import { startServiceFixture, waitFor, type ServiceFixture } from '../support/service-fixture.ts';
import { testLabel } from '../support/test-environment.ts';

let service: ServiceFixture;
beforeAll(async () => {
  service = await startServiceFixture();
  await service.sql('CREATE TABLE orders (id int PRIMARY KEY); INSERT INTO orders VALUES (1); CREATE ROLE shop_app LOGIN PASSWORD \'of-the-backup\'; GRANT SELECT ON orders TO shop_app;');
  await service.redisCli('SET', 'cart', 'of the backup');
  await service.startWorker();
});
afterAll(async () => service?.stop());

const orders = (): Promise<string> => service.sql('SELECT string_agg(id::text, \',\' ORDER BY id) FROM orders');
const stateOf = async (): Promise<string> => (await service.runtime.inspect(service.postgres)).state;
const shell = (command: string) => service.runtime.exec(service.postgres, { argv: ['sh', '-ec', command], timeoutMs: 10_000 });

test('a server that crashes at every start is replaced by a new one made from the dump, and comes back with an undo', async () => {
  const { backupId } = await service.run<TakeBackupResult>('takeBackup', { service: service.name });
  await service.sql('INSERT INTO orders VALUES (2)');
  await service.redisCli('SET', 'cart', 'of later');
  expect((await shell('cd "$PGDATA"; mkdir lost; mv pg_wal/0* lost/')).exitCode).toBe(0);
  await service.runtime.kill(service.postgres);
  await service.runtime.start(service.postgres);
  await waitFor(async () => (await stateOf()) === 'restarting');

  const run = await service.start<RestoreBackupResult>('restoreBackup', { service: service.name, backup: backupId });
  await service.waitForPhase(run, 'awaitingApproval');
  const { plan } = await run.query(statusQuery);
  expect(plan?.body.notes.join('\n')).toContain('the whole data directory is replaced by that of a new server, made from the dump');
  expect(plan?.body.losses.find(({ component }) => component === 'postgres')?.notes.join()).toContain('is not known');
  expect(await stateOf()).not.toBe('exited');
  await service.approve(run);
  const back = await run.result();
  expect([back.outcome, await orders(), await service.redisCli('GET', 'cart')]).toEqual(['restored', '1', 'of the backup']);
  expect(await service.sql('SELECT rolcanlogin, rolpassword LIKE \'SCRAM%\', has_table_privilege(\'shop_app\', \'orders\', \'SELECT\') FROM pg_authid WHERE rolname = \'shop_app\'')).toBe('t|t|t');
  expect((await service.runtime.inspect(service.postgres)).restartPolicy.name).toBe('always');

  // What was lost is found again: in the directory that was set aside it is put back, and that server is as good as it was.
  expect((await shell('cd "$PGDATA"/pgsql_tmp.holdfast/*/old; mv lost/* pg_wal/; rmdir lost')).exitCode).toBe(0);
  const undo = await service.start('undoRestore', { service: service.name, run: 'latest' });
  await service.approve(undo);
  await undo.result();
  expect([await orders(), await service.redisCli('GET', 'cart')]).toEqual(['1,2', 'of later']);
  expect((await service.runtime.inspect(service.postgres)).restartPolicy.name).toBe('always');
  expect(await service.leftovers()).toEqual([]);
}, 120_000);

test('a volume without a server is filled without the image making one of its own first; nobody is asked, for nothing is replaced', async () => {
  const { backupId } = await service.run<TakeBackupResult>('takeBackup', { service: service.name });
  const name = `hf-test-empty-${service.name.slice(4)}`;
  await service.runtime.createVolume(`${name}-data`, { [testLabel]: name });
  const { imageId } = await service.runtime.inspect(service.postgres);
  const { id } = await service.runtime.create({
    name, imageId, command: ['postgres', '-c', 'fsync=off'], environment: { POSTGRES_PASSWORD: 'never-used' }, labels: { [testLabel]: name }, network: 'none', logDriver: 'json-file',
    mounts: [{ type: 'volume', source: `${name}-data`, target: '/var/lib/postgresql/data' }],
  });
  try {
    const back = await service.run<RestoreBackupResult>('restoreBackup', { service: service.name, backup: backupId, into: { postgres: name } });
    expect(back.plan.body.notes.join('\n')).toContain('there is no server\'s data in its volume');
    const { stdout } = await service.runtime.exec(id, { argv: ['psql', '-X', '-A', '-t', '-U', 'postgres', '-d', 'shop', '-c', 'SELECT count(*) FROM orders'], timeoutMs: 10_000 });
    expect([back.outcome, stdout.trim()]).toEqual(['restored', '2']);
    expect(await service.runtime.logs(id, 65_536)).not.toContain('init process complete');
    expect(await service.leftovers()).toEqual([]);
  } finally {
    await service.runtime.remove(id);
  }
}, 120_000);

test('one store by itself, where it is named: the plan says that the other stays, and of another moment', async () => {
  await service.sql('TRUNCATE orders; INSERT INTO orders VALUES (1)');
  const { backupId } = await service.run<TakeBackupResult>('takeBackup', { service: service.name });
  await service.sql('INSERT INTO orders VALUES (2)');
  await service.redisCli('SET', 'cart', 'of now');
  const run = await service.start<RestoreBackupResult>('restoreBackup', { service: service.name, backup: backupId, only: ['postgres'] });
  await service.waitForPhase(run, 'awaitingApproval');
  expect((await run.query(statusQuery)).plan?.body).toMatchObject({ stores: [{ component: 'postgres' }], notes: expect.arrayContaining(['redis stays as it is, and is of another moment than the backup.']) as unknown });
  await service.approve(run);
  await run.result();
  expect([await orders(), await service.redisCli('GET', 'cart')]).toEqual(['1', 'of now']);
}, 120_000);
