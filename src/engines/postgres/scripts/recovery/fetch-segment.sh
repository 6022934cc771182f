# restore_command: `sh fetch-segment.sh DIRECTORY NAME TARGET`, as the server's user. 0: the file is there, whole and right. 1: the list has no such file,
# which is the end of the log, or another timeline. 255: anything else; the server then stops with an error, instead of taking it for the end
# (databases.md P10). Files are delivered by serve-segments.sh, which may read the archive and works ahead.
directory=$1 name=$2 target=$3
ahead=$directory/ahead
# Of a full disk a shell says "I/O error" and no more, and who delivers may have had no room for his words.
fail() {
  [ -z "$1" ] || echo "$1" >&2
  dd if=/dev/zero of="$ahead/.room.$$" bs=64k count=1 2>&1 | grep -i -e 'no space' -e quota >&2
  rm -f "$ahead/.room.$$"
  exit 255
}
grep -q "^$name " "$directory/segments.list"
case $? in 0) ;; 1) exit 1 ;; *) exit 255 ;; esac
ask_for() { printf '%s %s\n' "$name" "$$" >"$ahead/.want.$$" && [ -s "$ahead/.want.$$" ] && mv "$ahead/.want.$$" "$ahead/want"; }
# What fills the disk may be what is being delivered, which goes again then.
tries=0
until words=$(ask_for 2>&1); do
  tries=$((tries + 1))
  [ "$tries" -lt 10 ] || fail "$name cannot be asked for: $words"
  sleep 0.1
done
# It may go between the look and the move: whoever delivers begins anew there, and it comes again.
tries=0
until [ -f "$ahead/$name" ] && mv "$ahead/$name" "$target" 2>/dev/null; do
  [ ! -f "$ahead/$name.failed" ] || fail "$(cat "$ahead/$name.failed")"
  [ -d "/proc/$(cat "$ahead/serving")" ] || fail "nobody delivers $name"
  [ ! -f "$ahead/$name" ] || tries=$((tries + 1))
  [ "$tries" -lt 100 ] || fail "$name cannot be moved to $target"
  sleep 0.02
done
