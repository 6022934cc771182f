/** Tables of any shape and name: what comes back to the byte, what is refused before anything is made, and what comes back beside. */
import { describe, expect, it } from 'vitest';
import { tableText } from '../../../../src/domain/tables/table-name.ts';
import { failing } from '../../../support/failing.ts';
import { engine } from '../postgres-fixture.ts';
import { tablesOf, useTables, type TablesWorld } from './tables-fixture.ts';

const open = useTables('postgres:18');

const odd = '"Ärger; ""x"".y"."Tab le \'$(x)\\"';
const setUp = `CREATE SCHEMA "Ärger; ""x"".y"; CREATE TYPE mood AS ENUM ('sad', 'Ok'); CREATE TYPE pair AS (a int, m mood); CREATE DOMAIN cents AS int NOT NULL CHECK (VALUE >= 0);
  CREATE TABLE ${odd} ("K 1" text COLLATE "C", "select" date, "Ü" text, PRIMARY KEY ("select", "K 1"));
  INSERT INTO ${odd} SELECT 'k' || n, date '2026-01-01' + n, E'tab\\t line\\n \\\\. \\\\N "quote" ''' || n FROM generate_series(1, 30) n;
  CREATE TABLE parted (id int, at date, v int, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
  CREATE TABLE parted_1 PARTITION OF parted FOR VALUES FROM ('2026-01-01') TO ('2026-02-01'); CREATE TABLE parted_2 PARTITION OF parted FOR VALUES FROM ('2026-02-01') TO ('2026-03-01');
  INSERT INTO parted SELECT n, date '2026-01-01' + n, n FROM generate_series(1, 50) n;
  CREATE TABLE parents (id int PRIMARY KEY); INSERT INTO parents SELECT generate_series(1, 9);
  CREATE TABLE typed (id uuid PRIMARY KEY, moods mood[], p pair, c cents, j json, jb jsonb, n numeric, f float8, pt point, r int4range, re regclass, x xml, b bytea, i interval, parent int REFERENCES parents,
    up text GENERATED ALWAYS AS (upper(j ->> 'a')) VIRTUAL, later text, len varchar(9) DEFAULT 'x');
  INSERT INTO typed SELECT ('00000000-0000-0000-0000-' || lpad(n::text, 12, '0'))::uuid, ARRAY['sad', 'Ok', NULL]::mood[], ROW(n, 'sad'::mood)::pair, n, '{"a": "x",  "a": 1}', '{"k": 1.0}', 1.0, '-0', '(1,2)', '[1,5)', 'public.parted', '<a/>', '\\x00ff', '1 mon', 1 + n % 9
    FROM generate_series(1, 20) n;
  CREATE TABLE keyless (v int); INSERT INTO keyless VALUES (1), (1); CREATE VIEW seen AS SELECT * FROM parents; CREATE SCHEMA other; CREATE TABLE other.parents (id int PRIMARY KEY);
  CREATE TABLE drifted (id int PRIMARY KEY, gone text, other int, len varchar(9)); CREATE TABLE gone (id serial PRIMARY KEY, v text UNIQUE DEFAULT 'd', parent int REFERENCES parents);
  CREATE INDEX gone_index ON gone (v DESC); INSERT INTO gone (parent) VALUES (NULL); INSERT INTO gone (v, parent) VALUES ('x', 1);`;

const contents = (world: TablesWorld): Promise<string> => world.sql(`SELECT (SELECT md5(string_agg(t::text, '|' ORDER BY "select")) FROM ${odd} t), (SELECT md5(string_agg(t::text, '|' ORDER BY id)) FROM parted t), (SELECT md5(string_agg(t::text, '|' ORDER BY id)) FROM (SELECT id, moods, p, c, j, jb, n, f, pt, r, re, x, b, i, parent, up FROM typed) t)`);

describe('tables of any shape', () => {
  it('come back to the byte, whatever they are called and made of', async () => {
    const world = await open(setUp);
    await world.backUp();
    const before = await contents(world);
    await world.sql(`DELETE FROM ${odd} WHERE "select" < '2026-01-11'; UPDATE ${odd} SET "Ü" = NULL WHERE "K 1" = 'k20'; INSERT INTO ${odd} VALUES ('new', '2027-01-01', '');
      DELETE FROM parted WHERE id < 40; UPDATE parted SET v = -v; INSERT INTO parted VALUES (99, '2026-02-27', 1);
      DELETE FROM typed WHERE c > 15; UPDATE typed SET n = 1.00, f = 0 WHERE c = 1; UPDATE typed SET j = '{"a":"x","a":1}' WHERE c = 2; UPDATE typed SET moods = '{}', later = 'kept' WHERE c = 3;
      ALTER TABLE typed ADD COLUMN since int NOT NULL DEFAULT 7; UPDATE typed SET since = 8;`);
    const names = [odd, 'parted', 'typed'];
    const prepared = await world.prepare('restore', names, { exact: true });
    expect(prepared.tables).toEqual([
      // Text in the key, or what may be a token: figures alone.
      { table: odd, missing: '9', changed: '1', extra: '1', extraGo: true, keys: null },
      { table: 'public.parted', missing: '39', changed: '11', extra: '1', extraGo: true, keys: { missing: ['1, 2026-01-02', '2, 2026-01-03', '3, 2026-01-04', '4, 2026-01-05', '5, 2026-01-06'], changed: ['40, 2026-02-10', '41, 2026-02-11', '42, 2026-02-12', '43, 2026-02-13', '44, 2026-02-14'], extra: ['99, 2026-02-27'] } },
      { table: 'public.typed', missing: '5', changed: '3', extra: '0', extraGo: true, keys: null },
    ]);
    expect(prepared.notes.join(' ')).toContain('column since came after the backup');
    const damaged = await contents(world);
    await world.carryOut('restore', prepared);
    expect(await contents(world)).toBe(before);
    expect(await world.sql('SELECT string_agg(DISTINCT since::text, \',\') FILTER (WHERE c <= 15), string_agg(DISTINCT since::text, \',\') FILTER (WHERE c > 15) FROM typed')).toBe('8|7');
    // A column that was widened since is no hindrance.
    await world.sql('ALTER TABLE typed ALTER len TYPE text');
    await world.carryOut('undo', await world.prepareUndo('undo', prepared.cutOver));
    expect(await contents(world)).toBe(damaged);
    for (const run of ['restore', 'undo']) await world.end(run, []);
  });

  it('are refused where rows do not fit, and come back beside', { tags: 'long' }, async () => {
    const world = await open(setUp);
    await world.backUp();
    await world.sql(`ALTER TABLE drifted DROP COLUMN gone, ALTER COLUMN other TYPE bigint, ADD COLUMN strict int NOT NULL, ALTER COLUMN len TYPE varchar(20); DROP TABLE gone;`);
    const refusals = [['keyless', 'TableUnfit'], ['seen', 'TableUnfit'], ['parted_1', 'TableUnfit'], ['parents', 'UnknownTable'], ['gone', 'UnknownTable'], ['Parted', 'UnknownTable']] as const;
    for (const [name, type] of refusals) await failing(type, world.prepare('refused', [name]));
    const { fields } = await failing('TableUnfit', world.prepare('refused', ['drifted']));
    expect(fields.cause).toBe('column gone of public.drifted is in the backup and not in the live table; column other of public.drifted was integer in the backup and is bigint in the live table; column strict of public.drifted came after the backup, may not be NULL and has no default');
    await world.end('refused', []);
    expect(await world.left()).toBe('');

    const prepared = await world.prepare('beside', ['gone', 'keyless', 'parted', 'drifted'], { into: 'as_it_was' });
    expect(prepared.notes[0]).toBe('public.gone: 2 rows as they were come into as_it_was.gone.');
    expect(await world.sql('SELECT count(*) FROM pg_namespace WHERE nspname = \'as_it_was\'')).toBe('0');
    expect(await world.carryOut('beside', prepared)).toEqual([]);
    expect(await world.sql('SELECT (SELECT count(*) FROM as_it_was.keyless), (SELECT count(*) FROM as_it_was.parted), (SELECT string_agg(attname, \',\') FROM pg_attribute WHERE attrelid = \'as_it_was.drifted\'::regclass AND attnum > 0)')).toBe('2|50|id,gone,other,len');
    // With its sequence, its default, its index, and without what tied it to others: as good as it was.
    await world.sql('ALTER TABLE as_it_was.gone SET SCHEMA public; INSERT INTO gone (v) VALUES (\'y\')');
    expect(await world.sql('SELECT string_agg(id || coalesce(v, \'\'), \' \' ORDER BY id), (SELECT count(*) FROM pg_indexes WHERE tablename = \'gone\') FROM gone')).toBe('1d 2x 3y|3');
    await failing('UnknownRollbackCopy', world.prepareUndo('undo', prepared.cutOver));
    await failing('PlanChanged', world.prepare('second', ['keyless'], { into: 'as_it_was' }));
    await engine.rollBack(world.context('beside'), world.component, prepared.cutOver);
    expect(await world.sql('SELECT count(*) FROM pg_namespace WHERE nspname = \'as_it_was\'')).toBe('0');
    expect(tablesOf(prepared).into).toBe('as_it_was');
    for (const run of ['beside', 'second']) await world.end(run, []);
    expect(await world.left()).toBe('');
  });
});

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
/** Each of a schema's tables, their keys and checks. The last ones are words of our own SQL. */
const names = ['new\nline "q" %s $1', '-dash', 'pg_x', 'holdfast_old_x', `${'Ü😀'.repeat(10)}abc`, 'x'.repeat(63), '$(touch /tmp/held); --', '\\! touch /tmp/held', ':\'into\'', '\u001b[31mred', '\u202eevil', 'disk full', 'select', 'key', 'does', 'holdfast_tables', 'rows_1'];
const oddSchema = '"S.1 ""q""\n%s"';
const oddTable = (name: string, number: number): string => `CREATE TABLE ${oddSchema}.${quoted(name)} (${quoted(name)} int GENERATED BY DEFAULT AS IDENTITY CONSTRAINT ${quoted(`pk ${number}\n"`)} PRIMARY KEY, "v;--" text CONSTRAINT ${quoted(name)} CHECK ("v;--" <> ''), w serial);
  INSERT INTO ${oddSchema}.${quoted(name)} ("v;--") SELECT 'a' FROM generate_series(1, 12) n;`;
const oddNames = `CREATE SCHEMA ${oddSchema}; ${names.map(oddTable).join('\n')}
  CREATE TABLE "P.""\n" (id int, w int, PRIMARY KEY (id, w)) PARTITION BY LIST (w); CREATE TABLE "p\n1" PARTITION OF "P.""\n" FOR VALUES IN (1); CREATE TABLE "%s" PARTITION OF "P.""\n" FOR VALUES IN (12); INSERT INTO "P.""\n" VALUES (1, 1), (2, 12);`;
const oddTables = [...names.map((name) => `${oddSchema}.${quoted(name)}`), 'public."P.""\n"'];
const rowsIn = (tables: readonly string[]): string => tables.map((table) => `SELECT md5(string_agg(t::text, '|' ORDER BY t::text)) FROM ${table} t;`).join('');

describe('tables whose names somebody means ill with', () => {
  it('get their own rows back, and give them up again', async () => {
    const world = await open(`${oddNames} CREATE TABLE marked (id int PRIMARY KEY, holdfast_present text); CREATE TABLE listed (holdfast_do int PRIMARY KEY); CREATE TABLE "par\n'" (id int PRIMARY KEY); INSERT INTO "par\n'" VALUES (1), (2);
      CREATE TABLE child (id int PRIMARY KEY CONSTRAINT "fk $f$ \n'" REFERENCES "par\n'"); INSERT INTO child VALUES (1), (2);`);
    await world.backUp();
    const before = await world.sql(rowsIn(oddTables));
    await world.sql(`${oddTables.slice(0, -1).map((table) => `DELETE FROM ${table} WHERE w <= 11; UPDATE ${table} SET "v;--" = 'b' WHERE w = 12; INSERT INTO ${table} ("v;--") VALUES ('new');`).join('')} DELETE FROM ${oddTables.at(-1)} WHERE w = 1; TRUNCATE child; DELETE FROM "par\n'"`);
    const damaged = await world.sql(rowsIn(oddTables));
    const prepared = await world.prepare('restore', oddTables, { exact: true });
    const difference = { missing: '11', changed: '1', extra: '1', extraGo: true, keys: { missing: ['1', '2', '3', '4', '5'], changed: ['12'], extra: ['13'] } };
    expect(prepared.tables?.slice(0, -1)).toEqual(names.map((name) => ({ ...difference, table: tableText({ schema: 'S.1 "q"\n%s', name }) })));
    await world.carryOut('restore', prepared);
    expect(await world.sql(rowsIn(oddTables))).toBe(before);
    await world.carryOut('undo', await world.prepareUndo('undo', prepared.cutOver));
    expect(await world.sql(rowsIn(oddTables))).toBe(damaged);
    for (const run of ['restore', 'undo']) await world.end(run, []);
    expect(await world.works('SELECT pg_stat_file(\'/tmp/held\')')).toBe(false);

    expect((await failing('ForeignKeysBroken', world.prepare('refused', ['child']))).fields.cause).toBe('2 rows of public.child would point to rows of public."par\n\'" that are not there (foreign key fk $f$ \n\')');
    for (const table of ['marked', 'listed']) await failing('TableUnfit', world.prepare('refused', [table]));
    await world.end('refused', []);
  }, 300_000);

  it('come beside into a schema of any plain name, tied to nothing; what does not go into one schema is refused', { tags: 'long', timeout: 300_000 }, async () => {
    const full = 'x'.repeat(63);
    const world = await open(`${oddNames} CREATE SCHEMA ${full}; CREATE TABLE ${full}.own (id int); CREATE SCHEMA a; CREATE SCHEMA b; CREATE TABLE a.t (id int PRIMARY KEY) PARTITION BY LIST (id); CREATE TABLE b.t PARTITION OF a.t FOR VALUES IN (1);
      CREATE SCHEMA "select"; CREATE TYPE "select".mood AS ENUM ('sad'); CREATE TABLE "select".lost (id serial PRIMARY KEY); INSERT INTO "select".lost DEFAULT VALUES; CREATE TABLE "select".left_out (mood "select".mood[]);
      CREATE TABLE noted (v int); CREATE TABLE ruled (id int PRIMARY KEY); INSERT INTO ruled VALUES (1); CREATE RULE "r\n" AS ON INSERT TO ruled DO ALSO INSERT INTO noted VALUES (1);
      CREATE ROLE "n o"; ALTER TABLE ruled ENABLE ROW LEVEL SECURITY; CREATE POLICY "p\n" ON ruled TO "n o" USING (true);`);
    await world.backUp();
    const before = await world.sql(rowsIn(oddTables));
    await failing('PlanChanged', world.prepare('refused', ['ruled'], { into: full }));
    expect((await failing('TableUnfit', world.prepare('refused', ['a.t'], { into: 'c' }))).fields.cause).toContain('relation "t" already exists');
    // The schema itself was dropped, and is named for what comes back of it.
    await world.sql('DROP SCHEMA "select" CASCADE');
    expect((await failing('TableUnfit', world.prepare('refused', ['select.left_out'], { into: 'c' }))).fields.cause).toBe('column mood of select.left_out is of the type "select".mood[], which the live database does not have');
    await world.end('refused', []);
    const prepared = await world.prepare('beside', [...oddTables, 'ruled', 'select.lost'], { into: 'select' });
    expect(prepared.notes.at(-1)).toContain('ALTER TABLE "select".… SET SCHEMA');
    // A policy's role may be gone by then.
    await world.sql('DROP POLICY "p\n" ON ruled; DROP ROLE "n o";');
    await world.carryOut('beside', prepared, 2);
    expect(await world.sql(rowsIn(oddTables))).toBe(before);
    expect(await world.sql(rowsIn([...names, 'P."\n'].map((name) => `"select".${quoted(name)}`)))).toBe(before);
    expect(await world.sql(`INSERT INTO "select".ruled VALUES (2); INSERT INTO "select".lost DEFAULT VALUES; INSERT INTO "select".${quoted(names[0] as string)} ("v;--") VALUES ('n') RETURNING w; SELECT (SELECT count(*) FROM noted), (SELECT relrowsecurity FROM pg_class WHERE oid = '"select".ruled'::regclass), (SELECT max(id) FROM "select".lost), to_regclass('"select".left_out') IS NULL, (SELECT count(*) FROM ${full}.own)`)).toBe('13\n0|t|2|t|0');
    await world.end('beside', []);
    expect(await world.left()).toBe('');
  });
});
