/** What stands in the way is refused by its own name, before anything is made; and nothing is left on the server. */
import { readFile, writeFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { PostgresDump } from '../../../src/domain/backup-manifest.ts';
import type { FailureType } from '../../../src/domain/failures.ts';
import { useDocker } from '../../support/docker.ts';
import { failing } from '../../support/failing.ts';
import { backUpInto, contextOf, engine, openStore, options, startPostgres } from './postgres-fixture.ts';
import type { TestPostgres, TestStore } from './postgres-fixture.ts';

const docker = useDocker();
let postgres: TestPostgres;
let store: TestStore & AsyncDisposable;
let backup: PostgresDump;

beforeAll(async () => {
  postgres = await startPostgres(docker);
  await postgres.sql('CREATE ROLE keeper; CREATE TABLE kept (id int PRIMARY KEY, note text); INSERT INTO kept SELECT n, md5(n::text) FROM generate_series(1, 20000) AS n; ALTER TABLE kept OWNER TO keeper;');
  store = await openStore();
  backup = await backUpInto(docker, postgres, store, { run: 'backup' });
});
afterAll(() => store[Symbol.asyncDispose]());

const made = 'SELECT count(*) FROM pg_database WHERE datname ~ \'^holdfast\'';
afterEach(async () => { expect(await postgres.sql(made)).toBe('0'); });

describe('inspect', () => {
  const inspect = (change: Partial<TestPostgres['component']>, purpose: 'backup' | 'restore') => engine.inspect(contextOf(docker), { ...postgres.component, ...change }, purpose);

  it('tells what is there', async () => {
    expect(await inspect({}, 'restore')).toMatchObject({
      pinned: { engine: 'postgres', containerId: postgres.id, database: 'app', volume: expect.stringContaining('holdfast-test-'), identity: expect.stringMatching(/^\d{19}$/) },
      version: expect.stringMatching(/^17\./), running: true, empty: false, warnings: [],
    });
    expect((await inspect({}, 'restore')).freeBytes).toBeGreaterThan(0);
  });

  it.each<[FailureType, Partial<TestPostgres['component']>, 'backup' | 'restore']>([
    ['ContainerNotFound', { container: 'holdfast-test-no-such-container' }, 'backup'],
    ['DatabaseNotFound', { database: 'nosuch' }, 'backup'],
    ['AuthenticationFailed', { user: 'nobody' }, 'backup'],
  ])('refuses with %s', async (type, change, purpose) => {
    await failing(type, inspect(change, purpose));
  });

  it('is tried again where nothing may be run in the container: whoever denies that is not the server', async () => {
    const mode = (bits: string): Promise<unknown> => docker.runtime.exec(postgres.id, { argv: ['sh', '-c', 'chmod "$1" /usr/lib/postgresql/*/bin/psql "$(readlink -f /usr/bin/psql)"', 'chmod', bits], user: '0:0', timeoutMs: 20_000 });
    await mode('644');
    try {
      const { fields } = await failing('DatabaseUnreachable', inspect({}, 'backup'));
      expect(fields.cause).toMatch(/permission denied/i);
    } finally {
      await mode('755');
    }
  });

  it('takes a missing database for an empty one where it is to be restored into', async () => {
    expect(await inspect({ database: 'nosuch' }, 'restore')).toMatchObject({ empty: true, dataSizeBytes: 0 });
  });

  it('takes for empty only what holds nothing that somebody would miss', async () => {
    await postgres.sql('CREATE DATABASE nearly');
    const isEmpty = async (sql: string): Promise<boolean> => { await postgres.sql(sql, 'nearly'); return (await inspect({ database: 'nearly' }, 'restore')).empty; };
    expect(await isEmpty('CREATE TEMP TABLE gone (n int)')).toBe(true);
    expect(await isEmpty('CREATE FUNCTION one() RETURNS int LANGUAGE sql AS \'SELECT 1\'')).toBe(false);
    expect(await isEmpty('DROP FUNCTION one(); CREATE SEQUENCE counting')).toBe(false);
    expect(await isEmpty('DROP SEQUENCE counting; SELECT lo_from_bytea(7, \'\\x01\')')).toBe(false);
    expect(await isEmpty('SELECT lo_unlink(7)')).toBe(true);
    await postgres.sql('DROP DATABASE nearly');
  });

  it('refuses a stopped container, one that is no PostgreSQL, and data on no volume', async () => {
    const imageId = await docker.image('postgres:17');
    const stopped = await docker.create({ imageId, command: ['postgres'] });
    await failing('ContainerNotRunning', inspect({ container: stopped }, 'backup'));
    const redis = await docker.run({ imageId: await docker.image('redis:8'), command: ['redis-server'] });
    await failing('WrongContainer', inspect({ container: redis }, 'backup'));
    // One that listens elsewhere, too: a psql in its container has to know.
    const other = await startPostgres(docker, { args: ['-c', 'port=5544'], dataDirectory: '/elsewhere', environment: { PGDATA: '/var/lib/cluster' } });
    await failing('UnsupportedTopology', engine.inspect(contextOf(docker), other.component, 'restore'));
    expect(await engine.inspect(contextOf(docker), other.component, 'backup')).toMatchObject({ running: true });
  });

  it('refuses what would be filtered or may not be read, and a restore by less than a superuser', async () => {
    await postgres.sql('CREATE ROLE little LOGIN; CREATE TABLE secret (id int); ALTER TABLE secret ENABLE ROW LEVEL SECURITY; CREATE TABLE hidden (id int); GRANT SELECT ON secret, kept TO little;');
    await failing('RowSecurityFilters', inspect({ user: 'little' }, 'backup'));
    await postgres.sql('ALTER TABLE secret DISABLE ROW LEVEL SECURITY;');
    await failing('PermissionDenied', inspect({ user: 'little' }, 'backup'));
    await failing('PermissionDenied', inspect({ user: 'little' }, 'restore'));
    // What it takes to be allowed, short of a superuser.
    await postgres.sql('GRANT SELECT ON secret, hidden, kept TO little; ALTER ROLE little BYPASSRLS; ALTER TABLE secret ENABLE ROW LEVEL SECURITY;');
    const modest = await engine.backUp(contextOf(docker, new Map(), { run: 'modest' }), { ...postgres.component, user: 'little' }, store.attempt('modest'), options) as PostgresDump;
    expect(modest.notCompared).toContainEqual({ object: 'passwords of roles', reason: 'the user may not read pg_authid' });
    expect(await engine.prove(contextOf(docker, new Map(), { run: 'proof' }), modest, store.source)).toMatchObject({ verdict: 'proven' });
    await postgres.sql('DROP TABLE secret, hidden; DROP OWNED BY little; DROP ROLE little;');
  });

  it('refuses to exchange under prepared transactions and logical slots', async () => {
    await postgres.sql('BEGIN; INSERT INTO kept VALUES (-1); PREPARE TRANSACTION \'pending\';');
    await failing('PreparedTransactionsInTheWay', inspect({}, 'restore'));
    await inspect({}, 'backup');
    await postgres.sql('ROLLBACK PREPARED \'pending\';');
    await postgres.sql('SELECT pg_create_logical_replication_slot(\'cdc\', \'pgoutput\');');
    await failing('LogicalSlotsInTheWay', inspect({}, 'restore'));
    await postgres.sql('SELECT pg_drop_replication_slot(\'cdc\');');
  });

  it('refuses to exchange a database that lies in a tablespace, by its name; it is backed up', async () => {
    await postgres.sql('COPY (SELECT) TO PROGRAM \'mkdir -p /tmp/far\'');
    for (const statement of ['CREATE TABLESPACE "far away" LOCATION \'/tmp/far\'', 'CREATE DATABASE placed TABLESPACE "far away"']) await postgres.sql(statement);
    expect((await failing('UnsupportedTopology', inspect({ database: 'placed' }, 'restore'))).fields.cause).toBe('the database lies in tablespace far away');
    await inspect({ database: 'placed' }, 'backup');
    for (const statement of ['DROP DATABASE placed', 'DROP TABLESPACE "far away"']) await postgres.sql(statement);
  });
});

describe('prepare', () => {
  const prepare = (changed: PostgresDump, source = store.source) => engine.prepare(contextOf(docker, new Map(), { run: 'restore' }), postgres.component, changed, source);

  it('refuses an older server and too little room before it makes anything', async () => {
    await failing('VersionMismatch', prepare({ ...backup, server: { ...backup.server, majorVersion: 18 } }));
    const failure = await failing('NotEnoughSpace', prepare({ ...backup, databaseSizeBytes: 2 ** 50 }));
    expect(failure.fields.cause).toMatch(/needs \d+TB, [\d.]+[MGT]B are free/);
  });

  it('refuses an extension that a server has in one database only', async () => {
    const failure = await failing('UnsupportedTopology', prepare({ ...backup, extensions: [...backup.extensions, { name: 'pg_cron', version: '1.6' }] }));
    expect(failure.fields.cause).toContain('pg_cron');
  });

  it('refuses to unpack what its own volume has no room for', async () => {
    const artifacts = backup.artifacts.map((artifact) => ({ ...artifact, plaintext: { ...artifact.plaintext, sizeBytes: 2 ** 50 } }));
    const failure = await failing('NotEnoughSpace', engine.verify(contextOf(docker, new Map(), { run: 'verify' }), { ...backup, artifacts }, store.source));
    expect(failure.fields.cause).toMatch(/the volume of the helper needs \d+TB, [\d.]+[MGT]B are free/);
  });

  it('drops the copy that differs from its manifest, and the roles made for it', async () => {
    await postgres.sql('ALTER TABLE kept OWNER TO postgres; DROP ROLE keeper;');
    const tables = backup.content.tables.map((table) => ({ ...table, hash: '1' }));
    const failure = await failing('ProofFailed', prepare({ ...backup, content: { ...backup.content, tables } }));
    expect(failure.fields.cause).toContain('public.kept: hash 1, found');
    expect(await postgres.sql('SELECT count(*) FROM pg_roles WHERE rolname = \'keeper\'')).toBe('0');
    await postgres.sql('CREATE ROLE keeper; ALTER TABLE kept OWNER TO keeper;');
  });
});

describe('damage', () => {
  it.each(['flipped', 'cut'] as const)('is found when the dump is %s, before a server is touched', async (how) => {
    const file = store.fileOf(backup.artifacts[0] as PostgresDump['artifacts'][number]);
    const whole = await readFile(file);
    const damaged = how === 'cut' ? whole.subarray(0, whole.length - 1024) : Buffer.from(whole);
    if (how === 'flipped') damaged[Math.floor(whole.length / 2)] = (damaged[Math.floor(whole.length / 2)] ?? 0) ^ 1;
    await writeFile(file, damaged);
    try {
      await failing('ArtifactDamaged', engine.prepare(contextOf(docker, new Map(), { run: 'restore' }), postgres.component, backup, store.source));
      await failing('ArtifactDamaged', engine.verify(contextOf(docker, new Map(), { run: 'verify' }), backup, store.source));
      // The helper's own check, where nothing looked before it.
      const trusting = { ...store.source, open: async () => (await import('node:stream')).Readable.from([]) };
      await failing('ArtifactDamaged', engine.verify(contextOf(docker, new Map(), { run: 'verify' }), backup, trusting));
      expect(await engine.prove(contextOf(docker, new Map(), { run: 'proof' }), backup, store.source)).toMatchObject({ verdict: 'failed' });
    } finally {
      await writeFile(file, whole);
    }
  });
});

describe('a dump that cannot be restored', () => {
  it('is stored, fails its proof by the object\'s name, and leaves nothing where a restore was tried', async () => {
    await postgres.sql(`CREATE DATABASE unrestorable`);
    await postgres.sql(`CREATE TABLE allowed (v int); INSERT INTO allowed VALUES (1);
      CREATE FUNCTION is_allowed(int) RETURNS bool LANGUAGE plpgsql AS $$ BEGIN RETURN EXISTS (SELECT FROM allowed WHERE v = $1); END $$;
      CREATE TABLE checked (v int CHECK (public.is_allowed(v))); INSERT INTO checked VALUES (1);`, 'unrestorable');
    const component = { ...postgres.component, database: 'unrestorable' };
    const stored = await engine.backUp(contextOf(docker, new Map(), { run: 'backup' }), component, store.attempt('unrestorable'), options) as PostgresDump;
    const proof = await engine.prove(contextOf(docker, new Map(), { run: 'proof' }), stored, store.source);
    expect(proof.verdict).toBe('failed');
    expect(proof.sentence).toContain('table "checked"');
    await failing('RestoreFailed', engine.prepare(contextOf(docker, new Map(), { run: 'restore' }), component, stored, store.source));
  });

  it('could not be verified where its image is gone', async () => {
    const elsewhere = { ...backup, server: { ...backup.server, imageId: `sha256:${'0'.repeat(64)}`, image: 'no-such-image:1', container: 'holdfast-test-gone' } };
    expect(await engine.prove(contextOf(docker, new Map(), { run: 'proof' }), elsewhere, store.source)).toMatchObject({ verdict: 'couldNotVerify' });
    await failing('CouldNotVerify', engine.verify(contextOf(docker, new Map(), { run: 'verify' }), elsewhere, store.source));
  });

  it('is proven by the image that bears the name of its own now, where that and the live container are gone', async () => {
    const pulledAnew = { ...backup, server: { ...backup.server, imageId: `sha256:${'0'.repeat(64)}`, container: 'holdfast-test-gone' } };
    expect(await engine.prove(contextOf(docker, new Map(), { run: 'proof by name' }), pulledAnew, store.source)).toMatchObject({ verdict: 'proven' });
  });
});
