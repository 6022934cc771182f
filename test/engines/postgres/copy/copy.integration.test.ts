/** Copies of a server that is gone: on the layout of 18, from a base backup of one whose configuration starts no server any more, and from a dump, with the roles that it has. */
import { afterEach, expect, test } from 'vitest';
import { createCopyServer, findCopies, removeCopy } from '../../../../src/containers/copies.ts';
import { findScratchOf, removeScratch } from '../../../../src/containers/scratch.ts';
import type { PostgresBase, PostgresDump } from '../../../../src/domain/backup-manifest.ts';
import type { MomentRecovery } from '../../../../src/engines/moment-engine.ts';
import { useDocker } from '../../../support/docker.ts';
import { failing } from '../../../support/failing.ts';
import { contextOf, engine, openStore, startPostgres } from '../postgres-fixture.ts';

const docker = useDocker();
const { runtime } = docker;
const runs = ['copy', 'copy-of-a-dump'];
afterEach(async () => {
  for (const run of runs) for (const scratch of await findScratchOf(runtime, contextOf(docker, new Map(), { run }).owner)) await removeScratch(runtime, scratch);
  for (const copy of await findCopies(runtime, { copy: docker.id })) await removeCopy(runtime, copy);
});

test('it has the plain configuration with the original\'s sizes, says so, and who gets in and who does not', async () => {
  await using store = await openStore();
  const postgres = await startPostgres(docker, { image: 'postgres:18', args: ['-c', 'max_connections=37', '-c', 'work_mem=7MB'] });
  await postgres.sql('CREATE TABLE orders (id int); INSERT INTO orders VALUES (1); CREATE ROLE "open one" LOGIN');
  await postgres.sql(`CREATE SUBSCRIPTION elsewhere CONNECTION 'host=192.0.2.1 dbname=x' PUBLICATION p WITH (connect = false);
    CREATE FUNCTION refuse() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION 'no more changes'; END $$; CREATE EVENT TRIGGER no_changes ON ddl_command_start EXECUTE FUNCTION refuse();`);
  for (const setting of ['shared_preload_libraries = \'not_there\'', 'archive_mode = on']) await postgres.sql(`ALTER SYSTEM SET ${setting}`);
  const base = await engine.backUp(contextOf(docker), postgres.component, store.destination, { contentHashes: true, jobs: 2, method: 'base' }) as PostgresBase;
  await postgres.sql('INSERT INTO orders VALUES (2)');
  await runtime.remove(postgres.id);

  const ctx = contextOf(docker, new Map(), { run: 'copy' });
  const component = { ...postgres.component, user: 'open one', database: 'not there' };
  const server = await engine.copies.server(ctx, component, base);
  const { id, name } = await createCopyServer(runtime, { ...server, identity: { maker: ctx.owner, service: ctx.service, copy: docker.id }, component: 'postgres', point: 'its end', hostPort: null, signal: ctx.signal });
  const moment: MomentRecovery = { backup: base, files: [], archive: null, source: store.source, timeline: base.range.timeline, target: { kind: 'consistent', backupId: 'its own' }, inclusive: true };
  await failing('InvalidInput', engine.copies.fill(ctx, component, { backup: base, source: store.source, moment: null }, name));
  const { notes, at } = await engine.copies.fill(ctx, component, { backup: base, source: store.source, moment }, name);
  expect(at >= base.range.endAt).toBe(true);
  expect(notes).toEqual([
    'In the copy 1 subscription (app.elsewhere) is disabled and without a slot: dropping one there takes nothing from its publisher',
    'postgres had no database not there at that moment', `open one had no password at that moment, and without one nobody comes over the network: docker exec -it ${name} psql -U 'open one' 'not there'`,
    expect.stringMatching(/^No server starts with the original's configuration here \(.*not_there.*\): the copy has the plain one, with its sizes$/),
  ]);
  await runtime.start(id);
  await engine.copies.waitUntilReady(ctx, component, id, 0);
  const sql = async (text: string): Promise<string> => (await runtime.exec(id, { argv: ['psql', '-X', '-A', '-t', '-U', 'postgres', '-d', 'app', '-c', text], timeoutMs: 20_000 })).stdout.trim();
  expect(await sql('SELECT string_agg(id::text, \',\'), current_setting(\'max_connections\'), current_setting(\'archive_mode\'), current_setting(\'data_directory\') FROM orders')).toBe('1|37|off|/var/lib/holdfast-copy/data');
  expect(await sql('SELECT subenabled, subslotname IS NULL FROM pg_subscription')).toBe('f|t');
  // As after a restart of the host, by hand.
  await runtime.restart(id, 20_000);
  await engine.copies.waitUntilReady(ctx, component, id, 0);
  expect(await sql('INSERT INTO orders VALUES (3) RETURNING id')).toContain('3');
  await runtime.kill(id);
  await runtime.wait(id);
  // Somebody ended it: the step starts it again.
  await failing('HelperLost', engine.copies.waitUntilReady(ctx, component, id, 0));
}, 240_000);

test('of a dump it is compared, and serves the database as it was, with its roles, passwords and command-line settings', async () => {
  await using store = await openStore();
  const postgres = await startPostgres(docker, { image: 'postgres:18', args: ['-c', 'work_mem=7MB'] });
  await postgres.sql(`CREATE ROLE seller LOGIN PASSWORD 'only hers'; CREATE TABLE orders (id int PRIMARY KEY); INSERT INTO orders VALUES (1); ALTER TABLE orders OWNER TO seller;
    CREATE SUBSCRIPTION elsewhere CONNECTION 'host=192.0.2.1 dbname=x' PUBLICATION p WITH (connect = false);`);
  const dump = await engine.backUp(contextOf(docker), postgres.component, store.destination, { contentHashes: true, jobs: 2, method: 'dump' }) as PostgresDump;
  await postgres.sql('INSERT INTO orders VALUES (2)');
  await runtime.remove(postgres.id);

  const ctx = contextOf(docker, new Map(), { run: 'copy-of-a-dump' });
  const server = await engine.copies.server(ctx, postgres.component, dump);
  const { id, name } = await createCopyServer(runtime, { ...server, identity: { maker: ctx.owner, service: ctx.service, copy: docker.id }, component: 'postgres', point: dump.snapshot.at, hostPort: null, signal: ctx.signal });
  const fill = () => engine.copies.fill(ctx, postgres.component, { backup: dump, source: store.source, moment: null }, name);
  await fill();
  // A retry begins anew.
  const { at, reached, notes } = await fill();
  expect([at, reached]).toEqual([dump.snapshot.at, null]);
  expect(notes[0]).toContain('holds the database app and the roles of the backup');
  await runtime.start(id);
  await engine.copies.waitUntilReady(ctx, postgres.component, id, 0);
  const asSeller = (text: string) => runtime.exec(id, { argv: ['psql', '-X', '-A', '-t', '-w', '-h', '127.0.0.1', '-U', 'seller', '-d', 'app', '-c', text], timeoutMs: 20_000 });
  expect((await asSeller('INSERT INTO orders VALUES (3) RETURNING id')).stdout).toContain('3');
  const sql = async (text: string): Promise<string> => (await runtime.exec(id, { argv: ['psql', '-X', '-A', '-t', '-U', 'postgres', '-d', 'app', '-c', text], timeoutMs: 20_000 })).stdout.trim();
  expect(await sql('SELECT string_agg(id::text, \',\' ORDER BY id), current_setting(\'work_mem\'), current_setting(\'archive_mode\'), (SELECT count(*) FROM pg_subscription), (SELECT rolpassword LIKE \'SCRAM%\' FROM pg_authid WHERE rolname = \'seller\') FROM orders')).toBe('1,3|7MB|off|0|t');

  const damaged = { ...dump, content: { ...dump.content, tables: dump.content.tables.map((table) => ({ ...table, rows: '7' })) } };
  await runtime.kill(id);
  await failing('ProofFailed', engine.copies.fill(ctx, postgres.component, { backup: damaged, source: store.source, moment: null }, name));
}, 240_000);
