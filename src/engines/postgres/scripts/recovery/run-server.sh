# The server of a copy that is recovered: what delivers its log beside it, both gone when one is. Arguments: directory, archive, and for whoever looks: its superuser.
directory=$1 archive=$2
set -eu
umask 077
chmod 711 "$directory"
rm -rf "$directory/ahead"
# Beside a server's data it will take that one's place, and has to be on disk before (finish.sh): the most of what was unpacked gets there while the log is replayed.
# File by file, for nobody can end a process that waits for a whole file system.
case $directory in */pgsql_tmp.holdfast/*) (find "$directory/data" -type f -size +1024k -exec sync -d {} + >/dev/null 2>&1 & :) ;; esac
sh "$directory/make-places.sh" "$directory"
sh "$directory/serve-segments.sh" "$directory" "$archive" &
until [ -s "$directory/ahead/serving" ]; do
  sleep 0.02
  kill -0 "$!" 2>/dev/null || { echo 'nobody delivers the log' >&2; exit 1; }
done
set -- postgres -D "$directory/data" -c "config_file=$directory/scratch.conf" -c "hba_file=$directory/hba.conf" -c "ident_file=$directory/ident.conf" -c "unix_socket_directories=$directory/run"
# Debian's own layout keeps the server where no PATH leads.
[ ! -x "/usr/lib/postgresql/${PG_MAJOR:-none}/bin/postgres" ] || PATH="/usr/lib/postgresql/$PG_MAJOR/bin:$PATH"
if command -v gosu >/dev/null; then exec gosu postgres "$@"
elif command -v su-exec >/dev/null; then exec su-exec postgres "$@"
else exec setpriv --reuid=postgres --regid="$(id -g postgres)" --init-groups -- "$@"
fi
