-- Which statement writes which table to its file. Psql variable: request.
CREATE TEMP TABLE holdfast_exports AS
  SELECT w.number, format('COPY (SELECT %s FROM %I.%I) TO STDOUT', pg_temp.listed(ARRAY(SELECT jsonb_array_elements_text(w.item -> 'columns')), ''), w.item ->> 'schema', w.item ->> 'name') AS statement
    FROM jsonb_array_elements(:'request'::jsonb -> 'tables') WITH ORDINALITY AS w (item, number);
BEGIN ISOLATION LEVEL REPEATABLE READ;
\i /holdfast/work/copies.sql
COMMIT;
