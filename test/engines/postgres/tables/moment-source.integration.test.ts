/** Rows of single tables as they were at a moment of the log: also of tables that a transaction held just then; and what a copy that was begun leaves behind, however it ends. */
import { expect, test } from 'vitest';
import { findScratchOf, removeScratch } from '../../../../src/containers/scratch.ts';
import type { PostgresBase } from '../../../../src/domain/backup-manifest.ts';
import { checkTables } from '../../../../src/domain/tables/table-name.ts';
import type { EngineContext, PreparedComponent } from '../../../../src/engines/engine-context.ts';
import type { MomentRecovery, RecoveredComponent } from '../../../../src/engines/moment-engine.ts';
import { useDocker } from '../../../support/docker.ts';
import type { Notes } from '../../../support/engine-context.ts';
import { failing } from '../../../support/failing.ts';
import { openArchive, type ArchivedLog } from '../directory/archived-log.ts';
import { contextOf, engine, openStore, startPostgres, type TestPostgres, type TestStore } from '../postgres-fixture.ts';

const docker = useDocker();

interface World {
  readonly sql: TestPostgres['sql'];
  context(run: string): EngineContext;
  /** Just before that transaction. */
  prepare(ctx: EngineContext, before: bigint, names: readonly string[], into?: string): Promise<RecoveredComponent>;
  prepareUndo(run: string, previous: PreparedComponent): Promise<PreparedComponent>;
  carryOut(run: string, prepared: PreparedComponent): Promise<void>;
  /** Steps of a run whose containers and volumes are there. */
  left(run: string): Promise<readonly string[]>;
  end(run: string): Promise<void>;
}

/** A server with a base backup behind `before`, and the log of `then`. */
async function openWorld(image: string, store: TestStore, log: ArchivedLog, before: string, then: (sql: TestPostgres['sql']) => Promise<void>): Promise<World> {
  const postgres = await startPostgres(docker, { ...log.options, image });
  const { component, sql } = postgres;
  await sql(before);
  const notes: Notes = new Map();
  const context = (run: string): EngineContext => contextOf(docker, notes, { run: `${run}-${image.replace(':', '-')}` });
  // A moment is looked for along it.
  expect((await engine.inspect(context('inspect'), component, 'restore')).timeline).toBe(1);
  const base = await engine.backUp(context('backup'), component, store.destination, { contentHashes: true, jobs: 2, method: 'base' }) as PostgresBase;
  await then(sql);
  const recovery: Omit<MomentRecovery, 'target'> = { backup: base, source: store.source, files: await log.files(postgres), archive: log.archive, timeline: 1, inclusive: false };
  const scratchOf = (run: string) => findScratchOf(docker.runtime, context(run).owner);
  return {
    sql, context,
    prepare: (ctx, xid, names, into) => engine.tables?.prepareFromMoment(ctx, component, { ...recovery, target: { kind: 'xid', xid } }, { tables: checkTables(names), exact: false, into: into ?? null }) as Promise<RecoveredComponent>,
    prepareUndo: (run, { cutOver }) => engine.prepareUndo(context(run), component, cutOver),
    carryOut: async (run, { cutOver }) => {
      const ctx = context(run);
      for (const step of [engine.requireReady, engine.close, engine.swap] as const) await step(ctx, component, cutOver);
      await engine.compareClosed(ctx, component, cutOver, null);
      await engine.open(ctx, component, cutOver);
    },
    left: async (run) => [...new Set((await scratchOf(run)).map(({ identity }) => identity.step))].sort(),
    end: async (run) => {
      for (const scratch of await scratchOf(run)) await removeScratch(docker.runtime, scratch);
    },
  };
}

test('of 15: rows from before a DELETE and a TRUNCATE that was prepared, put back and undone; an attempt that is given up on is taken over', async () => {
  await using store = await openStore();
  await using log = await openArchive();
  let emptied = 0n;
  const world = await openWorld('postgres:15', store, log, 'CREATE TABLE orders (id int PRIMARY KEY, cents int); INSERT INTO orders SELECT n, n FROM generate_series(1, 10) n; CREATE TABLE held (id int PRIMARY KEY); INSERT INTO held VALUES (1), (2)', async (sql) => {
    await sql('DELETE FROM orders WHERE id = 1; UPDATE orders SET cents = 0 WHERE id = 2; BEGIN; TRUNCATE held; PREPARE TRANSACTION \'p\'');
    emptied = BigInt((await sql('BEGIN; DELETE FROM orders; SELECT pg_current_xact_id(); COMMIT')).trim());
    await sql('INSERT INTO orders VALUES (20, 20); COMMIT PREPARED \'p\'');
  });
  const rows = (): Promise<string> => world.sql('SELECT string_agg(id || \':\' || cents, \' \' ORDER BY id), (SELECT count(*) FROM held) FROM orders');
  const givenUp = new AbortController();
  const first = world.prepare({ ...world.context('rows'), signal: givenUp.signal, progress: ({ phase }) => { if (phase === 'open the copy') givenUp.abort(new Error('given up')); } }, emptied, ['orders', 'held']);
  await expect(first).rejects.toThrow();
  expect(await world.left('rows')).toEqual(['recovery', 'recovery-data']);
  const { prepared, reached } = await world.prepare(world.context('rows'), emptied, ['orders', 'held']);
  expect(reached.stop).toContain(`before commit of transaction ${emptied}`);
  expect(prepared).toMatchObject({
    // What was deleted before that moment stays deleted, what came after it stays.
    tables: [{ missing: '9', changed: '0', extra: '1', extraGo: false }, { missing: '2', changed: '0', extra: '0' }], loss: { after: reached.lastCommitAt },
    compared: { objects: 0 }, notCompared: [{ reason: expect.stringContaining(reached.lsn) as string }], steps: { swap: expect.stringContaining('the rows of that moment') as string },
  });
  expect(await world.left('rows')).toEqual(['table-rows']);
  expect(await world.prepare(world.context('rows'), emptied, ['orders', 'held'])).toEqual({ prepared, reached });
  expect(await rows()).toBe('20:20|0');
  await world.carryOut('rows', prepared);
  expect(await rows()).toBe('2:0 3:3 4:4 5:5 6:6 7:7 8:8 9:9 10:10 20:20|2');
  await world.carryOut('undo', await world.prepareUndo('undo', prepared));
  expect(await rows()).toBe('20:20|0');
  await world.end('rows');
}, 300_000);

/** Fires in a copy alone, and lets nobody in there. */
const watchful = `CREATE FUNCTION refused() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN IF current_setting('archive_mode') = 'off' THEN RAISE EXCEPTION 'event trigger'; END IF; END $$;
  CREATE EVENT TRIGGER refused ON login EXECUTE FUNCTION refused();`;

test('of 18: a table from before its DROP comes beside, whatever event triggers say; an unlogged one is refused, and nothing stays', async () => {
  await using store = await openStore();
  await using log = await openArchive();
  let dropped = 0n;
  const world = await openWorld('postgres:18', store, log, `CREATE UNLOGGED TABLE cached (id int PRIMARY KEY); INSERT INTO cached VALUES (1); CREATE TABLE gone (id serial PRIMARY KEY, v text UNIQUE); INSERT INTO gone (v) VALUES ('a'), ('b'); ${watchful}`, async (sql) => {
    dropped = BigInt((await sql('BEGIN; DROP TABLE gone; SELECT pg_current_xact_id(); COMMIT')).trim());
    await sql('INSERT INTO cached VALUES (2)');
  });
  const { fields } = await failing('TableUnfit', world.prepare(world.context('unlogged'), dropped, ['cached']));
  expect([fields.cause, await world.left('unlogged')]).toEqual(['public.cached was unlogged at that moment: its rows are in no log', []]);
  // Held by the DROP that is about to be committed; with its key and its sequence.
  const { prepared } = await world.prepare(world.context('beside'), dropped, ['gone'], 'as_it_was');
  expect(await world.left('beside')).toEqual(['table-rows']);
  await world.carryOut('beside', prepared);
  expect(await world.sql('INSERT INTO as_it_was.gone (v) VALUES (\'c\'); SELECT string_agg(id || v, \' \' ORDER BY id) FROM as_it_was.gone')).toBe('1a 2b 3c');
  await world.end('beside');
}, 300_000);
