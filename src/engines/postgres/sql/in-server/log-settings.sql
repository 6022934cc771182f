-- What a server's log depends on. One line of JSON.
SELECT json_build_object(
  'inRecovery', pg_is_in_recovery(),
  'user', current_user,
  'dataDirectory', CASE WHEN pg_has_role('pg_read_all_settings', 'USAGE') THEN current_setting('data_directory') END,
  'superuser', (SELECT rolsuper FROM pg_roles WHERE rolname = current_user),
  'mayReplicate', (SELECT rolsuper OR rolreplication FROM pg_roles WHERE rolname = current_user),
  'mayWatch', pg_has_role('pg_read_all_stats', 'USAGE'),
  'settings', (SELECT json_object_agg(name, json_build_object('value', setting, 'source', source, 'pendingRestart', pending_restart))
                 FROM pg_settings WHERE name IN ('wal_level', 'max_wal_senders', 'max_replication_slots', 'max_slot_wal_keep_size')),
  -- PostgreSQL 17 and later.
  'summarizing', (SELECT json_build_object('value', setting, 'source', source, 'pendingRestart', pending_restart) FROM pg_settings WHERE name = 'summarize_wal'),
  -- PostgreSQL 18 and later.
  'idleSlotTimeout', current_setting('idle_replication_slot_timeout', true),
  'otherSenders', (SELECT count(*) FROM pg_stat_replication WHERE application_name NOT LIKE 'holdfast-%'),
  'otherSlots', (SELECT count(*) FROM pg_replication_slots WHERE slot_name NOT LIKE 'holdfast\_%' AND NOT temporary),
  -- What is left where the way of keeping the log was changed.
  'ownSlots', (SELECT coalesce(json_agg(slot_name ORDER BY slot_name), '[]') FROM pg_replication_slots WHERE slot_name LIKE 'holdfast\_%'),
  'ownArchiving', (SELECT reset_val ~ '/wal_archive/holdfast-[0-9a-f]{12}/' FROM pg_settings WHERE name = 'archive_command'));
