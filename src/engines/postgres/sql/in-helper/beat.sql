-- The end of each sample's query: a commit of its own, where one is due.
--
-- That commit is there for recovery to a time, which needs a commit after the time it is asked for (databases.md T2). It is written once after others
-- have committed, at most every 15 seconds, and not waited for. A database at rest gets none: neither the position nor a segment switch counts, only
-- transactions that are over, or this and the server's archive_timeout would keep each other busy with a segment a minute.
  CROSS JOIN (
    SELECT CASE WHEN snapshot::text <> coalesce(current_setting('holdfast.quiet', true), '')
                 AND extract(epoch FROM clock_timestamp()) - coalesce(nullif(current_setting('holdfast.beat', true), ''), '0')::numeric >= 15
             THEN CASE WHEN pg_logical_emit_message(true, 'holdfast', '') IS NOT NULL
                        AND set_config('holdfast.beat', extract(epoch FROM clock_timestamp())::text, false) IS NOT NULL
                        -- The snapshot that will be seen for as long as no transaction but this one ends; none where another began in between.
                        AND set_config('holdfast.quiet', CASE
                              WHEN pg_current_xact_id()::text <> pg_snapshot_xmax(snapshot)::text THEN ''
                              WHEN pg_snapshot_xmin(snapshot) = pg_snapshot_xmax(snapshot) THEN format('%1$s:%1$s:', pg_snapshot_xmax(snapshot)::text::numeric + 1)
                              ELSE format('%s:%s:%s', pg_snapshot_xmin(snapshot), pg_snapshot_xmax(snapshot)::text::numeric + 1, split_part(snapshot::text, ':', 3))
                            END, false) IS NOT NULL
                    THEN 'beat' END
           END AS written
      FROM (SELECT pg_current_snapshot() AS snapshot OFFSET 0) seen OFFSET 0) beat
\watch 1
