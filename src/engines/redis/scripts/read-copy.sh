# Reads a rollback copy where it lies: sums of its files, and what its RDB holds when loaded. Arguments: its directory (read-only), dbfilename,
# appenddirname, bytes of memory needed. Standard input: the server's configuration.
cat >/holdfast/redis.conf
if [ ! -f "$1/$2" ]; then
  result missing "$1/$2"
  exit 0
fi
file_sums "$1" "$2" "$3"
check_rdb "$1/$2" check
require_memory "$4"
mkdir /holdfast/load
ln -s "$1/$2" /holdfast/load/dump.rdb
start_server /holdfast/redis.conf
read_content loaded yes
kill -KILL "$server"
