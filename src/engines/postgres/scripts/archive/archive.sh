# PostgreSQL's archive_command, by Holdfast: /bin/sh <this file> "%p" "%f". Puts the file, synced and whole, into `spool` beside this script, from where the
# host's worker takes it into the repositories. `holdfast wal enable` puts the script there, and `holdfast wal forget` takes it away.
#
# Answers 0 only once the file lies there for good, with the very bytes of the server's. Where too little room is left it lets the segment go, so that the server's
# disk does not fill with log: it leaves a file in `breaks` that names it, says so in the server's log, and answers 0. In every other case it answers 1, and
# the server tries again: never more than 125, for the server would not count that as a failure. One command at a time, no pipe, none in the background: this
# runs among the server's own processes.
set -u
umask 077
export LC_ALL=C

say() { printf 'holdfast archive: %s\n' "$*" >&2; }
fail() { say "$@"; exit 1; }

[ "$#" = 2 ] || fail 'not called as archive_command calls it'
case $0 in
  */*) directory=${0%/*} ;;
  *) directory=. ;;
esac
name=$2
case $1 in
  /*) source=$1 ;;
  *) source=./$1 ;;
esac

# What the server calls its files, and nothing else.
kind=segment
case $name in
  ????????????????????????) digits=$name ;;
  ????????????????????????.partial) digits=${name%.partial} ;;
  ????????.history) digits=${name%.history} kind=history ;;
  # Of a base backup's begin and end: nothing that comes back needs it.
  ????????????????????????.????????.backup) digits=${name%.backup} digits=${digits%.*}${digits##*.} kind=backup ;;
  *) fail 'a name that no file of the log has' ;;
esac
case $digits in
  *[!0123456789ABCDEF]*) fail 'a name that no file of the log has' ;;
esac
[ "$kind" != backup ] || exit 0

# Made when the script was put here. Where they are gone, somebody took away more than that.
[ -d "$directory/spool" ] && [ -d "$directory/breaks" ] || fail "the spool in $directory is gone; see: holdfast wal enable"
[ -f "$source" ] && [ -r "$source" ] || fail "$name is not there to be read"
target=$directory/spool/$name
new=$directory/spool/.$name.new

# Its bytes, then its name, on the disk.
settle() {
  sync "$target" || fail "$name could not be synced"
  sync "$directory/spool" || fail 'the directory of the spool could not be synced'
}

if [ -e "$target" ]; then
  # Sent once more: the server crashed before it noted that it was archived.
  cmp -s "$source" "$target"
  case $? in
    0) settle; exit 0 ;;
    1) fail "$name lies in the spool with other bytes: it is not overwritten. Two servers archive into $directory, or one was brought back" ;;
    *) fail "$name could not be compared with what lies in the spool" ;;
  esac
fi

# A tenth of the file system is left to others, 512 MiB at most; the segment needs its own room besides. Unknown where df says something else.
room_is_short() {
  said=$(df -Pk "$directory/spool") || return 1
  said=${said#*
}
  set -f
  # shellcheck disable=SC2086
  set -- $said
  set +f
  [ "$#" -ge 4 ] || return 1
  case $2$4 in
    *[!0-9]*) return 1 ;;
  esac
  least=$(($2 / 10))
  [ "$least" -le 524288 ] || least=524288
  size=$(wc -c <"$source") || return 1
  [ "$(($4 - size / 1024))" -lt "$least" ]
}

# An empty file: its name says all, and it takes no room of its own. Once for each segment, however often the server asks.
let_go() {
  for noted in "$directory/breaks/$name".*; do
    [ ! -e "$noted" ] || exit 0
  done
  at=$(date -u +%Y%m%dT%H%M%SZ) || fail 'the clock could not be read'
  noted=$directory/breaks/$name.$at
  # In a shell of its own, which alone ends where the file cannot be made.
  (: >"$noted") || fail "no room for $name, nor for the note that it is missing"
  sync "$directory/breaks" || fail 'the note of the break could not be synced'
  say "BREAK: $name is not archived, for $directory/spool has too little room left. Moments behind it need a new base backup"
  exit 0
}

[ "$kind" = history ] || ! room_is_short || let_go

# An earlier attempt may have been killed, and its dd may write on: into a file that has no name any more.
rm -f "$new" || fail "what an earlier attempt left of $name could not be removed"
if ! dd if="$source" of="$new" bs=1048576 conv=fsync status=none; then
  rm -f "$new"
  [ "$kind" = history ] || ! room_is_short || let_go
  fail "$name could not be copied"
fi
cmp "$source" "$new" || fail "$name was copied with other bytes"
# Never over one that came meanwhile: that is compared by the next attempt.
mv -n "$new" "$target" || fail "$name could not be given its name"
[ ! -e "$new" ] || fail "$name came into the spool meanwhile"
settle
exit 0
