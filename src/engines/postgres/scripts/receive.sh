# What receives a component's log, until either of its two parts ends: pg_receivewal, and a session that reads the server's clock and positions each
# second. Standard input is a list of sections, each after a line "@@holdfast <name>": the password file and the session's SQL. Arguments:
slot=$1 segment_bytes=$2 stdin_bytes=$3

# Exit codes, read by receiver-end.ts: 28 a file system ran full, 74 standard input was cut, 81 pg_receivewal ended, 82 the session did.
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
mkdir -p /wal/segments /wal/former /wal/samples || end_with 81

# A break was accepted: what was received before it must not lead pg_receivewal to go on from there. The flag goes last, so that this can be cut anywhere.
if [ -f /wal/set-aside ]; then
  for file in /wal/segments/*; do
    [ ! -f "$file" ] || mv -f "$file" /wal/former/ || end_with 81
  done
  rm -f /wal/set-aside || end_with 81
fi

# pg_receivewal fills a new segment with zeros before it writes into it. One that was cut while being filled holds no log, and it would refuse it for ever.
for file in /wal/segments/*.partial; do
  [ -f "$file" ] || continue
  size=$(($(wc -c <"$file")))
  [ "$size" = 0 ] || [ "$size" = "$segment_bytes" ] || rm -f "$file"
done

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
(
  # At the end of a segment it says how far it is only when asked, or at this interval.
  pg_receivewal -D /wal/segments --slot="$slot" --synchronous --status-interval=1 --no-loop --no-password >&2
  echo 'end 81' >/dev/shm/lines
) &
(
  PGCLIENTENCODING=UTF8 psql -X -q -A -t -w -v ON_ERROR_STOP=1 -v slot="$slot" -f /dev/shm/sample.sql
  echo 'end 82'
) >/dev/shm/lines &
while IFS= read -r line; do
  case $line in
    end\ 8[12]) end_with "${line#end }" ;;
    [0-9]*T*Z\ *) keep_sample "$line" || : ;;
  esac
done </dev/shm/lines
end_with 82
