-- Drops the database of this name if it has this OID. Psql variables: name, oid (empty for whichever).
SET search_path = '';
SELECT format('ALTER DATABASE %I WITH ALLOW_CONNECTIONS false IS_TEMPLATE false', datname), format('DROP DATABASE IF EXISTS %I WITH (FORCE)', datname)
  FROM pg_database WHERE datname = :'name' AND (:'oid' = '' OR oid::text = :'oid') \gexec
