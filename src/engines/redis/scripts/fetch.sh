# Takes one RDB by replication into a directory. Arguments: directory, file, token ('' or what the directory's .holdfast-token must hold), redis-cli arguments…
# Standard input: the password, or nothing. Ends with 30 where the directory is not the one the worker sees, 31 where the transfer failed.
directory=$1 file=$2 token=$3
shift 3
if [ -n "$token" ]; then
  [ -f "$directory/.holdfast-token" ] && [ "$(cat "$directory/.holdfast-token")" = "$token" ] || fail 30 "the directory is not shared with this engine"
fi
REDISCLI_AUTH=$(cat)
if [ -n "$REDISCLI_AUTH" ]; then export REDISCLI_AUTH; else unset REDISCLI_AUTH; fi

mkdir -p "$directory"
# The time first: the snapshot cannot be older, unless one that had begun before is handed out.
redis-cli "$@" TIME >/holdfast/out/time 2>/holdfast/out/problem || fail 31 "TIME failed"
redis-cli "$@" INFO persistence >/holdfast/out/persistence 2>>/holdfast/out/problem || fail 31 "INFO failed"
status=0
redis-cli "$@" --rdb "$directory/$file" >/holdfast/out/transfer 2>&1 || status=$?
result status "$status"
[ "$status" -eq 0 ] && [ -s "$directory/$file" ] || fail 31 "redis-cli --rdb ended with $status"

chown "$(stat -c %u:%g "$directory")" "$directory/$file"
size=$(wc -c <"$directory/$file")
sum=$(sha256sum <"$directory/$file")
result file "$(first $size) $(first $sum)"
