# A dump into an empty database, analyzed, closed, and then compared: used beside the live database and in throwaway servers. Arguments:
database=$1 jobs=$2 sessions=$3 hashes=$4 dump_bytes=$5 dump_sha256=$6 close=$7
shift 7
# What is left are further arguments for pg_restore.

require_space "$dump_bytes"

# The database has the same cores as this helper: more sessions than that get in each other's way.
cores=$(nproc 2>/dev/null || echo "$jobs")
[ "$jobs" -le "$cores" ] || jobs=$cores

# Checked before anything is sent to a server: an archive that pg_restore reads without a word may still lack rows (databases.md L1).
: >"$said/source.failed"
mkfifo "$work/tar.pipe"
sha256sum <"$work/tar.pipe" >"$said/tar.sum" &
sum=$!
# Where the archive cannot be opened nobody has opened the pipe either, and who hashes would wait for ever: it is opened and closed until he has come and gone.
{ tee "$work/tar.pipe" </source/dump.tar || { echo tee >"$said/source.failed"; until [ -s "$said/tar.sum" ] || ! kill -0 "$sum" 2>/dev/null; do : <>"$work/tar.pipe"; sleep 0.02; done; }; } 2>"$said/source.err" | tar -xf - -C "$work" 2>"$said/unpack.err" || unpacked=no
wait "$sum" || fail_step source
# A busybox's tar ends there, and what hashes has then seen no more than it did: a disk that is full says nothing about the bytes.
[ "${unpacked:-yes}" = yes ] || ! says_full "$said/unpack.err" || fail_step unpack
stored_bytes=$(wc -c </source/dump.tar) || stored_bytes=unread
[ "$(first $(cat "$said/tar.sum"))" = "$dump_sha256" ] && [ "$(first $stored_bytes)" = "$dump_bytes" ] || {
  # Nothing is called damaged but what was read to its end.
  [ ! -s "$said/source.err" ] || fail_step "$(step_unread damaged /source)"
  again=$(sha256sum /source/dump.tar 2>"$said/source.err") || fail_step "$(step_unread damaged /source)"
  [ "$(first $again)" = "$dump_sha256" ] && [ "$(first $stored_bytes)" = "$dump_bytes" ] || fail_step damaged
  # It is right by now; what was unpacked are other bytes all the same.
  [ "${unpacked:-yes}" != yes ] || [ -s "$said/source.failed" ] || { echo 'two readings of it differ' >"$said/source.err"; fail_step source; }
}
[ "${unpacked:-yes}" = yes ] || fail_step unpack
[ ! -s "$said/source.failed" ] || fail_step source
if [ -s "$work/expected.members" ]; then
  member_sums "$work/dump" 2>"$said/members.err" || fail_step members
  cmp -s "$work/expected.members" "$work/members" || fail_step damaged
fi
[ "$database" != none ] || { pg_restore -l "$work/dump" >"$work/list" 2>"$said/list.err" || fail_step list
  pg_restore -f /dev/null "$work/dump" 2>"$said/read.err" || fail_step read
  result entries "$(grep -c '^[0-9]' "$work/list")"; exit 0; }

pg_restore -w -d "$database" -j "$jobs" --exit-on-error --no-subscriptions "$@" "$work/dump" >"$work/restore.log" 2>"$said/restore.err" || fail_step restore
rm -rf "$work/dump"
vacuumdb -w -d "$database" -j "$jobs" --analyze-only --quiet >"$work/analyze.log" 2>"$said/analyze.err" || fail_step analyze

[ ! -s "$work/properties.sql" ] || PGDATABASE="$close" run_psql -f "$work/properties.sql" >"$work/properties.log" 2>"$said/properties.err" || fail_step properties

# Equality is established closed: our sessions are in, then the door is shut behind them, then they read.
export PGDATABASE="$database"
start_sessions "$sessions" 0
{ cat "$work/pins.sql"; echo '\o /holdfast/work/connected.facts'; echo "SELECT 'connected';"; echo '\o'; echo '\! until [ -e /holdfast/work/closed ]; do sleep 0.02; done'
  cat "$work/work.sql"; echo '\o /holdfast/work/listed'; echo "SELECT 'listed';"
  echo '\o /holdfast/out/objects'; cat "$work/objects.sql"; echo '\o /holdfast/out/sequences.first'; cat "$work/sequences.sql"; } >"$work/catalog.sql"
become_psql -v sessions="$sessions" -v hashes="$hashes" -f "$work/catalog.sql" >"$work/catalog.log" 2>"$said/catalog.err" &
catalog=$!
await_sessions
await_file "$work/connected.facts" "$catalog" catalog
if [ "$close" != no ]; then
  PGDATABASE="$close" run_psql -f "$work/close.sql" >"$out/closed" 2>"$said/close.err" || fail_step close
fi
: >"$work/closed"
await_file "$work/listed" "$catalog" catalog
: >"$work/go"
finish_sessions
wait "$catalog" || fail_step catalog
