# An RDB checked, loaded and told about as in a proof, then laid down for a server of its own. Arguments: file, bytes, SHA-256, bytes of memory it needs, digest
# (yes or no), directory of the copy, its server's script.
# Standard input: the configuration for loading it, a line "---", the one of the copy.
file=$1 size_wanted=$2 sum_wanted=$3 memory=$4 digest=$5 directory=$6 script=$7
cat >/holdfast/both.conf
sed '/^---$/,$d' /holdfast/both.conf >/holdfast/redis.conf
sed '1,/^---$/d' /holdfast/both.conf >/holdfast/copy.conf
require_sum "$file" "$size_wanted" "$sum_wanted"
check_rdb "$file" check
require_memory "$memory"
mkdir /holdfast/load
ln -s "$file" /holdfast/load/dump.rdb
start_server /holdfast/redis.conf
read_content loaded "$digest"
kill -KILL "$server"
# What an earlier attempt left.
clear_directory "$directory"
free=$(df -Pk "$directory" | sed -n '2s/^.* \([0-9][0-9]*\)  *[0-9]*%.*$/\1/p')
[ "$free" -ge "$((size_wanted / 512))" ] || fail 25 "$((size_wanted / 524288)) MB are needed, $((free / 1024)) MB are free"
cat <"$file" >"$directory/dump.rdb"
require_sum "$directory/dump.rdb" "$size_wanted" "$sum_wanted"
cat </holdfast/copy.conf >"$directory/redis.conf"
printf '%s' "$script" >"$directory/copy-server.sh"
sync -f "$directory" 2>/dev/null || sync
