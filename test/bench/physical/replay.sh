# A base backup with all its log in its own pg_wal, replayed as after a crash: by the settings of the product's copies, with no restore command. Argument: the
# directory. Prints the seconds that PostgreSQL itself gives for it, and the bytes.
set -eu
directory=$1
data=$directory/replayed
mkdir -p "$data"
zstd -q -dc /source/base.tar.zst | tar -xf - -C "$data"
zstd -q -dc /source/pg_wal.tar.zst | tar -xf - -C "$data/pg_wal"
while read -r name bytes sum path rest; do zstd -q -dc "/archive/$path" >"$data/pg_wal/$name"; done <"$directory/segments.list"
rm -f "$data/postgresql.auto.conf"
: >"$data/postgresql.auto.conf"
chown -R postgres "$data"
chmod 700 "$data"
sync
log=$directory/replay.log
gosu postgres postgres -D "$data" -c listen_addresses= -c unix_socket_directories=/tmp -c fsync=off -c full_page_writes=off -c shared_buffers=256MB -c max_wal_size=8GB -c autovacuum=off -c archive_mode=off -c lc_messages=C >"$log" 2>&1 &
server=$!
until grep -q 'redo done at' "$log"; do
  kill -0 "$server" 2>/dev/null || { tail -n 20 "$log" >&2; exit 1; }
  sleep 0.1
done
kill -INT "$server"
wait "$server" || :
from=$(sed -n 's/.*redo starts at \([0-9A-F/]*\).*/\1/p' "$log" | head -n 1)
to=$(sed -n 's/.*redo done at \([0-9A-F/]*\).*/\1/p' "$log" | head -n 1)
seconds=$(sed -n 's/.*redo done at .*elapsed: \([0-9.]*\) s.*/\1/p' "$log" | head -n 1)
rm -rf "$data"
position() { echo "$((0x${1%/*} * 4294967296 + 0x${1#*/}))"; }
echo "$seconds $(($(position "$to") - $(position "$from")))"
