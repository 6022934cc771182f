-- A message in the log that names this moment, and the position behind it, where its commit follows. One line of JSON; "lsn" is null where the server takes none.
-- The commit is waited for until it is on this server's disk, whatever the role's or the server's setting: the log up to it then outlives a crash, and
-- goes to whoever receives it. Whether a replica has it is not waited for.
SET synchronous_commit = local;
SELECT json_build_object(
  'systemIdentifier', (SELECT system_identifier::text FROM pg_control_system()),
  'inRecovery', pg_is_in_recovery(),
  'walLevel', current_setting('wal_level'),
  -- The timeline that is written on; the last checkpoint's may be the one before.
  'timeline', CASE WHEN message.lsn IS NOT NULL THEN left(pg_walfile_name(message.lsn), 8) END,
  'lsn', message.lsn,
  'at', to_char(message.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'))
  FROM (SELECT clock.at, CASE WHEN NOT pg_is_in_recovery() AND current_setting('wal_level') <> 'minimal' THEN pg_logical_emit_message(true, 'holdfast', 'mark ' || :'mark') END AS lsn
          -- Read before the message is written: what was committed by then lies before it.
          FROM (SELECT clock_timestamp() AS at OFFSET 0) clock OFFSET 0) message;
