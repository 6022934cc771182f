# A plain dump that another tool made, into an empty database of a throwaway server. Whoever wrote it may run code there (databases.md L11): the server has no network, and
# this psql is not root and sees nothing but the dump. Arguments:
database=$1 bytes=$2 sha256=$3

[ "$(first $(wc -c </source/dump.sql.gz))" = "$bytes" ] && [ "$(first $(sha256sum </source/dump.sql.gz))" = "$sha256" ] || fail_step damaged

# A pipe that ended early looks like an end: what unpacks it says so in a file.
unpacked() { { gzip -dc </source/dump.sql.gz 2>"$work/unpack.err" || [ -s "$work/psql-command.err" ] || echo gzip >"$work/unpack.failed"; }; }
read_with() { awk -v mode="$1" -v refused="$work/psql-command.err" -f "$work/plain-dump.awk" 2>"$work/scan.err" || echo awk >"$work/scan.failed"; }
whole() {
  [ ! -s "$work/psql-command.err" ] || fail_step psql-command
  [ ! -e "$work/unpack.failed" ] || fail_step unpack
  [ ! -e "$work/scan.failed" ] || fail_step scan
}

unpacked | read_with roles >"$work/named"
whole
sort -u "$work/named" >"$work/roles.txt"
run_psql -d "$database" -f "$work/import-roles.sql" >"$work/roles.log" 2>"$work/roles.err" || fail_step roles

# psql's own cage, where it has one (2025-08 and later): under a key that nobody who wrote the file can know, it carries out no command of its own, also none in the midst of a
# line, which is where the reader above does not look.
psql --help=commands 2>/dev/null | grep -q '\\restrict' && key=$(od -An -v -tx1 -N 24 /dev/urandom | tr -d ' \n') || key=
caged() { [ -z "$key" ] || printf '\\restrict %s\n' "$key"; cat; [ -z "$key" ] || printf '\\unrestrict %s\n' "$key"; }

# In one transaction: a dump that stops half-way leaves nothing that might be taken for all of it.
{ unpacked | read_with sql | caged; } | PGCLIENTENCODING=UTF8 run_as postgres psql -X -q -w -v ON_ERROR_STOP=1 --single-transaction -d "$database" -f - >/dev/null 2>"$work/load.err" || {
  ! grep 'backslash commands are restricted' "$work/load.err" >>"$work/psql-command.err" || fail_step psql-command
  fail_step load
}
whole
vacuumdb -w -d "$database" --analyze-only --quiet >"$work/analyze.log" 2>"$work/analyze.err" || fail_step analyze
result loaded yes
