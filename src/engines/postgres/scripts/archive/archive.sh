# PostgreSQL's archive_command, by Holdfast: /bin/sh <this file> "%p" "%f". Puts the file, synced and whole, into `spool` beside this script, from where the
# host's worker takes it into the repositories. `holdfast wal enable` puts the script there, and `holdfast wal forget` takes it away.
#
# Answers 0 only once the file lies there for good, with the very bytes of the server's. In every other case, whatever the reason, it answers 1, and the server keeps
# its log and tries again: never more than 125, for the server would not count that as a failure. But not until the server's own disk is full: where too little
# room is left beside the log, the segment is let go of. Then the script leaves a file in `breaks` that names it, where that can be, says so in the server's log,
# and answers 0. One command at a time, no pipe, none in the background: this runs among the server's own processes.
set -u
umask 077
export LC_ALL=C

say() { printf 'holdfast archive: %s\n' "$*" >&2; }
# What no server asks for.
refuse() { say "$@"; exit 1; }

[ "$#" = 2 ] || refuse 'not called as archive_command calls it'
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
  *) refuse 'a name that no file of the log has' ;;
esac
case $digits in
  *[!0123456789ABCDEF]*) refuse 'a name that no file of the log has' ;;
esac
[ "$kind" != backup ] || exit 0

# is_below DIRECTORY OPTION NEEDED MOST: of what df counts so, a tenth is left to others, MOST at most, and so much is needed besides. No, where df says something else.
is_below() {
  said=$(df "$2" "$1" 2>/dev/null) || return 1
  said=${said#*
}
  needed=$3 most=$4
  set -f
  # shellcheck disable=SC2086
  set -- $said
  set +f
  [ "$#" -ge 4 ] || return 1
  case $2$4 in
    *[!0-9]*) return 1 ;;
  esac
  least=$(($2 / 10))
  [ "$least" -le "$most" ] || least=$most
  [ "$(($4 - needed))" -lt "$least" ]
}
# 512 MiB at most; and of the files that a file system may have, 1024: one that has none left takes none, however much room it has.
is_short() { is_below "$1" -Pk "$2" 524288 || is_below "$1" -Pi 0 1024; }

# An empty file: its name says all, and it takes no room of its own. Once for each segment, however often the server asks. A timeline's history is read from the server itself.
note() {
  [ "$kind" = segment ] || return 0
  for noted in "$directory/breaks/$name".*; do
    [ ! -e "$noted" ] || return 0
  done
  at=$(date -u +%Y%m%dT%H%M%SZ) || return 1
  # In a shell of its own, which alone ends where the file cannot be made.
  (: >"$directory/breaks/$name.$at") && sync "$directory/breaks"
}

# The one way out of whatever goes wrong.
fail() {
  say "$@"
  is_short "${source%/*}" 0 || exit 1
  note || say "that $name is missing could not be noted in $directory/breaks: the next segment that comes will tell"
  say "BREAK: $name is let go of, for the file system of the server's log has too little room left. Moments behind it need a new base backup"
  exit 0
}

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

# The segment needs its own room there. A history is small, and nothing is found without it.
if [ "$kind" = segment ]; then
  size=$(wc -c <"$source") || fail "$name could not be measured"
  ! is_short "$directory/spool" "$((size / 1024))" || fail "$directory/spool has too little room left"
fi

# An earlier attempt may have been killed, and its dd may write on: into a file that has no name any more.
rm -f "$new" || fail "what an earlier attempt left of $name could not be removed"
if ! dd if="$source" of="$new" bs=1048576 conv=fsync status=none; then
  rm -f "$new"
  fail "$name could not be copied"
fi
cmp "$source" "$new" || fail "$name was copied with other bytes"
# Never over one that came meanwhile: that is compared by the next attempt.
mv -n "$new" "$target" || fail "$name could not be given its name"
[ ! -e "$new" ] || fail "$name came into the spool meanwhile"
settle
exit 0
