/** Rows of single tables as they were at a moment of the log: also of tables that a transaction held just then; and what a copy that was begun leaves behind, however it ends. */
import { expect, test } from 'vitest';
import { findScratchOf, removeScratch } from '../../../../src/containers/scratch.ts';
import type { PostgresBase } from '../../../../src/domain/backup-manifest.ts';
import { checkTables } from '../../../../src/domain/tables/table-name.ts';
import type { EngineContext, PreparedComponent } from '../../../../src/engines/engine.ts';
import type { MomentRecovery, RecoveredComponent } from '../../../../src/engines/moment-engine.ts';
import { useDocker } from '../../../support/docker.ts';
import { failing } from '../../../support/failing.ts';
import { openArchive } from '../directory/archived-log.ts';
import { contextOf, engine, openStore, startPostgres, type Notes } from '../postgres-fixture.ts';

const docker = useDocker();

/** Fires in a copy alone, and lets nobody in there. */
const watchful = `CREATE FUNCTION refused() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN IF current_setting('archive_mode') = 'off' THEN RAISE EXCEPTION 'event trigger'; END IF; END $$;
  CREATE EVENT TRIGGER refused ON login EXECUTE FUNCTION refused();`;

test.each(['postgres:15', 'postgres:18'])('of %s: rows from before a DELETE, a TRUNCATE that was prepared and a DROP, put back and undone; unlogged ones are refused', async (image) => {
  await using store = await openStore();
  await using log = await openArchive();
  const postgres = await startPostgres(docker, { ...log.options, image });
  await postgres.sql(`CREATE TABLE orders (id int PRIMARY KEY, cents int); INSERT INTO orders SELECT n, n FROM generate_series(1, 10) n; CREATE TABLE held (id int PRIMARY KEY); INSERT INTO held VALUES (1), (2);
    CREATE UNLOGGED TABLE cached (id int PRIMARY KEY); INSERT INTO cached VALUES (1); CREATE TABLE gone (id serial PRIMARY KEY, v text UNIQUE); INSERT INTO gone (v) VALUES ('a'), ('b');${image === 'postgres:15' ? '' : watchful}`);
  const base = await engine.backUp(contextOf(docker), postgres.component, store.destination, { contentHashes: true, jobs: 2, method: 'base' }) as PostgresBase;
  await postgres.sql('DELETE FROM orders WHERE id = 1; UPDATE orders SET cents = 0 WHERE id = 2; BEGIN; TRUNCATE held; PREPARE TRANSACTION \'p\'');
  const emptied = BigInt((await postgres.sql('BEGIN; DELETE FROM orders; SELECT pg_current_xact_id(); COMMIT')).trim());
  await postgres.sql('INSERT INTO orders VALUES (20, 20); COMMIT PREPARED \'p\'');
  const dropped = BigInt((await postgres.sql('BEGIN; DROP TABLE gone; SELECT pg_current_xact_id(); COMMIT')).trim());
  const recovery: MomentRecovery = { backup: base, source: store.source, files: await log.files(postgres), archive: log.archive, timeline: 1, target: { kind: 'xid', xid: emptied }, inclusive: false };
  const notes: Notes = new Map();
  // A moment is looked for along it.
  expect((await engine.inspect(contextOf(docker), postgres.component, 'restore')).timeline).toBe(1);
  const context = (run: string): EngineContext => contextOf(docker, notes, { run: `${run}-${image.replace(':', '-')}` });
  const prepare = (ctx: EngineContext, names: readonly string[], given: Partial<MomentRecovery> = {}, into: string | null = null): Promise<RecoveredComponent> =>
    engine.tables?.prepareFromMoment(ctx, postgres.component, { ...recovery, ...given }, { tables: checkTables(names), exact: false, into }) as Promise<RecoveredComponent>;
  const scratchOf = (run: string) => findScratchOf(docker.runtime, context(run).owner);
  const left = async (run: string): Promise<readonly string[]> => [...new Set((await scratchOf(run)).map(({ identity }) => identity.step))].sort();
  const carryOut = async (run: string, { cutOver }: PreparedComponent): Promise<void> => {
    const ctx = context(run);
    for (const step of [engine.requireReady, engine.close, engine.swap] as const) await step(ctx, postgres.component, cutOver);
    await engine.compareClosed(ctx, postgres.component, cutOver, null);
    await engine.open(ctx, postgres.component, cutOver);
  };
  const rows = (): Promise<string> => postgres.sql('SELECT string_agg(id || \':\' || cents, \' \' ORDER BY id), (SELECT count(*) FROM held) FROM orders');

  // An attempt that is given up on while its copy stands; the next one makes it anew, and takes all of it away.
  const givenUp = new AbortController();
  const ended = prepare({ ...context('rows'), signal: givenUp.signal, progress: ({ phase }) => { if (phase === 'open the copy') givenUp.abort(new Error('given up')); } }, ['orders', 'held']);
  await expect(ended).rejects.toThrow();
  expect(await left('rows')).toEqual(['recovery', 'recovery-data']);
  const { prepared, reached } = await prepare(context('rows'), ['orders', 'held']);
  expect(reached.stop).toContain(`before commit of transaction ${emptied}`);
  expect(prepared).toMatchObject({
    // What was deleted before that moment stays deleted, what came after it stays.
    tables: [{ missing: '9', changed: '0', extra: '1', extraGo: false }, { missing: '2', changed: '0', extra: '0' }], loss: { after: reached.lastCommitAt },
    compared: { objects: 0 }, notCompared: [{ reason: expect.stringContaining(reached.lsn) as string }], steps: { swap: expect.stringContaining('the rows of that moment') as string },
  });
  expect(await left('rows')).toEqual(['table-rows']);
  expect(await prepare(context('rows'), ['orders', 'held'])).toEqual({ prepared, reached });
  expect(await rows()).toBe('20:20|0');
  await carryOut('rows', prepared);
  expect(await rows()).toBe('2:0 3:3 4:4 5:5 6:6 7:7 8:8 9:9 10:10 20:20|2');
  await carryOut('undo', await engine.prepareUndo(context('undo'), postgres.component, prepared.cutOver));
  expect(await rows()).toBe('20:20|0');

  const refused = await failing('TableUnfit', prepare(context('unlogged'), ['cached']));
  expect([refused.fields.cause, await left('unlogged')]).toEqual(['public.cached was unlogged at that moment: its rows are in no log', []]);
  // Held by the DROP that is about to be committed; with its key and its sequence.
  const beside = await prepare(context('beside'), ['gone'], { target: { kind: 'xid', xid: dropped } }, 'as_it_was');
  expect(await left('beside')).toEqual(['table-rows']);
  await carryOut('beside', beside.prepared);
  expect(await postgres.sql('INSERT INTO as_it_was.gone (v) VALUES (\'c\'); SELECT string_agg(id || v, \' \' ORDER BY id) FROM as_it_was.gone')).toBe('1a 2b 3c');
  for (const scratch of [...await scratchOf('rows'), ...await scratchOf('beside')]) await removeScratch(docker.runtime, scratch);
}, 300_000);
