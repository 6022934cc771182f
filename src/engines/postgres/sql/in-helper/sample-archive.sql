-- One line a second of a server that archives its log itself: the fields of sample.sql, those of a receiver and a slot empty, and four of its archiving:
-- archive_mode; the script of ours that archive_command runs, else `none` or `other`; whether an archive_library goes before it; the segment whose last
-- attempt failed, where that was the archiver's last of all.
--
-- The position is where the server had come to when a transaction last ended, and not where its log ends now: what a server at rest writes about itself
-- makes no segment end, by its archive_timeout, and would look like a loss that grows for ever. Commits are what is counted, and each one shows in the
-- snapshot; the sample's own (beat.sql) is none of them, and makes the segment end that holds the others. The clock is read before the snapshot, the position after it; that is of what was inserted, not flushed, for a commit need not wait for its flush.
SELECT concat_ws(' ',
    to_char(clock.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'),
    clock.lsn,
    left(pg_walfile_name(clock.lsn), 8),
    '-', '-', '-',
    coalesce(beat.written, '-'),
    current_setting('archive_mode'),
    -- What is configured: `SHOW` has "(disabled)" in its place while archive_mode is off.
    (SELECT coalesce(substring(reset_val FROM '^/bin/sh ' || :'directory' || '/(archive-[0-9a-f]{12}\.sh) "%p" "%f"( \|\| \{ test ! -r .*\})?$'), CASE WHEN reset_val = '' THEN 'none' ELSE 'other' END)
       FROM pg_settings WHERE name = 'archive_command'),
    CASE WHEN coalesce(current_setting('archive_library', true), '') = '' THEN '-' ELSE 'library' END,
    (SELECT CASE WHEN last_failed_time > coalesce(last_archived_time, '-infinity') THEN last_failed_wal ELSE '-' END FROM pg_stat_archiver))
  FROM (
    SELECT statement_timestamp() AS at,
           CASE WHEN pg_current_snapshot()::text IN (split_part(current_setting('holdfast.still', true), ' ', 1), current_setting('holdfast.quiet', true)) THEN split_part(current_setting('holdfast.still', true), ' ', 2)
                ELSE split_part(set_config('holdfast.still', concat_ws(' ', pg_current_snapshot(), pg_current_wal_insert_lsn()), false), ' ', 2) END::pg_lsn AS lsn
     OFFSET 0) clock
