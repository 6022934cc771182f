-- What the manifest says about a base backup besides what pg_basebackup's own manifest tells; read after its end.
SELECT json_build_object(
  'systemIdentifier', (SELECT system_identifier::text FROM pg_control_system()),
  'version', split_part(current_setting('server_version'), ' ', 1),
  'majorVersion', current_setting('server_version_num')::int / 10000,
  'databaseOid', (SELECT oid::int8 FROM pg_database WHERE datname = current_database()),
  'endAt', to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
  'snapshot', pg_current_snapshot()::text,
  'segmentSizeBytes', (SELECT bytes_per_wal_segment FROM pg_control_init()),
  'dataChecksums', (SELECT data_page_checksum_version <> 0 FROM pg_control_init()),
  'superuser', (SELECT rolname FROM pg_roles WHERE oid = 10),
  'settings', (SELECT json_object_agg(name, setting) FROM pg_settings
                WHERE name IN ('max_connections', 'max_worker_processes', 'max_wal_senders', 'max_prepared_transactions', 'max_locks_per_transaction')),
  'preloadLibraries', (SELECT coalesce(json_agg(btrim(library)), '[]') FROM regexp_split_to_table(current_setting('shared_preload_libraries'), ',') AS library WHERE btrim(library) <> ''),
  'configFilesElsewhere', (SELECT coalesce(json_agg(setting), '[]') FROM pg_settings
                            WHERE name IN ('config_file', 'hba_file', 'ident_file') AND NOT starts_with(setting, current_setting('data_directory') || '/')),
  'databases', (SELECT json_agg(json_build_object('name', datname, 'oid', oid::int8, 'sizeBytes', pg_database_size(oid)) ORDER BY oid) FROM pg_database),
  'tablespaces', (SELECT coalesce(json_agg(json_build_object('name', spcname, 'oid', oid::int8, 'location', pg_tablespace_location(oid)) ORDER BY oid), '[]')
                    FROM pg_tablespace WHERE spcname NOT IN ('pg_default', 'pg_global')),
  'unlogged', (SELECT count(*) FROM pg_class WHERE relpersistence = 'u'))
;
