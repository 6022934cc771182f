-- Foreign keys of the tables, in both directions. The session fires no triggers, and PostgreSQL's own checks of foreign keys are triggers (databases.md X2): so they are
-- made here, with the operators that the constraints themselves use.

-- The tables that the session is about. source: the rows as they were, as a name for statements; kept: where those go that are replaced.
CREATE TEMP TABLE holdfast_tables (number int, definition text, name text, live oid, source text, kept text, columns text[], keys text[], show_keys bool);

CREATE FUNCTION pg_temp.constraints() RETURNS TABLE (number int, live oid, is_own bool, name text, child oid, parent oid, parent_columns text[], child_columns text[], matching text, filled text, is_period bool)
LANGUAGE sql STABLE AS $f$
  SELECT t.number, t.live, f.conrelid IN (SELECT pg_temp.trunk(t.live)), f.conname::text, f.conrelid, f.confrelid, m.parent_columns, m.child_columns, m.matching, m.filled, coalesce(to_jsonb(f) ->> 'conperiod', 'false') = 'true'
    FROM pg_temp.holdfast_tables t JOIN pg_constraint f ON f.conrelid IN (SELECT pg_temp.trunk(t.live)) OR f.confrelid IN (SELECT pg_temp.trunk(t.live)),
         LATERAL (SELECT array_agg(pa.attname::text) AS parent_columns, array_agg(ca.attname::text) AS child_columns,
                         string_agg(format('p.%I OPERATOR(%I.%s) c.%I', pa.attname, n.nspname, o.oprname, ca.attname), ' AND ') AS matching,
                         string_agg(format('c.%I IS NOT NULL', ca.attname), ' AND ') AS filled
                    FROM unnest(f.conkey, f.confkey, f.conpfeqop) AS k (own, other, equal), pg_attribute ca, pg_attribute pa, pg_operator o, pg_namespace n
                   WHERE ca.attrelid = f.conrelid AND ca.attnum = k.own AND pa.attrelid = f.confrelid AND pa.attnum = k.other AND o.oid = k.equal AND n.oid = o.oprnamespace) AS m
   -- Those of partitions repeat their root's. What PostgreSQL does not enforce (18) is not enforced here.
   WHERE f.contype = 'f' AND f.conparentid = 0 AND coalesce(to_jsonb(f) ->> 'conenforced', 'true') = 'true'
$f$;

CREATE FUNCTION pg_temp.dangling_text(count int8, child oid, parent oid, name text) RETURNS text LANGUAGE sql STABLE AS $f$
  SELECT format('%s of %s would point to rows of %s that are not there (foreign key %s)', CASE WHEN count = 1 THEN '1 row' ELSE count || ' rows' END, child::regclass, parent::regclass, name)
$f$;

-- After the rows were written: each sentence a reason to take everything back. Parents that are not locked anyway are locked against going, as
-- PostgreSQL's own check would, and looked for after that.
CREATE FUNCTION pg_temp.dangling() RETURNS SETOF text LANGUAGE plpgsql AS $f$
DECLARE
  f record;
  t record;
  written text;
  count int8;
BEGIN
  FOR f IN SELECT * FROM pg_temp.constraints() LOOP
    IF f.is_period THEN
      RETURN NEXT format('the foreign key %s of %s is over a period of time, which is not checked here', f.name, f.child::regclass);
      CONTINUE;
    END IF;
    SELECT * INTO t FROM pg_temp.holdfast_tables WHERE holdfast_tables.number = f.number;
    IF f.is_own THEN
      written := format('%s AS c JOIN pg_temp.holdfast_rows_%s AS o ON %s WHERE o.holdfast_do IN (''insert'', ''change'') AND %s', f.child::regclass, f.number, pg_temp.matching(t.live, 'c', 'o'), f.filled);
      IF NOT EXISTS (SELECT FROM pg_temp.holdfast_tables AS other WHERE f.parent IN (SELECT pg_temp.trunk(other.live))) THEN
        EXECUTE format('SELECT count(*) FROM (SELECT FROM %s AS p WHERE EXISTS (SELECT FROM %s AND %s) FOR KEY SHARE OF p) AS locked', f.parent::regclass, written, f.matching) INTO count;
      END IF;
      EXECUTE format('SELECT count(*) FROM %s AND NOT EXISTS (SELECT FROM %s AS p WHERE %s)', written, f.parent::regclass, f.matching) INTO count;
      IF count > 0 THEN RETURN NEXT pg_temp.dangling_text(count, f.child, f.parent, f.name); END IF;
    END IF;
    IF f.parent IN (SELECT pg_temp.trunk(f.live)) THEN
      EXECUTE format('SELECT count(*) FROM %s AS c WHERE %s%s AND NOT EXISTS (SELECT FROM %s AS p WHERE %s)', f.child::regclass, f.filled,
        CASE WHEN f.parent_columns <@ pg_temp.stored(t.live) THEN format(' AND EXISTS (SELECT FROM %s AS p WHERE p.holdfast_present AND %s)', t.kept, f.matching) ELSE '' END,
        f.parent::regclass, f.matching) INTO count;
      IF count > 0 THEN RETURN NEXT pg_temp.dangling_text(count, f.child, f.parent, f.name); END IF;
    END IF;
  END LOOP;
END $f$;

-- The same before anything is written, as far as it can be told: so that a plan which cannot be carried out is not shown for approval.
CREATE FUNCTION pg_temp.would_dangle() RETURNS SETOF text LANGUAGE plpgsql AS $f$
DECLARE
  f record;
  t record;
  other record;
  count int8;
BEGIN
  FOR f IN SELECT * FROM pg_temp.constraints() LOOP
    IF f.is_period THEN
      RETURN NEXT format('the foreign key %s of %s is over a period of time, which is not checked here', f.name, f.child::regclass);
      CONTINUE;
    END IF;
    SELECT * INTO t FROM pg_temp.holdfast_tables WHERE holdfast_tables.number = f.number;
    IF f.child = t.live AND f.child_columns <@ t.columns THEN
      SELECT * INTO other FROM pg_temp.holdfast_tables WHERE holdfast_tables.live = f.parent AND f.parent_columns <@ holdfast_tables.columns;
      EXECUTE format('SELECT count(*) FROM %s AS c JOIN pg_temp.holdfast_rows_%s AS o ON %s WHERE o.holdfast_do IN (''insert'', ''change'') AND %s AND NOT EXISTS (SELECT FROM %s AS p WHERE %s)%s',
        t.source, t.number, pg_temp.matching(t.live, 'c', 'o'), f.filled, f.parent::regclass, f.matching,
        CASE WHEN other.number IS NULL THEN '' ELSE format(' AND NOT EXISTS (SELECT FROM %s AS p WHERE p.holdfast_present AND %s)', other.source, f.matching) END) INTO count;
      IF count > 0 THEN RETURN NEXT pg_temp.dangling_text(count, f.child, f.parent, f.name); END IF;
    END IF;
    IF f.parent = t.live THEN
      SELECT * INTO other FROM pg_temp.holdfast_tables WHERE holdfast_tables.live = f.child;
      EXECUTE format('SELECT count(*) FROM %s AS c WHERE %s AND EXISTS (SELECT FROM %s AS p JOIN pg_temp.holdfast_rows_%s AS o ON %s WHERE o.holdfast_do = ''remove'' AND %s)%s',
        f.child::regclass, f.filled, f.parent::regclass, t.number, pg_temp.matching(t.live, 'p', 'o'), f.matching,
        CASE WHEN other.number IS NULL THEN '' ELSE format(' AND NOT EXISTS (SELECT FROM pg_temp.holdfast_rows_%s AS o WHERE o.holdfast_do IN (''remove'', ''change'') AND %s)', other.number, pg_temp.matching(other.live, 'c', 'o')) END) INTO count;
      IF count > 0 THEN RETURN NEXT pg_temp.dangling_text(count, f.child, f.parent, f.name); END IF;
    END IF;
  END LOOP;
END $f$;
