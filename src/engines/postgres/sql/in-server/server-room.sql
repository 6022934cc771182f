-- What a server keeps of its own log, and for whom. One line of JSON.
SELECT json_build_object(
  'dataDirectory', CASE WHEN pg_has_role('pg_read_all_settings', 'USAGE') THEN current_setting('data_directory') END,
  'position', here.lsn,
  'segmentSizeBytes', pg_size_bytes(current_setting('wal_segment_size')),
  'maxWalBytes', pg_size_bytes(current_setting('max_wal_size')),
  'keepBytes', pg_size_bytes(current_setting('wal_keep_size')),
  'slots', (SELECT coalesce(json_agg(json_build_object('name', slot_name, 'active', active, 'bytes', greatest(pg_wal_lsn_diff(here.lsn, restart_lsn), 0)) ORDER BY restart_lsn), '[]')
              FROM pg_replication_slots WHERE restart_lsn IS NOT NULL),
  'archiving', CASE WHEN current_setting('archive_mode') <> 'off' THEN
    (SELECT json_build_object('failed', CASE WHEN last_failed_time > coalesce(last_archived_time, '-infinity') THEN last_failed_wal END, 'archived', last_archived_wal) FROM pg_stat_archiver) END)
  FROM (SELECT CASE WHEN pg_is_in_recovery() THEN pg_last_wal_replay_lsn() ELSE pg_current_wal_lsn() END AS lsn) here;
