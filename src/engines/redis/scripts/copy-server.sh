# The server of a copy, for as long as the copy is kept. Argument: its directory.
directory=$1
set -eu
user=root
for name in redis valkey; do ! id -u "$name" >/dev/null 2>&1 || user=$name; done
chown -R "$user" "$directory"
set -- redis-server "$directory/redis.conf"
if [ "$user" = root ]; then exec "$@"
elif command -v gosu >/dev/null; then exec gosu "$user" "$@"
elif command -v su-exec >/dev/null; then exec su-exec "$user" "$@"
else exec setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups -- "$@"
fi
