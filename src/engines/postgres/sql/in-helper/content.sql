-- Counts and hashes every table, one line of JSON a piece; sums over pieces and sessions are exact because addition does not care about order
-- and sum(bigint) is a numeric of any size.
-- Psql variables: sessions, session (1..sessions), hashes (true/false), and snapshot where one was exported.
--
-- A row's hash is hash_record_extended over ROW(...) with the columns in the order of their names (partitions of one tree may order them
-- differently). That is linear in the hashes of the columns (31 * so far + next), and a sum of linear values splits into sums per column, to
-- which it is all the same which row a value is in. So the row's hash is hashed once more, as bytes: as an int8 it would be folded to 32 bits
-- (docs/decisions/0005). For the same reason int8 and what is kept in one are hashed by their bytes.
-- Hashed natively are only types for which equal hashes mean equal values; everything else by the text of its own output function, which,
-- unlike a cast, nobody can replace (reliability.md T10). Pinned per type by content-types.integration.test.ts.
\i /holdfast/work/pins.sql
\o /holdfast/work/connected.:session
SELECT 'connected';
\o
\! until [ -e /holdfast/work/go ]; do sleep 0.02; done
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
\if :{?snapshot}
SET TRANSACTION SNAPSHOT :'snapshot';
\endif
WITH RECURSIVE base_types AS (
  SELECT oid, oid AS base FROM pg_type WHERE typtype <> 'd'
  UNION ALL
  SELECT t.oid, b.base FROM pg_type t JOIN base_types b ON t.typtype = 'd' AND t.typbasetype = b.oid
), ancestors AS (
  SELECT c.oid AS leaf, c.oid AS relation, 0 AS depth FROM pg_class c WHERE c.relkind = 'r'
  UNION ALL
  SELECT a.leaf, i.inhparent, a.depth + 1 FROM ancestors a JOIN pg_class c ON c.oid = a.relation AND c.relispartition
    JOIN pg_inherits i ON i.inhrelid = a.relation
), accounts AS (
  -- Rows move between hash partitions when an enum's OIDs change, so such a tree is counted as one table: its topmost hash-partitioned one.
  SELECT DISTINCT ON (a.leaf) a.leaf, a.relation AS account
    FROM ancestors a LEFT JOIN pg_partitioned_table p ON p.partrelid = a.relation
   WHERE a.depth = 0 OR p.partstrat = 'h'
   ORDER BY a.leaf, a.depth DESC
), tables AS (
  SELECT c.oid, n.nspname, c.relname, s.account, coalesce(pg_relation_size(c.oid), 0) / current_setting('block_size')::int8 AS pages,
         am.amname = 'heap' AS heap
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN accounts s ON s.leaf = c.oid LEFT JOIN pg_am am ON am.oid = c.relam
   WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
     AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
), columns AS (
  SELECT a.attrelid, string_agg(CASE
           WHEN b.base IN ('text'::regtype, 'varchar'::regtype) THEN format('r.%I COLLATE "C"', a.attname)
           WHEN b.base IN ('bool'::regtype, 'int2'::regtype, 'int4'::regtype, 'uuid'::regtype, 'bytea'::regtype, 'date'::regtype) THEN format('r.%I', a.attname)
           WHEN b.base IN ('int8'::regtype, 'time'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype) THEN format('%I.%I(r.%I)', sn.nspname, s.proname, a.attname)
           ELSE format('textin(%I.%I(r.%I)) COLLATE "C"', pn.nspname, p.proname, a.attname) END, ', ' ORDER BY a.attname COLLATE "C") AS list
    FROM pg_attribute a JOIN base_types b ON b.oid = a.atttypid JOIN pg_type t ON t.oid = b.base
    JOIN pg_proc p ON p.oid = t.typoutput JOIN pg_namespace pn ON pn.oid = p.pronamespace
    LEFT JOIN pg_proc s ON s.oid = t.typsend LEFT JOIN pg_namespace sn ON sn.oid = s.pronamespace
   WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated <> 'v'
   GROUP BY a.attrelid
), pieces AS (
  -- 16384 pages are 128 MB: small enough to spread one giant table over the sessions (TID range scans, PostgreSQL 14+).
  SELECT t.*, i AS piece, CASE WHEN t.heap THEN greatest(0, (t.pages - 1) / 16384) ELSE 0 END AS last_piece
    FROM tables t, LATERAL generate_series(0, CASE WHEN t.heap THEN greatest(0, (t.pages - 1) / 16384) ELSE 0 END) AS i
), work AS (
  SELECT format('SELECT json_build_object(''table'', %L, ''rows'', count(*)::text, ''hash'', %s) FROM ONLY %I.%I AS r%s',
           (SELECT quote_ident(an.nspname) || '.' || quote_ident(ac.relname) FROM pg_class ac JOIN pg_namespace an ON an.oid = ac.relnamespace WHERE ac.oid = p.account),
           CASE WHEN :'hashes' = 'true' THEN format('coalesce(sum(hash_record_extended(ROW(int8send(hash_record_extended(ROW(%s), 0))), 0)), 0)::text', c.list) ELSE 'NULL' END,
           p.nspname, p.relname,
           CASE WHEN p.last_piece = 0 THEN ''
                WHEN p.piece = p.last_piece THEN format(' WHERE r.ctid >= ''(%s,0)''::tid', p.piece * 16384)
                ELSE format(' WHERE r.ctid >= ''(%s,0)''::tid AND r.ctid < ''(%s,0)''::tid', p.piece * 16384, (p.piece + 1) * 16384) END) AS statement,
         CASE WHEN p.piece = p.last_piece THEN p.pages - p.piece * 16384 ELSE 16384 END AS weight
    FROM pieces p LEFT JOIN columns c ON c.attrelid = p.oid
  UNION ALL
  -- Large objects: restored ones have no holes, so empty pages and trailing zeros do not count, but every object's size does.
  SELECT CASE WHEN :'hashes' = 'true' AND has_table_privilege('pg_catalog.pg_largeobject', 'SELECT') THEN
    'SELECT json_build_object(''largeObjects'', (SELECT count(*) FROM pg_largeobject_metadata)::text, ''hash'', ('
    ' (SELECT coalesce(sum(hash_record_extended(ROW(int8send(hash_record_extended(ROW(loid::int8, pageno, rtrim(data, ''\x00'')), 0))), 0)), 0) FROM pg_largeobject WHERE rtrim(data, ''\x00'') <> '''')'
    ' + (SELECT coalesce(sum(hash_record_extended(ROW(int8send(hash_record_extended(ROW(loid::int8, int8send(size)), 1))), 1)), 0) FROM (SELECT DISTINCT ON (loid) loid,'
    ' pageno::int8 * current_setting(''block_size'')::int8 / 4 + length(data) AS size FROM pg_largeobject ORDER BY loid, pageno DESC) AS sizes))::text)'
    ELSE 'SELECT json_build_object(''largeObjects'', (SELECT count(*) FROM pg_largeobject_metadata)::text, ''hash'', NULL)' END,
    coalesce(pg_relation_size('pg_catalog.pg_largeobject'), 0) / current_setting('block_size')::int8
), dealt AS (
  SELECT statement, weight, row_number() OVER (ORDER BY weight DESC, statement) - 1 AS turn FROM work
)
-- Dealt out biggest first, forth and back, so that every session gets as much as the others.
SELECT statement FROM dealt
 WHERE CASE WHEN (turn / :sessions) % 2 = 0 THEN turn % :sessions ELSE :sessions - 1 - turn % :sessions END = :session - 1
 ORDER BY turn \gexec
COMMIT;
