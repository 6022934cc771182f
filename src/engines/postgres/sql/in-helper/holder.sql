-- The session that exports the snapshot and keeps it open until everything that reads in it has ended (databases.md L2).
-- Psql variables: lock_wait_ms, and those of work.sql.
\i /holdfast/work/pins.sql
SET lock_timeout = :'lock_wait_ms';
BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
SELECT pg_export_snapshot() AS snapshot_id \gset
\o /holdfast/out/snapshot
SELECT json_build_object(
  'at', to_char(now() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
  'lsn', CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END::text,
  'snapshot', pg_current_snapshot()::text);
\o
-- Dump and hashes must see one state: TRUNCATE and rewriting ALTER TABLE are not MVCC-safe, so they are kept out before anyone reads.
SELECT format('LOCK TABLE %s IN ACCESS SHARE MODE', string_agg('ONLY ' || name, ', ' ORDER BY name))
  FROM (SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name, row_number() OVER (ORDER BY c.oid) / 500 AS batch
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
         WHERE c.relkind IN ('r', 'p') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
           AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e')) AS listed
 GROUP BY batch ORDER BY batch \gexec
\o /holdfast/out/facts
\i /holdfast/work/facts.sql
\o /holdfast/out/objects
\i /holdfast/work/objects.sql
\o /holdfast/out/sequences.first
\i /holdfast/work/sequences.sql
\o
\i /holdfast/work/work.sql
\o /holdfast/work/holder.ready
SELECT :'snapshot_id';
\o
\! until [ -e /holdfast/work/holder.stop ]; do sleep 0.05; done
-- Where the connection was lost meanwhile, this is where it shows.
\o /holdfast/out/sequences.last
\i /holdfast/work/sequences.sql
\o
COMMIT;
