-- What has happened since a snapshot, and how many rows the live tables have now: exact up to 64 MB a table and 1 GB in all, the statistics'
-- estimate (marked) beyond, and for a table that somebody holds for himself: where a copy stands just before a TRUNCATE or DROP was committed nobody else gets into it. Hash partitions are named as they are accounted for (work.sql): by the topmost of their tree. Psql variables: at, snapshot (empty where it was another server's).
SET search_path = '';
SET row_security = off;
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT json_build_object('seconds', greatest(0, extract(epoch FROM now() - :'at'::timestamptz))::int8,
  'transactions', CASE WHEN :'snapshot' <> '' THEN
     greatest(0, pg_snapshot_xmax(pg_current_snapshot())::text::numeric - split_part(:'snapshot', ':', 2)::numeric)::text END);
WITH held AS MATERIALIZED (
  SELECT relation FROM pg_locks WHERE locktype = 'relation' AND mode = 'AccessExclusiveLock' AND granted
     AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
), sized AS (
  SELECT c.oid, n.nspname, c.relname,
         (SELECT string_agg(CASE WHEN part ~ '^[a-z_][a-z0-9_]*$' THEN part ELSE '"' || replace(part, '"', '""') || '"' END, '.' ORDER BY place)
            FROM pg_class ac JOIN pg_namespace an ON an.oid = ac.relnamespace, unnest(ARRAY[an.nspname::text, ac.relname::text]) WITH ORDINALITY AS named (part, place)
           WHERE ac.oid = coalesce((SELECT a.relid FROM pg_partition_ancestors(c.oid) WITH ORDINALITY AS a (relid, depth)
                                      JOIN pg_partitioned_table p ON p.partrelid = a.relid WHERE p.partstrat = 'h' ORDER BY a.depth DESC LIMIT 1), c.oid)) AS account,
         is_held, reltuples, bytes, row_number() OVER (ORDER BY bytes) AS turn
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace CROSS JOIN LATERAL (SELECT c.oid IN (SELECT relation FROM held)) AS h (is_held)
         CROSS JOIN LATERAL (SELECT CASE WHEN is_held THEN 0 ELSE pg_relation_size(c.oid) END) AS s (bytes)
   WHERE c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
     AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')
), summed AS (
  SELECT sized.*, sum(bytes) OVER (ORDER BY turn) AS so_far FROM sized
)
SELECT CASE WHEN NOT is_held AND bytes <= 67108864 AND so_far <= 1073741824 AND turn <= 500
    THEN format('SELECT json_build_object(''table'', %L, ''rows'', count(*)::text, ''exact'', true) FROM ONLY %I.%I', account, nspname, relname)
    ELSE format('SELECT json_build_object(''table'', %L, ''rows'', %L, ''exact'', false)', account, CASE WHEN is_held THEN greatest(reltuples::int8, 0) ELSE coalesce(pg_stat_get_live_tuples(oid), 0) END) END
  FROM summed ORDER BY turn \gexec
COMMIT;
