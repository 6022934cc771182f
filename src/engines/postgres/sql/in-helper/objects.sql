-- Objects per kind that a dump holds, counted the same way on both sides: a lost index is a difference too (databases.md §4 X1).
-- Left out: what belongs to an extension, is made by the server itself, or is not restored the same way (publications, subscriptions,
-- not-null constraints, which only PostgreSQL 18 keeps as objects).
WITH user_schemas AS (
  SELECT oid FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
), members AS (
  SELECT classid, objid FROM pg_depend WHERE deptype = 'e'
), relations AS (
  SELECT c.* FROM pg_class c WHERE c.relnamespace IN (SELECT oid FROM user_schemas) AND c.relpersistence <> 't'
     AND NOT EXISTS (SELECT FROM members m WHERE m.classid = 'pg_class'::regclass AND m.objid = c.oid)
), functions AS (
  SELECT p.* FROM pg_proc p WHERE p.pronamespace IN (SELECT oid FROM user_schemas)
     AND NOT EXISTS (SELECT FROM members m WHERE m.classid = 'pg_proc'::regclass AND m.objid = p.oid)
), counted AS (
  SELECT CASE relkind WHEN 'r' THEN 'table' WHEN 'p' THEN 'partitionedTable' WHEN 'v' THEN 'view' WHEN 'm' THEN 'materializedView'
           WHEN 'S' THEN 'sequence' WHEN 'f' THEN 'foreignTable' END AS kind FROM relations WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
  UNION ALL SELECT 'column' FROM pg_attribute a JOIN relations c ON c.oid = a.attrelid AND c.relkind IN ('r', 'p', 'v', 'm', 'f', 'c') WHERE a.attnum > 0 AND NOT a.attisdropped
  UNION ALL SELECT 'columnDefault' FROM pg_attrdef d JOIN relations c ON c.oid = d.adrelid
  -- Partitions share their parent's since PostgreSQL 17, and had no part in it before.
  UNION ALL SELECT 'identityColumn' FROM pg_attribute a JOIN relations c ON c.oid = a.attrelid WHERE a.attidentity <> '' AND NOT a.attisdropped AND NOT c.relispartition
  UNION ALL SELECT 'index' FROM pg_index i JOIN relations c ON c.oid = i.indrelid WHERE (i.indisvalid OR c.relkind = 'p') AND i.indisready
  UNION ALL SELECT CASE contype WHEN 'c' THEN 'check' WHEN 'f' THEN 'foreignKey' WHEN 'p' THEN 'primaryKey' WHEN 'u' THEN 'unique' WHEN 'x' THEN 'exclusion' ELSE 'constraintTrigger' END
              FROM pg_constraint k WHERE k.connamespace IN (SELECT oid FROM user_schemas) AND k.contype <> 'n' AND k.conparentid = 0
               AND (k.conrelid = 0 OR k.conrelid IN (SELECT oid FROM relations))
               AND NOT EXISTS (SELECT FROM members m WHERE m.classid = 'pg_type'::regclass AND m.objid = k.contypid)
  UNION ALL SELECT CASE prokind WHEN 'f' THEN 'function' WHEN 'p' THEN 'procedure' WHEN 'a' THEN 'aggregate' ELSE 'windowFunction' END FROM functions p
             -- A range type makes its own constructors.
             WHERE NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'i')
  UNION ALL SELECT CASE t.typtype WHEN 'e' THEN 'enum' WHEN 'd' THEN 'domain' WHEN 'r' THEN 'range' WHEN 'c' THEN 'compositeType' ELSE 'baseType' END
              FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
             WHERE t.typnamespace IN (SELECT oid FROM user_schemas) AND t.typtype <> 'm' AND t.typcategory <> 'A' AND (t.typrelid = 0 OR c.relkind = 'c')
               -- A composite type of an extension is its member as a relation on some majors, as a type on others.
               AND NOT EXISTS (SELECT FROM members m WHERE m.classid = 'pg_class'::regclass AND m.objid = t.typrelid)
               AND NOT EXISTS (SELECT FROM members m WHERE m.classid = 'pg_type'::regclass AND m.objid = t.oid)
  UNION ALL SELECT 'enumLabel' FROM pg_enum e JOIN pg_type t ON t.oid = e.enumtypid WHERE t.typnamespace IN (SELECT oid FROM user_schemas)
               AND NOT EXISTS (SELECT FROM members m WHERE m.classid = 'pg_type'::regclass AND m.objid = t.oid)
  UNION ALL SELECT 'trigger' FROM pg_trigger g JOIN relations c ON c.oid = g.tgrelid WHERE NOT g.tgisinternal AND g.tgparentid = 0
  UNION ALL SELECT 'disabledTrigger' FROM pg_trigger g JOIN relations c ON c.oid = g.tgrelid WHERE NOT g.tgisinternal AND g.tgparentid = 0 AND g.tgenabled <> 'O'
  UNION ALL SELECT 'rule' FROM pg_rewrite w JOIN relations c ON c.oid = w.ev_class WHERE w.rulename <> '_RETURN'
  UNION ALL SELECT 'policy' FROM pg_policy p JOIN relations c ON c.oid = p.polrelid
  UNION ALL SELECT 'rowSecurityTable' FROM relations WHERE relrowsecurity
  UNION ALL SELECT 'unloggedTable' FROM relations WHERE relpersistence = 'u' AND relkind = 'r'
  UNION ALL SELECT 'inheritance' FROM pg_inherits i JOIN relations c ON c.oid = i.inhrelid AND c.relkind IN ('r', 'p', 'f')
  -- template0 brings "public" and plpgsql, whether the source still had them or not.
  UNION ALL SELECT 'schema' FROM user_schemas s JOIN pg_namespace n ON n.oid = s.oid AND n.nspname <> 'public' WHERE NOT EXISTS (SELECT FROM members m WHERE m.classid = 'pg_namespace'::regclass AND m.objid = s.oid)
  UNION ALL SELECT 'extension' FROM pg_extension WHERE extname <> 'plpgsql'
  UNION ALL SELECT 'statistics' FROM pg_statistic_ext s WHERE s.stxnamespace IN (SELECT oid FROM user_schemas)
  UNION ALL SELECT 'collation' FROM pg_collation c WHERE c.collnamespace IN (SELECT oid FROM user_schemas) AND NOT EXISTS (SELECT FROM members m WHERE m.classid = 'pg_collation'::regclass AND m.objid = c.oid)
  UNION ALL SELECT 'operator' FROM pg_operator o WHERE o.oprnamespace IN (SELECT oid FROM user_schemas) AND NOT EXISTS (SELECT FROM members m WHERE m.classid = 'pg_operator'::regclass AND m.objid = o.oid)
  UNION ALL SELECT 'operatorClass' FROM pg_opclass o WHERE o.opcnamespace IN (SELECT oid FROM user_schemas) AND NOT EXISTS (SELECT FROM members m WHERE m.classid = 'pg_opclass'::regclass AND m.objid = o.oid)
  UNION ALL SELECT 'cast' FROM pg_cast c WHERE c.oid >= 16384 AND NOT EXISTS (SELECT FROM members m WHERE m.classid = 'pg_cast'::regclass AND m.objid = c.oid)
              -- A range type makes its own cast to its multirange.
               AND NOT EXISTS (SELECT FROM pg_range r WHERE r.rngtypid = c.castsource AND r.rngmultitypid = c.casttarget)
  UNION ALL SELECT 'textSearchConfiguration' FROM pg_ts_config c WHERE c.cfgnamespace IN (SELECT oid FROM user_schemas) AND NOT EXISTS (SELECT FROM members m WHERE m.classid = 'pg_ts_config'::regclass AND m.objid = c.oid)
  UNION ALL SELECT 'textSearchDictionary' FROM pg_ts_dict c WHERE c.dictnamespace IN (SELECT oid FROM user_schemas) AND NOT EXISTS (SELECT FROM members m WHERE m.classid = 'pg_ts_dict'::regclass AND m.objid = c.oid)
  UNION ALL SELECT 'eventTrigger' FROM pg_event_trigger e WHERE NOT EXISTS (SELECT FROM members m WHERE m.classid = 'pg_event_trigger'::regclass AND m.objid = e.oid)
  UNION ALL SELECT 'foreignServer' FROM pg_foreign_server s WHERE NOT EXISTS (SELECT FROM members m WHERE m.classid = 'pg_foreign_server'::regclass AND m.objid = s.oid)
  UNION ALL SELECT 'defaultPrivileges' FROM pg_default_acl
  -- Without the owner's own, which may be written down or left to the default, and MAINTAIN, which only PostgreSQL 17 knows.
  UNION ALL SELECT 'grant' FROM relations c, aclexplode(c.relacl) x WHERE x.grantee <> c.relowner AND x.privilege_type <> 'MAINTAIN'
  UNION ALL SELECT 'grant' FROM functions p, aclexplode(coalesce(p.proacl, acldefault('f', p.proowner))) x WHERE x.grantee <> p.proowner
  UNION ALL SELECT 'comment' FROM pg_description d WHERE (d.classoid = 'pg_class'::regclass AND d.objoid IN (SELECT oid FROM relations)) OR (d.classoid = 'pg_proc'::regclass AND d.objoid IN (SELECT oid FROM functions))
)
SELECT coalesce(json_object_agg(kind, number), '{}') FROM (SELECT kind, count(*)::text AS number FROM counted GROUP BY kind) AS sums;
