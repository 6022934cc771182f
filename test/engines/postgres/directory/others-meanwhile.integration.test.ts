/** What others do to a container in the midst of an exchange of its whole data: put its restart policy back, start another on its volume, make it again (D16, facts 8 and 9). */
import { expect, test } from 'vitest';
import { scratchLabels, scratchName } from '../../../../src/containers/labels.ts';
import type { PostgresBase } from '../../../../src/domain/backup-manifest.ts';
import type { PostgresDirectoryCutOver } from '../../../../src/domain/rollback.ts';
import { placeOf as serverOf } from '../../../../src/engines/postgres/cut-over.ts';
import { placeOf, sightData, sightDirectory } from '../../../../src/engines/postgres/directory/data-place.ts';
import { useDocker } from '../../../support/docker.ts';
import { failing } from '../../../support/failing.ts';
import { toldToEnd } from '../../../support/told-to-end.ts';
import { contextOf, engine, openStore, startPostgres, type TestPostgres } from '../postgres-fixture.ts';

const docker = useDocker();
const always = { name: 'always', maximumRetryCount: 0 };

/** As `compose up` does it, `like` a container that is gone or not: by its image's own entrypoint, on the same volume. */
async function another(like: string, name: string): Promise<string> {
  const { imageId, mounts } = await docker.runtime.inspect(like);
  const volume = mounts.find(({ destination }) => destination.startsWith('/var/lib/postgresql'));
  const make = async (): Promise<string> => (await docker.runtime.create({
    name, imageId, labels: docker.labels, network: 'none', init: true, logDriver: 'json-file', command: ['postgres', '-c', 'fsync=off', '-c', 'max_prepared_transactions=5', '-c', 'wal_level=logical'], environment: { POSTGRES_PASSWORD: 'another', POSTGRES_DB: 'app' },
    mounts: [{ type: 'volume', source: volume?.source as string, target: volume?.destination as string }],
  })).id;
  if (name !== (await docker.runtime.find(like))?.name) return make();
  await docker.runtime.stop(like, 30_000);
  await docker.runtime.remove(like);
  return make();
}

/** A second server on the same data: by the volume's name, or (`docker run -v /var/lib/docker/volumes/…`) by its directory on the host. */
async function second(like: string, by: 'volume' | 'host path'): Promise<{ readonly id: string; readonly name: string }> {
  const name = docker.name('second');
  if (by === 'volume') return { name, id: await another(like, name) };
  const { imageId, mounts } = await docker.runtime.inspect(like);
  const volume = mounts.find(({ destination }) => destination.startsWith('/var/lib/postgresql'));
  const hostPath = (await docker.runtime.findVolume(volume?.source as string))?.hostPath;
  const { Id: id } = JSON.parse(await docker.engineCall('POST', `/containers/create?name=${name}`, {
    Image: imageId, Labels: docker.labels, Cmd: ['postgres', '-c', 'fsync=off', '-c', 'max_prepared_transactions=5', '-c', 'wal_level=logical'], Env: ['POSTGRES_PASSWORD=another'], HostConfig: { NetworkMode: 'none', Init: true, Binds: [`${hostPath}:${volume?.destination}`] },
  })) as { Id: string };
  return { id, name };
}

async function startAgain(postgres: TestPostgres): Promise<TestPostgres> {
  const id = await another(postgres.id, postgres.component.container);
  const sql = async (text: string): Promise<string> => (await docker.runtime.exec(id, { argv: ['psql', '-X', '-A', '-t', '-U', 'postgres', '-d', 'app', '-c', text], timeoutMs: 20_000 })).stdout.trim();
  return { ...postgres, id, sql };
}

const ids = ({ sql }: TestPostgres): Promise<string> => sql('SELECT string_agg(id::text, \',\' ORDER BY id) FROM kept');

test.each([['postgres:17', '/var/lib/postgresql/data', 'volume'], ['postgres:18', '/var/lib/postgresql/18/docker', 'host path']] as const)('on %s nothing is moved under a server, and whichever container comes up afterwards serves what was restored', async (image, directory, by) => {
  await using store = await openStore();
  const postgres = await startPostgres(docker, { image });
  await postgres.sql('CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)');
  const base = await engine.backUp(contextOf(docker), postgres.component, store.destination, { contentHashes: true, jobs: 2, method: 'base' }) as PostgresBase;
  await postgres.sql('INSERT INTO kept VALUES (2)');
  const ctx = contextOf(docker, new Map(), { run: 'others' });
  const own = (await engine.prepare(ctx, postgres.component, base, store.source)).cutOver as PostgresDirectoryCutOver;

  // A policy that somebody put back would start it half-way.
  await docker.runtime.updateRestartPolicy(postgres.id, always);
  expect((await failing('CutOverFailed', engine.close(ctx, postgres.component, own))).fields.cause).toContain('restart policy is always');
  expect(await ids(postgres)).toBe('1,2');
  await docker.runtime.updateRestartPolicy(postgres.id, { name: 'no', maximumRetryCount: 0 });
  await engine.close(ctx, postgres.component, own);

  // PostgreSQL's own lock does not see a server in another container, nor does whoever goes by the volume's name alone. No plan is made beside one either.
  const { id: other, name } = await second(postgres.id, by);
  await docker.runtime.start(other);
  expect((await failing('CutOverFailed', engine.swap(ctx, postgres.component, own))).fields.cause).toContain(`${name} is running on its data`);
  expect((await failing('UnsupportedTopology', engine.inspect(contextOf(docker), postgres.component, 'replace'))).fields).toMatchObject({ cause: expect.stringContaining(`${name} is running on the same data`), hint: expect.stringContaining(`docker stop ${name}`) });
  await failing('CutOverFailed', engine.swap(ctx, postgres.component, own));
  expect(await sightData(ctx, postgres.component, 'look')).toMatchObject({ hasServer: true, phase: null });
  await docker.runtime.stop(other, 30_000);
  await docker.runtime.remove(other);

  await engine.swap(ctx, postgres.component, own);
  expect(await engine.compareClosed(ctx, postgres.component, own, null)).toEqual([]);
  // Made again before it was opened, and once more behind that: the volume decides.
  const before = await startAgain(postgres);
  await engine.open(ctx, before.component, own);
  expect(await ids(before)).toBe('1');
  await before.sql('INSERT INTO kept VALUES (3)');
  const after = await startAgain(before);
  await docker.runtime.start(after.id);
  await engine.waitUntilReady(ctx, after.component);
  expect(await ids(after)).toBe('1,3');
  expect(await docker.runtime.logs(after.id, 65_536)).not.toContain('init process complete');

  // The way back is still there, for the container of now.
  const undoing = contextOf(docker, new Map(), { run: 'others-undo' });
  const undo = (await engine.prepareUndo(undoing, after.component, own)).cutOver as PostgresDirectoryCutOver;
  await engine.close(undoing, after.component, undo);
  await engine.swap(undoing, after.component, undo);
  await engine.open(undoing, after.component, undo);
  expect(await ids(after)).toBe('1,2');
  await engine.discardRollback(undoing, after.component, undo);
  expect((await docker.runtime.exec(after.id, { argv: ['ls', directory], timeoutMs: 10_000 })).stdout).not.toContain('pgsql_tmp.holdfast');
}, 170_000);

test('what a worker that died left at work on the data is ended before the next attempt moves anything, in and out', async () => {
  await using store = await openStore();
  const postgres = await startPostgres(docker, { image: 'postgres:17' });
  await postgres.sql('CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)');
  const base = await engine.backUp(contextOf(docker), postgres.component, store.destination, { contentHashes: true, jobs: 2, method: 'base' }) as PostgresBase;
  await postgres.sql('INSERT INTO kept VALUES (2)');
  const ctx = contextOf(docker, new Map(), { run: 'left' });
  const own = (await engine.prepare(ctx, postgres.component, base, store.source)).cutOver as PostgresDirectoryCutOver;
  await engine.close(ctx, postgres.component, own);
  const leaveAtWork = async (step: string): Promise<string> => {
    const identity = { owner: ctx.owner, service: ctx.service, component: postgres.component.name, step };
    const { id } = await docker.runtime.create({
      name: scratchName(identity), imageId: own.imageId, labels: { ...docker.labels, ...scratchLabels('helper', identity) }, network: 'none', init: true, logDriver: 'none', entrypoint: ['sleep'], command: ['300'], environment: {},
      mounts: [{ ...own.mount, source: own.volume }],
    });
    await docker.runtime.start(id);
    return id;
  };
  const gone = async (id: string): Promise<boolean> => (await docker.runtime.find(id)) === null;

  const goingIn = await leaveAtWork('exchange-in');
  await engine.swap(ctx, postgres.component, own);
  expect(await gone(goingIn)).toBe(true);
  const stillGoingIn = await leaveAtWork('exchange-in');
  const goingOut = await leaveAtWork('exchange-out');
  await engine.rollBack(ctx, postgres.component, own);
  expect([await gone(stillGoingIn), await gone(goingOut), await ids(postgres)]).toEqual([true, true, '1,2']);
}, 170_000);

test('with no container at all in the midst of the exchange the files are put right first, and whichever comes up next is started on them', async () => {
  await using store = await openStore();
  const postgres = await startPostgres(docker, { image: 'postgres:17' });
  await postgres.sql('CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)');
  const base = await engine.backUp(contextOf(docker), postgres.component, store.destination, { contentHashes: true, jobs: 2, method: 'base' }) as PostgresBase;
  await postgres.sql('INSERT INTO kept VALUES (2)');
  const ctx = contextOf(docker, new Map(), { run: 'gone' });
  const own = (await engine.prepare(ctx, postgres.component, base, store.source)).cutOver as PostgresDirectoryCutOver;
  await engine.close(ctx, postgres.component, own);
  await engine.swap(ctx, postgres.component, own);
  await docker.runtime.remove(postgres.id);
  for (let times = 0; times < 2; times += 1) {
    const { fields } = await failing('ContainerNotFound', engine.rollBack(ctx, postgres.component, own));
    expect(await sightDirectory(ctx, placeOf(own), own.directory, `${own.directory}/${own.phase}`)).toMatchObject({ hasServer: true, phase: null, control: { timeline: own.replaces?.timeline } });
    expect(fields.cause).toBe(`there is none of that name; the files on ${own.volume} are as they must be`);
  }
  // One that was not running is not waited for: there is nothing left to do.
  await engine.rollBack(ctx, postgres.component, { ...own, wasRunning: false });
  const made = await docker.runtime.create({
    name: postgres.component.container, imageId: own.imageId, labels: docker.labels, network: 'none', init: true, command: ['postgres', '-c', 'max_prepared_transactions=5', '-c', 'wal_level=logical'], environment: { POSTGRES_PASSWORD: 'x' },
    mounts: [{ type: 'volume', source: own.volume, target: own.mount.target }],
  });
  await engine.rollBack(ctx, postgres.component, own);
  expect((await docker.runtime.exec(made.id, { argv: ['psql', '-X', '-A', '-t', '-U', 'postgres', '-d', 'app', '-c', 'SELECT string_agg(id::text, \',\' ORDER BY id) FROM kept'], timeoutMs: 20_000 })).stdout.trim()).toBe('1,2');
}, 170_000);

test('one that is told to end while it starts is opened, rolled back or found by the next attempt', async () => {
  await using store = await openStore();
  const postgres = await startPostgres(docker, { image: 'postgres:17' });
  await postgres.sql('CREATE TABLE kept (id int); INSERT INTO kept VALUES (1)');
  const base = await engine.backUp(contextOf(docker), postgres.component, store.destination, { contentHashes: true, jobs: 2, method: 'base' }) as PostgresBase;
  await postgres.sql('INSERT INTO kept VALUES (2)');
  const ctx = contextOf(docker, new Map(), { run: 'told' });
  const told = { ...ctx, runtime: toldToEnd(docker.runtime, postgres.id, ['pg_isready'], /accepting connections/) };
  const own = (await engine.prepare(ctx, postgres.component, base, store.source)).cutOver as PostgresDirectoryCutOver;
  await engine.close(ctx, postgres.component, own);
  await engine.swap(ctx, postgres.component, own);
  expect((await failing('DatabaseUnreachable', engine.rollBack(told, postgres.component, own))).retryable).toBe(true);
  await engine.rollBack(ctx, postgres.component, own);
  expect(await ids(postgres)).toBe('1,2');

  await docker.runtime.stop(postgres.id, 30_000);
  const of = { container: postgres.component.container, database: 'app' };
  await failing('DatabaseUnreachable', serverOf(told, postgres.component, of));
  expect(await serverOf(ctx, postgres.component, of)).toMatchObject({ containerId: postgres.id });

  await engine.close(ctx, postgres.component, own);
  await engine.swap(ctx, postgres.component, own);
  expect((await failing('DatabaseUnreachable', engine.open(told, postgres.component, own))).fields.cause).toContain('told it to end');
  await engine.open(ctx, postgres.component, own);
  expect(await ids(postgres)).toBe('1');
  await engine.discardRollback(ctx, postgres.component, own);
  // Stopped, with nobody who has just started it.
  await docker.runtime.stop(postgres.id, 30_000);
  await failing('ContainerNotRunning', engine.waitUntilReady(ctx, postgres.component));
}, 170_000);
