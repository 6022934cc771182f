-- Preflight, in the database to be backed up or replaced. One line of JSON.
SELECT json_build_object(
  'version', split_part(current_setting('server_version'), ' ', 1),
  'majorVersion', current_setting('server_version_num')::int / 10000,
  'systemIdentifier', (SELECT system_identifier::text FROM pg_control_system()),
  'dataDirectory', CASE WHEN pg_has_role('pg_read_all_settings', 'MEMBER') THEN current_setting('data_directory') END,
  'timeline', CASE WHEN NOT pg_is_in_recovery() THEN ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int END,
  'port', current_setting('port')::int,
  'databaseOid', d.oid::int8,
  'sizeBytes', CASE WHEN has_database_privilege(d.oid, 'CONNECT') THEN pg_database_size(d.oid) ELSE 0 END,
  -- As VACUUM last saw them: pg_table_size would wait for whoever holds a table exclusively.
  'tableBytes', (SELECT coalesce(sum(greatest(c.relpages, 0) + greatest(coalesce(t.relpages, 0), 0)), 0) * current_setting('block_size')::int8
                   FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace LEFT JOIN pg_class t ON t.oid = c.reltoastrelid
                  WHERE c.oid = 'pg_catalog.pg_largeobject'::regclass
                     OR (c.relkind = 'r' AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema')),
  'inRecovery', pg_is_in_recovery(),
  'superuser', r.rolsuper,
  'passwordsReadable', has_table_privilege('pg_catalog.pg_authid', 'SELECT'),
  'maxWalBytes', pg_size_bytes(current_setting('max_wal_size')),
  'customTablespace', (SELECT spcname FROM pg_tablespace s WHERE s.oid = d.dattablespace AND s.spcname <> 'pg_default'),
  -- Whatever somebody would miss; not the functions and views of an extension, which a fresh database may have from its template.
  'userObjects', (SELECT count(*) FROM pg_largeobject_metadata) + (SELECT count(*) FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
                  WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'))
                + (SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                  WHERE (c.relkind IN ('r', 'p', 'm', 'f') OR (c.relkind IN ('S', 'v') AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e'))) AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'),
  'rowSecurityTables', (SELECT coalesce(json_agg(format('%I.%I', n.nspname, c.relname) ORDER BY 1), '[]') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                         WHERE c.relkind IN ('r', 'p') AND c.relrowsecurity AND row_security_active(c.oid)),
  'unreadable', (SELECT coalesce(json_agg(format('%I.%I', n.nspname, c.relname)), '[]') FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
                  WHERE c.relkind IN ('r', 'p', 'S', 'm') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
                    AND NOT has_table_privilege(c.oid, 'SELECT')),
  'preparedTransactions', (SELECT coalesce(json_agg(gid), '[]') FROM pg_prepared_xacts WHERE database = d.datname),
  'slots', (SELECT coalesce(json_agg(slot_name), '[]') FROM pg_replication_slots WHERE database = d.datname),
  'subscriptions', (SELECT coalesce(json_agg(subname), '[]') FROM pg_subscription WHERE subdbid = d.oid),
  'unloggedTables', (SELECT count(*) FROM pg_class WHERE relpersistence = 'u' AND relkind = 'r'))
  FROM pg_database d, pg_roles r WHERE d.datname = current_database() AND r.rolname = current_user;
