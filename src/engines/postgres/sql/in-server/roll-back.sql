-- The names as they were, and the old data open as it was: one transaction, from before or after the exchange. A restored database that has
-- been opened is not taken back here: what was written to it since would be lost. Prints "done" or "not ready". Psql variables as in
-- swap.sql, and open: whether the live database took connections.
SET search_path = '';
BEGIN;
SELECT pg_advisory_xact_lock(hashtextextended('holdfast cut-over of ' || :'database', 0)) \g /dev/null
SELECT EXISTS (SELECT FROM pg_database WHERE oid = :'side_oid' AND datname = :'database' AND NOT datallowconn)
       AND (:'live_oid' = '0' OR EXISTS (SELECT FROM pg_database WHERE oid = :'live_oid' AND datname = :'aside')) AS swapped,
       :'live_oid' <> '0' AS replaces,
       CASE WHEN :'live_oid' = '0' THEN NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database')
            ELSE EXISTS (SELECT FROM pg_database WHERE oid = :'live_oid' AND datname = :'database') END AS before \gset
\if :swapped
ALTER DATABASE :"database" RENAME TO :"side";
\if :replaces
ALTER DATABASE :"aside" RENAME TO :"database";
\endif
\endif
SELECT :'swapped'::bool OR :'before'::bool AS known, :'replaces'::bool AND :'open'::bool AND (:'swapped'::bool OR :'before'::bool) AS opens \gset
\if :opens
ALTER DATABASE :"database" WITH ALLOW_CONNECTIONS true;
\endif
\if :known
COMMIT;
\echo done
\else
ROLLBACK;
\echo not ready
\endif
