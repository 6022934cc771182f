/** Base backups on real servers: what is copied, what its range says, and what verifying and proving find. */
import { open as openFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import type { Artifact, PostgresBase } from '../../../src/domain/backup-manifest.ts';
import { parseLsn } from '../../../src/domain/wal/lsn.ts';
import { awaitTarget, removeOwnRecovery, startRecovery, type Recovery } from '../../../src/engines/postgres/recovery/start-recovery.ts';
import { cases } from '../../support/cases.ts';
import { useDocker } from '../../support/docker.ts';
import { failing } from '../../support/failing.ts';
import { contextOf, engine, openStore, startPostgres, type TestPostgres, type TestStore } from './postgres-fixture.ts';

const docker = useDocker();
const filled = 'CREATE TABLE kept (id int PRIMARY KEY, text text); INSERT INTO kept SELECT g, md5(g::text) FROM generate_series(1, 5000) g; CREATE INDEX ON kept (text);';

const takeBase = async (postgres: TestPostgres, store: TestStore, streamed = false): Promise<PostgresBase> =>
  await engine.backUp(contextOf(docker), postgres.component, streamed ? store.streamedDestination : store.destination, { contentHashes: true, jobs: 2, method: 'base' }) as PostgresBase;

cases(['postgres:15', 'postgres:18'], ['postgres:17'])('%s: a base backup is verified, started and found sound, and its range is what the server says', async (image) => {
  await using store = await openStore();
  const postgres = await startPostgres(docker, { image });
  await postgres.sql(filled);
  await postgres.sql('CREATE UNLOGGED TABLE scratch AS SELECT 1;');
  const before = await postgres.sql('SELECT pg_current_wal_insert_lsn()');
  const base = await takeBase(postgres, store);
  const [after, insertedAt] = (await postgres.sql("SELECT pg_current_wal_insert_lsn(), to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')")).split('|') as [string, string];

  const [begin, end] = [parseLsn(base.range.begin) as bigint, parseLsn(base.range.end) as bigint];
  expect(begin).toBeGreaterThanOrEqual(parseLsn(before) as bigint);
  expect(end).toBeGreaterThan(begin);
  expect(parseLsn(after) as bigint).toBeGreaterThanOrEqual(end);
  expect([base.snapshot.at, base.range.endAt, insertedAt]).toEqual([base.snapshot.at, base.range.endAt, insertedAt].toSorted());
  expect(base).toMatchObject({
    method: 'base', range: { timeline: 1 }, snapshot: { lsn: base.range.end }, cluster: { segmentSizeBytes: 16 * 1024 * 1024, superuser: 'postgres', dataChecksums: image === 'postgres:18', settings: { max_prepared_transactions: '5' } },
  });
  expect(base.databases.map(({ name }) => name).sort()).toEqual(['app', 'postgres', 'template0', 'template1']);
  expect(base.artifacts.map(({ kind }) => kind).sort()).toEqual(['base', 'baseManifest', 'wal']);
  expect(base.notCompared.map(({ object }) => object)).toEqual(['rows', ...(image === 'postgres:18' ? [] : ['pages']), 'unlogged tables']);

  expect((await engine.verify(contextOf(docker), base, store.source)).sentence).toMatch(/pg_verifybackup finds all of its \d+ files/);
  const proof = await engine.prove(contextOf(docker), base, store.source);
  expect(proof).toMatchObject({ verdict: 'proven', differences: [] });
  expect(proof.comparedObjects).toBeGreaterThan(200);
  expect(proof.sentence.includes('every page')).toBe(image === 'postgres:18');
  expect(await docker.left()).toEqual([]);
});

test('goes through the engine\'s API where the repository is elsewhere, with tablespaces, another superuser and checksums', async () => {
  await using store = await openStore();
  const postgres = await startPostgres(docker, {
    environment: { POSTGRES_USER: 'shop owner', POSTGRES_INITDB_ARGS: '--no-sync --data-checksums' }, args: ['-c', 'max_connections=33'],
    mounts: [{ type: 'volume', source: '', target: '/spaces' }],
  });
  await docker.runtime.exec(postgres.id, { argv: ['install', '-d', '-o', 'postgres', '/spaces/one'], timeoutMs: 10_000 });
  await postgres.sql("CREATE TABLESPACE one LOCATION '/spaces/one';");
  await postgres.sql(`${filled} ALTER TABLE kept SET TABLESPACE one;`);
  const base = await takeBase(postgres, store, true);
  expect(base.tablespaces).toEqual([{ name: 'one', oid: expect.any(Number), location: '/spaces/one' }]);
  expect(base.artifacts.map(({ kind }) => kind).sort()).toEqual(['base', 'baseManifest', 'tablespace', 'wal']);
  expect(base.cluster).toMatchObject({ superuser: 'shop owner', dataChecksums: true, settings: { max_connections: '33' } });
  expect((await engine.verify(contextOf(docker), base, store.streamedSource)).sentence).toContain('pg_verifybackup');
  expect(await engine.prove(contextOf(docker), base, store.streamedSource)).toMatchObject({ verdict: 'proven' });
  expect(await docker.left()).toEqual([]);
});

/** One bit of a stored file. */
async function flip(store: TestStore, artifact: Artifact, at: number): Promise<void> {
  const file = await openFile(store.fileOf(artifact), 'r+');
  try {
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, at);
    byte[0] = (byte[0] as number) ^ 1;
    await file.write(byte, 0, 1, at);
  } finally {
    await file.close();
  }
}

test('finds every damaged file before anything is started, and a damaged server before anything is kept', async () => {
  await using store = await openStore();
  // A vacuum would write its own, sound page over the one that is damaged below.
  const postgres = await startPostgres(docker, { environment: { POSTGRES_INITDB_ARGS: '--no-sync --data-checksums' }, args: ['-c', 'autovacuum=off'] });
  await postgres.sql(filled);
  const base = await takeBase(postgres, store);
  for (const artifact of base.artifacts) {
    const at = Math.floor(artifact.stored.sizeBytes / 2);
    await flip(store, artifact, at);
    await failing('ArtifactDamaged', engine.verify(contextOf(docker), base, store.source));
    expect(await engine.prove(contextOf(docker), base, store.source)).toMatchObject({ verdict: 'failed', comparedObjects: 0 });
    await flip(store, artifact, at);
  }
  await engine.verify(contextOf(docker), base, store.source);

  const path = await postgres.sql("SELECT current_setting('data_directory') || '/' || pg_relation_filepath('kept')");
  await postgres.sql('CHECKPOINT');
  await docker.runtime.exec(postgres.id, { argv: ['dd', 'if=/dev/urandom', `of=${path}`, 'bs=1', 'seek=8200', 'count=32', 'conv=notrunc'], timeoutMs: 10_000 });
  const { fields } = await failing('PageDamaged', engine.backUp(contextOf(docker), postgres.component, store.attempt('a2'), { contentHashes: true, jobs: 2, method: 'base' }));
  expect(fields.hint).toContain('older backup');
  expect(fields.cause).toMatch(/^checksum verification failed in file ".*\/\d+", block 1$/);
  expect(await docker.left()).toEqual([]);
});

test('a copy whose index no longer fits its table is failed, not proven, and the index is named', async () => {
  await using store = await openStore();
  const postgres = await startPostgres(docker);
  await postgres.sql(`${filled} CREATE FUNCTION key(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1'; CREATE INDEX by_key ON kept (key(text));`);
  // As after a change of the collation under an index: what the index says is no longer what the table gives.
  await postgres.sql("CREATE OR REPLACE FUNCTION key(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT reverse($1)';");
  const proof = await engine.prove(contextOf(docker), await takeBase(postgres, store), store.source);
  expect(proof.verdict).toBe('failed');
  expect(proof.differences.map(({ object }) => object).join()).toContain('by_key');
});

cases(['postgres:18'], ['postgres:15', 'postgres:17'])('%s: an index whose function finds nothing on an empty search path is named as not compared, and one that is corrupt beside it is still found', async (image) => {
  await using store = await openStore();
  const postgres = await startPostgres(docker, { image });
  // Made before the rows, as an application makes its tables: from 17 on the index could not be built anew either.
  await postgres.sql(`CREATE FUNCTION plain(text) RETURNS text IMMUTABLE STRICT LANGUAGE sql AS 'SELECT lower($1)'; CREATE FUNCTION f_plain(text) RETURNS text IMMUTABLE STRICT LANGUAGE plpgsql AS 'BEGIN RETURN plain($1); END';
    CREATE TABLE named (name text); CREATE INDEX by_plain ON named (f_plain(name)); CREATE INDEX partly ON named (name) WHERE f_plain(name) <> ''; INSERT INTO named SELECT 'Name ' || g FROM generate_series(1, 500) g;`);
  const proof = await engine.prove(contextOf(docker), await takeBase(postgres, store), store.source);
  expect(proof).toMatchObject({ verdict: 'proven', differences: [], sentence: expect.stringContaining('every index against its table (but for those that are named as not compared)') });
  expect(proof.notCompared.filter(({ object }) => object.startsWith('btree')).sort((a, b) => a.object.localeCompare(b.object))).toEqual(['by_plain', 'partly'].map((name) => ({ object: `btree index "app.public.${name}"`, reason: expect.stringContaining('SQLSTATE 42883') })));

  await postgres.sql(`CREATE FUNCTION key(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT $1'; CREATE INDEX by_key ON named (key(name)); CREATE OR REPLACE FUNCTION key(text) RETURNS text IMMUTABLE LANGUAGE sql AS 'SELECT reverse($1)';`);
  const base = await engine.backUp(contextOf(docker), postgres.component, store.attempt('a2'), { contentHashes: true, jobs: 2, method: 'base' }) as PostgresBase;
  const corrupt = await engine.prove(contextOf(docker), base, store.source);
  expect([corrupt.verdict, corrupt.differences.map(({ object }) => object)]).toEqual(['failed', ['btree index "app.public.by_key"']]);
  expect(await docker.left()).toEqual([]);
});

test('an event trigger that lets nobody make anything has no say in the proof of a copy', async () => {
  await using store = await openStore();
  const postgres = await startPostgres(docker);
  await postgres.sql(`${filled} CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'nobody makes anything here'; END $$; CREATE EVENT TRIGGER nothing ON ddl_command_start EXECUTE FUNCTION refuse();`);
  expect(await engine.prove(contextOf(docker), await takeBase(postgres, store), store.source)).toMatchObject({ verdict: 'proven', differences: [], sentence: expect.stringContaining('every index against its table') });
  expect(await docker.left()).toEqual([]);
});

test('a server that lets nobody into template1 is not waited for, and says nothing of the backup', async () => {
  await using store = await openStore();
  const postgres = await startPostgres(docker);
  await postgres.sql(`${filled} ALTER DATABASE template1 ALLOW_CONNECTIONS false;`);
  const base = await takeBase(postgres, store);
  const words = 'database "template1" is not currently accepting connections';
  expect(await engine.prove(contextOf(docker), base, store.source)).toMatchObject({ verdict: 'couldNotVerify', sentence: expect.stringContaining(words) });

  const ctx = contextOf(docker, new Map(), { run: 'refused' });
  const recovery: Recovery = { backup: base, source: store.source, request: { target: { kind: 'consistent', backupId: '' }, inclusive: true, timeline: 1 }, log: { files: [], mount: null } };
  const server = await startRecovery(ctx, recovery);
  expect((await failing('CouldNotVerify', awaitTarget(ctx, recovery, server))).fields.cause).toContain(words);
  await removeOwnRecovery(ctx, base.component);
  expect(await docker.left()).toEqual([]);
});

test('an index that another image sorts otherwise says nothing of the backup; under the very image it is damaged', async () => {
  await using store = await openStore();
  const postgres = await startPostgres(docker);
  await postgres.sql('CREATE TABLE words (word text COLLATE "de-x-icu" PRIMARY KEY); INSERT INTO words VALUES (\'a\'), (\'ä\'), (\'z\');');
  // As if the library had learnt Swedish meanwhile, where ä comes behind z.
  await postgres.sql('UPDATE pg_collation SET colllocale = \'sv\', collversion = \'1.0\' WHERE collname = \'de-x-icu\'');
  const base = await takeBase(postgres, store);
  expect(await engine.prove(contextOf(docker), base, store.source)).toMatchObject({ verdict: 'failed', differences: expect.arrayContaining([expect.objectContaining({ object: expect.stringContaining('words_pkey'), property: 'amcheck' })]) });
  const proof = await engine.prove(contextOf(docker), { ...base, server: { ...base.server, imageId: `sha256:${'0'.repeat(64)}` } }, store.source);
  expect(proof).toMatchObject({ verdict: 'couldNotVerify', differences: [], sentence: expect.stringMatching(/sorts text otherwise.*\(de-x-icu 1\.0, here \d[\d.]+\).*some look damaged/) });
  expect(await docker.left()).toEqual([]);
});

test.for([
  ['wal_level minimal', ['-c', 'wal_level=minimal', '-c', 'max_wal_senders=0'], 'UnsupportedTopology'],
  ['no sender left', ['-c', 'max_wal_senders=1'], 'UnsupportedTopology'],
] as const)('is refused with %s, in words that say what is needed', async ([, args, type]) => {
  await using store = await openStore();
  const postgres = await startPostgres(docker, { args: [...args] });
  const { fields } = await failing(type, takeBase(postgres, store));
  expect(fields.hint).toContain('max_wal_senders');
  expect(await docker.left()).toEqual([]);
});

test('is refused to a role that may not replicate, and to a standby', async () => {
  await using store = await openStore();
  const postgres = await startPostgres(docker);
  await postgres.sql("CREATE ROLE reader LOGIN PASSWORD 'x'; GRANT pg_read_all_data, pg_read_all_settings, pg_monitor TO reader;");
  const component = { ...postgres.component, user: 'reader' };
  await failing('PermissionDenied', engine.backUp(contextOf(docker), component, store.destination, { contentHashes: true, jobs: 2, method: 'base' }));
});
