-- The rows as they were, into the live tables, in one transaction; overlapping attempts come one after the other, and the second one finds it done. Prints
-- how far the run had come. Psql variables: request, kept, lock_wait_ms.
SET lock_timeout = :'lock_wait_ms';
BEGIN ISOLATION LEVEL READ COMMITTED;
SELECT pg_advisory_xact_lock(hashtextextended('holdfast tables ' || :'kept', 0)) \g /dev/null
SELECT pg_temp.state(:'kept') AS state, pg_temp.state(:'kept') = 'begun' AS is_begun \gset
\o /holdfast/out/state
\qecho :state
\o
\if :is_begun
SELECT pg_temp.arrange(:'request'::jsonb) \g /dev/null
\i /holdfast/work/load.sql
SELECT pg_temp.begin_change(:'request'::jsonb) \g /dev/null
SELECT pg_temp.find_differences(:'request'::jsonb) \g /dev/null
SELECT pg_temp.merge(:'request'::jsonb) \g /dev/null
COMMIT;
\else
ROLLBACK;
\endif
