# restore_command: `sh fetch-segment.sh DIRECTORY NAME TARGET`, as the server's user. 0: the file is there, whole and right. 1: the list has no such file,
# which is the end of the log, or another timeline. 255: anything else; the server then stops with an error, instead of taking it for the end
# (databases.md P10). Files are delivered by serve-segments.sh, which may read the archive and works ahead.
directory=$1 name=$2 target=$3
grep -q "^$name " "$directory/segments.list"
case $? in 0) ;; 1) exit 1 ;; *) exit 255 ;; esac
printf '%s\n' "$name" >"$directory/ahead/.want.$$" && mv "$directory/ahead/.want.$$" "$directory/ahead/want" || exit 255
until [ -f "$directory/ahead/$name" ]; do
  [ ! -f "$directory/ahead/$name.failed" ] || { cat "$directory/ahead/$name.failed" >&2; exit 255; }
  [ -d "/proc/$(cat "$directory/ahead/serving")" ] || { echo "nobody delivers $name" >&2; exit 255; }
  sleep 0.02
done
mv "$directory/ahead/$name" "$target" || exit 255
