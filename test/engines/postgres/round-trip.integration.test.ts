/** Back up, prove, restore, undo, on every major: what comes back equals what was there, and so does what it is called and who may use it. */
import { describe, expect, it } from 'vitest';
import { cases } from '../../support/cases.ts';
import { useDocker } from '../../support/docker.ts';
import type { Notes } from '../../support/engine-context.ts';
import { backUpInto, contextOf, cutOver, engine, openStore, options, startPostgres, typesFor } from './postgres-fixture.ts';

const docker = useDocker();

const databasesSql = 'SELECT datname, datallowconn FROM pg_database WHERE NOT datistemplate ORDER BY 1';

describe('a database', () => {
  cases(['postgres:15', 'postgres:18'], ['postgres:16', 'postgres:17', 'postgres:17-alpine'])('of %s comes back whole, and back again', async (image) => {
    const postgres = await startPostgres(docker, { image });
    await postgres.sql(await typesFor(image));
    await using store = await openStore();
    const backup = await backUpInto(docker, postgres, store, { run: 'backup' });
    expect(backup.artifacts.map(({ kind }) => kind)).toEqual(['dump', 'globals']);
    // Whatever is added here is something that a proof no longer says anything about.
    expect(backup.notCompared.map(({ object }) => object)).toEqual([
      'materialized view public.spending_once', 'values of sequences', 'definitions of objects', 'roles and their memberships', 'server configuration',
    ]);
    expect(backup.roles.filter(({ referenced }) => referenced).map(({ name }) => name)).toEqual(['app owner', 'postgres', 'reader']);
    expect(backup.content.tables.map(({ table, rows }) => `${table} ${rows}`)).toEqual(expect.arrayContaining(['public.by_mood 90', 'public.no_columns 2', 'public.empty_table 0', 'public.unlogged_table 2', 'public.parent 1', 'public.child 1']));

    const proof = await engine.prove(contextOf(docker, new Map(), { run: 'proof' }), backup, store.source);
    expect(proof).toMatchObject({ verdict: 'proven', differences: [] });
    expect(await engine.verify(contextOf(docker, new Map(), { run: 'verify' }), backup, store.source)).toMatchObject({ sentence: expect.stringContaining('entries') });

    await postgres.sql('DROP TABLE orders CASCADE; DELETE FROM all_types WHERE id > 10; CREATE TABLE newer (id int); INSERT INTO newer VALUES (1);');
    const broken = await engine.readContent(contextOf(docker), postgres.component, options);
    const notes: Notes = new Map();
    const restore = contextOf(docker, notes, { run: 'restore' });
    const prepared = await engine.prepare(restore, postgres.component, backup, store.source);
    expect(prepared.compared.differences).toEqual([]);
    expect(prepared.loss.notes).toContain('public.newer: 1 rows now, not in the backup');
    expect(prepared.loss.notes.join('\n')).not.toContain('by_mood');
    // Statistics are there before anyone comes in (autovacuum could not have been yet).
    const analysed = 'SELECT count(DISTINCT tablename) > 10 FROM pg_stats WHERE schemaname = \'public\'';
    const first = await cutOver(restore, postgres.component, prepared, backup);
    expect(await postgres.sql(analysed)).toBe('t');
    expect(await engine.readContent(contextOf(docker), postgres.component, options)).toEqual(backup.content);

    const undo = contextOf(docker, notes, { run: 'undo' });
    const undone = await cutOver(undo, postgres.component, await engine.prepareUndo(undo, postgres.component, first), null);
    expect(await engine.readContent(contextOf(docker), postgres.component, options)).toEqual(broken);

    await engine.discardRollback(undo, postgres.component, undone);
    await engine.discardRollback(undo, postgres.component, undone);
    expect(await postgres.sql(databasesSql)).toBe('app|t\npostgres|t');
  });
});

describe('into a newer server', () => {
  cases([['postgres:15', 'postgres:18']], [['postgres:16', 'postgres:17']])('%s into %s: comes back the same', async ([older, newer]) => {
    const [source, target] = [await startPostgres(docker, { image: older }), await startPostgres(docker, { image: newer })];
    await source.sql(await typesFor(older));
    await using store = await openStore();
    const backup = await backUpInto(docker, source, store, { run: 'backup' });
    const restore = contextOf(docker, new Map(), { run: 'restore' });
    const prepared = await engine.prepare(restore, target.component, backup, store.source);
    expect(prepared.notes.join('\n')).toContain(`The backup is of PostgreSQL ${backup.server.version}`);
    await engine.discardRollback(restore, target.component, await cutOver(restore, target.component, prepared, backup));
    expect(await engine.readContent(contextOf(docker), target.component, options)).toEqual(backup.content);
  });
});
