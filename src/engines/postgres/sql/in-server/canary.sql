-- The row by which a drill knows a backup again, the only one of its table; written before the snapshot. One line of JSON: null, or why it was not written. Psql variables: nonce, written_at,
-- lock_timeout_ms. Another attempt of the same run leaves the same row.
-- On this server's disk before anything is read, so that a copy of the server and its log hold it; whether a replica has it is not waited for.
SET synchronous_commit = local;
SET lock_timeout = :'lock_timeout_ms';
BEGIN;
-- A subscriber that follows all tables stops at the first row of one that it does not have.
SELECT CASE WHEN current_setting('transaction_read_only')::bool THEN 'the database takes no writes: it is a standby, or read only by default'
            WHEN to_regclass('holdfast.canary') IS NULL AND EXISTS (SELECT FROM pg_publication WHERE puballtables)
              THEN 'a publication sends all tables, and whoever follows it would stop at one that he lacks: make holdfast.canary there, then here' ELSE '' END AS why \gset
SELECT :'why' = '' AS may_write \gset
\if :may_write
-- One attempt after the other: two would both find nothing.
SELECT pg_advisory_xact_lock(hashtext('holdfast.canary')) \g /dev/null
SELECT to_regnamespace('holdfast') IS NULL AS lacks_schema, to_regclass('holdfast.canary') IS NULL AS lacks_table \gset
\if :lacks_schema
CREATE SCHEMA holdfast;
\endif
\if :lacks_table
CREATE TABLE holdfast.canary (id boolean PRIMARY KEY DEFAULT true CHECK (id), nonce text NOT NULL, written_at timestamptz NOT NULL);
COMMENT ON TABLE holdfast.canary IS 'Written by Holdfast before each backup (backup.canary in holdfast.yaml), and looked for by its drills.';
\endif
-- From here on nobody adds a trigger: whoever may could have his code run by us.
LOCK TABLE ONLY holdfast.canary IN ROW EXCLUSIVE MODE;
SELECT CASE WHEN strangers IS NOT NULL THEN format('holdfast.canary or its schema belongs to %s, whose code would be run by %I', strangers, current_user)
            WHEN NOT is_plain THEN 'holdfast.canary is no plain table without triggers and rules' ELSE '' END AS why
  FROM (SELECT (SELECT string_agg(quote_ident(rolname), ', ' ORDER BY rolname) FROM pg_roles WHERE oid IN (c.relowner, n.nspowner) AND NOT rolsuper AND rolname <> current_user) AS strangers,
               c.relkind = 'r' AND c.relpersistence = 'p' AND NOT c.relhasrules AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = c.oid) AS is_plain
          FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = 'holdfast.canary'::regclass) facts \gset
SELECT :'why' = '' AS may_write \gset
\if :may_write
INSERT INTO holdfast.canary (nonce, written_at) VALUES (:'nonce', :'written_at') ON CONFLICT (id) DO UPDATE SET nonce = excluded.nonce, written_at = excluded.written_at;
\endif
\endif
COMMIT;
SELECT json_build_object('why', nullif(:'why', ''));
