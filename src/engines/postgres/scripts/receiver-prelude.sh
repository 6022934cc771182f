# The beginning of whatever looks after a component's log beside its database, by a session that reads the server's clock and positions each second. Standard
# input is a list of sections, each after a line "@@holdfast <name>": the password file and the session's SQL. The first argument is how many bytes it has.
stdin_bytes=$1
shift

# Exit codes, read by receiver-end.ts: 28 a file system ran full, 74 standard input was cut, 81 what receives ended, 82 the session did.
set -u
umask 077
export LC_ALL=C PGPASSFILE=/dev/shm/holdfast-pgpass
# Debian's own psql and pg_receivewal are Perl programs that look for the real ones.
[ ! -x "/usr/lib/postgresql/${PG_MAJOR:-none}/bin/psql" ] || PATH="/usr/lib/postgresql/$PG_MAJOR/bin:$PATH"

# In memory until the end: the volume may be what ran full. There the file has its whole size from the beginning, for the same reason.
exec 2>/dev/shm/messages
blank() { head -c 4096 /dev/zero | tr '\0' ' '; }
keep_last_words() { { tail -c 4096 /dev/shm/messages; blank; } | head -c 4096 1<>/wal/last-words; }
end_with() {
  case $1:$(cat /dev/shm/messages) in
    *'No space left on device'*) set -- 28 ;;
  esac
  keep_last_words
  exit "$1"
}

cat >/dev/shm/stdin
[ "$(($(wc -c </dev/shm/stdin)))" = "$stdin_bytes" ] || exit 74
awk '/^@@holdfast [a-z0-9.]+$/ { file = "/dev/shm/" ($2 == "pgpass" ? "holdfast-pgpass" : $2); printf "" >file; next }
  file != "" { print >file }' </dev/shm/stdin
rm -f /dev/shm/stdin

# What a killed predecessor would have said is not known; what an earlier one said is no news.
blank | head -c 4096 1<>/wal/last-words || :
# One file for each hour of the server's clock, its name the beginning of its lines; two are kept. No process is started for a line.
hour=
keep_sample() {
  if [ "${1%%:*}" != "$hour" ]; then
    hour=${1%%:*} other=
    for file in /wal/samples/*; do [ "$file" = "/wal/samples/$hour" ] || other=$file; done
    for file in /wal/samples/*; do [ "$file" = "/wal/samples/$hour" ] || [ "$file" = "$other" ] || rm -f "$file"; done
  fi
  printf '%s\n' "$1" >>"/wal/samples/$hour"
}

mkfifo /dev/shm/lines || exit 81

# `sample NAME=VALUE…`: the session, with these variables; its end is a line of its own. In the background of the one that follows it.
sample() {
  for variable in "$@"; do
    shift
    set -- "$@" -v "$variable"
  done
  PGCLIENTENCODING=UTF8 psql -X -q -A -t -w -v ON_ERROR_STOP=1 "$@" -c "SET search_path = ''" -f /dev/shm/sample.sql
  echo 'end 82'
}

# Keeps each line, until somebody says that it has ended.
follow() {
  while IFS= read -r line; do
    case $line in
      end\ 8[12]) end_with "${line#end }" ;;
      [0-9]*T*Z\ *) keep_sample "$line" || : ;;
    esac
  done </dev/shm/lines
  end_with 82
}
