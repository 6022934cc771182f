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

# In one transaction: a dump that stops half-way leaves nothing that might be taken for all of it.
{ unpacked | read_with sql; } | PGCLIENTENCODING=UTF8 run_as postgres psql -X -q -w -v ON_ERROR_STOP=1 --single-transaction -d "$database" -f - >/dev/null 2>"$work/load.err" || fail_step load
whole
vacuumdb -w -d "$database" --analyze-only --quiet >"$work/analyze.log" 2>"$work/analyze.err" || fail_step analyze
result loaded yes
