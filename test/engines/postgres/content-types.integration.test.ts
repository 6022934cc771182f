/** The content hash, type by type: one changed value is found, also where PostgreSQL itself calls old and new equal; settings change nothing. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { PostgresContent } from '../../../src/domain/content.ts';
import { useDocker } from '../../support/docker.ts';
import { contextOf, engine, options, startPostgres } from './postgres-fixture.ts';
import type { TestPostgres } from './postgres-fixture.ts';

const docker = useDocker();

/** name: [type, value before, value after]. Those marked "equal" are equal to PostgreSQL's own operators or hash functions. */
const changes: Readonly<Record<string, readonly [type: string, before: string, after: string]>> = {
  bool: ['bool', 'true', 'false'],
  int2: ['int2', '1', '2'],
  int4: ['int4', '1', '2'],
  int8: ['int8', '1', '4294967297'],
  'int8 whose halves fold to the same': ['int8', '1', '4294967296'],
  'numeric scale, equal': ['numeric', '1.0', '1.00'],
  'numeric NaN': ['numeric', '\'NaN\'', '0'],
  'float4': ['float4', '0.1', '0.10000001'],
  'float8 minus zero, equal': ['float8', '0', '\'-0\''],
  'float8 last digit': ['float8', '0.1', '0.10000000000000002'],
  money: ['money', '\'1.00\'', '\'1.01\''],
  text: ['text', '\'a\'', '\'A\''],
  'text in another normal form': ['text', 'U&\'\\00e9\'', 'U&\'e\\0301\''],
  'text without case, equal': ['text COLLATE ignore_case', '\'a\'', '\'A\''],
  varchar: ['varchar(10)', '\'a\'', '\'a \''],
  'bpchar padding, equal': ['bpchar', '\'a\'', '\'a  \''],
  'char(n)': ['char(4)', '\'a\'', '\'b\''],
  '"char"': ['"char"', '\'a\'', '\'b\''],
  name: ['name', '\'a\'', '\'b\''],
  bytea: ['bytea', '\'\\x00\'', '\'\\x0000\''],
  uuid: ['uuid', '\'00000000-0000-4000-8000-000000000001\'', '\'00000000-0000-4000-8000-000000000002\''],
  date: ['date', '\'2026-01-01\'', '\'2026-01-02\''],
  time: ['time', '\'01:00\'', '\'01:00:00.000001\''],
  'time whose halves fold to the same': ['time', '\'00:00:00.000001\'', '\'01:11:34.967296\''],
  'timetz, the same instant': ['timetz', '\'01:00+00\'', '\'02:00+01\''],
  timestamp: ['timestamp', '\'2026-01-01 00:00\'', '\'2026-01-01 00:00:00.000001\''],
  'timestamp whose halves fold to the same': ['timestamp', '\'2000-01-01 00:00:00.000001\'', '\'2000-01-01 01:11:34.967296\''],
  timestamptz: ['timestamptz', '\'2026-01-01 00:00+00\'', '\'2026-01-01 00:00+01\''],
  'interval, equal': ['interval', '\'1 mon\'', '\'30 days\''],
  json: ['json', '\'{"a":1}\'', '\'{"a": 1}\''],
  'jsonb scale, equal': ['jsonb', '\'{"a": 1.0}\'', '\'{"a": 1.00}\''],
  xml: ['xml', '\'<a/>\'', '\'<a></a>\''],
  inet: ['inet', '\'10.0.0.1\'', '\'10.0.0.1/24\''],
  cidr: ['cidr', '\'10.0.0.0/8\'', '\'10.0.0.0/16\''],
  macaddr: ['macaddr', '\'08:00:2b:01:02:03\'', '\'08:00:2b:01:02:04\''],
  bit: ['bit(4)', 'B\'1010\'', 'B\'1011\''],
  varbit: ['varbit', 'B\'1\'', 'B\'10\''],
  point: ['point', '\'(1,2)\'', '\'(2,1)\''],
  'box, of equal area': ['box', '\'((0,0),(1,4))\'', '\'((0,0),(2,2))\''],
  path: ['path', '\'((0,0),(1,1))\'', '\'[(0,0),(1,1)]\''],
  'circle, of equal area': ['circle', '\'<(0,0),1>\'', '\'<(5,5),1>\''],
  tsvector: ['tsvector', '\'a:1\'', '\'a:2\''],
  tsquery: ['tsquery', '\'a & b\'', '\'a | b\''],
  enum: ['mood', '\'sad\'', '\'ok\''],
  'array of enums': ['mood[]', '\'{sad}\'', '\'{ok}\''],
  'array of numerics, equal': ['numeric[]', '\'{1.0}\'', '\'{1.00}\''],
  'array bounds': ['int[]', '\'{1,2}\'', '\'[0:1]={1,2}\''],
  'range of numerics, equal': ['numrange', '\'[1.0,2.0]\'', '\'[1.0,2.00]\''],
  multirange: ['int4multirange', '\'{[1,3)}\'', '\'{[1,4)}\''],
  'composite with numeric, equal': ['pair', '\'(1,1.0)\'', '\'(1,1.00)\''],
  'composite of nulls': ['pair', '\'(,)\'', 'NULL'],
  'domain over numeric, equal': ['price', '1.0', '1.00'],
  'domain over a domain': ['dear', '1.0', '1.00'],
  'array of composites in a domain': ['pairs', '\'{"(1,1.0)"}\'', '\'{"(1,1.00)"}\''],
  'domain over an enum': ['feeling', '\'sad\'', '\'ok\''],
  'array of domains over an enum': ['feeling[]', '\'{sad}\'', '\'{ok}\''],
  'domain over a range': ['span', '\'[1.0,2.0]\'', '\'[1.0,2.00]\''],
  'domain over a multirange': ['spans', '\'{[1.0,2.0]}\'', '\'{[1.0,2.00]}\''],
  'domain over a composite': ['couple', '\'(1,1.0)\'', '\'(1,1.00)\''],
  'domain over char(n)': ['padded', '\'abc\'', '\'abd\''],
  'domain over bit(n)': ['bits', 'B\'1010\'', 'B\'1011\''],
  'domain over int8': ['long', '1', '4294967296'],
  regclass: ['regclass', '\'pg_class\'', '\'pg_type\''],
  regtype: ['regtype', '\'int4\'', '\'int8\''],
  oid: ['oid', '1', '2'],
  pg_lsn: ['pg_lsn', '\'0/1\'', '\'0/2\''],
  'null and empty': ['text', 'NULL', '\'\''],
  // What stands in for NULL in the functions that hash.
  'null and false': ['bool', 'NULL', 'false'],
  'null and an int2 of 0': ['int2', 'NULL', '0'],
  'null and an int4 of 0': ['int4', 'NULL', '0'],
  'null and an int8 of 0': ['int8', 'NULL', '0'],
  'null and the nil uuid': ['uuid', 'NULL', '\'00000000-0000-0000-0000-000000000000\''],
  'null and the epoch': ['date', 'NULL', '\'epoch\''],
  'null and no bytes': ['bytea', 'NULL', '\'\''],
  'null and an empty varchar': ['varchar(10)', 'NULL', '\'\''],
  'null and an empty array in a domain': ['pairs', 'NULL', '\'{}\''],
};

const tables = Object.entries(changes).map(([name, [type, before, after]], index) => ({ name, table: `t${index}`, type, before, after }));

describe('content hashes', () => {
  let postgres: TestPostgres;
  let before: PostgresContent;
  let after: PostgresContent;
  const read = async (): Promise<PostgresContent> => await engine.readContent(contextOf(docker), postgres.component, options) as PostgresContent;
  const hashIn = (content: PostgresContent, table: string): string | null | undefined => content.tables.find((each) => each.table === `public.${table}`)?.hash;

  beforeAll(async () => {
    postgres = await startPostgres(docker);
    await postgres.sql(`CREATE TYPE mood AS ENUM ('sad', 'ok'); CREATE TYPE pair AS (a int, b numeric); CREATE DOMAIN price AS numeric; CREATE DOMAIN dear AS price;
      CREATE DOMAIN pairs AS pair[]; CREATE DOMAIN feeling AS mood; CREATE DOMAIN span AS numrange; CREATE DOMAIN spans AS nummultirange;
      CREATE DOMAIN couple AS pair; CREATE DOMAIN padded AS char(4); CREATE DOMAIN bits AS bit(4); CREATE DOMAIN long AS int8; CREATE COLLATION ignore_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
      CREATE TABLE untouched AS SELECT 1.50 AS n, now() AS at, interval '1 day' AS i, 0.1::float8 AS f, '\\x01'::bytea AS b, 'pg_class'::regclass AS r, 5::money AS m, date '2026-01-02' AS d;`);
    await postgres.sql(tables.map(({ table, type, before: value }) => `CREATE TABLE ${table} (id int, v ${type}); INSERT INTO ${table} VALUES (1, ${value});`).join('\n'));
    before = await read();
    await postgres.sql(tables.map(({ table, after: value }) => `UPDATE ${table} SET v = ${value};`).join('\n'));
    // Everything a value's text depends on, set for the role: the hash of what did not change must not follow.
    await postgres.sql(`ALTER ROLE postgres SET "TimeZone" = 'Asia/Tokyo'; ALTER ROLE postgres SET "DateStyle" = 'German'; ALTER ROLE postgres SET "IntervalStyle" = 'iso_8601';
      ALTER ROLE postgres SET extra_float_digits = -5; ALTER ROLE postgres SET bytea_output = 'escape'; ALTER ROLE postgres SET lc_monetary = 'en_US.utf8'; ALTER ROLE postgres SET search_path = 'pg_temp';
      ALTER ROLE postgres SET quote_all_identifiers = on;`);
    after = await read();
    await postgres.sql('ALTER ROLE postgres RESET ALL;');
  });

  it.each(tables)('find a change of $name', ({ table }) => {
    expect(hashIn(before, table)).toMatch(/^-?\d+$/);
    expect(hashIn(after, table)).not.toBe(hashIn(before, table));
  });

  it('stay the same under other settings of the role', () => {
    expect(hashIn(after, 'untouched')).toBe(hashIn(before, 'untouched'));
    expect(after.objects).toEqual(before.objects);
  });

  it('count a pair of equal rows as two', async () => {
    await postgres.sql('CREATE TABLE pairwise (v int); INSERT INTO pairwise VALUES (7), (7);');
    const two = await read();
    await postgres.sql('UPDATE pairwise SET v = 8;');
    expect(hashIn(await read(), 'pairwise')).not.toBe(hashIn(two, 'pairwise'));
  });

  it('find values that changed places between rows', async () => {
    const names = Array.from({ length: 12 }, (_, n) => `swapped_${n}`);
    const twoColumns = names.slice(0, 6);
    const duplicates = names.slice(6);
    await postgres.sql([
      ...twoColumns.map((name, n) => `CREATE TABLE ${name} (a text, b text); INSERT INTO ${name} VALUES ('left ${n}', 'right ${n}'), ('other ${n}', 'way ${n}');`),
      ...duplicates.map((name, n) => `CREATE TABLE ${name} (a int, b text); INSERT INTO ${name} VALUES (${n}, 'x'), (${n}, 'x'), (${n + 100}, 'y'), (${n + 100}, 'y');`),
    ].join('\n'));
    const first = await read();
    await postgres.sql([
      ...twoColumns.map((name, n) => `UPDATE ${name} SET b = CASE b WHEN 'right ${n}' THEN 'way ${n}' ELSE 'right ${n}' END;`),
      ...duplicates.map((name, n) => `TRUNCATE ${name}; INSERT INTO ${name} VALUES (${n}, 'x'), (${n}, 'y'), (${n + 100}, 'x'), (${n + 100}, 'y');`),
    ].join('\n'));
    const second = await read();
    expect(names.filter((name) => hashIn(first, name) === hashIn(second, name))).toEqual([]);
  });

  it('find what changes beside a NULL, of whatever type', async () => {
    const types = [...new Set(tables.map(({ type }) => type))];
    await postgres.sql(types.map((type, n) => `CREATE TABLE beside_${n} (before text, middle ${type}, "zulu" text); INSERT INTO beside_${n} VALUES ('a', NULL, 'z');`).join('\n'));
    const first = await read();
    await postgres.sql(types.map((_, n) => `UPDATE beside_${n} SET before = 'b';`).join('\n'));
    const second = await read();
    await postgres.sql(types.map((_, n) => `UPDATE beside_${n} SET zulu = 'y';`).join('\n'));
    const third = await read();
    expect(types.filter((_, n) => new Set([first, second, third].map((content) => hashIn(content, `beside_${n}`))).size < 3)).toEqual([]);
  });

  it('find pages that changed places between large objects', async () => {
    const objects = Array.from({ length: 6 }, (_, n) => 920 + 2 * n);
    const write = (odd: string, even: string) => objects.map((loid) => `SELECT lo_put(${loid}, 2048, '${odd}'), lo_put(${loid + 1}, 2048, '${even}');`);
    await postgres.sql([...objects.map((loid) => `SELECT lo_create(${loid}), lo_create(${loid + 1});`), ...write('\\x01', '\\x02')].join('\n'));
    const hashes = new Set([(await read()).largeObjects.hash]);
    for (const loid of objects) {
      await postgres.sql(`SELECT lo_put(${loid}, 2048, '\\x02'), lo_put(${loid + 1}, 2048, '\\x01');`);
      hashes.add((await read()).largeObjects.hash);
    }
    expect(hashes.size).toBe(objects.length + 1);
  });

  it('find a changed byte in a large object, and a hole that became longer', async () => {
    await postgres.sql('SELECT lo_from_bytea(900, \'\\x010203\'), lo_put(lo_create(901), 5000, \'\\xff\');');
    const first = await read();
    await postgres.sql('SELECT lo_put(900, 1, \'\\x09\');');
    const second = await read();
    await postgres.sql('SELECT lo_put(901, 9000, \'\\x00\');');
    const third = await read();
    expect(new Set([first, second, third].map((content) => content.largeObjects.hash)).size).toBe(3);
  });

  it('hold a table with 1600 columns', async () => {
    await postgres.sql(`CREATE TABLE wide (${Array.from({ length: 1600 }, (_, n) => `c${n} "char"`).join(', ')}); INSERT INTO wide (c0, c1599) VALUES ('x', 'y'), ('z', 'w');`);
    const hashes = [hashIn(await read(), 'wide')];
    for (const set of ['c800 = \'x\'', 'c0 = NULL WHERE c0 = \'x\'', 'c1599 = \'v\' WHERE c1599 = \'w\'', 'c1599 = CASE c1599 WHEN \'v\' THEN \'y\' ELSE \'v\' END', 'c800 = NULL']) {
      await postgres.sql(`UPDATE wide SET ${set};`);
      hashes.push(hashIn(await read(), 'wide'));
    }
    expect(hashes).not.toContain(null);
    expect(new Set(hashes).size).toBe(hashes.length);
  });

  it('reach a table of any name', async () => {
    const name = `"\\echo :x :'x' :""x"" $$ -- %s
\\endif /* ; \\; E'"`;
    await postgres.sql(`CREATE TABLE ${name} (${name} int, "a\nb" mood); INSERT INTO ${name} VALUES (7, 'sad'), (8, 'ok');`);
    expect((await read()).tables.find(({ table }) => table === `public.${name}`)).toMatchObject({ rows: '2', hash: expect.stringMatching(/^-?\d+$/) });
  });

  it('cannot be led astray by a cast of the owner\'s', async () => {
    await postgres.sql(`CREATE TABLE moods (m mood); INSERT INTO moods VALUES ('sad');
      CREATE FUNCTION always(mood) RETURNS text LANGUAGE sql IMMUTABLE AS $$ SELECT 'same' $$; CREATE CAST (mood AS text) WITH FUNCTION always(mood);`);
    const sad = await read();
    await postgres.sql('UPDATE moods SET m = \'ok\';');
    expect(hashIn(await read(), 'moods')).not.toBe(hashIn(sad, 'moods'));
  });
});
