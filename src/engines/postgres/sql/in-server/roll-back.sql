-- The names as they were, and the old data open as it was: one transaction, from before or after the exchange. Where no exchange took place but
-- somebody else renamed or dropped the live database, its old self is opened under whatever name it has. A restored database that has been
-- opened is not taken back here: what was written to it since would be lost. Prints "done" or "not ready". Psql variables as in swap.sql, and
-- open: whether the live database took connections.
SET search_path = '';
-- As in swap.sql: what it says of a session that is still on its way out is read.
SET lc_messages = 'C';
BEGIN;
SELECT pg_advisory_xact_lock(hashtextextended('holdfast cut-over of ' || :'database', 0)) \g /dev/null
SELECT EXISTS (SELECT FROM pg_database WHERE oid = :'side_oid' AND datname = :'database' AND NOT datallowconn)
       AND (:'live_oid' = '0' OR EXISTS (SELECT FROM pg_database WHERE oid = :'live_oid' AND datname = :'aside')) AS swapped,
       :'live_oid' <> '0' AS replaces,
       NOT EXISTS (SELECT FROM pg_database WHERE oid = :'side_oid' AND datname = :'database')
       AND NOT EXISTS (SELECT FROM pg_database WHERE oid = :'live_oid' AND datname = :'aside') AS untouched \gset
\if :swapped
ALTER DATABASE :"database" RENAME TO :"side";
\if :replaces
ALTER DATABASE :"aside" RENAME TO :"database";
\endif
\endif
SELECT format('ALTER DATABASE %I WITH ALLOW_CONNECTIONS true', datname)
  FROM pg_database WHERE oid = :'live_oid' AND NOT datallowconn AND :'open'::bool AND (:'swapped'::bool OR :'untouched'::bool) \gexec
SELECT :'swapped'::bool OR :'untouched'::bool AS known \gset
\if :known
COMMIT;
\echo done
\else
ROLLBACK;
\echo not ready
\endif
