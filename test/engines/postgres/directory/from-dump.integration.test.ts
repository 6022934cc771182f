/** A dump restored where no server can be used: it crashes at every start, or was never made. In both volume layouts; undone, rolled back, accepted. */
import { expect, test } from 'vitest';
import type { PostgresDump } from '../../../../src/domain/backup-manifest.ts';
import type { PostgresDirectoryCutOver } from '../../../../src/domain/rollback.ts';
import type { EngineContext, PreparedComponent } from '../../../../src/engines/engine-context.ts';
import { findRecovery } from '../../../../src/engines/postgres/recovery/recovery-server.ts';
import { cases } from '../../../support/cases.ts';
import { useDocker } from '../../../support/docker.ts';
import { failing } from '../../../support/failing.ts';
import { waitFor } from '../../../support/service-fixture.ts';
import { backUpInto, contextOf, engine, openStore, startPostgres, type PostgresOptions, type TestPostgres, type TestStore } from '../postgres-fixture.ts';

const docker = useDocker();
const password = 'app-canary';
const layouts = { 'postgres:17': '/var/lib/postgresql/data', 'postgres:18': '/var/lib/postgresql/18/docker' } as const;
type Image = keyof typeof layouts;

/** One database of its own encoding and collation, roles of every kind, and a row that only the backup has to bring back. */
async function shopWithDump(store: TestStore, image: Image, given: PostgresOptions = {}): Promise<{ readonly postgres: TestPostgres; readonly dump: PostgresDump; readonly directory: string }> {
  const postgres = await startPostgres(docker, { image, component: { database: 'shop' }, environment: { TZ: 'Pacific/Auckland' }, ...given });
  await postgres.sql(`CREATE ROLE owners; CREATE ROLE keeper LOGIN PASSWORD '${password}' CREATEDB IN ROLE owners; ALTER ROLE keeper SET work_mem = '5MB'; CREATE ROLE auditor LOGIN; CREATE ROLE unused LOGIN PASSWORD '${password}2';`);
  await postgres.sql('CREATE DATABASE shop OWNER owners TEMPLATE template0 ENCODING \'LATIN1\' LC_COLLATE \'C\' LC_CTYPE \'C\'');
  await postgres.sql('ALTER DATABASE shop SET statement_timeout = \'77s\'; ALTER SYSTEM SET work_mem = \'9MB\';');
  await postgres.sql('CREATE TABLE kept (id int, note text); ALTER TABLE kept OWNER TO keeper; INSERT INTO kept VALUES (1, \'caf\u00e9\'); SELECT lo_from_bytea(0, \'\\x01\');', 'shop');
  // Which day that is depends on the server's files.
  await postgres.sql('CREATE FUNCTION day_of(timestamptz) RETURNS date IMMUTABLE LANGUAGE sql AS \'SELECT $1::date\'; CREATE TABLE visits (at timestamptz); CREATE INDEX ON visits (day_of(at)); INSERT INTO visits VALUES (\'2026-01-01 10:30+00\'), (\'2026-01-01 12:30+00\');', 'shop');
  const dump = await backUpInto(docker, postgres, store);
  await postgres.sql('INSERT INTO kept VALUES (2, \'later\')', 'shop');
  return { postgres, dump, directory: layouts[image] };
}

const exec = async (id: string, ...argv: string[]): Promise<string> => (await docker.runtime.exec(id, { argv, timeoutMs: 20_000 })).stdout.trim();
const prepareWhole = (ctx: EngineContext, { component }: TestPostgres, dump: PostgresDump, store: TestStore): Promise<PreparedComponent> =>
  (engine.prepareWhole as NonNullable<typeof engine.prepareWhole>)(ctx, component, dump, store.source, 'it crashed');
const ids = ({ sql }: TestPostgres): Promise<string> => sql('SELECT string_agg(id::text, \',\' ORDER BY id) FROM kept', 'shop');

async function cutOver(ctx: EngineContext, { component }: TestPostgres, { cutOver: own }: PreparedComponent): Promise<void> {
  await engine.requireReady(ctx, component, own);
  await engine.close(ctx, component, own);
  await engine.swap(ctx, component, own);
  expect(await engine.compareClosed(ctx, component, own, null)).toEqual([]);
  await engine.open(ctx, component, own);
  expect(await engine.completeRestore?.(ctx, component, own, {} as never, {} as never, [])).toEqual([]);
}

const logsIn = async (id: string, user: string, secret: string): Promise<boolean> =>
  (await docker.runtime.exec(id, { argv: ['psql', '-X', '-w', '-h', '127.0.0.1', '-U', user, '-d', 'shop', '-c', 'SELECT 1'], environment: { PGPASSWORD: secret }, timeoutMs: 20_000 })).exitCode === 0;

async function expectShop(postgres: TestPostgres): Promise<void> {
  expect(await ids(postgres)).toBe('1');
  const visits = (refused: string): Promise<string> => postgres.sql(`SET ${refused} = off; SET enable_bitmapscan = off; SELECT at::text FROM visits WHERE day_of(at) = '2026-01-01' ORDER BY 1;`, 'shop');
  expect(await visits('enable_seqscan')).toBe(await visits('enable_indexscan'));
  expect(await postgres.sql('SELECT pg_encoding_to_char(encoding), datcollate, datctype, pg_get_userbyid(datdba), datallowconn FROM pg_database WHERE datname = \'shop\'', 'shop')).toBe('LATIN1|C|C|owners|t');
  expect(await postgres.sql('SHOW server_encoding; SHOW statement_timeout; SELECT note FROM kept;', 'shop')).toBe('LATIN1\n77s\ncaf\u00e9');
  expect(await postgres.sql('SELECT rolname, rolcanlogin, rolcreatedb, rolconfig, pg_has_role(rolname, \'owners\', \'MEMBER\'), shobj_description(oid, \'pg_authid\') FROM pg_roles WHERE rolname !~ \'^pg_\' AND NOT rolsuper ORDER BY 1', 'shop'))
    .toBe('auditor|t|f||f|\nkeeper|t|t|{work_mem=5MB}|t|\nowners|f|f||t|\nunused|t|f||f|');
  // The image trusts whoever comes from the container itself: here he is asked as anybody else.
  await exec(postgres.id, 'sh', '-c', 'sed -i "/^host/s/trust$/scram-sha-256/" "$PGDATA/pg_hba.conf"');
  await postgres.sql('SELECT pg_reload_conf()', 'shop');
  expect([await logsIn(postgres.id, 'keeper', password), await logsIn(postgres.id, 'unused', `${password}2`), await logsIn(postgres.id, 'postgres', 'canary-password')]).toEqual([true, true, true]);
  expect([await logsIn(postgres.id, 'keeper', 'other'), await logsIn(postgres.id, 'auditor', '')]).toEqual([false, false]);
}

async function neverMade(image: Image): Promise<TestPostgres> {
  const facts = await docker.image(image);
  const name = docker.name('empty');
  const { id } = await docker.runtime.create({
    name, imageId: facts, labels: docker.labels, network: 'none', init: true, logDriver: 'json-file', command: ['postgres', '-c', 'fsync=off'], environment: { POSTGRES_PASSWORD: 'never-used', POSTGRES_INITDB_ARGS: '--auth-host=scram-sha-256' },
    mounts: [{ type: 'volume', source: await docker.volume(), target: image === 'postgres:18' ? '/var/lib/postgresql' : '/var/lib/postgresql/data' }],
  });
  const sql: TestPostgres['sql'] = async (text, into = 'shop') => {
    const result = await docker.runtime.exec(id, { argv: ['psql', '-X', '-q', '-A', '-t', '-U', 'postgres', '-v', 'ON_ERROR_STOP=1', '-d', into], stdin: text, timeoutMs: 60_000 });
    if (result.exitCode !== 0) throw new Error(result.stderr);
    return result.stdout.trimEnd();
  };
  return { id, component: { engine: 'postgres', name: 'postgres', container: name, database: 'shop', user: 'postgres' }, sql, works: async () => true };
}

cases(['postgres:18'], ['postgres:17'])('on %s: a server that is damaged, and one that was never made', async (image) => {
  await using store = await openStore();
  const { postgres, dump, directory } = await shopWithDump(store, image);
  const ctx = contextOf(docker, new Map(), { run: `damaged-${image}` });
  // What leads a copy that is started with it to the live files.
  await exec(postgres.id, 'sh', '-c', `echo "data_directory = '${directory}'" >>"$PGDATA/postgresql.conf"`);
  await exec(postgres.id, 'dd', 'if=/dev/zero', `of=${directory}/global/pg_control`, 'bs=8192', 'count=1', 'conv=notrunc');
  await docker.runtime.kill(postgres.id);
  const prepared = await prepareWhole(ctx, postgres, dump, store);
  expect(prepared).toMatchObject({ cutOver: { method: 'directory', hadServer: true, wasRunning: false, control: { state: 'shut down', timeline: 1 } }, createdRoles: [], compared: { differences: [] }, loss: { transactions: null } });
  expect(prepared.loss.notes.join()).toContain('is not known');
  expect(prepared.notes).toContainEqual(expect.stringMatching(/^NO WAY BACK TO A SERVER THAT WORKS: .*cannot be read/));
  expect(prepared.notes).toContain('There is no server that the backup could be restored beside (it crashed): the whole data directory is replaced by that of a new server, made from the dump.');
  expect(prepared.notes).toContain('Its configuration files are those of the old server.');
  expect(prepared.notes).toContain('The backup holds no password of auditor: to be set before they can log in over the network.');
  // Asked twice it is the same; its server is gone, its directory is there.
  expect(await prepareWhole(ctx, postgres, dump, store)).toEqual(prepared);
  expect(await findRecovery(ctx, 'postgres')).toBeNull();
  await cutOver(ctx, postgres, prepared);
  await expectShop(postgres);
  expect(await postgres.sql('SHOW work_mem', 'shop')).toBe('9MB');
  await engine.discardRollback(ctx, postgres.component, prepared.cutOver);
  expect(await exec(postgres.id, 'ls', directory)).not.toContain('pgsql_tmp.holdfast');

  const bare = await neverMade(image);
  const fresh = contextOf(docker, new Map(), { run: `empty-${image}` });
  const into = await prepareWhole(fresh, bare, dump, store);
  expect(into).toMatchObject({ cutOver: { replaces: null, hadServer: false, wasRunning: false }, loss: { notes: ['There is no server: nothing is replaced.'] } });
  expect(into.notes).toContain('Its configuration files are those of a first start of its image: there are no others.');
  await cutOver(fresh, bare, into);
  expect((await exec(bare.id, 'grep', '-vE', '^ *(#|$)', `${directory}/pg_hba.conf`)).split('\n').filter((line) => line.startsWith('host')).map((line) => line.replaceAll(/ +/g, ' '))).toEqual([
    'host all all 127.0.0.1/32 scram-sha-256', 'host all all ::1/128 scram-sha-256', 'host replication all 127.0.0.1/32 scram-sha-256', 'host replication all ::1/128 scram-sha-256', 'host all all all scram-sha-256',
  ]);
  await expectShop(bare);
  expect(await engine.prepareUndo(fresh, bare.component, into.cutOver)).toMatchObject({ cutOver: { bringsServer: false, hadServer: true, wasRunning: true } });
}, 170_000);

test('a server whose configuration keeps it down: rolled back, restored without that, undone', { tags: 'long', timeout: 170_000 }, async () => {
  await using store = await openStore();
  const { postgres, dump, directory } = await shopWithDump(store, 'postgres:18');
  await postgres.sql('ALTER SYSTEM SET shared_preload_libraries = \'nowhere\'');
  await docker.runtime.stop(postgres.id, 20_000);
  await docker.runtime.updateRestartPolicy(postgres.id, { name: 'always', maximumRetryCount: 0 });
  await docker.runtime.start(postgres.id);
  await waitFor(async () => (await docker.runtime.inspect(postgres.id)).state === 'restarting');
  const ctx = contextOf(docker, new Map(), { run: 'configuration' });
  const prepared = await prepareWhole(ctx, postgres, dump, store);
  expect(prepared.notes.join('\n')).toContain('those of a first start of its image: with those of the old server none starts (');
  expect(prepared.notes.join('\n')).toContain('nowhere');
  expect(prepared.cutOver).toMatchObject({ wasRunning: true, answered: false });
  // Taken back half-way: the old files, and the container started again, of which nobody expects that it answers.
  await docker.runtime.updateRestartPolicy(postgres.id, { name: 'no', maximumRetryCount: 0 });
  await engine.close(ctx, postgres.component, prepared.cutOver);
  await engine.swap(ctx, postgres.component, prepared.cutOver);
  await engine.rollBack(ctx, postgres.component, prepared.cutOver);
  expect((await docker.runtime.wait(postgres.id)).exitCode).toBe(1);
  await cutOver(ctx, postgres, prepared);
  await expectShop(postgres);
  await postgres.sql('INSERT INTO kept VALUES (3, \'since\')', 'shop');
  // Its cause removed, the old server is as good as it was.
  await exec(postgres.id, 'sed', '-i', '/nowhere/d', `${directory}/${(prepared.cutOver as PostgresDirectoryCutOver).aside}/postgresql.auto.conf`);
  const back = contextOf(docker, new Map(), { run: 'undo' });
  const undo = await engine.prepareUndo(back, postgres.component, prepared.cutOver);
  expect(undo.cutOver).toMatchObject({ wasRunning: true });
  expect(undo.cutOver).not.toHaveProperty('answered');
  await cutOver(back, postgres, undo);
  expect(await ids(postgres)).toBe('1,2');
  await engine.discardRollback(back, postgres.component, undo.cutOver);
  expect(await exec(postgres.id, 'ls', directory)).not.toContain('pgsql_tmp.holdfast');
});

test('what fails, and what an ended run left, leaves nothing', async () => {
  await using store = await openStore();
  const { postgres, dump, directory } = await shopWithDump(store, 'postgres:17');
  const notes = new Map();
  const ctx = contextOf(docker, notes, { run: 'failing' });
  await failing('LocaleMissing', prepareWhole(ctx, postgres, { ...dump, properties: { ...dump.properties, collate: 'xx_XX', ctype: 'xx_XX' } }, store));
  await failing('ProofFailed', prepareWhole(ctx, postgres, { ...dump, content: { ...dump.content, tables: dump.content.tables.map((table) => ({ ...table, rows: '7' })) } }, store));
  await failing('VersionMismatch', prepareWhole(ctx, postgres, { ...dump, server: { ...dump.server, majorVersion: 18 } }, store));
  // Predicted by a first attempt; by a later one once what that had made is gone.
  for (const run of ['failing', 'first']) await failing('NotEnoughSpace', prepareWhole(contextOf(docker, notes, { run }), postgres, { ...dump, databaseSizeBytes: 1e15 }, store));
  expect([await findRecovery(ctx, 'postgres'), await exec(postgres.id, 'ls', directory)]).toEqual([null, expect.not.stringContaining('pgsql_tmp.holdfast')]);

  // Given up on while its server runs: what is left is found by the run's note.
  const abort = new AbortController();
  const ended = contextOf(docker, notes, { run: 'ended', signal: abort.signal });
  const halfWay = prepareWhole({ ...ended, progress: ({ phase }) => { if (phase === 'restore into the new server') abort.abort(new Error('given up')); } }, postgres, dump, store);
  await expect(halfWay).rejects.toThrow();
  expect(await exec(postgres.id, 'ls', directory)).toContain('pgsql_tmp.holdfast');
  const repair = contextOf(docker, notes, { run: 'repair' });
  const repaired = await engine.repairLeftovers(repair, postgres.component, { owner: ended.owner, notes: Object.fromEntries(notes.get(ended.owner.runId) ?? []), kept: [] });
  expect(repaired.join()).toContain('pgsql_tmp.holdfast');
  expect([await findRecovery(ended, 'postgres'), await exec(postgres.id, 'ls', directory)]).toEqual([null, expect.not.stringContaining('pgsql_tmp.holdfast')]);
  expect(await ids(postgres)).toBe('1,2');
}, 170_000);
