-- Versions of the libraries that sort, against those that indexes were written with. One line of JSON. Pinned collations (C, POSIX, the default) have none.
SET search_path = '';
SELECT CASE WHEN current_setting('server_version_num')::int >= 150000 THEN 'coalesce(to_jsonb(d) ->> ''datcollversion'' <> pg_catalog.pg_database_collation_actual_version(d.oid), false)' ELSE 'false' END AS of_database \gset
SELECT json_build_object(
  'database', (SELECT :of_database FROM pg_catalog.pg_database d WHERE d.datname = current_database()),
  'collations', (SELECT coalesce(json_agg(c.collname ORDER BY c.collname), '[]') FROM pg_catalog.pg_collation c
                  WHERE c.collversion IS NOT NULL AND c.collversion <> pg_catalog.pg_collation_actual_version(c.oid)
                    AND EXISTS (SELECT FROM pg_catalog.pg_depend p WHERE p.refclassid = 'pg_catalog.pg_collation'::regclass AND p.refobjid = c.oid)));
