-- What a plain dump does not say about its database, as the live one has it now; and the roles that this names.
SELECT json_build_object(
  'properties', json_build_object(
    'owner', pg_get_userbyid(d.datdba),
    'acl', (SELECT json_agg(a::text) FROM unnest(d.datacl) AS a),
    'connectionLimit', d.datconnlimit,
    'encoding', pg_encoding_to_char(d.encoding),
    'localeProvider', CASE d.datlocprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END,
    'collate', d.datcollate, 'ctype', d.datctype,
    'locale', coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale'),
    'icuRules', to_jsonb(d) ->> 'daticurules',
    'tablespace', (SELECT spcname FROM pg_tablespace s WHERE s.oid = d.dattablespace),
    'comment', shobj_description(d.oid, 'pg_database'),
    'isTemplate', d.datistemplate,
    'settings', (SELECT coalesce(json_agg(json_build_object('role', CASE WHEN s.setrole <> 0 THEN pg_get_userbyid(s.setrole) END,
                   'name', split_part(c, '=', 1), 'value', substr(c, strpos(c, '=') + 1)) ORDER BY s.setrole, place), '[]')
                   FROM pg_db_role_setting s, unnest(s.setconfig) WITH ORDINALITY AS listed (c, place) WHERE s.setdatabase = d.oid)),
  'roles', (SELECT coalesce(json_agg(DISTINCT pg_get_userbyid(role)), '[]') FROM (
      SELECT d.datdba AS role UNION ALL SELECT x.grantee FROM aclexplode(d.datacl) AS x WHERE x.grantee <> 0
      UNION ALL SELECT s.setrole FROM pg_db_role_setting s WHERE s.setdatabase = d.oid AND s.setrole <> 0) AS named))
  FROM pg_database d WHERE d.datname = current_database();
