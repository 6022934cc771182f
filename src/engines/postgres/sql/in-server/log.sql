-- What a receiver of the log has to know of the server. One line of JSON.
SELECT json_build_object(
  'systemIdentifier', (SELECT system_identifier::text FROM pg_control_system()),
  'majorVersion', current_setting('server_version_num')::int / 10000,
  'segmentSizeBytes', pg_size_bytes(current_setting('wal_segment_size')),
  'port', current_setting('port')::int,
  -- The first start of an image runs a server that listens to its socket only (databases.md D18).
  'listening', current_setting('listen_addresses') <> '',
  'inRecovery', pg_is_in_recovery(),
  'timeline', CASE WHEN NOT pg_is_in_recovery() THEN ('x' || left(pg_walfile_name(pg_current_wal_insert_lsn()), 8))::bit(32)::bigint END,
  'dataDirectory', CASE WHEN pg_has_role('pg_read_all_settings', 'USAGE') THEN current_setting('data_directory') END,
  'walLevel', current_setting('wal_level'),
  'maxSenders', current_setting('max_wal_senders')::int,
  'freeSlots', current_setting('max_replication_slots')::int - (SELECT count(*) FROM pg_replication_slots),
  'mayReplicate', (SELECT rolsuper OR rolreplication FROM pg_roles WHERE rolname = current_user),
  'mayWatch', pg_has_role('pg_read_all_stats', 'USAGE'),
  -- Whoever streams is a standby to it that commits may wait for, a receiver too.
  'takesAnyStandby', current_setting('synchronous_standby_names') ~ '(^|[\s,("])\*($|[\s,)"])',
  'administrative', EXISTS (SELECT FROM pg_database WHERE datname = 'postgres' AND datallowconn),
  'slot', (SELECT json_build_object('type', slot_type, 'active', active, 'state', CASE WHEN restart_lsn IS NULL THEN 'lost' ELSE wal_status END)
             FROM pg_replication_slots WHERE slot_name = :'slot'));
