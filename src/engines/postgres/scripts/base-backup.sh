# The whole server copied while it runs, or what changed of it since another copy, and the log that makes it consistent. Arguments, the last the backup_manifest of
# that other copy, or `none`:
jobs=$1 owner=$2 artifacts=$3 marker=$4 least_bytes=$5 parent=$6

# The directory is the worker's own, or this helper may write where nobody looks.
[ "$marker" = none ] || [ -f "$artifacts/$marker" ] || fail_step not-shared
mkdir -p "$artifacts"
require_space "$least_bytes"

# Clock and position, five times a second: what was committed when the copy ended is told by them. The clock is read first, so no promise is too much.
# psql sends each line at once when it repeats a query.
echo "SELECT to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"'), pg_current_wal_insert_lsn() \\watch 0.2" >"$work/samples.sql"
become_psql -f "$work/samples.sql" >"$work/samples" 2>"$said/samples.err" &
sampler=$!
await_file "$work/samples" "$sampler" samples

# Compressed by the server, so that the network and this helper carry little. Where it was built without zstd or its threads, or nothing here reads it, the next way.
take_copy() {
  rm -rf "$artifacts/base"
  set -- --compress="$1"
  [ "$parent" = none ] || set -- "$@" --incremental="$parent"
  pg_basebackup -w -D "$artifacts/base" -Ft -X stream --checkpoint=fast --manifest-checksums=SHA256 --no-sync "$@" >"$work/base.log" 2>"$said/base.err"
}
# Does the server's log go on from the one that the parent began in? Its notes are divided where a checkpoint began, as the parent did. A server that was set back
# to an earlier copy of its files, and is beyond the parent's place again, has another checkpoint there, or none: what changed in its first life is not in its notes.
# pg_basebackup takes their word for it. Asked behind the copy, for which every note has to be written.
goes_on() {
  begin=$(sed -n 's|.*"Start-LSN": "\([0-9A-F]*/[0-9A-F]*\)".*|\1|p' "$parent" | head -n 1)
  run_psql -c "SELECT count(*) FROM pg_available_wal_summaries() WHERE '$begin' IN (start_lsn, end_lsn)" >"$work/goes-on" 2>"$said/lineage.err" || fail_step lineage
  [ "$(cat "$work/goes-on")" -gt 0 ]
}
# A server that does not know everything that changed (its notes go after wal_summary_keep_time, and begin when it is told to make them) is copied whole.
base_backup() {
  if take_copy "$1"; then
    [ "$parent" != none ] && ! goes_on || return 0
    echo "the server's notes of what changed do not begin where the earlier backup did: it was set back since, or has dropped them" >"$out/full"
  else
    [ "$parent" != none ] && grep -qiE 'WAL summar|summaries|manifest requires WAL|found in manifest' "$said/base.err" || return 1
    cp "$said/base.err" "$out/full"
  fi
  parent=none
  take_copy "$1"
}
unbuilt() { grep -qi 'compress\|zstd\|worker' "$said/base.err"; }
if command -v zstd >/dev/null; then
  compression="server-zstd:level=1,workers=$jobs"
  base_backup "$compression" || {
    unbuilt || fail_step base
    compression=server-zstd:level=1
    base_backup "$compression" || unbuilt || fail_step base
  }
fi
if [ ! -f "$artifacts/base/backup_manifest" ]; then
  compression=server-gzip:level=1
  base_backup "$compression" || fail_step base
fi
result compression "$compression"

# Beside what the copy still needs: it reads the clock when the copy has ended, and the sampler goes on until it has.
PGCLIENTENCODING=UTF8 run_psql -f "$work/base-facts.sql" >"$out/facts" 2>"$said/facts.err" &
facts=$!

# The end of pg_basebackup's own manifest: `"WAL-Ranges": [ … ], "Manifest-Checksum": "…"}`.
sed -n '/^"WAL-Ranges"/,$p' "$artifacts/base/backup_manifest" >"$out/wal-ranges"

# What the client itself wrote is not compressed: the log, most of it zeros.
[ "${compression#server-zstd}" = "$compression" ] || zstd -q -1 --rm "$artifacts/base/pg_wal.tar" 2>"$said/wal.err" || fail_step wal
mv "$artifacts/base"/* "$artifacts/"
rmdir "$artifacts/base"

cd "$artifacts"
find . -maxdepth 1 -type f ! -name '.shared-*' | sed 's|^[.]/||' >"$work/names"
xargs -P 2 -n 1 sha256sum <"$work/names" >"$work/sums" 2>"$said/sums.err" || fail_step sums
wait "$facts" || fail_step facts
end_tree INT "$sampler"
wait "$sampler" || :
cp "$work/samples" "$out/samples"
while read -r sum file; do
  result "$file.sum" "$sum" "$(first $(wc -c <"$file"))"
  chmod 600 "$file"
  chown "$owner" "$file"
done <"$work/sums"
