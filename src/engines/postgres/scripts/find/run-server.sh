# As recovery/run-server.sh, of a copy that is looked at from one moment to the next: as often as it is asked to, its server is started again in the same container.
# Arguments: directory, archive, and for whoever looks: its superuser.
directory=$1 archive=$2
set -eu
umask 077
chmod 711 "$directory"
rm -rf "$directory/ahead" "$directory/again"
sh "$directory/make-places.sh" "$directory"
sh "$directory/serve-segments.sh" "$directory" "$archive" &
until [ -s "$directory/ahead/serving" ]; do
  sleep 0.02
  kill -0 "$!" 2>/dev/null || { echo 'nobody delivers the log' >&2; exit 1; }
done
set -- postgres -D "$directory/data" -c "config_file=$directory/scratch.conf" -c "hba_file=$directory/hba.conf" -c "ident_file=$directory/ident.conf" -c "unix_socket_directories=$directory/run"
# Debian's own layout keeps the server where no PATH leads.
[ ! -x "/usr/lib/postgresql/${PG_MAJOR:-none}/bin/postgres" ] || PATH="/usr/lib/postgresql/$PG_MAJOR/bin:$PATH"
become() {
  if command -v gosu >/dev/null; then exec gosu postgres "$@"
  elif command -v su-exec >/dev/null; then exec su-exec postgres "$@"
  else exec setpriv --reuid=postgres --regid="$(id -g postgres)" --init-groups -- "$@"
  fi
}
server= stopped=
trap 'stopped=yes; kill -INT "$server"' TERM INT
while :; do
  become "$@" &
  server=$!
  printf '%s\n' "$server" >"$directory/.server" && mv "$directory/.server" "$directory/server"
  code=0
  # A signal to this script ends the wait, not the server.
  while kill -0 "$server" 2>/dev/null; do wait "$server" && code=0 || code=$?; done
  [ -z "$stopped" ] && [ -e "$directory/again" ] || exit "$code"
  rm -f "$directory/again"
done
