-- Drops the roles that bear our mark where nothing refers to them; prints those that remain. Psql variables: mark.
SET search_path = '';
SELECT format('DROP ROLE %I', r.rolname) FROM pg_roles r
 WHERE shobj_description(r.oid, 'pg_authid') = :'mark'
   AND NOT EXISTS (SELECT FROM pg_shdepend d WHERE d.refclassid = 'pg_authid'::regclass AND d.refobjid = r.oid) \gexec
SELECT coalesce(json_agg(r.rolname ORDER BY r.rolname), '[]') FROM pg_roles r WHERE shobj_description(r.oid, 'pg_authid') = :'mark';
