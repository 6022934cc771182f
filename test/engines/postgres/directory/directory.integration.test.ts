/** A server's whole data directory exchanged for a recovered one: running, stopped, crashing, and with an empty volume; and brought back. */
import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { Artifact, PostgresBase } from '../../../../src/domain/backup-manifest.ts';
import type { EngineContext } from '../../../../src/engines/engine.ts';
import { dataDirectoryIn, sightData } from '../../../../src/engines/postgres/directory/data-place.ts';
import { closeServer, differencesInPlace, exchangeDirectory, finishRecovered, openServer, recoveryDirectory, type DirectoryExchange } from '../../../../src/engines/postgres/directory/exchange-directory.ts';
import { awaitTarget, promoteAndStop, startRecovery } from '../../../../src/engines/postgres/recovery/recovery-server.ts';
import { useDocker } from '../../../support/docker.ts';
import { failing } from '../../../support/failing.ts';
import { contextOf, engine, openStore, startPostgres, type TestPostgres, type TestStore } from '../postgres-fixture.ts';

const docker = useDocker();

async function withBase(store: TestStore, given: Parameters<typeof startPostgres>[1] = {}) {
  const postgres = await startPostgres(docker, given);
  await postgres.sql('CREATE TABLE kept (id int); INSERT INTO kept VALUES (1); ALTER SYSTEM SET work_mem = \'7MB\';');
  const base = await engine.backUp(contextOf(docker), postgres.component, store.destination, { contentHashes: true, jobs: 2, method: 'base' }) as PostgresBase;
  await postgres.sql('INSERT INTO kept VALUES (2)');
  return { postgres, base };
}

/** Recovered beside the live data, promoted, stopped, finished. */
async function prepared(ctx: EngineContext, { component }: TestPostgres, base: PostgresBase, store: TestStore, configuration: 'live' | 'backup'): Promise<DirectoryExchange> {
  const { directory, mount } = await sightData(ctx, component);
  const server = await startRecovery(ctx, {
    backup: base, source: store.source, request: { target: { kind: 'consistent', backupId: 'x' }, inclusive: true, timeline: 1 }, log: { files: [], mount: { type: 'bind', source: store.directory } },
    place: { mount, directory: `${directory}/${recoveryDirectory(ctx.owner, component.name)}` },
  });
  await awaitTarget(ctx, server);
  await promoteAndStop(ctx, server);
  return finishRecovered(ctx, component, configuration);
}

const ids = ({ sql }: TestPostgres): Promise<string> => sql('SELECT string_agg(id::text, \',\' ORDER BY id) FROM kept');

test.for(['postgres:17', 'postgres:18'])('%s: a server that runs is exchanged and brought back, each step twice', async (image) => {
  await using store = await openStore();
  const { postgres, base } = await withBase(store, { image });
  const ctx = contextOf(docker, new Map(), { run: `running-${image}` });
  const exchange = await prepared(ctx, postgres, base, store, 'live');
  // It served all the while, and knows nothing of it.
  expect(await ids(postgres)).toBe('1,2');
  expect(exchange).toMatchObject({ control: { state: 'shut down', timeline: 2, systemIdentifier: base.server.systemIdentifier }, replaces: { state: 'in production', systemIdentifier: base.server.systemIdentifier } });
  // Nor does a base backup that is taken now.
  const meanwhile = await engine.backUp(ctx, postgres.component, store.attempt('a2'), { contentHashes: true, jobs: 2, method: 'base' }) as PostgresBase;
  const listed = await readFile(store.fileOf(meanwhile.artifacts.find(({ kind }) => kind === 'baseManifest') as Artifact), 'utf8');
  expect([listed.includes('"PG_VERSION"'), listed.includes('pgsql_tmp')]).toEqual([true, false]);
  const twice = async (work: () => Promise<unknown>): Promise<void> => { await work(); await work(); };
  await twice(() => closeServer(ctx, exchange));
  await twice(() => exchangeDirectory(ctx, exchange, 'in'));
  expect(await differencesInPlace(ctx, postgres.component, exchange)).toEqual([]);
  await twice(() => openServer(ctx, postgres.component, exchange));
  expect(await ids(postgres)).toBe('1');
  expect(await postgres.sql('SHOW work_mem')).toBe('7MB');
  await postgres.sql('INSERT INTO kept VALUES (3)');
  // Undo: the old directory with all that was written to it.
  await failing('CutOverFailed', exchangeDirectory(ctx, exchange, 'out'));
  await closeServer(ctx, exchange);
  await twice(() => exchangeDirectory(ctx, exchange, 'out'));
  await openServer(ctx, postgres.component, exchange);
  expect(await ids(postgres)).toBe('1,2');
});

test('a server that cannot start, and one that was never made, come back from the copy; its own configuration is the backup\'s', async () => {
  await using store = await openStore();
  const { postgres, base } = await withBase(store);
  const ctx = contextOf(docker, new Map(), { run: 'broken' });
  const directory = '/var/lib/postgresql/data';
  await docker.runtime.exec(postgres.id, { argv: ['dd', 'if=/dev/zero', `of=${directory}/global/pg_control`, 'bs=8192', 'count=1', 'conv=notrunc'], timeoutMs: 10_000 });
  await docker.runtime.kill(postgres.id);
  expect(await sightData(ctx, postgres.component)).toMatchObject({ hasServer: true, control: expect.anything() });
  const exchange = await prepared(ctx, postgres, base, store, 'backup');
  await closeServer(ctx, exchange);
  await exchangeDirectory(ctx, exchange, 'in');
  await openServer(ctx, postgres.component, exchange);
  expect([await ids(postgres), await postgres.sql('SHOW work_mem')]).toEqual(['1', '7MB']);

  // The same into a container that has never run, with an empty volume.
  const empty = docker.name('empty');
  const { id } = await docker.runtime.create({
    name: empty, imageId: await docker.image('postgres:17'), labels: docker.labels, network: 'none', init: true, command: ['postgres', '-c', 'max_prepared_transactions=5'], environment: { POSTGRES_PASSWORD: 'x' },
    mounts: [{ type: 'volume', source: await docker.volume(), target: directory }],
  });
  const bare = { ...postgres, id, component: { ...postgres.component, container: empty } };
  const fresh = contextOf(docker, new Map(), { run: 'empty' });
  expect(await sightData(fresh, bare.component)).toMatchObject({ hasServer: false, control: null, directory });
  const into = await prepared(fresh, bare, base, store, 'live');
  expect(into.replaces).toBeNull();
  await closeServer(fresh, into);
  await exchangeDirectory(fresh, into, 'in');
  await openServer(fresh, bare.component, into);
  const { stdout } = await docker.runtime.exec(id, { argv: ['psql', '-X', '-A', '-t', '-U', 'postgres', '-d', 'app', '-c', 'SELECT id FROM kept'], timeoutMs: 20_000 });
  expect(stdout.trim()).toBe('1');
});

test('a data directory is found by the command, else by the environment', () => {
  const placeVariables = { PGDATA: '/var/lib/postgresql/data/' };
  for (const command of [['postgres', '-D', '/data'], ['postgres', '-D/data'], ['docker-entrypoint.sh', 'postgres', '-c', 'data_directory=/data'], ['postgres', '--data-directory=/data']]) expect(dataDirectoryIn({ command, placeVariables })).toBe('/data');
  expect(dataDirectoryIn({ command: ['postgres', '-c', 'work_mem=1MB'], placeVariables })).toBe('/var/lib/postgresql/data');
  expect(dataDirectoryIn({ command: ['postgres'], placeVariables: {} })).toBeNull();
});
