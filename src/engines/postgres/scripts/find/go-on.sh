# In the container of run-server.sh: the copy is told of another moment (standard input: its configuration) and started again. Argument: its directory.
directory=$1
set -eu
umask 077
cat >"$directory/.new"
chown postgres "$directory/.new"
mv "$directory/.new" "$directory/scratch.conf"
server=$(cat "$directory/server")
: >"$directory/again"
kill -INT "$server"
until [ "$(cat "$directory/server")" != "$server" ]; do sleep 0.02; done
