-- What the manifest says about the database besides its rows, read in the snapshot.
SELECT json_build_object(
  'databaseOid', d.oid::int8,
  'systemIdentifier', (SELECT system_identifier::text FROM pg_control_system()),
  'version', split_part(current_setting('server_version'), ' ', 1),
  'majorVersion', current_setting('server_version_num')::int / 10000,
  'sizeBytes', pg_database_size(d.oid),
  'largeObjectsReadable', has_table_privilege('pg_catalog.pg_largeobject', 'SELECT'),
  'properties', json_build_object(
    'owner', pg_get_userbyid(d.datdba),
    'acl', (SELECT json_agg(a::text) FROM unnest(d.datacl) AS a),
    'connectionLimit', d.datconnlimit,
    'encoding', pg_encoding_to_char(d.encoding),
    'localeProvider', CASE d.datlocprovider WHEN 'i' THEN 'icu' WHEN 'b' THEN 'builtin' ELSE 'libc' END,
    'collate', d.datcollate, 'ctype', d.datctype,
    -- The column was renamed in 17, and 15 has no rules.
    'locale', coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale'),
    'icuRules', to_jsonb(d) ->> 'daticurules',
    'tablespace', (SELECT spcname FROM pg_tablespace s WHERE s.oid = d.dattablespace),
    'comment', shobj_description(d.oid, 'pg_database'),
    'isTemplate', d.datistemplate,
    'settings', (SELECT coalesce(json_agg(json_build_object('role', CASE WHEN s.setrole <> 0 THEN pg_get_userbyid(s.setrole) END,
                   'name', split_part(c, '=', 1), 'value', substr(c, strpos(c, '=') + 1)) ORDER BY s.setrole, place), '[]')
                   FROM pg_db_role_setting s, unnest(s.setconfig) WITH ORDINALITY AS listed (c, place) WHERE s.setdatabase = d.oid)),
  'roles', (SELECT coalesce(json_agg(json_build_object('name', r.rolname, 'superuser', r.rolsuper, 'login', r.rolcanlogin,
              'referenced', EXISTS (SELECT FROM pg_shdepend p WHERE p.refclassid = 'pg_authid'::regclass AND p.refobjid = r.oid
                 AND (p.dbid = d.oid OR (p.dbid = 0 AND p.classid = 'pg_database'::regclass AND p.objid = d.oid)))
               OR EXISTS (SELECT FROM pg_db_role_setting s WHERE s.setdatabase = d.oid AND s.setrole = r.oid)
               OR d.datdba = r.oid
               -- The server's first superuser is pinned: pg_shdepend does not know what is his.
               OR (r.oid = 10 AND EXISTS (
                 SELECT FROM pg_class WHERE relowner = 10 AND oid >= 16384 UNION ALL SELECT FROM pg_proc WHERE proowner = 10 AND oid >= 16384
                 UNION ALL SELECT FROM pg_namespace WHERE nspowner = 10 AND oid >= 16384 UNION ALL SELECT FROM pg_type WHERE typowner = 10 AND oid >= 16384
                 UNION ALL SELECT FROM pg_operator WHERE oprowner = 10 AND oid >= 16384 UNION ALL SELECT FROM pg_opclass WHERE opcowner = 10 AND oid >= 16384
                 UNION ALL SELECT FROM pg_collation WHERE collowner = 10 AND oid >= 16384 UNION ALL SELECT FROM pg_conversion WHERE conowner = 10 AND oid >= 16384
                 UNION ALL SELECT FROM pg_ts_config WHERE cfgowner = 10 AND oid >= 16384 UNION ALL SELECT FROM pg_ts_dict WHERE dictowner = 10 AND oid >= 16384
                 UNION ALL SELECT FROM pg_language WHERE lanowner = 10 AND oid >= 16384 UNION ALL SELECT FROM pg_statistic_ext WHERE stxowner = 10
                 UNION ALL SELECT FROM pg_event_trigger WHERE evtowner = 10 UNION ALL SELECT FROM pg_publication WHERE pubowner = 10
                 UNION ALL SELECT FROM pg_foreign_data_wrapper WHERE fdwowner = 10 UNION ALL SELECT FROM pg_foreign_server WHERE srvowner = 10
                 UNION ALL SELECT FROM pg_user_mappings WHERE umuser = 10 UNION ALL SELECT FROM pg_largeobject_metadata WHERE lomowner = 10
                 UNION ALL SELECT FROM pg_default_acl WHERE defaclrole = 10 UNION ALL SELECT FROM pg_policy WHERE 10 = ANY (polroles)
                 UNION ALL SELECT FROM pg_class, aclexplode(relacl) AS x WHERE x.grantee = 10 AND relowner <> 10
                 UNION ALL SELECT FROM pg_proc, aclexplode(proacl) AS x WHERE x.grantee = 10 AND proowner <> 10
                 UNION ALL SELECT FROM pg_namespace, aclexplode(nspacl) AS x WHERE x.grantee = 10 AND nspowner <> 10
                 UNION ALL SELECT FROM aclexplode(d.datacl) AS x WHERE x.grantee = 10))) ORDER BY r.rolname), '[]') FROM pg_roles r WHERE r.rolname !~ '^pg_'),
  -- What a session of nobody in particular has: neither what ours set, nor what our role brings with it.
  'timeFormats', (SELECT json_object_agg(s.name, s.reset_val ORDER BY s.name) FROM pg_settings s WHERE s.name IN ('TimeZone', 'DateStyle', 'IntervalStyle')
     HAVING NOT EXISTS (SELECT FROM pg_db_role_setting r, unnest(r.setconfig) AS listed (c)
                         WHERE r.setrole = (SELECT oid FROM pg_roles WHERE rolname = current_user) AND r.setdatabase IN (0, d.oid) AND lower(split_part(c, '=', 1)) IN ('timezone', 'datestyle', 'intervalstyle'))),
  'extensions', (SELECT coalesce(json_agg(json_build_object('name', extname, 'version', extversion) ORDER BY extname), '[]') FROM pg_extension),
  'notCompared', (SELECT coalesce(json_agg(json_build_object('object', object, 'reason', reason) ORDER BY reason, object), '[]') FROM (
      SELECT format('materialized view %I.%I', n.nspname, c.relname) AS object, 'its rows are computed anew by the restore' AS reason
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'm' AND n.nspname !~ '^pg_'
      UNION ALL SELECT format('foreign table %I.%I', n.nspname, c.relname), 'its rows are on another server and not in the dump'
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'f'
      UNION ALL SELECT format('table %I.%I', n.nspname, c.relname), 'it belongs to an extension, which decides which of its rows are dumped'
        FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN ('r', 'p') AND EXISTS (SELECT FROM pg_depend p WHERE p.classid = 'pg_class'::regclass AND p.objid = c.oid AND p.deptype = 'e')
      UNION ALL SELECT format('column %I.%I.%I', n.nspname, c.relname, a.attname), 'a virtual generated column has no stored value'
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE a.attgenerated = 'v'
      UNION ALL SELECT format('publication %I', pubname), 'not created in throwaway copies' FROM pg_publication
      UNION ALL SELECT format('subscription %I', subname), 'not created by a restore: it would need its publisher and a slot' FROM pg_subscription WHERE subdbid = d.oid
      UNION ALL SELECT 'security labels', 'dumped, not compared' FROM pg_seclabel HAVING count(*) > 0
      UNION ALL SELECT 'large objects', 'only counted: the user may not read pg_largeobject' FROM pg_largeobject_metadata
         WHERE NOT has_table_privilege('pg_catalog.pg_largeobject', 'SELECT') HAVING count(*) > 0
      UNION ALL SELECT 'values of sequences', 'they move outside transactions; a restored value lies at or past the one in the manifest'
         FROM pg_class WHERE relkind = 'S' HAVING count(*) > 0) AS listed))
  FROM pg_database d WHERE d.datname = current_database();
