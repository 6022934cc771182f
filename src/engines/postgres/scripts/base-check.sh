# A base backup unpacked and verified by the stock tools; in mode "prove" then started, replayed to its end, its indexes and pages checked. Arguments:
mode=$1 least_bytes=$2 jobs=$3 major=$4
# /source holds the files; work/expected.sums a line `<sha256> <bytes> <file>` for each; work/tablespaces the OIDs; work/scratch.conf the server's settings.
data=$work/data
run=$work/run

require_space "$least_bytes"

# Checked before anything is made of them.
cut -d ' ' -f 3 "$work/expected.sums" >"$work/names"
(cd /source && xargs -P 2 -n 1 sha256sum <"$work/names") >"$work/sums" 2>"$work/damaged.err" || fail_step damaged
while read -r sum file; do printf '%s %s %s\n' "$sum" "$(first $(wc -c <"/source/$file"))" "$file"; done <"$work/sums" | sort >"$work/found.sums"
sort "$work/expected.sums" | cmp -s - "$work/found.sums" || fail_step damaged

# Into FROM's directory, whatever it was compressed with. Through a file: a pipe would hide that its first part failed.
unpack() {
  mkdir -p "$2"
  : >"$work/unpack.failed"
  case "$1" in
    *.zst) zstd -q -dc "$1" 2>"$work/unpack.err" || echo "$1" >"$work/unpack.failed" ;;
    *.gz) gzip -dc "$1" 2>"$work/unpack.err" || echo "$1" >"$work/unpack.failed" ;;
    *) cat "$1" 2>"$work/unpack.err" || echo "$1" >"$work/unpack.failed" ;;
  esac | tar -xf - -C "$2" 2>"$work/tar.err" || fail_step tar
  [ ! -s "$work/unpack.failed" ] || fail_step unpack
}
for file in /source/base.tar*; do unpack "$file" "$data"; done
for file in /source/pg_wal.tar*; do unpack "$file" "$data/pg_wal"; done
cp /source/backup_manifest "$data/backup_manifest"
while read -r oid; do
  for file in "/source/$oid.tar"*; do unpack "$file" "$work/tablespaces.d/$oid"; done
  ln -sfn "$work/tablespaces.d/$oid" "$data/pg_tblspc/$oid"
done <"$work/tablespaces"
# The server refuses to run as root, and has to get to its files.
chmod 711 /holdfast "$work"
chown -R postgres "$data"
[ ! -d "$work/tablespaces.d" ] || chown -R postgres "$work/tablespaces.d"
chmod 700 "$data"

# Every file against pg_basebackup's own manifest, and the log from its begin to its end.
run_as postgres pg_verifybackup --quiet "$data" >"$work/verify.log" 2>"$work/verify.err" || fail_step verify
result files "$(grep -c '"Path"' "$data/backup_manifest")"
[ "$mode" = prove ] || exit 0

# The copy must not act like the original: its own settings only, nobody to talk to, no archiving, no tablespace but ours (databases.md P12, P14).
rm -f "$data/postgresql.auto.conf" "$data/standby.signal" "$data/postmaster.pid"
: >"$data/postgresql.auto.conf"
if [ -s "$data/tablespace_map" ]; then
  while read -r oid; do printf '%s %s\n' "$oid" "$work/tablespaces.d/$oid"; done <"$work/tablespaces" >"$data/tablespace_map"
fi
: >"$data/recovery.signal"
echo 'local all all trust' >"$work/hba.conf"
: >"$work/ident.conf"
mkdir -p "$run"
chown postgres "$data/postgresql.auto.conf" "$data/recovery.signal" "$run" "$work/scratch.conf" "$work/hba.conf" "$work/ident.conf"
: >"$work/server.err"
chown postgres "$work/server.err"

run_as postgres postgres -D "$data" -c "config_file=$work/scratch.conf" -c "hba_file=$work/hba.conf" -c "ident_file=$work/ident.conf" -c "unix_socket_directories=$run" >"$work/server.log" 2>"$work/server.err" &
server=$!
export PGHOST="$run" PGUSER="$(cat "$work/superuser")" PGDATABASE=template1 PGPASSFILE=/dev/null
unset PGPORT
until run_psql -c 'SELECT pg_is_in_recovery()' 2>/dev/null | grep -q f; do
  kill -0 "$server" 2>/dev/null || fail_step server
  sleep 0.1
done
# It stopped where the backup ends because it was consistent there, and not because its log was over before (databases.md T6).
grep -q 'consistent recovery state reached' "$work/server.err" && grep -q 'recovery stopping after reaching consistency' "$work/server.err" || fail_step server
run_psql -f "$work/base-facts.sql" >"$out/facts" 2>"$work/facts.err" || fail_step facts

# Every index entry against its table and the other way round, every table and its TOAST.
amcheck=yes
run_psql -c "SELECT count(*) FROM pg_available_extensions WHERE name = 'amcheck'" >"$work/available" 2>"$work/facts.err" || fail_step facts
if [ "$(cat "$work/available")" = 1 ]; then
  corrupt=0
  pg_amcheck -w --all --install-missing --heapallindexed --parent-check --jobs="$jobs" >"$work/amcheck.log" 2>"$work/amcheck.err" || corrupt=$?
  # 2: it did its work and found something; anything else is no answer.
  case "$corrupt" in 0) ;; 2) head -c 20000 "$work/amcheck.log" >"$out/corrupt"; cat "$work/amcheck.err" >>"$out/corrupt" ;; *) fail_step amcheck ;; esac
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
