# restore_command: `sh fetch-segment.sh DIRECTORY NAME TARGET`, as the server's user. 0: the file is there, whole and right. 1: the list has no such file,
# which is the end of the log, or another timeline. 255: anything else; the server then stops with an error, instead of taking it for the end
# (databases.md P10). Files are delivered by serve-segments.sh, which may read the archive and works ahead.
directory=$1 name=$2 target=$3
grep -q "^$name " "$directory/segments.list"
case $? in 0) ;; 1) exit 1 ;; *) exit 255 ;; esac
ahead=$directory/ahead
printf '%s %s\n' "$name" "$$" >"$ahead/.want.$$" && mv "$ahead/.want.$$" "$ahead/want" || exit 255
# It may go between the look and the move: whoever delivers begins anew there, and it comes again.
tries=0
until [ -f "$ahead/$name" ] && mv "$ahead/$name" "$target" 2>/dev/null; do
  [ ! -f "$ahead/$name.failed" ] || { cat "$ahead/$name.failed" >&2; exit 255; }
  [ -d "/proc/$(cat "$ahead/serving")" ] || { echo "nobody delivers $name" >&2; exit 255; }
  [ ! -f "$ahead/$name" ] || tries=$((tries + 1))
  [ "$tries" -lt 100 ] || { echo "$name cannot be moved to $target" >&2; exit 255; }
  sleep 0.02
done
