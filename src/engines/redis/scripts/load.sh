# Checks an RDB, loads it and says what it holds. Arguments: file, bytes, SHA-256, bytes of memory it needs, digest (yes or no).
# Standard input: the server's configuration.
cat >/holdfast/redis.conf
require_sum "$1" "$2" "$3"
check_rdb "$1" check
require_memory "$4"
mkdir /holdfast/load
ln -s "$1" /holdfast/load/dump.rdb
start_server /holdfast/redis.conf
read_content loaded "$5"
kill -KILL "$server"
