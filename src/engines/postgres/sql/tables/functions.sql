-- What every session about single tables begins with: functions of its own, gone with it. Names of tables and columns come from the catalog or from
-- the request (JSON) and go into statements by format's %I alone. The search path is empty.

-- No trigger fires for anything that these sessions do, and no event trigger for what they make.
SET session_replication_role = replica;

-- What a table is made of (src/domain/tables/definition.ts). Its MD5 tells whether that is still so.
CREATE FUNCTION pg_temp.described(wanted oid) RETURNS jsonb LANGUAGE sql STABLE AS $f$
  SELECT jsonb_build_object(
    'oid', c.oid::int8, 'schema', n.nspname, 'name', c.relname, 'kind', c.relkind, 'isPartition', c.relispartition,
    'inherits', c.relkind = 'r' AND NOT c.relispartition AND EXISTS (SELECT FROM pg_inherits i WHERE c.oid IN (i.inhrelid, i.inhparent)),
    'columns', (SELECT coalesce(jsonb_agg(jsonb_build_object(
        'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'notNull', a.attnotnull, 'hasDefault', a.atthasdef AND a.attgenerated = '',
        'generated', CASE WHEN a.attgenerated <> '' THEN pg_get_expr(d.adbin, d.adrelid) END,
        'identity', CASE a.attidentity WHEN 'a' THEN 'always' WHEN 'd' THEN 'byDefault' END) ORDER BY a.attnum), '[]')
      FROM pg_attribute a LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
     WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped),
    -- A key that excludes by more than equality (WITHOUT OVERLAPS) is no B-tree, and does not tell rows apart here.
    'key', (SELECT coalesce(jsonb_agg(a.attname ORDER BY k.place), '[]')
              FROM pg_index i JOIN pg_class ic ON ic.oid = i.indexrelid JOIN pg_am am ON am.oid = ic.relam AND am.amname = 'btree',
                   unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, place) JOIN pg_attribute a ON true
             WHERE i.indrelid = c.oid AND i.indisprimary AND k.place <= i.indnkeyatts AND a.attrelid = c.oid AND a.attnum = k.attnum),
    'silentTriggers', (SELECT coalesce(jsonb_agg(t.tgname ORDER BY t.tgname), '[]') FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal AND t.tgenabled = 'O'),
    'loudTriggers', (SELECT coalesce(jsonb_agg(DISTINCT t.tgname), '[]') FROM pg_trigger t
                      WHERE t.tgrelid IN (SELECT c.oid UNION SELECT relid::oid FROM pg_partition_tree(c.oid)) AND NOT t.tgisinternal AND t.tgenabled IN ('A', 'R')),
    'publications', (SELECT coalesce(jsonb_agg(DISTINCT p.pubname), '[]') FROM pg_publication_tables p WHERE p.schemaname = n.nspname AND p.tablename = c.relname))
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = wanted
$f$;

-- Columns in a row, behind an alias where one is given.
CREATE FUNCTION pg_temp.listed(names text[], alias text) RETURNS text LANGUAGE sql IMMUTABLE AS $f$
  SELECT string_agg(CASE WHEN alias = '' THEN quote_ident(name) ELSE format('%s.%I', alias, name) END, ', ' ORDER BY place) FROM unnest(names) WITH ORDINALITY AS u (name, place)
$f$;

-- Columns that hold what was written into them, in the table's order. A table that has a column of that name itself is refused (src/domain/tables/definition.ts).
CREATE FUNCTION pg_temp.stored(relation oid) RETURNS text[] LANGUAGE sql STABLE AS $f$
  SELECT coalesce(array_agg(attname::text ORDER BY attnum), '{}') FROM pg_attribute
   WHERE attrelid = relation AND attnum > 0 AND NOT attisdropped AND attgenerated = '' AND attname <> 'holdfast_present'
$f$;

CREATE FUNCTION pg_temp.keyed(live oid) RETURNS text[] LANGUAGE sql STABLE AS $f$
  SELECT array_agg(a.attname::text ORDER BY k.place)
    FROM pg_index i, unnest(i.indkey::int2[]) WITH ORDINALITY AS k (attnum, place), pg_attribute a
   WHERE i.indrelid = live AND i.indisprimary AND k.place <= i.indnkeyatts AND a.attrelid = live AND a.attnum = k.attnum
$f$;

-- Two rows are of one key: by the equality of the key's own index, which a search path or an operator of the same name does not change.
CREATE FUNCTION pg_temp.matching(live oid, a text, b text) RETURNS text LANGUAGE sql STABLE AS $f$
  SELECT string_agg(format('%s.%I OPERATOR(%I.%s) %s.%I', a, t.attname, n.nspname, o.oprname, b, t.attname), ' AND ' ORDER BY k.place)
    FROM pg_index i, unnest(i.indkey::int2[], i.indclass::oid[]) WITH ORDINALITY AS k (attnum, opclass, place), pg_attribute t, pg_opclass c, pg_amop m, pg_operator o, pg_namespace n
   WHERE i.indrelid = live AND i.indisprimary AND k.place <= i.indnkeyatts AND t.attrelid = live AND t.attnum = k.attnum AND c.oid = k.opclass
     AND m.amopfamily = c.opcfamily AND m.amoplefttype = c.opcintype AND m.amoprighttype = c.opcintype AND m.amopstrategy = 3 AND o.oid = m.amopopr AND n.oid = o.oprnamespace
$f$;

CREATE FUNCTION pg_temp.trunk(relation oid) RETURNS SETOF oid LANGUAGE sql STABLE AS $f$ SELECT relation UNION SELECT relid::oid FROM pg_partition_tree(relation) $f$;

-- How far the run has come that keeps rows in this schema: "none" (not there), "begun", "done", or "foreign" (somebody else's).
CREATE FUNCTION pg_temp.state(kept text) RETURNS text LANGUAGE sql STABLE AS $f$
  SELECT coalesce((SELECT coalesce(substring(obj_description(oid, 'pg_namespace') FROM '"holdfast": "(begun|done)"}$'), 'foreign') FROM pg_namespace WHERE nspname = kept), 'none')
$f$;

CREATE FUNCTION pg_temp.refuse(code text, message text) RETURNS void LANGUAGE plpgsql AS $f$
BEGIN
  RAISE EXCEPTION USING ERRCODE = code, MESSAGE = message;
END $f$;

-- The tables of the request, found and the same as when the plan was made; and a place for the rows as they were. Nothing is locked yet: filling that
-- place may take its time.
CREATE FUNCTION pg_temp.arrange(request jsonb) RETURNS void LANGUAGE plpgsql AS $f$
DECLARE
  t record;
BEGIN
  INSERT INTO pg_temp.holdfast_tables
    SELECT w.number::int AS number, w.item ->> 'definition' AS definition, format('%I.%I', w.item ->> 'schema', w.item ->> 'name') AS name,
           (SELECT c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = w.item ->> 'schema' AND c.relname = w.item ->> 'name') AS live,
           CASE request ->> 'source' WHEN 'files' THEN format('pg_temp.holdfast_source_%s', w.number) ELSE format('%I.rows_%s', request ->> 'sourceSchema', w.number) END AS source,
           CASE request ->> 'mode' WHEN 'merge' THEN format('%I.rows_%s', request ->> 'kept', w.number) ELSE format('pg_temp.holdfast_kept_%s', w.number) END AS kept,
           ARRAY(SELECT jsonb_array_elements_text(w.item -> 'columns')) AS columns, ARRAY[]::text[] AS keys, (w.item ->> 'showKeys')::bool AS show_keys
      FROM jsonb_array_elements(request -> 'tables') WITH ORDINALITY AS w (item, number);
  PERFORM pg_temp.require_unaltered();
  FOR t IN SELECT * FROM pg_temp.holdfast_tables LOOP
    UPDATE pg_temp.holdfast_tables SET keys = pg_temp.keyed(t.live) WHERE number = t.number;
    IF request ->> 'source' = 'files' THEN
      EXECUTE format('CREATE TEMP TABLE holdfast_source_%s AS SELECT %s FROM %s WITH NO DATA', t.number, pg_temp.listed(t.columns, ''), t.live::regclass);
    ELSE
      UPDATE pg_temp.holdfast_tables SET columns = ARRAY(SELECT c FROM unnest(pg_temp.stored(t.source::regclass)) AS c WHERE c = ANY (pg_temp.stored(t.live))) WHERE number = t.number;
    END IF;
  END LOOP;
END $f$;

CREATE FUNCTION pg_temp.require_unaltered() RETURNS void LANGUAGE plpgsql AS $f$
DECLARE
  t record;
BEGIN
  FOR t IN SELECT * FROM pg_temp.holdfast_tables ORDER BY number LOOP
    IF t.live IS NULL OR NOT EXISTS (SELECT FROM pg_class WHERE oid = t.live) THEN PERFORM pg_temp.refuse('HF001', format('%s is not there any more', t.name)); END IF;
    IF t.definition <> '' AND md5(pg_temp.described(t.live)::text) <> t.definition THEN PERFORM pg_temp.refuse('HF001', format('%s was altered after the plan was made', t.name)); END IF;
  END LOOP;
END $f$;

-- After the files are in: what they hold is there. A change locks the tables now, always in the same order. Readers go on; whoever writes, or locks rows for a
-- foreign key's sake, waits until it is over, and then sees what it led to.
CREATE FUNCTION pg_temp.begin_change(request jsonb) RETURNS void LANGUAGE plpgsql AS $f$
DECLARE
  t record;
BEGIN
  FOR t IN SELECT * FROM pg_temp.holdfast_tables LOOP
    IF request ->> 'source' = 'files' THEN EXECUTE format('ALTER TABLE %s ADD COLUMN holdfast_present bool NOT NULL DEFAULT true', t.source); END IF;
    EXECUTE format('ANALYZE %s', t.source);
  END LOOP;
  IF request ->> 'mode' = 'compare' THEN RETURN; END IF;
  FOR t IN SELECT * FROM pg_temp.holdfast_tables ORDER BY live LOOP EXECUTE format('LOCK TABLE %s IN EXCLUSIVE MODE', t.live::regclass); END LOOP;
  PERFORM pg_temp.require_unaltered();
END $f$;

-- Columns of the source as the live table would hold them: one that was widened since rows were kept (varchar to text) is of another type now.
CREATE FUNCTION pg_temp.as_live(names text[], source oid, live oid) RETURNS text LANGUAGE sql STABLE AS $f$
  SELECT string_agg(CASE WHEN a.atttypid = b.atttypid THEN format('s.%I', name) ELSE format('s.%I::%s', name, format_type(b.atttypid, NULL)) END, ', ' ORDER BY place)
    FROM unnest(names) WITH ORDINALITY AS u (name, place) JOIN pg_attribute a ON a.attrelid = source AND a.attname = name JOIN pg_attribute b ON b.attrelid = live AND b.attname = name
$f$;

-- Which row is to be inserted, changed, removed, or left, by key. A row counts as changed where its bytes differ: two values that are equal may still be
-- different (numeric 1.0 and 1.00), and some types have no equality at all. With an xid only rows count which that transaction wrote last: what somebody
-- has changed since is theirs.
CREATE FUNCTION pg_temp.find_differences(request jsonb) RETURNS void LANGUAGE plpgsql AS $f$
DECLARE
  t record;
  untouched text := CASE WHEN request ->> 'xid' IS NULL THEN '' ELSE format(' AND t.xmin::text = %L', request ->> 'xid') END;
BEGIN
  FOR t IN SELECT * FROM pg_temp.holdfast_tables ORDER BY number LOOP
    EXECUTE format(
      'CREATE TEMP TABLE holdfast_rows_%s AS SELECT CASE WHEN t.tableoid IS NULL THEN ''insert'' WHEN s.holdfast_present THEN ''change'' ELSE ''remove'' END AS holdfast_do, %s
         FROM %s AS s LEFT JOIN %s AS t ON %s
        WHERE CASE WHEN s.holdfast_present THEN t.tableoid IS NULL OR (record_image_ne(ROW(%s), ROW(%s))%s) ELSE t.tableoid IS NOT NULL%s END',
      t.number, pg_temp.listed(t.keys, 's'), t.source, t.live::regclass, pg_temp.matching(t.live, 's', 't'), pg_temp.as_live(t.columns, t.source::regclass, t.live), pg_temp.listed(t.columns, 't'), untouched, untouched);
    IF request ->> 'source' = 'files' AND ((request ->> 'exact')::bool OR request ->> 'mode' = 'compare') THEN
      EXECUTE format('INSERT INTO pg_temp.holdfast_rows_%s SELECT %L, %s FROM %s AS t WHERE NOT EXISTS (SELECT FROM %s AS s WHERE %s)',
        t.number, CASE WHEN (request ->> 'exact')::bool THEN 'remove' ELSE 'leave' END, pg_temp.listed(t.keys, 't'), t.live::regclass, t.source, pg_temp.matching(t.live, 's', 't'));
    END IF;
    EXECUTE format('ANALYZE pg_temp.holdfast_rows_%s', t.number);
  END LOOP;
END $f$;
