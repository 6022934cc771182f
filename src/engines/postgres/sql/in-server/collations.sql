-- Versions of the libraries that sort, against those that indexes were written with, where they differ: of every database, and of the collations that this one uses. One
-- line of JSON. A library without versions (musl) has null, which differs from every version; those that no library has a say in (C, POSIX) have null in both places.
SET search_path = '';
-- What initdb takes from template0 on purpose is no difference: nothing is kept in it.
SELECT CASE WHEN current_setting('server_version_num')::int >= 150000 THEN 'SELECT d.datname AS name, to_jsonb(d) ->> ''datcollversion'' AS recorded, pg_catalog.pg_database_collation_actual_version(d.oid) AS here
    FROM pg_catalog.pg_database d WHERE NOT (d.datistemplate AND NOT d.datallowconn AND to_jsonb(d) ->> ''datcollversion'' IS NULL)'
  ELSE 'SELECT NULL::text AS name, NULL::text AS recorded, NULL::text AS here WHERE false' END AS of_databases \gset
-- No dependency is kept on those that initdb pins ("unicode"): columns and indexes name them all the same. A library may refuse to say anything of one that it does not know: only those in use are asked about.
WITH used AS MATERIALIZED (
  SELECT c.oid, c.collname, c.collversion FROM pg_catalog.pg_collation c WHERE c.collprovider <> 'd'
    AND (EXISTS (SELECT FROM pg_catalog.pg_depend p WHERE p.refclassid = 'pg_catalog.pg_collation'::regclass AND p.refobjid = c.oid)
      OR EXISTS (SELECT FROM pg_catalog.pg_attribute a JOIN pg_catalog.pg_class r ON r.oid = a.attrelid WHERE a.attcollation = c.oid AND r.relkind IN ('r', 'p', 'm', 'i', 'I'))))
SELECT json_build_object(
  'databases', (SELECT coalesce(json_agg(row_to_json(d) ORDER BY d.name), '[]') FROM (:of_databases) AS d WHERE d.recorded IS DISTINCT FROM d.here),
  'collations', (SELECT coalesce(json_agg(row_to_json(c) ORDER BY c.name), '[]') FROM (SELECT collname AS name, collversion AS recorded, pg_catalog.pg_collation_actual_version(oid) AS here FROM used) AS c WHERE c.recorded IS DISTINCT FROM c.here),
  'others', (SELECT coalesce(json_agg(datname ORDER BY datname), '[]') FROM pg_catalog.pg_database WHERE datallowconn AND datconnlimit <> -2 AND datname <> pg_catalog.current_database()));
