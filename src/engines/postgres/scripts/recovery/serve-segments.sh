# Delivers the files of an archive to fetch-segment.sh, as root: `sh serve-segments.sh DIRECTORY ARCHIVE`. segments.list has a line
# `<name> <bytes> <sha256> <path>` for each, in the order in which recovery asks; a whole path is that of one that lies here already. From the one that is asked for on, so many are kept ready.
directory=$1 archive=$2
ahead=$directory/ahead most=8
rm -rf "$ahead"
mkdir -p "$ahead"
chown postgres "$ahead"
# Without this whoever starts the server would wait for ever. Of a full disk a shell says "I/O error" and no more.
{ printf '%s\n' "$$" >"$ahead/serving" && [ -s "$ahead/serving" ]; } || {
  echo "nothing can be delivered in $ahead" >&2
  dd if=/dev/zero of="$ahead/.room" bs=64k count=1 2>&1 | grep -i -e 'no space' -e quota >&2
  exit 1
}
chown postgres "$ahead/serving"
# What there will be no room to say.
echo 'No space left on device' >"$ahead/.full"
chown postgres "$ahead/.full"
total=$(wc -l <"$directory/segments.list")

fail_file() {
  # What there is of it first: on a full disk the reason would find no room. The other file that is under way may take that at once.
  rm -f "$ahead/.growing.$1"
  { printf '%s: %s\n' "$1" "$2" >"$ahead/.failed.$1" && [ -s "$ahead/.failed.$1" ]; } 2>/dev/null || ln -f "$ahead/.full" "$ahead/.failed.$1"
  chown postgres "$ahead/.failed.$1"
  mv "$ahead/.failed.$1" "$ahead/$1.failed"
}

# deliver NAME BYTES SHA256 PATH. Two at once: replaying takes one core, and the next file comes from another.
deliver() {
  words=$({ case $4 in
    /*) cat "$4" ;;
    *.zst) zstd -q -dc "$archive/$4" ;;
    *.gz) gzip -dc "$archive/$4" ;;
    *) cat "$archive/$4" ;;
  esac >"$ahead/.growing.$1"; } 2>&1) || {
    case $? in 129 | 130 | 131 | 137 | 143) words='what delivers it was killed' ;; esac
    # A disk that is no longer mounted has none of them: that says nothing about this one.
    [ -n "$(ls -A "$archive" 2>/dev/null)" ] || words='the archive cannot be read'
    fail_file "$1" "$(printf '%s' "$words" | tail -c 500)"
    return
  }
  sum=$(sha256sum <"$ahead/.growing.$1")
  [ "${sum%% *}" = "$3" ] || { fail_file "$1" 'it has another SHA-256 than it must'; return; }
  size=$(wc -c <"$ahead/.growing.$1")
  [ "$((size))" = "$2" ] || { fail_file "$1" "it has $((size)) bytes, not $2"; return; }
  chown postgres "$ahead/.growing.$1"
  mv "$ahead/.growing.$1" "$ahead/$1"
}

# Does it lie ready, or is it known why not?
there() { [ -e "$ahead/$1" ] || [ -e "$ahead/$1.failed" ]; }

# Line numbers: the next to deliver, and the one that was asked for last. What is asked for is remembered until it lies ready, or until who asked has it and is
# gone: what is behind the next one, and neither there nor under way, has just been taken, or was taken before and is asked for again. The second is told by
# who asks: he stays. Then, and where something further on is asked for, all begins anew there.
next=1 asked=0 older='' younger='' want='' asker='' turns=0
while :; do
  # Renamed first: another may be asked for while this is read.
  if [ -f "$ahead/want" ]; then
    mv "$ahead/want" "$ahead/.wanted"
    read -r want asker <"$ahead/.wanted"
    asked=$(grep -n "^$want " "$directory/segments.list")
    asked=${asked%%:*} turns=0
  fi
  if [ -n "$want" ]; then
    if there "$want" || [ ! -d "/proc/$asker" ]; then
      want=''
    elif [ "$asked" -gt "$next" ] || { [ "$asked" -lt "$next" ] && [ ! -e "$ahead/.busy.$want" ] && [ "$turns" -ge 10 ]; }; then
      # What is under way comes to its end first: it would lie there again afterwards.
      wait
      rm -f "$ahead"/[0-9]* "$ahead"/.failed.* "$ahead"/.growing.* "$ahead"/.busy.*
      next=$asked older='' younger=''
    fi
    turns=$((turns + 1))
  fi
  if [ "$asked" -gt 0 ] && [ "$next" -le "$total" ] && [ "$next" -lt "$((asked + most))" ]; then
    read -r name bytes sum path <<END
$(sed -n "${next}p" "$directory/segments.list")
END
    [ -z "$older" ] || wait "$older"
    : >"$ahead/.busy.$name"
    { deliver "$name" "$bytes" "$sum" "$path"; rm -f "$ahead/.busy.$name"; } &
    older=$younger younger=$!
    next=$((next + 1))
  else
    sleep 0.02
  fi
done
