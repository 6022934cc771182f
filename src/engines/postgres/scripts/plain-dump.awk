# Reads a plain dump of pg_dump's line by line and knows the rows of COPY from statements. With mode=roles: prints the roles that it names, as they are written there, one
# a line. With mode=sql: prints what psql is to run. What is psql's and not SQL (a backslash that begins a line) is carried out by neither: the first one goes to the file
# "refused". \restrict and \unrestrict only frame a dump, and psql knows them since 2025 only: they are left out, and
# the script puts its own around all of it where psql does.
function role(text) { sub(/;$/, "", text); if (text != "PUBLIC" && text != "CURRENT_USER" && text != "SESSION_USER") print text }
function granted(text) { sub(/;$/, "", text); sub(/ WITH GRANT OPTION$/, "", text); sub(/^.* (TO|FROM) /, "", text); role(text) }
copying { if (mode == "sql") print; if ($0 == "\\.") copying = 0; next }
/^COPY .* FROM stdin;$/ { copying = 1; if (mode == "sql") print; next }
/^\\(un)?restrict [A-Za-z0-9]+$/ { next }
/^\\/ { print "psql: error: line " NR " begins with a backslash: it is no SQL" >refused; exit }
mode == "sql" { print; next }
/^ALTER .* OWNER TO .*;$/ { text = $0; sub(/^.* OWNER TO /, "", text); role(text); next }
/^(GRANT|REVOKE) .* (TO|FROM) .*;$/ { granted($0); next }
/^ALTER DEFAULT PRIVILEGES FOR ROLE / {
  text = $0; sub(/^ALTER DEFAULT PRIVILEGES FOR ROLE /, "", text); sub(/ (IN SCHEMA|GRANT|REVOKE) .*$/, "", text); role(text)
  granted($0)
  next
}
/^CREATE POLICY .* TO / { text = $0; sub(/;$/, "", text); sub(/ (USING|WITH CHECK) .*$/, "", text); sub(/^.* TO /, "", text); count = split(text, names, /, /); for (i = 1; i <= count; i++) role(names[i]) }
