/** Names and queries that somebody means ill with: of a database, of tables, and what --sql is given. They are names, or refused; the copy stays where it stands. */
import { expect, test } from 'vitest';
import { findScratchOf, removeScratch } from '../../../../src/containers/scratch.ts';
import type { PostgresBase } from '../../../../src/domain/backup-manifest.ts';
import { readCondition } from '../../../../src/domain/find/condition.ts';
import type { PostgresComponent } from '../../../../src/domain/service.ts';
import { checkTables, tableText } from '../../../../src/domain/tables/table-name.ts';
import type { KeptLog } from '../../../../src/engines/engine-context.ts';
import type { MomentEngine, MomentRecovery } from '../../../../src/engines/moment-engine.ts';
import { askCondition } from '../../../../src/engines/postgres/find/ask-condition.ts';
import { readState } from '../../../../src/engines/postgres/recovery/recovery-server.ts';
import { awaitTarget, removeOwnRecovery, startRecovery, type Recovery } from '../../../../src/engines/postgres/recovery/start-recovery.ts';
import { useDocker } from '../../../support/docker.ts';
import type { Notes } from '../../../support/engine-context.ts';
import { failing } from '../../../support/failing.ts';
import { openArchive } from '../directory/archived-log.ts';
import { contextOf, engine, openStore, startPostgres } from '../postgres-fixture.ts';

const docker = useDocker();
const moments = engine.moments as MomentEngine<PostgresComponent>;
const database = `-x "y' %s \\ ü$(false)`;
const names = ['"a ""b"" c"', 'new\nline', '100%s %1$I', 'Ü€😀', '$(touch /tmp/x); --', "it's", '-\u001b[2K\\', `ü${'x'.repeat(61)}`] as const;
const quoted = (name: string): string => `"${checkTables([name])[0]?.name.replaceAll('"', '""')}"`;
const program = "COPY (SELECT 1) TO PROGRAM 'true'";

const refused: readonly string[] = [
  'SELECT pg_promote()', 'SELECT pg_wal_replay_resume() IS NULL', 'SELECT run()', "SELECT pg_read_file('PG_VERSION') <> ''",
  `SELECT true; ${program}`, program, 'SELECT true) THEN 1 END); DROP TABLE secret; --', `WITH gone AS (DELETE FROM ${quoted(names[0])} RETURNING 1) SELECT true FROM gone`,
  'SELECT true \\gexec', 'SELECT true\n\\! touch /tmp/x', "SELECT 'x'; \\copy secret to program 'true'",
];

test('hostile names are names, and hostile queries are refused, in find and in restored tables', async () => {
  await using store = await openStore();
  await using archive = await openArchive();
  const postgres = await startPostgres(docker, { ...archive.options, database: 'app' });
  await postgres.sql(`CREATE DATABASE "${database.replaceAll('"', '""')}"`);
  const component = { ...postgres.component, database };
  const sql = (text: string): Promise<string> => postgres.sql(text, database);
  for (const name of names) await sql(`CREATE TABLE ${quoted(name)} (id int PRIMARY KEY, "o'dd ""c%" text); INSERT INTO ${quoted(name)} SELECT n, 'x' FROM generate_series(1, 10) n;`);
  await sql(`CREATE FUNCTION run() RETURNS bool LANGUAGE plpgsql AS $$ BEGIN EXECUTE $x$ ${program} $x$; RETURN true; END $$;
    CREATE TABLE secret (id int); ALTER TABLE secret ENABLE ROW LEVEL SECURITY; INSERT INTO secret VALUES (1);`);
  // A database's owner may put his own in front of the server's: no superuser of ours is to run it.
  await sql(`CREATE SCHEMA shadow; CREATE FUNCTION shadow.format(text, text, text) RETURNS text LANGUAGE sql AS $$ SELECT 'SELECT 0' $$;
    CREATE FUNCTION shadow.never(name, text) RETURNS bool LANGUAGE sql AS $$ SELECT false $$; CREATE OPERATOR shadow.= (LEFTARG = name, RIGHTARG = text, FUNCTION = shadow.never);
    ALTER DATABASE "${database.replaceAll('"', '""')}" SET search_path = shadow, pg_catalog, public;`);
  const ctx = contextOf(docker, new Map(), { run: 'hostile' });
  const base = await engine.backUp(contextOf(docker), component, store.destination, { contentHashes: true, jobs: 2, method: 'base' }) as PostgresBase;
  const accident = await sql(`BEGIN; ${names.map((name) => `DELETE FROM ${quoted(name)} WHERE id > 3;`).join(' ')} SELECT pg_current_xact_id(); COMMIT`);
  const log: KeptLog = { backup: base, files: await archive.files(postgres), archive: archive.archive };
  const { lastRecord } = await moments.readLogEnd(ctx, log);
  const recovery: Recovery = { backup: base, source: store.source, request: { target: { kind: 'lsn', lsn: lastRecord }, inclusive: true, timeline: 1 }, log: { files: log.files, mount: archive.archive } };
  const server = await startRecovery(ctx, recovery);
  await awaitTarget(ctx, recovery, server);
  const ask = async (raw: object): Promise<unknown> => (await askCondition(ctx, server, component, readCondition(raw))).value;

  for (const name of names) expect([name, await ask({ shrunk: quoted(name) }), await ask({ dropped: quoted(name) }), await ask({ dropped: quoted(name).slice(0, -1).concat('x"') }).catch((error: unknown) => (error as { type?: string }).type)]).toEqual([name, 3, true, name.length < 60 ? false : 'InvalidInput']);
  expect(await ask({ sql: `SELECT ${names.map((name) => `(SELECT count(*) FROM ${quoted(name)}) = 3`).join(' AND ')} -- a comment` })).toBe(true);
  for (const text of refused) expect([text, await ask({ sql: text }).catch((error: unknown) => (error as { type?: string }).type)]).toEqual([text, 'InvalidInput']);
  // Hidden rows would be an answer that is not true.
  expect((await failing('InvalidInput', ask({ sql: 'SELECT count(*) = 0 FROM secret' }))).fields.hint).toContain('--shrunk');
  expect(await readState(ctx, server)).toMatchObject({ paused: true });
  await removeOwnRecovery(ctx, component.name);

  const run = contextOf(docker, new Map() as Notes, { run: 'tables' });
  const moment: MomentRecovery = { backup: base, source: store.source, files: log.files, archive: archive.archive, timeline: 1, inclusive: false, target: { kind: 'xid', xid: BigInt(accident.trim().split('\n').at(-1) as string) } };
  const prepared = (await engine.tables?.prepareFromMoment(run, component, moment, { tables: checkTables(names), exact: false, into: null }))?.prepared;
  if (prepared === undefined) throw new Error('the engine restores no tables');
  expect(prepared.tables?.map(({ table, missing }) => [table, missing])).toEqual(checkTables(names).map(({ name }) => [tableText({ schema: 'public', name }), '7']));
  for (const step of [engine.requireReady, engine.close, engine.swap] as const) await step(run, component, prepared.cutOver);
  await engine.compareClosed(run, component, prepared.cutOver, null);
  await engine.open(run, component, prepared.cutOver);
  for (const name of names) expect(await sql(`SELECT count(*) FROM ${quoted(name)}`)).toBe('10');
  await engine.discardRollback(run, component, prepared.cutOver);
  for (const scratch of await findScratchOf(docker.runtime, run.owner)) await removeScratch(docker.runtime, scratch);
}, 300_000);
