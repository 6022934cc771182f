-- What there is to count and hash, listed once and dealt out to the sessions: sizes of tables move under load, and sessions that each listed for
-- themselves would leave tables out and count others twice. Written as one script, /holdfast/work/work, of which each session runs its part.
-- Psql variables: sessions, hashes (true/false), and snapshot_id where one was exported.
--
-- A statement is a transaction of its own. A session that kept its locks, on every table and index, to the end would fill the server's lock
-- table, and stand in the way of whoever waits for a table that was read long ago.
--
-- A row's hash is a chain: each column is hashed with the hash so far as its seed, in the order of the columns' names (partitions of one tree may
-- order them differently). A sum of such hashes tells which row a value is in, which one of linear hashes does not (docs/decisions/0005). The
-- chain begins with which columns are NULL, for the functions that hash want a value. They are the seeded ones that every major from 15 on has:
-- hash_record_extended of one column passes the seed to its type's own; for an int8, which that one folds to 32 bits, the upper half follows; what
-- is kept in one (time, timestamp) goes by its bytes. Chains are of 30 columns: a mask fits an int4, and the parser's stack is not tried.
-- Hashed natively are only types for which equal hashes mean equal values; everything else by the text of its own output function, which,
-- unlike a cast, nobody can replace (reliability.md T10). Pinned per type by content-types.integration.test.ts.
\set begin 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY'
\if :{?snapshot_id}
SELECT :'begin' || format('\; SET TRANSACTION SNAPSHOT %L', :'snapshot_id') AS begin \gset
\endif
WITH RECURSIVE base_types AS (
  SELECT oid, oid AS base FROM pg_type WHERE typtype <> 'd'
  UNION ALL
  SELECT t.oid, b.base FROM pg_type t JOIN base_types b ON t.typtype = 'd' AND t.typbasetype = b.oid
), tables AS (
  -- Rows move between hash partitions when an enum's OIDs change, so such a tree is counted as one table: its topmost hash-partitioned one.
  SELECT c.oid, n.nspname, c.relname, am.amname = 'heap' AS heap, coalesce(pg_relation_size(c.oid), 0) / current_setting('block_size')::int8 AS pages,
         coalesce((SELECT a.relid FROM pg_partition_ancestors(c.oid) WITH ORDINALITY AS a (relid, depth)
                     JOIN pg_partitioned_table p ON p.partrelid = a.relid WHERE p.partstrat = 'h' ORDER BY a.depth DESC LIMIT 1), c.oid) AS account
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_am am ON am.oid = c.relam
   WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
     AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
), shown AS (
  -- A domain is cast to what it is made of: enum_out takes none. By the type's own name: "character" would be cut to one character.
  SELECT a.attrelid, b.base, format('%I.%I', n.nspname, p.proname) AS output, t.typsend, (row_number() OVER (PARTITION BY a.attrelid ORDER BY a.attname COLLATE "C") - 1)::int4 AS place,
         format('r.%I', a.attname) || CASE WHEN b.base = a.atttypid THEN '' ELSE (SELECT format('::%I.%I', d.nspname, t.typname) FROM pg_namespace d WHERE d.oid = t.typnamespace) END AS value
    FROM pg_attribute a JOIN base_types b ON b.oid = a.atttypid JOIN pg_type t ON t.oid = b.base JOIN pg_proc p ON p.oid = t.typoutput JOIN pg_namespace n ON n.oid = p.pronamespace
   WHERE a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated <> 'v'
), links AS (
  -- What stands before the hash so far and what behind it.
  SELECT v.attrelid, v.place, v.place / 30 AS chain, v.value, CASE WHEN v.base = 'int8'::regtype THEN '))' ELSE ')' END AS behind, CASE
           WHEN v.base IN ('text'::regtype, 'varchar'::regtype) THEN format('hashtextextended(coalesce(%s, '''') COLLATE "C", ', v.value)
           WHEN v.base = 'bool'::regtype THEN format('hashint4extended(coalesce(%s, ''f'')::int4, ', v.value)
           WHEN v.base = 'int2'::regtype THEN format('hashint2extended(coalesce(%s, ''0''), ', v.value)
           WHEN v.base = 'int4'::regtype THEN format('hashint4extended(coalesce(%s, ''0''), ', v.value)
           WHEN v.base = 'int8'::regtype THEN format('hashint4extended((coalesce(%s, ''0'') >> 32)::int4, hashint8extended(coalesce(%1$s, ''0''), ', v.value)
           WHEN v.base = 'uuid'::regtype THEN format('uuid_hash_extended(coalesce(%s, ''00000000-0000-0000-0000-000000000000''), ', v.value)
           WHEN v.base = 'date'::regtype THEN format('hash_record_extended(ROW(coalesce(%s, ''epoch'')), ', v.value)
           WHEN v.base = 'bytea'::regtype THEN format('hash_record_extended(ROW(coalesce(%s, '''')), ', v.value)
           WHEN v.base IN ('time'::regtype, 'timestamp'::regtype, 'timestamptz'::regtype) THEN format('hash_record_extended(ROW(coalesce(%s(%s), '''')), ', v.typsend, v.value)
           ELSE format('hashtextextended(coalesce(textin(%s(%s)), '''') COLLATE "C", ', v.output, v.value) END AS before
    FROM shown v
), chains AS (
  SELECT attrelid, chain, string_agg(before, '' ORDER BY place DESC)
         || format('hashint4extended(%s, 0)', string_agg(format('CASE WHEN %s IS NULL THEN %s ELSE 0 END', value, 1 << (place % 30)), ' + ' ORDER BY place))
         || string_agg(behind, '' ORDER BY place) AS hash
    FROM links GROUP BY attrelid, chain
), hashes AS (
  SELECT attrelid, CASE WHEN count(*) = 1 THEN min(hash) ELSE format('hash_record_extended(ROW(%s), 0)', string_agg(format('int8send(%s)', hash), ' || ' ORDER BY chain)) END AS hash
    FROM chains GROUP BY attrelid
), pieces AS (
  -- 16384 pages are 128 MB: small enough to spread one giant table over the sessions (TID range scans, PostgreSQL 14+).
  SELECT t.*, i AS piece, CASE WHEN t.heap THEN greatest(0, (t.pages - 1) / 16384) ELSE 0 END AS last_piece
    FROM tables t, LATERAL generate_series(0, CASE WHEN t.heap THEN greatest(0, (t.pages - 1) / 16384) ELSE 0 END) AS i
), work AS (
  SELECT p.account, format('''table'', %L, ''rows'', count(*)::text, ''hash'', %s) FROM ONLY %I.%I AS r%s',
           -- Quoted by a rule of our own: quote_ident's list of keywords changes from major to major.
           (SELECT string_agg(CASE WHEN part ~ '^[a-z_][a-z0-9_]*$' THEN part ELSE '"' || replace(part, '"', '""') || '"' END, '.' ORDER BY place)
              FROM pg_class ac JOIN pg_namespace an ON an.oid = ac.relnamespace, unnest(ARRAY[an.nspname::text, ac.relname::text]) WITH ORDINALITY AS named (part, place)
             WHERE ac.oid = p.account),
           CASE WHEN :'hashes' = 'true' THEN format('coalesce(sum(%s), 0)::text', coalesce(h.hash, '0')) ELSE 'NULL' END,
           p.nspname, p.relname,
           CASE WHEN p.last_piece = 0 THEN ''
                WHEN p.piece = p.last_piece THEN format(' WHERE r.ctid >= ''(%s,0)''::tid', p.piece * 16384)
                ELSE format(' WHERE r.ctid >= ''(%s,0)''::tid AND r.ctid < ''(%s,0)''::tid', p.piece * 16384, (p.piece + 1) * 16384) END) AS statement,
         CASE WHEN p.piece = p.last_piece THEN p.pages - p.piece * 16384 ELSE 16384 END AS weight
    FROM pieces p LEFT JOIN hashes h ON h.attrelid = p.oid
  UNION ALL
  -- Large objects: restored ones have no holes, so empty pages and trailing zeros do not count, but every object's size does.
  SELECT NULL, CASE WHEN :'hashes' = 'true' AND has_table_privilege('pg_catalog.pg_largeobject', 'SELECT') THEN
    '''largeObjects'', (SELECT count(*) FROM pg_largeobject_metadata)::text, ''hash'', ('
    ' (SELECT coalesce(sum(hash_record_extended(ROW(rtrim(data, ''\x00'')), hashint4extended(pageno, hashoidextended(loid, 0)))), 0) FROM pg_largeobject WHERE rtrim(data, ''\x00'') <> '''')'
    ' + (SELECT coalesce(sum(hashint4extended((size >> 32)::int4, hashint8extended(size, hashoidextended(loid, 1)))), 0) FROM (SELECT DISTINCT ON (loid) loid,'
    ' pageno::int8 * current_setting(''block_size'')::int8 / 4 + length(data) AS size FROM pg_largeobject ORDER BY loid, pageno DESC) AS sizes))::text)'
    ELSE '''largeObjects'', (SELECT count(*) FROM pg_largeobject_metadata)::text, ''hash'', NULL)' END,
    coalesce(pg_relation_size('pg_catalog.pg_largeobject'), 0) / current_setting('block_size')::int8
), turns AS (
  SELECT *, row_number() OVER (ORDER BY weight DESC, account, statement) - 1 AS turn FROM work
), dealt AS (
  -- Dealt out biggest first, forth and back, so that every session gets as much as the others.
  SELECT *, 1 + CASE WHEN (turn / :sessions) % 2 = 0 THEN turn % :sessions ELSE :sessions - 1 - turn % :sessions END AS session FROM turns
), lines AS (
  SELECT session, turn, format('%s\; SELECT json_build_object(''piece'', %s, %s\; COMMIT;', :'begin', turn, statement) AS line FROM dealt
  UNION ALL SELECT session, -1, format(E'SELECT :session = %s AS mine \\gset\n\\if :mine', session) FROM generate_series(1, :sessions) AS session
  UNION ALL SELECT session, (SELECT count(*) FROM work), '\endif' FROM generate_series(1, :sessions) AS session
)
SELECT string_agg(line, E'\n' ORDER BY session, turn) AS work, (SELECT json_build_object('pieces', count(*), 'tables', count(DISTINCT account)) FROM work) AS expected FROM lines \gset
\o /holdfast/work/work
\qecho :work
\o /holdfast/out/expected
\qecho :expected
\o
