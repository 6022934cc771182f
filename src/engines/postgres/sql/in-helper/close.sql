-- Shuts the side database behind our own sessions: nobody else is in, nobody else can come. A row's xmin changes with every ALTER DATABASE, so
-- whoever reads the same xmin later knows that it has not been opened since. Psql variables: side, connection_limit, is_template.
SET search_path = '';
ALTER DATABASE :"side" WITH ALLOW_CONNECTIONS false CONNECTION LIMIT :connection_limit IS_TEMPLATE :is_template;
SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity
 WHERE datname = :'side' AND application_name <> current_setting('application_name') \g /dev/null
SELECT json_build_object(
  'oid', d.oid::int8, 'xmin', d.xmin::text,
  'others', (SELECT count(*) FROM pg_stat_activity a WHERE a.datid = d.oid AND a.backend_type = 'client backend' AND a.application_name <> current_setting('application_name')))
  FROM pg_database d WHERE d.datname = :'side';
