# The server of a copy, for as long as the copy is kept. Arguments: its directory, then what it is told and no file may change.
directory=$1
shift
set -eu
[ -d /var/run/postgresql ] || { mkdir -p /var/run/postgresql && chown postgres /var/run/postgresql; }
set -- postgres -D "$directory/data" -c "config_file=$directory/server.conf" -c "hba_file=$directory/hba.conf" -c "ident_file=$directory/ident.conf" "$@"
# Debian's own layout keeps the server where no PATH leads.
[ ! -x "/usr/lib/postgresql/${PG_MAJOR:-none}/bin/postgres" ] || PATH="/usr/lib/postgresql/$PG_MAJOR/bin:$PATH"
if command -v gosu >/dev/null; then exec gosu postgres "$@"
elif command -v su-exec >/dev/null; then exec su-exec postgres "$@"
else exec setpriv --reuid=postgres --regid="$(id -g postgres)" --init-groups -- "$@"
fi
