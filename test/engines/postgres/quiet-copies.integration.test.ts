/** What a copy must not do, and what it must not need: it subscribes to nothing, sets off no event trigger, and does without the source's tablespaces. */
import { beforeAll, afterAll, expect, it } from 'vitest';
import type { PostgresDump } from '../../../src/domain/backup-manifest.ts';
import { labelNames } from '../../../src/containers/labels.ts';
import { pollUntil } from '../../../src/containers/wait-until.ts';
import { useDocker } from '../../support/docker.ts';
import { backUpInto, contextOf, cutOver, engine, openStore, startPostgres } from './postgres-fixture.ts';
import type { TestStore } from './postgres-fixture.ts';

const docker = useDocker();
let store: TestStore & AsyncDisposable;
let backup: PostgresDump;

beforeAll(async () => {
  const source = await startPostgres(docker);
  for (const argv of [['mkdir', '/var/lib/postgresql/fast'], ['chown', 'postgres', '/var/lib/postgresql/fast']]) await docker.runtime.exec(source.id, { argv, timeoutMs: 30_000 });
  await source.sql('CREATE TABLESPACE "fast disk" LOCATION \'/var/lib/postgresql/fast\'');
  await source.sql(`CREATE TABLE placed (n int) TABLESPACE "fast disk"; INSERT INTO placed VALUES (1); CREATE MATERIALIZED VIEW once AS SELECT * FROM placed;
    CREATE PUBLICATION everything FOR ALL TABLES; CREATE SUBSCRIPTION elsewhere CONNECTION 'host=192.0.2.1 dbname=x' PUBLICATION p WITH (connect = false);
    CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no more changes'; END $$;
    CREATE EVENT TRIGGER no_changes ON ddl_command_start EXECUTE FUNCTION refuse();`);
  store = await openStore();
  backup = await backUpInto(docker, source, store, { run: 'backup' });
});
afterAll(() => store[Symbol.asyncDispose]());

it('a proof has no network, and creates neither publication nor subscription', async () => {
  const server = pollUntil(async () => (await docker.runtime.list({ [labelNames.namespaceId]: docker.namespaceId })).find(({ command }) => command.includes('max_logical_replication_workers=0')) ?? null, { withinMs: 120_000, everyMs: 50 });
  expect(await engine.prove(contextOf(docker, new Map(), { run: 'proof' }), backup, store.source)).toMatchObject({ verdict: 'proven', differences: [] });
  expect((await server)?.networks).toEqual(['none']);
  expect(backup.notCompared.map(({ object }) => object)).toEqual(expect.arrayContaining(['publication everything', 'subscription elsewhere']));
});

it('a restored copy lies in the default tablespace where the server lacks another, says so, and subscribes to nothing', async () => {
  const bare = await startPostgres(docker);
  const ctx = contextOf(docker, new Map(), { run: 'restore' });
  const prepared = await engine.prepare(ctx, bare.component, backup, store.source);
  expect(prepared.notes).toContain('The server lacks the tablespaces fast disk: everything is restored into the default one.');
  await engine.discardRollback(ctx, bare.component, await cutOver(ctx, bare.component, prepared, backup));
  expect(await bare.sql('SELECT (SELECT count(*) FROM placed), (SELECT count(*) FROM once), (SELECT count(*) FROM pg_subscription), (SELECT count(*) FROM pg_publication)')).toBe('1|1|0|1');
  expect(await bare.works('CREATE TABLE one_more (n int)')).toBe(false);
});
