-- Carrying differences out, and telling them.

-- What the differences come to: figures, a few keys where they may be shown, and foreign keys that would be broken. Writes nothing but what is the session's own.
CREATE FUNCTION pg_temp.compared(request jsonb) RETURNS jsonb LANGUAGE plpgsql AS $f$
DECLARE
  t record;
  counts jsonb;
  samples jsonb;
  answer jsonb := '[]';
BEGIN
  FOR t IN SELECT * FROM pg_temp.holdfast_tables ORDER BY number LOOP
    EXECUTE format('SELECT jsonb_build_object(''missing'', (count(*) FILTER (WHERE holdfast_do = ''insert''))::text, ''changed'', (count(*) FILTER (WHERE holdfast_do = ''change''))::text,
      ''extra'', (count(*) FILTER (WHERE holdfast_do IN (''remove'', ''leave'')))::text) FROM pg_temp.holdfast_rows_%s', t.number) INTO counts;
    samples := NULL;
    IF t.show_keys THEN
      EXECUTE format('SELECT jsonb_object_agg(k.kind, f.keys) FROM (VALUES (''missing'', ARRAY[''insert'']), (''changed'', ARRAY[''change'']), (''extra'', ARRAY[''remove'', ''leave''])) AS k (kind, does),
        LATERAL (SELECT coalesce(jsonb_agg(few.shown), ''[]'') AS keys FROM (SELECT concat_ws('', '', %s) AS shown FROM pg_temp.holdfast_rows_%s AS r WHERE r.holdfast_do = ANY (k.does) ORDER BY %s LIMIT 5) AS few) AS f',
        pg_temp.listed(t.keys, 'r'), t.number, pg_temp.listed(t.keys, 'r')) INTO samples;
    END IF;
    answer := answer || jsonb_build_array(counts || jsonb_build_object('keys', samples));
  END LOOP;
  RETURN jsonb_build_object('tables', answer, 'dangling', (SELECT coalesce(jsonb_agg(DISTINCT text), '[]') FROM pg_temp.would_dangle() AS text));
END $f$;

-- Rows as they were before, those that change or go: what an undo puts back.
CREATE FUNCTION pg_temp.keep_rows(t record, is_lasting bool) RETURNS void LANGUAGE plpgsql AS $f$
DECLARE
  stored text[] := pg_temp.stored(t.live);
BEGIN
  EXECUTE format('CREATE %sTABLE %s AS SELECT true AS holdfast_present, %s FROM %s WITH NO DATA', CASE WHEN is_lasting THEN '' ELSE 'TEMP ' END, t.kept, pg_temp.listed(stored, ''), t.live::regclass);
  EXECUTE format('INSERT INTO %s SELECT true, %s FROM %s AS t JOIN pg_temp.holdfast_rows_%s AS o ON %s WHERE o.holdfast_do IN (''change'', ''remove'')',
    t.kept, pg_temp.listed(stored, 't'), t.live::regclass, t.number, pg_temp.matching(t.live, 't', 'o'));
END $f$;

-- And those that came, which an undo takes out again, after they are in: by their key alone, but for domains, which may not take the NULLs in its place.
CREATE FUNCTION pg_temp.keep_keys(t record) RETURNS void LANGUAGE plpgsql AS $f$
DECLARE
  named text[] := CASE WHEN EXISTS (SELECT FROM pg_attribute a JOIN pg_type y ON y.oid = a.atttypid AND y.typtype = 'd' WHERE a.attrelid = t.live AND a.attnum > 0 AND NOT a.attisdropped) THEN pg_temp.stored(t.live) ELSE t.keys END;
BEGIN
  EXECUTE format('INSERT INTO %s (holdfast_present, %s) SELECT false, %s FROM %s AS t JOIN pg_temp.holdfast_rows_%s AS o ON %s WHERE o.holdfast_do = ''insert''',
    t.kept, pg_temp.listed(named, ''), pg_temp.listed(named, 't'), t.live::regclass, t.number, pg_temp.matching(t.live, 't', 'o'));
  EXECUTE format('ANALYZE %s', t.kept);
END $f$;

-- Removed first, then inserted, the changed ones too: two rows that exchange a unique value would stand in each other's way otherwise. Columns that the
-- source does not have keep their value in a changed row, and get their default in one that comes.
CREATE FUNCTION pg_temp.write_rows(t record) RETURNS jsonb LANGUAGE plpgsql AS $f$
DECLARE
  others text[] := ARRAY(SELECT c FROM unnest(pg_temp.stored(t.live)) AS c WHERE c <> ALL (t.columns));
  gone int8;
  come int8;
  changed int8;
BEGIN
  EXECUTE format('DELETE FROM %s AS t USING pg_temp.holdfast_rows_%s AS o WHERE o.holdfast_do IN (''change'', ''remove'') AND %s', t.live::regclass, t.number, pg_temp.matching(t.live, 't', 'o'));
  GET DIAGNOSTICS gone = ROW_COUNT;
  EXECUTE format('INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM %s AS s JOIN pg_temp.holdfast_rows_%s AS o ON %s%s WHERE o.holdfast_do = ''change'' AND s.holdfast_present',
    t.live::regclass, pg_temp.listed(t.columns || others, ''), concat_ws(', ', pg_temp.listed(t.columns, 's'), pg_temp.listed(others, 'k')), t.source, t.number, pg_temp.matching(t.live, 's', 'o'),
    CASE WHEN others = '{}' THEN '' ELSE format(' JOIN %s AS k ON k.holdfast_present AND %s', t.kept, pg_temp.matching(t.live, 'k', 'o')) END);
  GET DIAGNOSTICS changed = ROW_COUNT;
  EXECUTE format('INSERT INTO %s (%s) OVERRIDING SYSTEM VALUE SELECT %s FROM %s AS s JOIN pg_temp.holdfast_rows_%s AS o ON %s WHERE o.holdfast_do = ''insert'' AND s.holdfast_present',
    t.live::regclass, pg_temp.listed(t.columns, ''), pg_temp.listed(t.columns, 's'), t.source, t.number, pg_temp.matching(t.live, 's', 'o'));
  GET DIAGNOSTICS come = ROW_COUNT;
  RETURN jsonb_build_object('table', t.name, 'inserted', come::text, 'changed', changed::text, 'removed', (gone - changed)::text);
END $f$;

-- Every row of the source is in the live table as it is in the source. A trigger that fires whatever the session says may have had other ideas.
CREATE FUNCTION pg_temp.require_written(t record) RETURNS void LANGUAGE plpgsql AS $f$
DECLARE
  count int8;
BEGIN
  EXECUTE format('SELECT count(*) FROM %s AS s LEFT JOIN %s AS t ON %s WHERE CASE WHEN s.holdfast_present THEN t.tableoid IS NULL OR record_image_ne(ROW(%s), ROW(%s)) ELSE t.tableoid IS NOT NULL END',
    t.source, t.live::regclass, pg_temp.matching(t.live, 's', 't'), pg_temp.as_live(t.columns, t.source::regclass, t.live), pg_temp.listed(t.columns, 't')) INTO count;
  IF count > 0 THEN PERFORM pg_temp.refuse('HF003', format('%s of %s rows are not as they were written', count, t.name)); END IF;
END $f$;

-- A sequence that a column takes its numbers from goes past the rows that came back, never backwards. It is moved whatever becomes of the transaction.
CREATE FUNCTION pg_temp.set_sequences_forward(t record) RETURNS void LANGUAGE plpgsql AS $f$
DECLARE
  s record;
  reached numeric;
  last numeric;
  used bool;
BEGIN
  FOR s IN
    SELECT DISTINCT q.seqrelid AS sequence, a.attname, q.seqincrement, q.seqmin, q.seqmax
      FROM (SELECT d.objid AS sequence, d.refobjsubid AS attnum FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.refclassid = 'pg_class'::regclass AND d.refobjid = t.live AND d.deptype IN ('a', 'i')
            UNION SELECT d.refobjid, e.adnum FROM pg_attrdef e JOIN pg_depend d ON d.classid = 'pg_attrdef'::regclass AND d.objid = e.oid AND d.refclassid = 'pg_class'::regclass WHERE e.adrelid = t.live) AS n
      JOIN pg_sequence q ON q.seqrelid = n.sequence AND NOT q.seqcycle JOIN pg_attribute a ON a.attrelid = t.live AND a.attnum = n.attnum
     WHERE a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)
  LOOP
    EXECUTE format('SELECT %s(%I) FROM %s', CASE WHEN s.seqincrement > 0 THEN 'max' ELSE 'min' END, s.attname, t.live::regclass) INTO reached;
    EXECUTE format('SELECT last_value, is_called FROM %s', s.sequence::regclass) INTO last, used;
    IF reached BETWEEN s.seqmin AND s.seqmax AND ((reached - last) * sign(s.seqincrement) > 0 OR (reached = last AND NOT used)) THEN
      PERFORM setval(s.sequence::regclass, reached::int8, true);
    END IF;
  END LOOP;
END $f$;

-- The one transaction, up to its commit; the schema's comment says that it was carried out, what it did, and which rows it wrote (xid).
CREATE FUNCTION pg_temp.merge(request jsonb) RETURNS void LANGUAGE plpgsql AS $f$
DECLARE
  t record;
  reason text;
  outcome jsonb := '[]';
  dangling text[];
BEGIN
  FOR t IN SELECT * FROM pg_temp.holdfast_tables ORDER BY number LOOP PERFORM pg_temp.keep_rows(t, request ->> 'mode' = 'merge'); END LOOP;
  FOR t IN SELECT * FROM pg_temp.holdfast_tables ORDER BY number LOOP outcome := outcome || jsonb_build_array(pg_temp.write_rows(t)); PERFORM pg_temp.keep_keys(t); END LOOP;
  IF request ->> 'mode' = 'merge' THEN FOR t IN SELECT * FROM pg_temp.holdfast_tables ORDER BY number LOOP PERFORM pg_temp.require_written(t); END LOOP; END IF;
  dangling := ARRAY(SELECT DISTINCT text FROM pg_temp.dangling() AS text ORDER BY text);
  IF dangling <> '{}' THEN PERFORM pg_temp.refuse('HF002', array_to_string(dangling[1:5], '; ')); END IF;
  FOR t IN SELECT * FROM pg_temp.holdfast_tables ORDER BY number LOOP PERFORM pg_temp.set_sequences_forward(t); END LOOP;
  IF request ->> 'mode' = 'merge' THEN
    EXECUTE format('COMMENT ON SCHEMA %I IS %L', request ->> 'kept', jsonb_build_object('xid', pg_current_xact_id()::xid::text, 'tables', outcome, 'holdfast', 'done'));
  END IF;
END $f$;
