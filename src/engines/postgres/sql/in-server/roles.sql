-- Roles that a dump names and the server lacks: created so that it can be restored, unable to log in, without password, membership or (unless
-- asked for, in throwaway servers) superuser rights, and marked, so that only what we made is ever dropped. Psql variables: roles (JSON), mark.
SET search_path = '';
BEGIN;
SELECT format('CREATE ROLE %I NOLOGIN %s', r ->> 'name', CASE WHEN (r ->> 'superuser')::bool THEN 'SUPERUSER' ELSE 'NOSUPERUSER' END),
       format('COMMENT ON ROLE %I IS %L', r ->> 'name', :'mark')
  FROM json_array_elements(:'roles'::json) AS r WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = r ->> 'name') \gexec
COMMIT;
