-- How the tables differ from what they were: read in one snapshot, thrown away at the end. Psql variable: request.
BEGIN ISOLATION LEVEL REPEATABLE READ;
SELECT pg_temp.arrange(:'request'::jsonb) \g /dev/null
\i /holdfast/work/load.sql
SELECT pg_temp.begin_change(:'request'::jsonb) \g /dev/null
SELECT pg_temp.find_differences(:'request'::jsonb) \g /dev/null
\o /holdfast/out/differences
SELECT pg_temp.compared(:'request'::jsonb);
\o
ROLLBACK;
