-- Both renames in one transaction (databases.md S2), after reading in the same transaction that everything is as it must be. Overlapping
-- attempts come one after the other. Prints "done" or "not ready". Psql variables: live_oid (0 for none), side_oid, database, aside, side,
-- xmin: of the side database's row when it was closed, empty where that is not known.
SET search_path = '';
-- What it says of a session that is still on its way out is read (cut-over.ts).
SET lc_messages = 'C';
BEGIN;
SELECT pg_advisory_xact_lock(hashtextextended('holdfast cut-over of ' || :'database', 0)) \g /dev/null
SELECT (CASE WHEN :'live_oid' = '0' THEN NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database')
             ELSE EXISTS (SELECT FROM pg_database WHERE oid = :'live_oid' AND datname = :'database' AND NOT datallowconn) END
        AND EXISTS (SELECT FROM pg_database WHERE oid = :'side_oid' AND datname = :'side' AND NOT datallowconn AND (:'xmin' = '' OR xmin::text = :'xmin'))) AS ready,
       :'live_oid' <> '0' AS replaces \gset
\if :ready
\if :replaces
ALTER DATABASE :"database" RENAME TO :"aside";
\endif
ALTER DATABASE :"side" RENAME TO :"database";
COMMIT;
\echo done
\else
ROLLBACK;
\echo not ready
\endif
