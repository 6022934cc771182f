# A base backup unpacked and verified by the stock tools; in mode "prove" then started, replayed to its end, its indexes and pages checked. Arguments:
mode=$1 least_bytes=$2 jobs=$3 amcheck_bytes=$4 other_image=$5
shift 5
# What is left tells the server, as the original's command did (-c name=value), how times read.
# What unpack-base.sh needs, and work/scratch.conf: the server's settings.
data=$work/data
run=$work/run

require_space "$least_bytes"
unpack_base "$data" "$work/tablespaces.d"
result files "$(grep -c '"Path"' "$data/backup_manifest")"
[ "$mode" = prove ] || exit 0

# The copy must not act like the original: its own settings only, nobody to talk to, no archiving, no tablespace but ours (databases.md P12, P14).
{ formats_of "$data" "$@"; cat "$work/scratch.conf"; } >"$work/formatted.conf"
mv "$work/formatted.conf" "$work/scratch.conf"
quieten_base "$data" "$work/tablespaces.d" "$work"
mkdir -p "$run"
chown postgres "$run"
: >"$work/server.err"
chown postgres "$work/server.err"

run_as postgres postgres -D "$data" -c "config_file=$work/scratch.conf" -c "hba_file=$work/hba.conf" -c "ident_file=$work/ident.conf" -c "unix_socket_directories=$run" >"$work/server.log" 2>"$work/server.err" &
server=$!
export PGHOST="$run" PGUSER="$(cat "$work/superuser")" PGDATABASE=template1 PGPASSFILE=/dev/null
unset PGPORT
# As what replicates does it, so that no event trigger of the original's has a say in what pg_amcheck installs.
export PGOPTIONS="${PGOPTIONS:-} -c session_replication_role=replica"
until run_psql -c 'SELECT pg_is_in_recovery()' 2>"$work/refused.err" | grep -q f; do
  kill -0 "$server" 2>/dev/null || fail_step server
  # It runs, and lets nobody in: that stays so.
  ! grep 'FATAL: ' "$work/refused.err" | grep -qvE -f "$work/passing" || fail_step refused
  sleep 0.1
done
# It stopped where the backup ends because it was consistent there, and not because its log was over before (databases.md T6).
grep -q 'consistent recovery state reached' "$work/server.err" && grep -q 'recovery stopping after reaching consistency' "$work/server.err" || fail_step server
run_psql -f "$work/base-facts.sql" >"$out/facts" 2>"$work/facts.err" || fail_step facts

# An image that sorts text otherwise calls sound indexes damaged (databases.md L9): what it finds is judged by this.
if [ "$other_image" = yes ]; then
  run_psql -c 'SELECT datname FROM pg_database WHERE datallowconn AND datconnlimit <> -2' >"$work/databases" 2>"$work/collations.err" || fail_step collations
  while read -r database; do
    PGDATABASE=$database run_psql -f "$work/collations.sql" >>"$out/collations" 2>"$work/collations.err" </dev/null || fail_step collations
  done <"$work/databases"
fi

# Every index entry against its table and the other way round, every table and its TOAST.
amcheck=yes
run_psql -c "SELECT count(*) FROM pg_available_extensions WHERE name = 'amcheck'" >"$work/available" 2>"$work/facts.err" || fail_step facts
if [ "$(cat "$work/available")" = 1 ]; then
  corrupt=0
  pg_amcheck -w --all --install-missing --heapallindexed --parent-check --jobs="$jobs" --verbose >"$work/amcheck.log" 2>"$work/amcheck.err" || corrupt=$?
  # 2: it did its work and had errors to tell, which need not be corruption (amcheck-output.ts); anything else is no answer. Of each relation its name, and the first line about it.
  case "$corrupt" in 0) ;; 2) awk '/^(heap table|btree index) "/ { print; getline; print }' "$work/amcheck.log" | head -c "$amcheck_bytes" >"$out/amcheck.told" ;; *) fail_step amcheck ;; esac
else
  amcheck=no
fi
result amcheck "$amcheck"
run_psql -c "SELECT count(*) FROM pg_class WHERE relkind IN ('r', 'i', 't', 'm', 'S')" >"$out/relations" 2>"$work/facts.err" || fail_step facts

run_as postgres pg_ctl -D "$data" stop -m fast --silent >"$work/stop.log" 2>"$work/stop.err" || fail_step stop
wait "$server" || fail_step server
run_as postgres pg_controldata -D "$data" >"$work/control" 2>"$work/control.err" || fail_step control
grep -q 'Database cluster state: *shut down$' "$work/control" || fail_step server
if grep -q 'Data page checksum version: *[1-9]' "$work/control"; then
  checked=0
  run_as postgres pg_checksums --check -D "$data" >"$work/pages.log" 2>"$work/pages.err" || checked=$?
  [ "$checked" = 0 ] || { grep -qi 'checksum verification failed' "$work/pages.err" || fail_step pages; head -c 20000 "$work/pages.err" >"$out/pages.bad"; }
  result pages yes
else
  result pages no
fi
