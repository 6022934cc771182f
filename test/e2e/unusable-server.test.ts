/** The worst day: PostgreSQL is stopped, crashes at every start while its restart policy tries again and again, or has an empty volume. Restored all the same, from a dump and to a moment, and undone. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { RestoreBackupResult } from '../../src/workflows/restore-backup/messages.ts';
import type { RestoreToPointInTimeResult } from '../../src/workflows/restore-to-point-in-time/messages.ts';
import type { TakeBackupResult } from '../../src/workflows/take-backup/messages.ts';
import { statusQuery } from '../../src/workflows/shared/messages.ts';
import { engineCall } from '../support/engine-call.ts';
import { runBeside } from '../support/run-beside.ts';
import { startServiceFixture, waitFor, type ServiceFixture } from '../support/service-fixture.ts';
import { runDockerLines } from '../support/docker-lines.ts';
import { dockerHost, testLabel } from '../support/test-environment.ts';

let service: ServiceFixture;
beforeAll(async () => {
  service = await startServiceFixture({ postgresImage: 'postgres:18' });
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
});

test('a volume without a server is filled without the image making one of its own first; nobody is asked, for nothing is replaced', async () => {
  const { backupId } = await service.run<TakeBackupResult>('takeBackup', { service: service.name });
  const name = `hf-test-empty-${service.name.slice(4)}`;
  await service.runtime.createVolume(`${name}-data`, { [testLabel]: name });
  const { imageId } = await service.runtime.inspect(service.postgres);
  const { id } = await service.runtime.create({
    name, imageId, command: ['postgres', '-c', 'fsync=off'], environment: { POSTGRES_PASSWORD: 'never-used' }, labels: { [testLabel]: name }, network: 'none', logDriver: 'json-file',
    mounts: [{ type: 'volume', source: `${name}-data`, target: '/var/lib/postgresql' }],
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
});

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
});

describe('a moment, each time undone to what was there', () => {
  const directory = '/var/lib/postgresql/18/docker';
  let to: string;
  let container: string;
  beforeAll(async () => {
    await withMoreSettings();
    // Its own end is a moment that needs no archived log.
    to = `backup:${(await service.run<TakeBackupResult>('takeBackup', { service: service.name, kind: 'base' })).backupId}`;
    await service.sql('INSERT INTO orders VALUES (2)');
  });

  const madeWith = async () => JSON.parse(await engineCall(dockerHost(), 'GET', `/containers/${container}/json`)) as { readonly Config: Readonly<Record<string, unknown>>; readonly HostConfig: Readonly<Record<string, unknown>> };

  /** The same container made anew, with what a careful operator gives it. */
  async function withMoreSettings(): Promise<void> {
    container = (await service.runtime.inspect(service.postgres)).name;
    const { Config: { Hostname: _hostname, ...config }, HostConfig } = await madeWith();
    await service.runtime.stop(container, 30_000);
    await service.runtime.remove(container);
    await engineCall(dockerHost(), 'POST', `/containers/create?name=${container}`, {
      ...config, Healthcheck: { Test: ['CMD-SHELL', 'pg_isready -U postgres && test "it\'s \\$1" != ""'], Interval: 45e9, Timeout: 5e9, StartPeriod: 1.5e9, Retries: 4 },
      HostConfig: {
        // The first is one that no line gives back.
        ...HostConfig, VolumeDriver: 'local', CapDrop: ['MKNOD', 'NET_RAW'], Ulimits: [{ Name: 'nofile', Soft: 768, Hard: 1_024 }], LogConfig: { Type: 'json-file', Config: { 'max-size': '20m', 'max-file': '2', tag: 'shop {{.Name}}' } },
      },
    });
    await service.runtime.start(container);
    await waitFor(async () => (await service.sql('SELECT 1').catch(() => '')) === '1');
  }

  async function decided<R>(type: string, input: object): Promise<R> {
    const run = await service.start<R>(type, { service: service.name, ...input });
    await service.approve(run);
    return run.result();
  }
  async function restored(): Promise<RestoreToPointInTimeResult> {
    const back = await decided<RestoreToPointInTimeResult>('restoreToPointInTime', { to, only: ['postgres'] });
    expect(await orders()).toBe('1');
    await service.client.workflow.getHandle(back.newBase as string).result();
    return back;
  }
  const undone = (): Promise<unknown> => decided('undoRestore', { run: 'latest' });
  const facts = () => service.runtime.inspect(container);

  const beside = (...argv: [string, ...string[]]): Promise<string> => runBeside(service, container, argv);

  test('into a server that is stopped', { tags: 'long' }, async () => {
    await service.runtime.stop(container, 30_000);
    expect((await restored()).plan.body.losses[0]?.notes.join()).toContain('not known');
    await undone();
    expect(await orders()).toBe('1,2');
  });

  test('into one that crashes at every start: to the byte as damaged as it was; and from there, too, a way leads back', { tags: 'long' }, async () => {
    await service.runtime.exec(container, { argv: ['dd', 'if=/dev/zero', `of=${directory}/global/pg_control`, 'bs=8192', 'count=1', 'conv=notrunc'], timeoutMs: 10_000 });
    await service.runtime.kill(container);
    await service.runtime.start(container);
    await waitFor(async () => (await facts()).state === 'restarting');
    const sums = (): Promise<string> => beside('sh', '-c', `cd ${directory} && sha256sum global/pg_control global/pg_filenode.map base/*/PG_VERSION pg_wal/0* postgresql.auto.conf`);
    const damaged = await sums();
    await restored();
    await expect(undone()).rejects.toMatchObject({ cause: { type: 'HealthCheckFailed' } });
    expect([(await facts()).state, await sums()]).toEqual(['exited', damaged]);
    await undone();
    expect(await orders()).toBe('1');
  });

  test('into a container that is made again by the lines of the refusal', async () => {
    await service.sql('INSERT INTO orders VALUES (3)');
    const [live, before, made] = [await orders(), await facts(), await madeWith()];
    await service.runtime.remove(container);
    const refused = await service.run('restoreToPointInTime', { service: service.name, to, only: ['postgres'] }).then(() => '', (error: unknown) => String((error as Error).cause));
    const lines = /does not keep\): (docker create .+)\. Not in the lines, to be given by hand: --volume-driver\. Then start the restore again/.exec(refused)?.[1];
    await runDockerLines(dockerHost(), lines ?? refused, { POSTGRES_PASSWORD: 'of the shell' });
    const same = ['name', 'image', 'imageId', 'labels', 'command', 'entrypoint', 'mounts', 'networks', 'restartPolicy', 'shmSizeBytes', 'init'] as const;
    expect(await facts()).toMatchObject({ state: 'created', ...Object.fromEntries(same.map((fact) => [fact, before[fact]])) });
    const again = await madeWith();
    expect(again.Config['Healthcheck']).toEqual(made.Config['Healthcheck']);
    // How a mount is written is the one thing that need not be the same.
    const said = ({ HostConfig: { Mounts: _mounts, VolumeDriver: _driver, ...rest } }: typeof made) => Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null && !(typeof value === 'object' && Object.keys(value).length === 0)));
    expect(said(again)).toEqual(said(made));
    expect(said(again)).toMatchObject({ CapDrop: ['MKNOD', 'NET_RAW'], SecurityOpt: ['no-new-privileges'] });
    await restored();
    await undone();
    expect(await orders()).toBe(live);
  });

  test('into one whose volume is empty: it is as empty again, and no server is made there meanwhile', async () => {
    const made = async (): Promise<number> => (await service.runtime.logs(container, 1_048_576)).split('init process complete').length;
    const before = await made();
    await service.runtime.stop(container, 30_000);
    await beside('find', '/var/lib/postgresql', '-mindepth', '1', '-delete');
    expect((await restored()).plan.body.wayBack).toContain('holdfast undo');
    expect(await undone()).toMatchObject({ outcome: 'undone', plan: { body: { notes: [expect.stringContaining('NO SERVER COMES BACK')] } } });
    const { state, restartPolicy } = await facts();
    expect([state, restartPolicy.name, await beside('find', directory, '-mindepth', '1', '-maxdepth', '1')]).toEqual(['exited', 'always', `${directory}/pgsql_tmp.holdfast`]);
    await decided('acceptRestore', { run: 'latest' });
    expect([await beside('find', '/var/lib/postgresql', '-type', 'f'), await service.leftovers()]).toEqual(['', []]);
    expect(await made()).toBe(before);
  });
});
