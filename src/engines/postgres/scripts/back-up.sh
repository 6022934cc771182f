# One snapshot, one helper: dump, counts and hashes side by side (docs/design.md). Arguments:
jobs=$1 sessions=$2 hashes=$3 lock_wait_ms=$4 owner=$5 artifacts=$6 marker=$7 passwords=$8 least_bytes=$9

# The directory is the worker's own, or this helper may write where nobody looks.
[ "$marker" = none ] || [ -f "$artifacts/$marker" ] || fail_step not-shared

mkdir -p "$artifacts"
require_space "$least_bytes"

# zstd level 1 where this pg_dump was built with it: about as fast as none and as small as gzip 6. PostgreSQL 15 has gzip only.
compression=zstd:1
pg_dump --version >"$work/version"
if ! pg_dump --help 2>/dev/null | grep -q 'compress=METHOD'; then compression=1
elif PGHOST=/nonexistent pg_dump -Fc --compress=zstd:1 -f /dev/null 2>&1 | grep -qi 'compression\|zstd'; then compression=gzip:1
fi
result compression "$compression"

# The sequences' second reading, and the proof that the snapshot stood to the end. Where it did not, that is why something else failed.
release_holder() {
  : >"$work/holder.stop"
  wait "$holder" || fail_step holder
}

# What goes wrong beside is seen at once: for as long as the holder stands, whoever wants a table for himself waits, and others behind him.
watch_beside() {
  kill -0 "$holder" 2>/dev/null || release_holder
  [ ! -s "$said/store.failed" ] || { release_holder; fail_step "$(cat "$said/store.failed")"; }
}

# The tar is hashed as it is written; its members at the same time.
store_dump() {
  member_sums "$work/dump" 2>"$said/members.err" &
  members=$!
  mkfifo "$work/tar.pipe" 2>"$said/tar.err" || store_failed tar
  sha256sum <"$work/tar.pipe" >"$said/tar.sum" &
  sum=$!
  : >"$said/tar.failed"
  { tar -cf - -C "$work" dump 2>"$said/tar.err" || echo tar >"$said/tar.failed"; } | tee "$work/tar.pipe" 2>"$said/tee.err" >"$artifacts/dump.tar" || store_failed tee
  wait "$sum" || store_failed tar
  [ ! -s "$said/tar.failed" ] || store_failed tar
  wait "$members" || store_failed members
}

store_failed() {
  echo "$1" >"$said/store.failed"
  exit 1
}

become_psql -v lock_wait_ms="$lock_wait_ms" -v sessions="$sessions" -v hashes="$hashes" -f "$work/holder.sql" >"$work/holder.log" 2>"$said/holder.err" &
holder=$!
await_file "$work/holder.ready" "$holder" holder
snapshot=$(cat "$work/holder.ready")

: >"$work/go"
start_sessions "$sessions" "$lock_wait_ms"
# No --enable-row-security, ever: it dumps a silent subset (databases.md L4).
pg_dump -w -Fd -j "$jobs" -f "$work/dump" --snapshot="$snapshot" --no-sync --lock-wait-timeout="$lock_wait_ms" --compress="$compression" \
  --quote-all-identifiers >"$work/dump.log" 2>"$said/dump.err" &
dump=$!
if [ "$passwords" = yes ]; then set --; else set -- --no-role-passwords; fi
pg_dumpall -w --globals-only "$@" >"$artifacts/globals.sql" 2>"$said/globals.err" &
globals=$!

while kill -0 "$dump" 2>/dev/null; do
  watch_beside
  check_sessions release_holder
  sleep 0.05
done
wait "$dump" || { release_holder; fail_step dump; }
store_dump &
stored=$!
finish_sessions watch_beside release_holder
release_holder
wait "$stored" || fail_step "$(cat "$said/store.failed")"
wait "$globals" || fail_step globals

result dump.tar.sum "$(first $(cat "$said/tar.sum"))" "$(first $(wc -c <"$artifacts/dump.tar"))"
result globals.sql.sum "$(first $(sha256sum <"$artifacts/globals.sql"))" "$(first $(wc -c <"$artifacts/globals.sql"))"
# A list of very many large objects would outgrow what a manifest should hold; the tar's own sum covers them all the same.
[ "$(wc -l <"$work/members")" -gt 20000 ] || cp "$work/members" "$out/members"
chmod 600 "$artifacts/dump.tar" "$artifacts/globals.sql"
chown "$owner" "$artifacts/dump.tar" "$artifacts/globals.sql"
