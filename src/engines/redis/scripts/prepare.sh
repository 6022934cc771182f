# Makes the final files of a restore beside the live ones, on their own file system, and starts a server on exactly these.
# Arguments: data directory, run directory (.holdfast/<run16>), dbfilename, appenddirname or '', file, bytes, SHA-256,
#            bytes of room needed, bytes of memory needed, digest (yes or no).
# Standard input: the configuration for loading the RDB, a line "---", the one for starting with the AOF.
data=$1 run=$1/$2 dbfilename=$3 appenddirname=$4 file=$5 size_wanted=$6 sum_wanted=$7 room=$8 memory=$9
shift 9
digest=$1
cat >/holdfast/both.conf
sed '/^---$/,$d' /holdfast/both.conf >/holdfast/load.conf
sed '1,/^---$/d' /holdfast/both.conf >/holdfast/final.conf

[ ! -e "$run/old" ] || fail 32 "the exchange of this run has already begun"
require_sum "$file" "$size_wanted" "$sum_wanted"
check_rdb "$file" check
require_memory "$memory"
# Whatever an earlier attempt of this run left is made again; its room counts as free.
rm -rf "$run/new"
free=$(df -Pk "$data" | sed -n '2s/^.* \([0-9][0-9]*\)  *[0-9]*%.*$/\1/p')
[ "$free" -ge "$((room / 1024))" ] || fail 25 "$((room / 1048576)) MB are needed, $((free / 1024)) MB are free"

mkdir -p "$run/new"
new=$run/new
cat <"$file" >"$new/$dbfilename"
require_sum "$new/$dbfilename" "$size_wanted" "$sum_wanted"

start_server /holdfast/load.conf
if [ -z "$appenddirname" ]; then
  read_content loaded "$digest"
  stop_server
  sums_of "$new" files
else
  # The digest costs as much as the loading: of an AOF's data it is made once, of what the final files hold.
  read_content loaded no
  ask CONFIG SET appendonly yes >/dev/null
  until ask INFO persistence >/holdfast/tmp/persistence && grep -q '^aof_rewrite_in_progress:0' /holdfast/tmp/persistence && grep -q '^aof_rewrite_scheduled:0' /holdfast/tmp/persistence; do
    kill -0 "$server" 2>/dev/null || server_ended "the server ended while it wrote the AOF: $(tail -n 3 /holdfast/server.log)"
    sleep 0.05
  done
  grep -q '^aof_last_bgrewrite_status:ok' /holdfast/tmp/persistence || { host_let_it; fail 21 "the AOF could not be written: $(tail -n 3 /holdfast/server.log)"; }
  grep -q '^aof_enabled:1' /holdfast/tmp/persistence || fail 21 "the AOF is not on"
  stop_server
  [ -d "$new/$appenddirname" ] || fail 21 "no AOF directory came to be"
  # A first start may touch the manifest; the files count when a start leaves them as they are.
  sums_of "$new" before
  for round in 1 2 3; do
    start_server /holdfast/final.conf
    read_content final "$digest"
    stop_server
    sums_of "$new" files
    cmp -s /holdfast/out/before /holdfast/out/files && break
    [ "$round" -lt 3 ] || fail 21 "the files change with every start"
    cp /holdfast/out/files /holdfast/out/before
  done
  base=$(find "$new/$appenddirname" -type f -name '*.base.rdb')
  [ -f "$base" ] || fail 21 "the AOF has no base, or several"
  result base "$base"
fi
require_sum "$new/$dbfilename" "$size_wanted" "$sum_wanted"

owner=$(stat -c %u:%g "$data/$dbfilename" 2>/dev/null || stat -c %u:%g "$data")
chown "$owner" "$data/.holdfast"
chown -R "$owner" "$run"
# A server with its AOF on never had to read the RDB, which may be anybody's; the AOF it writes.
if [ -n "$appenddirname" ] && [ -d "$data/$appenddirname" ]; then chown -R "$(stat -c %u:%g "$data/$appenddirname")" "$new/$appenddirname"; fi
sync -f "$new" 2>/dev/null || sync
