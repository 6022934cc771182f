-- In the copy: the tables, with their partitions, into a schema of their own, without what ties them to others: a rule may write into live tables, a policy names
-- roles that are gone. Row security stays on where it was: with no policy it shows nothing to anybody but the owner. Psql variables: request, into, comment.
CREATE TEMP TABLE holdfast_moved AS
  SELECT w.number, format('%I.%I', w.item ->> 'schema', w.item ->> 'name')::regclass::oid AS root, relid
    FROM jsonb_array_elements(:'request'::jsonb) WITH ORDINALITY AS w (item, number), pg_temp.trunk(format('%I.%I', w.item ->> 'schema', w.item ->> 'name')::regclass) AS relid;
BEGIN;
\o /holdfast/out/rows
SELECT format('SELECT %s, count(*) FROM %s', number, root::regclass) FROM pg_temp.holdfast_moved WHERE relid = root ORDER BY number \gexec
\o
-- It may have been there then, and even be the one that the tables are from: nothing else of it is meant.
SELECT format('ALTER SCHEMA %I RENAME TO %I', nspname, 'holdfast_was_' || oid) FROM pg_namespace WHERE nspname = :'into' \gexec
CREATE SCHEMA :"into";
COMMENT ON SCHEMA :"into" IS :'comment';
SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', f.conrelid::regclass, f.conname) FROM pg_constraint f
 WHERE f.contype = 'f' AND f.conparentid = 0 AND (f.conrelid IN (SELECT relid FROM pg_temp.holdfast_moved) OR f.confrelid IN (SELECT relid FROM pg_temp.holdfast_moved)) \gexec
SELECT format('DROP TRIGGER %I ON %s', t.tgname, t.tgrelid::regclass) FROM pg_trigger t WHERE NOT t.tgisinternal AND t.tgparentid = 0 AND t.tgrelid IN (SELECT relid FROM pg_temp.holdfast_moved) \gexec
SELECT format('DROP RULE %I ON %s', r.rulename, r.ev_class::regclass) FROM pg_rewrite r WHERE r.ev_class IN (SELECT relid FROM pg_temp.holdfast_moved) \gexec
SELECT format('DROP POLICY %I ON %s', p.polname, p.polrelid::regclass) FROM pg_policy p WHERE p.polrelid IN (SELECT relid FROM pg_temp.holdfast_moved) \gexec
SELECT format('ALTER TABLE %s SET SCHEMA %I', relid::regclass, :'into') FROM pg_temp.holdfast_moved \gexec
COMMIT;
