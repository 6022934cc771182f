# Functions for scripts that load a data set in the helper itself, as a replica of nobody: a master would drop what has expired (databases.md R5).
socket=/holdfast/redis.sock
ask() { redis-cli -e -s "$socket" "$@"; }

# was_killed STATUS: by somebody else, or by the kernel. What a damaged file makes a program die of (a segmentation fault, an abort) is none of these.
was_killed() {
  case $1 in
    129 | 130 | 131 | 137 | 143) return 0 ;;
    *) return 1 ;;
  esac
}

# checked RESULT TOOL ARGUMENTS…: what a tool that checks files says becomes a result file, and its status is the answer; 27 where the image has no such tool, 28 where it was killed.
checked() {
  says=/holdfast/out/$1 status=0
  shift
  "$@" >"$says" 2>&1 || status=$?
  [ "$status" -ne 126 ] && [ "$status" -ne 127 ] || fail 27 "$1 cannot be run in this image"
  ! was_killed "$status" || fail 28 "$1 was killed"
  return "$status"
}

# check_rdb FILE RESULT: 20 for a damaged file, 22 for one that this server cannot read, and what a tool that does not come to an end is.
check_rdb() {
  checked "$2" redis-check-rdb "$1" && return 0
  grep -q "Can't handle RDB format version" "/holdfast/out/$2" && fail 22 "the file is of a version that this server cannot read"
  # Another one's signature is Valkey's; anything else was never a file of either.
  ! grep -q 'Wrong signature' "/holdfast/out/$2" || [ "$(head -c 6 "$1" | tr -d '\000')" != VALKEY ] || fail 22 "the file is of a server that this one cannot read"
  fail 20 "redis-check-rdb refuses the file"
}

# start_server CONFIG: answers when everything is loaded; 21 where it does not start, 23 where a module or database is missing, 28 where it had no chance to.
start_server() {
  rm -f "$socket"
  : >/holdfast/server.log
  redis-server "$1" --logfile /holdfast/server.log &
  server=$!
  until ask INFO persistence 2>/dev/null | grep -q '^loading:0'; do
    if ! kill -0 "$server" 2>/dev/null; then
      tail -n 20 /holdfast/server.log
      cp /holdfast/server.log /holdfast/out/server-log
      grep -q -e "I can't load" -e "Can't load module" -e 'failed to load' -e 'configured to handle more than' /holdfast/server.log && fail 23 "the server lacks something that the data needs"
      server_ended "the server did not start on the data"
    fi
    sleep 0.05
  done
}

# server_ended TEXT: 28 where it was killed, or had no chance to; else 21, with the text.
server_ended() {
  status=0
  wait "$server" || status=$?
  ! was_killed "$status" || fail 28 "the server was killed"
  host_let_it
  fail 21 "$1"
}

# host_let_it: 28 where this host gave the server no thread or no process, before it read anything or to write something: that says nothing of the data.
host_let_it() {
  ! grep -q -e "Fatal: Can't initialize Background Jobs" -e 'in background: fork: ' /holdfast/server.log || fail 28 "this host gave the server no thread or process"
}

stop_server() {
  ask SHUTDOWN NOSAVE >/dev/null 2>&1 || :
  wait "$server" || :
  ! ask PING >/dev/null 2>&1 || fail 21 "the server did not end"
}

# read_content PREFIX yes|no: result files with keyspace, functions, memory and, for yes, the digest. On a disk that is full redis-cli writes nothing of an answer, and says nothing.
read_content() {
  answer_of "$1-keyspace" INFO keyspace
  answer_of "$1-memory" INFO memory
  answer_of "$1-functions" --json FUNCTION LIST
  [ "$2" = no ] || answer_of "$1-digest" DEBUG DIGEST
}
answer_of() {
  name=$1
  shift
  ask "$@" >"/holdfast/out/$name"
  [ -s "/holdfast/out/$name" ] || fail 25 "there was no room for the answer to $1 $2"
}

# require_memory BYTES: 24 where the host has less available.
require_memory() {
  available=$(sed -n 's/^MemAvailable: *\([0-9]*\) kB$/\1/p' /proc/meminfo)
  [ -z "$available" ] || [ "$available" -ge "$(($1 / 1024))" ] || fail 24 "the data needs $(($1 / 1048576)) MB of memory, available are $((available / 1024)) MB"
}
