-- Keeps clients out of the live database: no new connections, and the old ones ended (databases.md S1). Psql variables: database, live_oid.
SET search_path = '';
SELECT format('ALTER DATABASE %I WITH ALLOW_CONNECTIONS false', datname) FROM pg_database WHERE oid = :'live_oid' AND datname = :'database' AND datallowconn \gexec
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE datid = :'live_oid' AND pid <> pg_backend_pid();
