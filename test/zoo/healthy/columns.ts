/** Types of columns and values for them, as SQL expressions of a row's number `n`: what people keep, and what types can hold at their edges. */
export interface ColumnType {
  readonly type: string;
  readonly value: string;
  /** Has it a b-tree order, so that an index can be made of it? */
  readonly sorts: boolean;
}

const of = (type: string, value: string, sorts = true): ColumnType => ({ type, value: `(${value})`, sorts });
const mark = 'md5(n::text || \'$SALT\')';

export const columnTypes: readonly ColumnType[] = [
  of('int', 'hashint4(n + $SALT)'), of('bigint', 'hashint8extended(n, $SALT)'), of('smallint', '(n % 30000)::smallint'), of('bool', 'n % 3 = 0'), of('uuid', `${mark}::uuid`), of('oid', 'n::oid'),
  of('numeric', 'CASE n % 7 WHEN 0 THEN \'NaN\'::numeric WHEN 1 THEN \'Infinity\'::numeric WHEN 2 THEN \'-Infinity\'::numeric ELSE n * 1.000000000000000001 END'), of('numeric(30,10)', 'n / 7.0'), of('money', '(n * 1.05)::numeric::money'),
  of('float8', 'CASE n % 7 WHEN 0 THEN \'NaN\'::float8 WHEN 1 THEN \'Infinity\'::float8 WHEN 2 THEN \'-Infinity\'::float8 WHEN 3 THEN \'-0\'::float8 WHEN 4 THEN 5e-324::float8 ELSE n / 3.0::float8 END'), of('real', 'CASE n % 5 WHEN 0 THEN \'NaN\'::real ELSE (n / 3.0)::real END'),
  of('text', `CASE n % 6 WHEN 0 THEN '' WHEN 1 THEN E'tab\\t"quote" \\\\ ''single''' WHEN 2 THEN '$ODD' WHEN 3 THEN E'\\r\\nline\\n' WHEN 4 THEN '\\N' ELSE ${mark} END`),
  of('text', `CASE WHEN n % 20 = 0 THEN repeat(${mark}, 600) ELSE NULL END`, false), of('varchar(40)', mark), of('char(10)', 'left(n::text, 10)'), of('name', `left(${mark}, 20)::name`), of('"char"', 'chr(65 + n % 26)::"char"'),
  of('bytea', `CASE n % 4 WHEN 0 THEN '\\x'::bytea ELSE decode(${mark}, 'hex') END`),
  of('date', 'CASE n % 6 WHEN 0 THEN \'infinity\'::date WHEN 1 THEN \'0044-03-15 BC\'::date WHEN 2 THEN \'-infinity\'::date ELSE \'2026-01-01\'::date + n END'),
  of('timestamp', 'CASE n % 5 WHEN 0 THEN \'infinity\'::timestamp ELSE \'2026-03-29 01:59:59.999999\'::timestamp + n * interval \'1.000001 second\' END'),
  of('timestamptz', 'CASE n % 5 WHEN 0 THEN \'-infinity\'::timestamptz WHEN 1 THEN \'2026-10-25 02:30:00+02\'::timestamptz WHEN 2 THEN \'2026-10-25 02:30:00 Europe/Berlin\'::timestamptz ELSE \'epoch\'::timestamptz + n * interval \'1 day\' END'),
  of('time', '\'23:59:59.999999\'::time - n * interval \'1 second\''), of('timetz', '(\'12:00:00-05\'::timetz + n * interval \'1 second\')'), of('interval', 'make_interval(months => n % 14, days => n % 40, secs => n * 1.5) - interval \'1 year\''),
  of('json', '(\'{"b": \' || n || \',  "a": [1, 2,   3], "b": null}\')::json', false), of('jsonb', 'jsonb_build_object(\'b\', n, \'a\', ARRAY[1, n], \'text\', \'$ODD\')'), of('jsonpath', '\'$.a[*] ? (@ > 1)\'::jsonpath', false),
  of('int[]', 'ARRAY[n, NULL, -n]'), of('text[]', `ARRAY['', NULL, 'a,b', '"', ${mark}]`), of('int[][]', 'ARRAY[[n, 1], [2, 3]]'), of('int[]', '(\'[0:1]={\' || n || \',2}\')::int[]'),
  of('inet', '(\'10.0.\' || n % 250 || \'.1/24\')::inet'), of('cidr', '\'2001:db8::/32\'::cidr'), of('macaddr', '\'08:00:2b:01:02:03\'::macaddr'), of('macaddr8', '\'08:00:2b:01:02:03:04:05\'::macaddr8'),
  of('bit(5)', '(n % 32)::bit(5)'), of('bit varying', 'n::bit(20)::bit varying'), of('point', 'point(n, n / 3.0)', false), of('box', 'box(point(n, n), point(0, 0))', false), of('circle', 'circle(point(n, 1), 2)', false), of('path', '\'[(0,0),(1,1)]\'::path', false), of('polygon', '\'((0,0),(1,1),(1,0))\'::polygon', false), of('line', '\'{1,-1,0}\'::line', false), of('lseg', 'lseg(point(0, 0), point(n, n))', false),
  of('int4range', 'CASE n % 3 WHEN 0 THEN \'empty\'::int4range ELSE int4range(n, n + 10) END'), of('numrange', 'numrange(NULL, n)'), of('tstzrange', 'tstzrange(\'epoch\', \'infinity\', \'[]\')'), of('int8multirange', 'int8multirange(int8range(n, n + 5), int8range(n + 10, NULL))'),
  of('tsvector', 'to_tsvector(\'english\', \'the quick foxes jumped over \' || n)'), of('tsquery', '\'fox & !dog\'::tsquery'), of('pg_lsn', '(\'0/\' || to_hex(n))::pg_lsn'), of('xid8', 'n::text::xid8'), of('regtype', '\'pg_catalog.int4\'::regtype'),
  of('zoo_mood', '(ARRAY[\'sad\', \'O\'\'Hara\', \'glad\'])[1 + n % 3]::zoo_mood'), of('zoo_positive', '1 + n'), of('zoo_pair', 'ROW(n, \'x, "y"\')::zoo_pair'), of('zoo_pair[]', 'ARRAY[ROW(n, NULL)::zoo_pair]'), of('zoo_word', mark),
];
