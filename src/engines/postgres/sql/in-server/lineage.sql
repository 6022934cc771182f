-- What tells which base backup an incremental one may go on from, and whether the server can take one. One line of JSON.
SELECT json_build_object(
  'systemIdentifier', (SELECT system_identifier::text FROM pg_control_system()),
  'majorVersion', current_setting('server_version_num')::int / 10000,
  'inRecovery', pg_is_in_recovery(),
  'summarizes', coalesce(current_setting('summarize_wal', true), 'off') = 'on',
  -- The one that it writes now: that of the last checkpoint may be another just after a promotion.
  'timeline', CASE WHEN pg_is_in_recovery() THEN 0 ELSE ('x' || substr(pg_walfile_name(pg_current_wal_insert_lsn()), 1, 8))::bit(32)::int END,
  'end', CASE WHEN pg_is_in_recovery() THEN '0/0' ELSE pg_current_wal_insert_lsn()::text END,
  -- As text: JSON numbers end at 2^53.
  'nextXid', pg_snapshot_xmax(pg_current_snapshot())::text);
