-- What a plain restore loses (databases.md L8), put on the restored database. Psql variables: side, properties (JSON of the manifest). The
-- connection limit and the template flag come last, with the closing (close.sql). Superusers only; every role exists by now.
SET search_path = '';
SELECT format('ALTER DATABASE %I OWNER TO %I', :'side', :'properties'::json ->> 'owner') \gexec

-- Permissions: away with the defaults, then each grant that there was, as the owner's own.
SELECT format('REVOKE ALL ON DATABASE %I FROM PUBLIC', :'side'), format('REVOKE ALL ON DATABASE %I FROM %I', :'side', :'properties'::json ->> 'owner')
 WHERE json_typeof(:'properties'::json -> 'acl') = 'array' \gexec
SELECT format('GRANT %s ON DATABASE %I TO %s%s', x.privilege_type, :'side', CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END,
              CASE WHEN x.is_grantable THEN ' WITH GRANT OPTION' ELSE '' END)
  FROM (SELECT array_agg(item::aclitem) AS acl FROM json_array_elements_text(
          CASE WHEN json_typeof(:'properties'::json -> 'acl') = 'array' THEN :'properties'::json -> 'acl' ELSE '[]' END) AS item) AS listed,
       aclexplode(listed.acl) AS x \gexec

SELECT format('COMMENT ON DATABASE %I IS %L', :'side', :'properties'::json ->> 'comment') WHERE :'properties'::json ->> 'comment' IS NOT NULL \gexec

-- Settings. The ones that are lists of names keep their text only by way of the session (SET … FROM CURRENT); all others are plain literals.
WITH settings AS (
  SELECT CASE WHEN s ->> 'role' IS NULL THEN format('ALTER DATABASE %I', :'side') ELSE format('ALTER ROLE %I IN DATABASE %I', s ->> 'role', :'side') END AS alter,
         (SELECT string_agg(quote_ident(part), '.') FROM unnest(string_to_array(s ->> 'name', '.')) AS part) AS name, s ->> 'name' AS plain, s ->> 'value' AS value,
         lower(s ->> 'name') IN ('search_path', 'temp_tablespaces', 'local_preload_libraries', 'session_preload_libraries') AS list
    FROM json_array_elements(:'properties'::json -> 'settings') AS s
)
SELECT CASE WHEN list THEN format('SELECT set_config(%L, %L, false) IS NULL', plain, value) END,
       CASE WHEN list THEN format('%s SET %s FROM CURRENT', alter, name) ELSE format('%s SET %s TO %L', alter, name, value) END,
       CASE WHEN list THEN format('RESET %s', name) END
  FROM settings \gexec
SET search_path = '';
