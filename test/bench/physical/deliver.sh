# Asks for one file after the other, as a recovering server does, and throws it away. Argument: the directory. Prints the seconds.
set -eu
directory=$1
mkdir -p "$directory/data"
chown postgres "$directory" "$directory/data" "$directory/segments.list"
sh "$directory/serve-segments.sh" "$directory" /archive &
server=$!
until [ -s "$directory/ahead/serving" ]; do sleep 0.02; done
cut -d ' ' -f 1 "$directory/segments.list" >"$directory/names"
began=$(date +%s.%N)
gosu postgres sh -c 'while read -r name; do sh "$0/fetch-segment.sh" "$0" "$name" "$0/data/RECOVERYXLOG" || exit 1; rm -f "$0/data/RECOVERYXLOG"; done <"$0/names"' "$directory"
ended=$(date +%s.%N)
kill "$server"
wait "$server" || :
awk -v began="$began" -v ended="$ended" 'BEGIN { printf "%.3f 0\n", ended - began }'
