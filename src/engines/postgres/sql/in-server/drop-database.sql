-- Drops the database of this name if it has this OID. One whose dropping was interrupted (datconnlimit -2) is invalid: it can be dropped, and
-- nothing else can be done to it. Psql variables: name, oid (empty for whichever).
SET search_path = '';
SELECT CASE WHEN datconnlimit <> -2 THEN format('ALTER DATABASE %I WITH ALLOW_CONNECTIONS false IS_TEMPLATE false', datname) END,
       format('DROP DATABASE IF EXISTS %I WITH (FORCE)', datname)
  FROM pg_database WHERE datname = :'name' AND (:'oid' = '' OR oid::text = :'oid') \gexec
