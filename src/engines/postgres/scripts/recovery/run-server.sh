# The server of a copy that is recovered: what delivers its log beside it, both gone when one is. Arguments: directory, archive, and for whoever looks: its superuser.
directory=$1 archive=$2
set -eu
umask 077
chmod 711 "$directory"
rm -rf "$directory/ahead"
sh "$directory/serve-segments.sh" "$directory" "$archive" &
until [ -s "$directory/ahead/serving" ]; do sleep 0.02; done
set -- postgres -D "$directory/data" -c "config_file=$directory/scratch.conf" -c "hba_file=$directory/hba.conf" -c "ident_file=$directory/ident.conf" -c "unix_socket_directories=$directory/run"
# Debian's own layout keeps the server where no PATH leads.
[ ! -x "/usr/lib/postgresql/${PG_MAJOR:-none}/bin/postgres" ] || PATH="/usr/lib/postgresql/$PG_MAJOR/bin:$PATH"
if command -v gosu >/dev/null; then exec gosu postgres "$@"
elif command -v su-exec >/dev/null; then exec su-exec postgres "$@"
else exec setpriv --reuid=postgres --regid="$(id -g postgres)" --init-groups -- "$@"
fi
