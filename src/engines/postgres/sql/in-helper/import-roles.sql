-- The roles that a plain dump names, made so that it can be restored. Names stand there as SQL writes them; what is none is left to fail where it is used.
CREATE TEMP TABLE named (role text);
\copy named FROM '/holdfast/work/roles.txt' WITH (FORMAT csv, QUOTE E'\x01', DELIMITER E'\x02')
SELECT DISTINCT format('CREATE ROLE %I NOLOGIN', name) FROM (
  SELECT (parse_ident(role))[1] AS name FROM named WHERE role ~ '^("([^"]|"")+"|[a-z_][a-z0-9_$]*)$') AS read
  WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) AND name !~ '^pg_' \gexec
