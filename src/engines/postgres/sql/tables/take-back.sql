-- Before the opening: what the transaction did is taken back, where it was carried out, and the schema of kept rows goes with it. Rows that somebody has
-- written since are left as they are. Prints how far the run had come. Psql variables: request, kept, lock_wait_ms.
SET lock_timeout = :'lock_wait_ms';
BEGIN ISOLATION LEVEL READ COMMITTED;
SELECT pg_advisory_xact_lock(hashtextextended('holdfast tables ' || :'kept', 0)) \g /dev/null
SELECT pg_temp.state(:'kept') AS state, pg_temp.state(:'kept') = 'done' AS is_done, pg_temp.state(:'kept') IN ('begun', 'done') AS is_ours \gset
\o /holdfast/out/state
\qecho :state
\o
\if :is_done
SELECT :'request'::jsonb || jsonb_build_object('xid', obj_description(oid, 'pg_namespace')::jsonb ->> 'xid') AS request FROM pg_namespace WHERE nspname = :'kept' \gset
SELECT pg_temp.arrange(:'request'::jsonb) \g /dev/null
SELECT pg_temp.begin_change(:'request'::jsonb) \g /dev/null
SELECT pg_temp.find_differences(:'request'::jsonb) \g /dev/null
SELECT pg_temp.merge(:'request'::jsonb) \g /dev/null
\endif
\if :is_ours
SELECT format('DROP TABLE %s', string_agg(c.oid::regclass::text, ', ')) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = :'kept' AND c.relkind = 'r' AND c.relname ~ '^rows_[0-9]+$' HAVING count(*) > 0 \gexec
DROP SCHEMA :"kept";
\endif
COMMIT;
