# Makes an RDB of what an archived AOF held at the end of a second. Arguments: directory of the archive, that second, bytes of memory it needs.
# Standard input: the server's configuration, a line "---", then what to put together: `base BYTES SHA256 PATH`, and for each increment
# `increment BYTES cut|whole` (how much of it belongs there, and whether something later follows) and its `block BYTES SHA256 PATH` in their order.
archive=$1 second=$2
require_memory "$3"
cat >/holdfast/both
sed '/^---$/,$d' /holdfast/both >/holdfast/redis.conf
sed '1,/^---$/d' /holdfast/both >/holdfast/plan
aof=/holdfast/load/appendonlydir
mkdir -p "$aof"
sequence=0 file= wanted=0 how=whole

size_of() { first $(wc -c <"$1"); }
# read_block BYTES PATH: into /holdfast/tmp/block. Where a longer block has taken its place since it was listed, as many bytes of that: it begins with it.
read_block() {
  tries=0 stored=$archive/$2
  cat <"$stored" >/holdfast/tmp/block && return 0
  until [ "$stored" != "$archive/$2" ] && head -c "$1" <"$stored" >/holdfast/tmp/block; do
    tries=$((tries + 1))
    [ "$tries" -lt 100 ] || return 0
    for stored in "$archive/${2%.*.*}".*; do :; done
  done
}
end_increment() {
  [ -n "$file" ] || return 0
  [ "$(size_of "$file")" -ge "$wanted" ] || fail 65 "the blocks of an increment hold less than $wanted bytes"
  # What is cut off here is the beginning of a command whose end has not come.
  [ "$how" = cut ] || truncate -s "$wanted" "$file"
}
while read -r kind bytes digest path; do
  case $kind in
    base)
      require_sum "$archive/$path" "$bytes" "$digest"
      cat <"$archive/$path" >"$aof/a.aof.1.base.rdb"
      require_sum "$aof/a.aof.1.base.rdb" "$bytes" "$digest"
      echo 'file a.aof.1.base.rdb seq 1 type b' >"$aof/a.aof.manifest" ;;
    increment)
      end_increment
      [ "$how" = whole ] || fail 64 "something lies behind the end"
      sequence=$((sequence + 1)) wanted=$bytes how=$digest
      file=$aof/a.aof.$sequence.incr.aof
      : >"$file"
      echo "file a.aof.$sequence.incr.aof seq $sequence type i" >>"$aof/a.aof.manifest" ;;
    block)
      begin=$(size_of "$file")
      read_block "$bytes" "$path"
      require_sum /holdfast/tmp/block "$bytes" "$digest"
      cat /holdfast/tmp/block >>"$file"
      [ "$(size_of "$file")" = "$((begin + bytes))" ] || fail 25 "no room to put the increments together" ;;
    *) fail 64 "a line that nobody knows" ;;
  esac
done </holdfast/plan
end_increment

# The server's own tool has the word: it must cut where the annotations were found to say so.
cd "$aof"
checked check-aof redis-check-aof --truncate-to-timestamp "$second" a.aof.manifest || fail 20 "redis-check-aof refuses the files: $(tail -n 1 /holdfast/out/check-aof)"
if [ -n "$file" ]; then
  kept=$(size_of "$file")
  [ "$kept" = "$wanted" ] || fail 20 "redis-check-aof keeps $kept bytes of the last increment, by its annotations $wanted belong to it"
fi

start_server /holdfast/redis.conf
read_content loaded yes
ask SAVE >/dev/null
kill -KILL "$server"
dump=/holdfast/load/dump.rdb
check_rdb "$dump" check
sum=$(sha256sum <"$dump")
result file "$(size_of "$dump") $(first $sum)"
