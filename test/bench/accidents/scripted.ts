/** Twenty accidents of five kinds: what is there before, what somebody runs, what is asked of `find`, and what a server restored to just before has to show. */
export const kinds = ['DROP', 'TRUNCATE', 'DELETE without WHERE', 'bad UPDATE', 'dropped schema'] as const;

export interface Accident {
  readonly name: string;
  readonly kind: (typeof kinds)[number];
  /** Before the first base backup. */
  readonly setUp: string;
  /** A day's work on the same tables, each statement a transaction of its own, before the accident. */
  readonly before?: string;
  /** In one transaction. */
  readonly statements: string;
  /** Input of findMoment. */
  readonly looksFor: Readonly<Record<string, unknown>>;
  /** Answers true just before, and not behind. */
  readonly shows: string;
}

const rows = 500;
const filled = (table: string, columns = '5 AS price'): string => `CREATE TABLE ${table} AS SELECT n AS id, ${columns} FROM generate_series(1, ${rows}) n;`;
const all = (table: string): string => `SELECT count(*) = ${rows} FROM ${table}`;
/** Two partitions of half of the rows each. */
const partitioned = (table: string): string => `CREATE TABLE ${table} (id int, price int) PARTITION BY RANGE (id); CREATE TABLE ${table}_low PARTITION OF ${table} FOR VALUES FROM (1) TO (251); CREATE TABLE ${table}_high PARTITION OF ${table} FOR VALUES FROM (251) TO (501);
  INSERT INTO ${table} SELECT n, 5 FROM generate_series(1, ${rows}) n;`;
const parentAndChild = (parent: string, child: string, onDelete = ''): string => `${filled(parent)} ALTER TABLE ${parent} ADD PRIMARY KEY (id); CREATE TABLE ${child} (id int, parent int REFERENCES ${parent} ${onDelete}); INSERT INTO ${child} SELECT n, n FROM generate_series(1, ${rows}) n;`;

const drops: readonly Omit<Accident, 'kind'>[] = [
  { name: 'a table', setUp: filled('a1'), statements: 'DROP TABLE a1', looksFor: { dropped: 'a1' }, shows: all('a1') },
  { name: 'a table whose name needs quotes, in a subtransaction', setUp: filled('"Order ""Lines"""'), statements: 'INSERT INTO noise (note) VALUES (\'with it\'); SAVEPOINT one; DROP TABLE "Order ""Lines"""; RELEASE one', looksFor: { dropped: '"Order ""Lines"""' }, shows: all('"Order ""Lines"""') },
  { name: 'a table with all that hangs on it', setUp: `${parentAndChild('a3', 'a3_lines')} CREATE VIEW a3_seen AS SELECT id FROM a3;`, statements: 'DROP TABLE a3 CASCADE', looksFor: { dropped: 'a3_seen' }, shows: all('a3_seen') },
  { name: 'a table that had been dropped and made anew before', setUp: filled('a4'), before: `DROP TABLE a4; ${filled('a4', '7 AS price')}`, statements: 'DROP TABLE a4', looksFor: { dropped: 'public.a4' }, shows: `SELECT count(*) = ${rows} AND min(price) = 7 FROM a4` },
];

const truncates: readonly Omit<Accident, 'kind'>[] = [
  { name: 'a table', setUp: filled('b1'), statements: 'TRUNCATE b1', looksFor: { shrunk: 'b1' }, shows: all('b1') },
  { name: 'what refers to the one that was meant', setUp: parentAndChild('b2', 'b2_lines'), statements: 'TRUNCATE b2 CASCADE', looksFor: { shrunk: 'b2_lines' }, shows: all('b2_lines') },
  { name: 'one partition', setUp: partitioned('b3'), statements: 'TRUNCATE b3_high', looksFor: { shrunk: 'b3_high' }, shows: all('b3') },
  { name: 'and a few rows in again at once', setUp: filled('b4'), before: 'INSERT INTO b4 VALUES (501, 5); DELETE FROM b4 WHERE id = 501;', statements: 'TRUNCATE b4; INSERT INTO b4 VALUES (1, 5), (2, 5)', looksFor: { shrunk: 'b4' }, shows: all('b4') },
];

const deletes: readonly Omit<Accident, 'kind'>[] = [
  { name: 'from a table', setUp: filled('c1'), before: 'DELETE FROM c1 WHERE id > 490; INSERT INTO c1 SELECT n, 5 FROM generate_series(491, 500) n;', statements: 'DELETE FROM c1', looksFor: { shrunk: 'c1' }, shows: all('c1') },
  { name: 'in a subtransaction, after one that was taken back', setUp: filled('c2'), statements: 'SAVEPOINT one; DELETE FROM c2 WHERE id < 10; ROLLBACK TO one; SAVEPOINT two; DELETE FROM c2; RELEASE two; INSERT INTO noise (note) VALUES (\'after it\')', looksFor: { shrunk: 'c2', share: 0.9 }, shows: all('c2') },
  { name: 'from a partitioned table', setUp: partitioned('c3'), statements: 'DELETE FROM c3', looksFor: { shrunk: 'c3' }, shows: all('c3') },
  { name: 'and of what refers to it', setUp: parentAndChild('c4', 'c4_lines', 'ON DELETE CASCADE'), before: 'DELETE FROM c4 WHERE id = 500;', statements: 'DELETE FROM c4', looksFor: { shrunk: 'c4_lines' }, shows: `SELECT count(*) = ${rows - 1} FROM c4_lines` },
];

const updates: readonly Omit<Accident, 'kind'>[] = [
  { name: 'of all prices', setUp: filled('d1'), before: 'UPDATE d1 SET price = 6 WHERE id < 100;', statements: 'UPDATE d1 SET price = 0', looksFor: { sql: 'SELECT sum(price) > 0 FROM d1' }, shows: 'SELECT sum(price) = 2599 FROM d1' },
  { name: 'of documents, in a subtransaction', setUp: filled('d2', '\'{"theme":"dark"}\'::jsonb AS profile'), statements: 'SAVEPOINT one; UPDATE d2 SET profile = \'{}\'; RELEASE one', looksFor: { sql: 'SELECT count(*) FILTER (WHERE profile = \'{}\') < 10 FROM d2' }, shows: 'SELECT bool_and(profile ? \'theme\') FROM d2' },
  { name: 'of a column whose name needs quotes', setUp: filled('"D3 Tickets"', 'CASE WHEN n % 2 = 0 THEN \'open\' ELSE \'closed\' END AS "Status"'), before: 'UPDATE "D3 Tickets" SET "Status" = \'open\' WHERE id = 1;', statements: 'UPDATE "D3 Tickets" SET "Status" = \'closed\'', looksFor: { sql: 'SELECT count(DISTINCT "Status") > 1 FROM "D3 Tickets";' }, shows: 'SELECT count(*) = 251 FROM "D3 Tickets" WHERE "Status" = \'open\'' },
  { name: 'in a join that met every row', setUp: partitioned('d4'), statements: 'UPDATE d4 SET price = 1000 + other.id FROM d4 other WHERE other.id = 1', looksFor: { sql: 'SELECT max(price) < 1000 FROM d4' }, shows: 'SELECT min(price) = 5 AND max(price) = 5 FROM d4' },
];

const schemas: readonly Omit<Accident, 'kind'>[] = [
  { name: 'with all in it', setUp: `CREATE SCHEMA sales; ${filled('sales.invoices')}`, statements: 'DROP SCHEMA sales CASCADE', looksFor: { dropped: 'sales.invoices' }, shows: all('sales.invoices') },
  { name: 'whose name needs quotes', setUp: `CREATE SCHEMA "Old Data"; ${filled('"Old Data"."Rows"')}`, statements: 'DROP SCHEMA "Old Data" CASCADE', looksFor: { dropped: '"Old Data"."Rows"' }, shows: all('"Old Data"."Rows"') },
  { name: 'in the midst of a migration', setUp: `CREATE SCHEMA legacy; ${filled('legacy.items')} ${filled('e3')}`, statements: 'CREATE TABLE e3_new AS SELECT id FROM e3; SAVEPOINT one; DROP SCHEMA legacy CASCADE; RELEASE one; ALTER TABLE e3 ADD COLUMN migrated boolean', looksFor: { dropped: 'legacy.items' }, shows: `SELECT (SELECT count(*) FROM legacy.items) = ${rows} AND to_regclass('e3_new') IS NULL` },
  { name: 'that was renamed', setUp: `CREATE SCHEMA archive; ${filled('archive.years')}`, statements: 'ALTER SCHEMA archive RENAME TO archive_old', looksFor: { dropped: 'archive.years' }, shows: all('archive.years') },
];

const ofKind = (kind: Accident['kind'], accidents: readonly Omit<Accident, 'kind'>[]): readonly Accident[] => accidents.map((accident) => ({ ...accident, kind }));

export const accidents: readonly Accident[] = [
  ...ofKind('DROP', drops), ...ofKind('TRUNCATE', truncates), ...ofKind('DELETE without WHERE', deletes), ...ofKind('bad UPDATE', updates), ...ofKind('dropped schema', schemas),
];
