# Reads the files that a stopped server left: they become the rollback copy. Arguments: data directory (read-only unless the AOF is read through), dbfilename,
# AOF manifest relative to it or '', whether the AOF is read through (yes or no), aside directory of this exchange.
data=$1 dbfilename=$2 manifest=$3 read_aof=$4
if [ -e "$data/$5" ]; then
  result exchanging "$5"
  exit 0
fi
if [ -f "$data/$dbfilename" ]; then
  check_rdb "$data/$dbfilename" check
  result rdb present
else
  result rdb absent
fi
[ -n "$manifest" ] || exit 0
[ -f "$data/$manifest" ] || fail 26 "the AOF's manifest is missing"
[ "$read_aof" = no ] || checked aof redis-check-aof "$data/$manifest" || fail 26 "redis-check-aof refuses the AOF"
