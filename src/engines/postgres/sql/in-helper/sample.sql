-- One line a second: the server's clock, how far its log was flushed (read after the clock: what was committed by then lies before it), timeline, how far
-- the receiver has synced it, the slot's state and room, and whether this sample wrote a commit itself (beat.sql, which ends this).
SELECT concat_ws(' ',
    to_char(clock.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    clock.lsn,
    left(pg_walfile_name(clock.lsn), 8),
    coalesce(sender.flush_lsn::text, '-'),
    coalesce(slot.wal_status, '-'),
    coalesce(slot.safe_wal_size::text, '-'),
    coalesce(beat.written, '-'))
  FROM (SELECT clock_timestamp() AS at, pg_current_wal_flush_lsn() AS lsn OFFSET 0) clock
  LEFT JOIN pg_replication_slots slot ON slot.slot_name = :'slot'
  LEFT JOIN pg_stat_replication sender ON sender.pid = slot.active_pid
