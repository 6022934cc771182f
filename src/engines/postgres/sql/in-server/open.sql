-- Lets clients into the exchanged database. Psql variables: side_oid, database.
SET search_path = '';
SELECT format('ALTER DATABASE %I WITH ALLOW_CONNECTIONS true', datname) FROM pg_database WHERE oid = :'side_oid' AND datname = :'database' AND NOT datallowconn \gexec
