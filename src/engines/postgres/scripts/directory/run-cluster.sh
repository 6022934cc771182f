# The server of a cluster that is filled from a dump. Argument: directory.
directory=$1
set -eu
set -- postgres -D "$directory/data" -c "config_file=$directory/scratch.conf" -c "hba_file=$directory/hba.conf" -c "ident_file=$directory/ident.conf"
# Where the image's own clients look: that may be another place than its server was built for.
case ${PGHOST:-} in /*) set -- "$@" -c "unix_socket_directories=$PGHOST" ;; esac
# Debian's own layout keeps the server where no PATH leads.
[ ! -x "/usr/lib/postgresql/${PG_MAJOR:-none}/bin/postgres" ] || PATH="/usr/lib/postgresql/$PG_MAJOR/bin:$PATH"
if command -v gosu >/dev/null; then exec gosu postgres "$@"
elif command -v su-exec >/dev/null; then exec su-exec postgres "$@"
else exec setpriv --reuid=postgres --regid="$(id -g postgres)" --init-groups -- "$@"
fi
