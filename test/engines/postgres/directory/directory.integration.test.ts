/** A server's whole data directory exchanged for a copy: in the other volume layout, crashing, and never made. The suite has the rest. */
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { Artifact, PostgresBase } from '../../../../src/domain/backup-manifest.ts';
import type { PostgresDirectoryCutOver } from '../../../../src/domain/rollback.ts';
import { dataDirectoryIn } from '../../../../src/engines/postgres/directory/data-directory.ts';
import { sightData } from '../../../../src/engines/postgres/directory/data-place.ts';
import type { EngineContext } from '../../../../src/engines/engine-context.ts';
import { testTiming } from '../../../../src/domain/timing.ts';
import { useDocker } from '../../../support/docker.ts';
import type { Notes } from '../../../support/engine-context.ts';
import { failing } from '../../../support/failing.ts';
import { contextOf, engine, openStore, startPostgres, type TestPostgres, type TestStore } from '../postgres-fixture.ts';

const docker = useDocker();
const options = { contentHashes: true, jobs: 2, method: 'base' } as const;

async function withBase(store: TestStore, given: Parameters<typeof startPostgres>[1] = {}): Promise<{ readonly postgres: TestPostgres; readonly base: PostgresBase }> {
  const postgres = await startPostgres(docker, given);
  await postgres.sql('CREATE TABLE kept (id int); INSERT INTO kept VALUES (1); ALTER SYSTEM SET work_mem = \'7MB\';');
  const base = await engine.backUp(contextOf(docker), postgres.component, store.destination, options) as PostgresBase;
  await postgres.sql('INSERT INTO kept VALUES (2)');
  return { postgres, base };
}

async function cutOver(ctx: EngineContext, { component }: TestPostgres, own: PostgresDirectoryCutOver): Promise<void> {
  await engine.requireReady(ctx, component, own);
  await engine.close(ctx, component, own);
  await engine.swap(ctx, component, own);
  expect(await engine.compareClosed(ctx, component, own, null)).toEqual([]);
  await engine.open(ctx, component, own);
}

const ids = ({ sql }: TestPostgres): Promise<string> => sql('SELECT string_agg(id::text, \',\' ORDER BY id) FROM kept');

async function neverMade(postgres: TestPostgres, image: string, target: string): Promise<TestPostgres> {
  const container = docker.name('empty');
  const { id } = await docker.runtime.create({
    name: container, imageId: await docker.image(image), labels: docker.labels, network: 'none', init: true, command: ['postgres', '-c', 'max_prepared_transactions=5'], environment: { POSTGRES_PASSWORD: 'x' },
    mounts: [{ type: 'volume', source: await docker.volume(), target }],
  });
  return { ...postgres, id, component: { ...postgres.component, container } };
}

/** Undone, and that undone. What is left of it after an accept: test/e2e/unusable-server. */
async function becomesEmptyAgain(bare: TestPostgres, into: PostgresDirectoryCutOver): Promise<void> {
  const listed = async (): Promise<string> => {
    const id = await docker.run({ imageId: into.imageId, entrypoint: ['find'], command: [into.directory, '-mindepth', '1', '-maxdepth', '1'], logDriver: 'json-file', mounts: [{ ...into.mount, source: into.volume }] });
    await docker.runtime.wait(id);
    return (await docker.runtime.logs(id, 65_536)).trim();
  };
  const [leaving, forth] = ['leaving', 'forth'].map((run) => contextOf(docker, new Map(), { run })) as [EngineContext, EngineContext];
  const back = await engine.prepareUndo(leaving, bare.component, into);
  expect(back).toMatchObject({ cutOver: { bringsServer: false, hadServer: true, wasRunning: true }, notes: [expect.stringContaining('NO SERVER COMES BACK')], steps: { open: expect.stringContaining('nothing to start') } });
  await cutOver(leaving, bare, back.cutOver as PostgresDirectoryCutOver);
  expect([(await docker.runtime.inspect(bare.id)).state, await listed()]).toEqual(['exited', `${into.directory}/pgsql_tmp.holdfast`]);
  // Whoever starts it now makes no server beside what is kept.
  await docker.runtime.start(bare.id);
  expect((await docker.runtime.wait(bare.id)).exitCode).toBe(1);
  expect(await sightData(leaving, bare.component)).toMatchObject({ hasServer: false });
  const brought = (await engine.prepareUndo(forth, bare.component, back.cutOver)).cutOver as PostgresDirectoryCutOver;
  await cutOver(forth, bare, brought);
  expect((await docker.runtime.exec(bare.id, { argv: ['psql', '-X', '-A', '-t', '-U', 'postgres', '-d', 'app', '-c', 'SELECT id FROM kept'], timeoutMs: 20_000 })).stdout.trim()).toBe('1');
  // Of that, too, the way back leads to nothing.
  expect((await engine.prepareUndo(leaving, bare.component, brought)).cutOver).toMatchObject({ bringsServer: false, hadServer: true });
}

test('a server of PostgreSQL 18, whose data lies below its volume\'s root, is exchanged; what lies beside meanwhile is in no base backup', async () => {
  await using store = await openStore();
  const { postgres, base } = await withBase(store, { image: 'postgres:18' });
  const ctx = contextOf(docker, new Map(), { run: 'running' });
  await postgres.sql('ALTER SYSTEM SET work_mem = \'9MB\'');
  const prepared = await engine.prepare(ctx, postgres.component, base, store.source);
  const own = prepared.cutOver as PostgresDirectoryCutOver;
  expect(own).toMatchObject({ directory: '/var/lib/postgresql/18/docker', control: { state: 'shut down', timeline: 2, systemIdentifier: base.server.systemIdentifier }, replaces: { state: 'in production' }, hadServer: true, wasRunning: true });
  expect(prepared.loss).toMatchObject({ transactions: '1', notes: ['public.kept: 2 rows now, 1 at that moment'] });
  expect(prepared.notes.join(' ')).toContain('whole server');
  // It served all the while.
  expect(await ids(postgres)).toBe('1,2');
  const meanwhile = await engine.backUp(ctx, postgres.component, store.attempt('a2'), options) as PostgresBase;
  const listed = await readFile(store.fileOf(meanwhile.artifacts.find(({ kind }) => kind === 'baseManifest') as Artifact), 'utf8');
  expect([listed.includes('"PG_VERSION"'), listed.includes('pgsql_tmp')]).toEqual([true, false]);
  await failing('CutOverFailed', engine.swap(ctx, postgres.component, own));
  await cutOver(ctx, postgres, own);
  // The data of the backup, with the configuration of now.
  expect([await ids(postgres), await postgres.sql('SHOW work_mem')]).toEqual(['1', '9MB']);
  await engine.discardRollback(ctx, postgres.component, own);
  expect((await docker.runtime.exec(postgres.id, { argv: ['ls', own.directory], timeoutMs: 10_000 })).stdout).not.toContain('pgsql_tmp.holdfast');
  // In a volume in which not even the directory is there yet.
  const bare = await neverMade(postgres, 'postgres:18', '/var/lib/postgresql');
  const fresh = contextOf(docker, new Map(), { run: 'empty18' });
  const into = (await engine.prepare(fresh, bare.component, base, store.source)).cutOver as PostgresDirectoryCutOver;
  expect(into).toMatchObject({ directory: own.directory, replaces: null, hadServer: false });
  // Nothing is started before its exchange is over.
  await failing('AmbiguousState', engine.open(fresh, bare.component, into));
  expect((await docker.runtime.inspect(bare.id)).state).toBe('created');
  await cutOver(fresh, bare, into);
  expect((await docker.runtime.exec(bare.id, { argv: ['psql', '-X', '-A', '-t', '-U', 'postgres', '-d', 'app', '-c', 'SELECT id FROM kept'], timeoutMs: 20_000 })).stdout.trim()).toBe('1');
});

test('an undo that is taken back in the middle of its exchange leaves nothing of its own', { tags: 'long' }, async () => {
  await using store = await openStore();
  const { postgres, base } = await withBase(store);
  const notes: Notes = new Map();
  const [ctx, undoing] = [contextOf(docker, notes, { run: 'restored' }), contextOf(docker, notes, { run: 'undoing' })];
  const own = (await engine.prepare(ctx, postgres.component, base, store.source)).cutOver as PostgresDirectoryCutOver;
  await cutOver(ctx, postgres, own);
  const back = (await engine.prepareUndo(undoing, postgres.component, own)).cutOver as PostgresDirectoryCutOver;
  await engine.close(undoing, postgres.component, back);
  await engine.swap(undoing, postgres.component, back);
  const listed = async (): Promise<string> => (await docker.runtime.exec(postgres.id, { argv: ['ls', `${own.directory}/pgsql_tmp.holdfast`], timeoutMs: 10_000 })).stdout.trim();
  await engine.rollBack(undoing, postgres.component, back);
  await engine.repairLeftovers(contextOf(docker, notes, { run: 'repairing' }), postgres.component, { owner: undoing.owner, notes: Object.fromEntries(notes.get('undoing') ?? []), kept: [own] });
  expect([await ids(postgres), await listed()]).toEqual(['1', own.aside.split('/')[1]]);
});

test('taken back where the old server was started, and runs, and does not answer for as long as anybody waits: the roll-back ends, and says so', { tags: 'long', timeout: 170_000 }, async () => {
  await using store = await openStore();
  const { postgres, base } = await withBase(store);
  const ctx: EngineContext = { ...contextOf(docker, new Map(), { run: 'silent' }), timing: { ...testTiming, startUpMs: 4_000 } };
  const prepared = await engine.prepare(ctx, postgres.component, base, store.source);
  expect(prepared.cutOver).toMatchObject({ wasRunning: true });
  expect(prepared.cutOver).not.toHaveProperty('answered');
  // From its next start on it listens where nobody asks.
  await postgres.sql('ALTER SYSTEM SET port = 5433');
  await engine.close(ctx, postgres.component, prepared.cutOver);
  await engine.swap(ctx, postgres.component, prepared.cutOver);
  for (const time of ['once', 'twice']) expect([time, await engine.rollBack(ctx, postgres.component, prepared.cutOver)]).toEqual([time, [expect.stringMatching(/runs on the data it had before, and does not answer yet/)]]);
  const elsewhere = await docker.runtime.exec(postgres.id, { argv: ['psql', '-X', '-A', '-t', '-U', 'postgres', '-p', '5433', '-d', 'app', '-c', 'SELECT count(*) FROM kept'], timeoutMs: 20_000 });
  expect([elsewhere.stdout.trim(), await sightData(ctx, postgres.component)]).toMatchObject(['2', { phase: null, container: { state: 'running' } }]);
  // One that does not stay up is no end: somebody has to look.
  await docker.runtime.stop(postgres.id, 20_000);
  await docker.runtime.exec((await docker.run({ imageId: (await docker.runtime.inspect(postgres.id)).imageId, entrypoint: ['sleep'], command: ['100'], mounts: [{ type: 'volume', source: (prepared.cutOver as PostgresDirectoryCutOver).volume, target: '/var/lib/postgresql/data' }] })), { argv: ['sh', '-c', 'echo "port = none" >>/var/lib/postgresql/data/postgresql.auto.conf'], timeoutMs: 10_000 });
  await failing('ContainerNotRunning', engine.rollBack(ctx, postgres.component, prepared.cutOver));
});

test('a server that cannot start, and one that was never made, come back; with the configuration of the backup', async () => {
  await using store = await openStore();
  const { postgres, base } = await withBase(store);
  const ctx = contextOf(docker, new Map(), { run: 'broken' });
  const directory = '/var/lib/postgresql/data';
  await postgres.sql('ALTER SYSTEM SET work_mem = \'9MB\'');
  await docker.runtime.exec(postgres.id, { argv: ['dd', 'if=/dev/zero', `of=${directory}/global/pg_control`, 'bs=8192', 'count=1', 'conv=notrunc'], timeoutMs: 10_000 });
  await docker.runtime.kill(postgres.id);
  const prepared = await engine.prepare(ctx, postgres.component, base, store.source);
  expect(prepared.loss).toMatchObject({ transactions: null });
  expect(prepared.cutOver).toMatchObject({ hadServer: true, wasRunning: false });
  expect(prepared.notes).toContainEqual(expect.stringMatching(/^NO WAY BACK TO A SERVER THAT WORKS: .*cannot be read/));
  await cutOver(ctx, postgres, prepared.cutOver as PostgresDirectoryCutOver);
  expect([await ids(postgres), await postgres.sql('SHOW work_mem')]).toEqual(['1', '7MB']);
  // Undone, it is as broken as it was; and that is undone too.
  const [undoing, again] = ['undone', 'again'].map((run) => contextOf(docker, new Map(), { run })) as [EngineContext, EngineContext];
  const back = await engine.prepareUndo(undoing, postgres.component, prepared.cutOver);
  expect([back.cutOver, back.notes.join()]).toMatchObject([{ control: null, hadServer: true, wasRunning: true }, expect.stringContaining('no server will start on them')]);
  await failing('ContainerNotRunning', cutOver(undoing, postgres, back.cutOver as PostgresDirectoryCutOver));
  expect(await sightData(undoing, postgres.component)).toMatchObject({ hasServer: true, control: null, phase: null });
  const forth = await engine.prepareUndo(again, postgres.component, back.cutOver);
  await cutOver(again, postgres, forth.cutOver as PostgresDirectoryCutOver);
  expect(await ids(postgres)).toBe('1');
  await engine.discardRollback(again, postgres.component, forth.cutOver);

  const bare = await neverMade(postgres, 'postgres:17', directory);
  const { id } = bare;
  const fresh = contextOf(docker, new Map(), { run: 'empty' });
  expect(await sightData(fresh, bare.component)).toMatchObject({ hasServer: false, control: null, place: { directory } });
  const into = (await engine.prepare(fresh, bare.component, base, store.source)).cutOver as PostgresDirectoryCutOver;
  expect(into).toMatchObject({ replaces: null, hadServer: false });
  await cutOver(fresh, bare, into);
  const { stdout } = await docker.runtime.exec(id, { argv: ['psql', '-X', '-A', '-t', '-U', 'postgres', '-d', 'app', '-c', 'SELECT id FROM kept'], timeoutMs: 20_000 });
  expect(stdout.trim()).toBe('1');
  await becomesEmptyAgain(bare, into);
});

test('a server that runs and answers nobody comes back with the configuration of the backup: its own may be why', async () => {
  await using store = await openStore();
  const { postgres, base } = await withBase(store);
  const ctx = contextOf(docker, new Map(), { run: 'deaf' });
  await postgres.sql('ALTER SYSTEM SET work_mem = \'9MB\'; ALTER SYSTEM SET port = 5433');
  await docker.runtime.stop(postgres.id, 20_000);
  await docker.runtime.start(postgres.id);
  const prepared = await engine.prepare(ctx, postgres.component, base, store.source);
  expect(prepared).toMatchObject({ cutOver: { wasRunning: true, answered: false }, notes: expect.arrayContaining(['Its configuration files are those of the backup: the server does not answer, and its own may be why.']) });
  await cutOver(ctx, postgres, prepared.cutOver as PostgresDirectoryCutOver);
  expect([await ids(postgres), await postgres.sql('SHOW work_mem')]).toEqual(['1', '7MB']);
});

test('a copy that the image would sort otherwise is refused, and nothing of it is left', { tags: 'long' }, async () => {
  await using store = await openStore();
  const postgres = await startPostgres(docker);
  await postgres.sql('CREATE DATABASE sorted TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE \'en\'');
  await postgres.sql('UPDATE pg_database SET datcollversion = \'1.0\' WHERE datname = \'sorted\'');
  const base = await engine.backUp(contextOf(docker), postgres.component, store.destination, options) as PostgresBase;
  const ctx = contextOf(docker, new Map(), { run: 'sorted' });
  expect((await failing('VersionMismatch', engine.prepare(ctx, postgres.component, base, store.source))).fields.cause).toContain('sorted 1.0');
  expect((await docker.runtime.exec(postgres.id, { argv: ['ls', '/var/lib/postgresql/data'], timeoutMs: 10_000 })).stdout).not.toContain('pgsql_tmp.holdfast');
  await failing('VersionMismatch', engine.prepare(ctx, postgres.component, { ...base, server: { ...base.server, majorVersion: 16 } }, store.source));
});

test('a copy goes under another image where that sorts as the one of the backup did, a library without versions being another; under its own it is only said', { tags: 'long', timeout: 300_000 }, async () => {
  await using store = await openStore();
  // What stands for Alpine here has glibc: the catalog is made to say what musl's does, which has no version of anything.
  const { postgres, base } = await withBase(store, { image: 'postgres:17-alpine' });
  const other = await neverMade(postgres, 'postgres:17', '/var/lib/postgresql/data');
  const prepareInto = (run: string, backup: PostgresBase): ReturnType<typeof engine.prepare> => engine.prepare(contextOf(docker, new Map(), { run }), other.component, backup, store.source);
  expect((await prepareInto('alike', base)).notes.join('\n')).toContain(`The container is of another image than the one that was backed up: ${(await docker.runtime.inspect(other.id)).image}`);

  await postgres.sql('CREATE DATABASE from_musl TEMPLATE template0 LOCALE \'en_US.UTF-8\'; CREATE DATABASE to_musl TEMPLATE template0 LOCALE \'C\' STRATEGY wal_log;');
  await postgres.sql('UPDATE pg_database SET datcollversion = NULL WHERE datname = \'from_musl\'; UPDATE pg_database SET datcollversion = \'2.41\' WHERE datname = \'to_musl\';');
  await postgres.sql('CREATE TABLE words (word text COLLATE "unicode" PRIMARY KEY); UPDATE pg_collation SET collversion = \'1.0\' WHERE collname IN (\'unicode\', \'de-x-icu\');');
  const moved = await engine.backUp(contextOf(docker), postgres.component, store.attempt('a2'), options) as PostgresBase;
  const { fields } = await failing('VersionMismatch', prepareInto('moved', moved));
  expect(fields.cause).toMatch(/\(from_musl without a version, here 2\.\d+; to_musl 2\.41, here without a version; unicode in app 1\.0, here \d[\d.]+\)/);
  expect(fields.hint).toContain(base.server.imageId);
  // A collation that nobody uses is nobody's trouble.
  expect(fields.cause).not.toContain('de-x-icu');
  const own = await engine.prepare(contextOf(docker, new Map(), { run: 'own' }), postgres.component, moved, store.source);
  expect(own.notes.join('\n')).toMatch(/sorted by another library once.*\(from_musl without a version.*; to_musl 2\.41, here without a version\)/);
  expect(own.notes.join('\n')).not.toContain('another image');
});

test('a data directory is found by the command, else by the environment', () => {
  const placeVariables = { PGDATA: '/var/lib/postgresql/data/' };
  for (const command of [['postgres', '-D', '/data'], ['postgres', '-D/data'], ['docker-entrypoint.sh', 'postgres', '-c', 'data_directory=/data'], ['postgres', '--data-directory=/data']]) expect(dataDirectoryIn({ command, placeVariables })).toBe('/data');
  expect(dataDirectoryIn({ command: ['postgres', '-c', 'work_mem=1MB'], placeVariables })).toBe('/var/lib/postgresql/data');
  expect(dataDirectoryIn({ command: ['postgres'], placeVariables: {} })).toBeNull();
});
