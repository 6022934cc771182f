# Follows the AOF of a server from beside it: its data directory is mounted read-only, and nothing is run in its container. Keeps in its own volume a
# copy of each base, and of each increment block by block; a file that a rewrite removes is held open and read to its end. Until it is killed.
# Arguments: the directory of the AOF, the manifest's name, bytes of a block. What it keeps, below /wal:
#   bases/<id>                 a whole base; <id>.done, its head alone, once it was carried away
#   increments/<id>/<number>   a block, the last one growing; `end` holds its size once nothing more will be written
#   chains/<base id>           the increments that the newest manifest naming that base names, in their order
#   full                       while there is no room: nothing is noted then, and what is held open stays so
#   absent                     what the manifest names and is not there, twice in a row
#   polled                     the second in which the last pass began, the live base, its last increment, and how much of that is here
# An id is <second first seen>-<number in the manifest>-<inode>: a file that is rewritten in place gets another one.
set -u
umask 077
directory=$1 manifest=$2 block_bytes=$3
wal=/wal
slots='3 4 5 6 7 8 9'
for slot in $slots; do eval "id_$slot= seq_$slot= ino_$slot= got_$slot=0"; done
settled=
rm -rf "$wal/tmp"
mkdir -p "$wal/tmp" "$wal/bases" "$wal/increments" "$wal/chains" 2>/dev/null && : >"$wal/tmp/room" || exit 28
rm -f "$wal/full" "$wal/absent"

# What only renames works on a full disk too.
full() { [ -f "$wal/full" ] || mv -f "$wal/tmp/room" "$wal/full"; settled=; }
has_room() {
  if head -c 65536 /dev/zero >"$wal/tmp/probe" 2>/dev/null; then
    rm -f "$wal/tmp/probe"
    [ ! -f "$wal/full" ] || mv -f "$wal/full" "$wal/tmp/room"
    return 0
  fi
  rm -f "$wal/tmp/probe"
  full
  return 1
}
keep() { mv -f "$wal/tmp/new" "$1" 2>/dev/null || { full; return 1; }; }
# put FILE TEXT: whole, or not at all
put() { printf '%s\n' "$2" >"$wal/tmp/new" 2>/dev/null || { full; return 1; }; keep "$1"; }
size_of() { set -- $(wc -c <"$1"); echo "$1"; }
open_of() { echo "/proc/$$/fd/$1"; }
# newest SEQ INODE: the id under which this very file was followed last, of what stands below a directory
newest() { for each in "$wal/$1"/*-"$2"-"$3"; do [ ! -e "$each" ] || echo "${each##*/}"; done | sort -t - -k 1,1n | tail -n 1; }

# begin SLOT: goes on where an earlier pass of it ended, where its last block is the beginning of what is there now; else anew.
begin() {
  settled=
  eval "seq=\$seq_$1 ino=\$ino_$1"
  id=$(newest increments "$seq" "$ino") got=0 last=
  [ -z "$id" ] || [ "${2:-}" = anew ] || for each in "$wal/increments/$id"/[0-9]*; do [ ! -f "$each" ] || last=$each; done
  if [ -n "$last" ]; then
    number=${last##*/} have=$(size_of "$last")
    number=$(echo "$number" | sed 's/^0*\(.\)/\1/')
    if dd if="$(open_of "$1")" bs="$block_bytes" skip="$number" count=1 2>/dev/null | head -c "$have" | cmp -s - "$last"; then got=$((number * block_bytes + have)); else id=; fi
  else
    id=
  fi
  if [ -z "$id" ]; then
    stamp=$now got=0
    while [ -d "$wal/increments/$stamp-$seq-$ino" ]; do stamp=$((stamp + 1)); done
    id=$stamp-$seq-$ino
    mkdir "$wal/increments/$id" 2>/dev/null || { full; id=; return 0; }
  fi
  rm -f "$wal/increments/$id/end"
  eval "id_$1=\$id got_$1=\$got"
}

# hold NAME SEQ: sets `held` to the id of that increment and `got` to how much of it is here; its file is open then, unless it had ended and has not grown.
hold() {
  held= got=0
  ino=$(stat -c %i "$directory/$1" 2>/dev/null) || return 0
  free=
  for slot in $slots; do
    eval "is=\$seq_$slot-\$ino_$slot id=\$id_$slot"
    if [ -n "$id" ] && [ "$is" = "$2-$ino" ]; then eval "held=\$id got=\$got_$slot"; return 0; fi
    [ -n "$id" ] || [ -n "$free" ] || free=$slot
  done
  id=$(newest increments "$2" "$ino")
  if [ -n "$id" ] && [ -f "$wal/increments/$id/end" ] && [ "$(cat "$wal/increments/$id/end")" = "$(stat -c %s "$directory/$1" 2>/dev/null)" ]; then
    held=$id got=$(cat "$wal/increments/$id/end")
    return 0
  fi
  [ -n "$free" ] || return 0
  eval "exec $free<\"\$directory/\$1\""
  [ "$(stat -L -c %i "$(open_of "$free")")" = "$ino" ] || return 0
  eval "seq_$free=\$2 ino_$free=\$ino"
  begin "$free"
  held=$id
  [ -n "$id" ] || eval "exec $free<&-"
}

# follow SLOT: takes what was written since the last time.
follow() {
  while :; do
    eval "id=\$id_$1 got=\$got_$1"
    size=$(stat -L -c %s "$(open_of "$1")") || return 0
    if [ "$size" -lt "$got" ]; then begin "$1" anew; continue; fi
    [ "$size" -gt "$got" ] || return 0
    number=$((got / block_bytes))
    block=$wal/increments/$id/$(printf %08d "$number")
    dd if="$(open_of "$1")" of="$wal/tmp/new" bs="$block_bytes" skip="$number" count=1 2>/dev/null || { has_room || :; return 0; }
    have=$(size_of "$wal/tmp/new")
    if [ -f "$block" ] && ! head -c "$(size_of "$block")" "$wal/tmp/new" | cmp -s - "$block"; then begin "$1" anew; continue; fi
    [ "$((number * block_bytes + have))" -gt "$got" ] || return 0
    keep "$block" || return 0
    eval "got_$1=$((number * block_bytes + have))"
  done
}

# each_increment COMMAND: holds each increment of the manifest and runs the command; notes the base.
each_increment() {
  while read -r file name seqword seq typeword type rest; do
    [ "$file $seqword $typeword" = 'file seq type' ] || continue
    case $type in
      b) base_name=$name base_seq=$seq ;;
      i) last_name=$name
        hold "$name" "$seq"
        [ -n "$held" ] || [ -e "$directory/$name" ] || missing=$name
        $1 ;;
    esac
  done <"$wal/tmp/manifest"
}
chained() { if [ -n "$held" ]; then chain="$chain $held" last=$held live=$got; else complete=no; fi; }

follow_all() {
  for slot in $slots; do
    eval "id=\$id_$slot"
    [ -z "$id" ] || follow "$slot"
  done
}

note_pass() { put "$wal/polled" "$now $base $last $live" || :; }

# Between two looks at a manifest a rewrite may take away what it names: only what is missing under the same one again is said.
note_missing() {
  if [ -n "$missing" ] && [ "$missing $text" = "$was_missing" ]; then
    [ -f "$wal/absent" ] || put "$wal/absent" "$missing" || :
  else
    rm -f "$wal/absent"
  fi
  was_missing="$missing $text"
}

# What the manifest says, and which files it means by that: a directory that was exchanged may have the same names.
looks_like() { echo "$text"; stat -c %i "$directory/$manifest" "$directory/$base_name" "$directory/$last_name" 2>/dev/null; }

pass() {
  now=$(date +%s)
  [ ! -f "$wal/full" ] || has_room || return 0
  text=$(cat "$directory/$manifest" 2>/dev/null)
  # As a rule nothing is new but what was written: then few processes are started.
  if [ -n "$settled" ] && [ "$(looks_like)" = "$settled" ]; then
    follow_all
    if [ -n "$settled" ]; then
      eval "live=\$got_$last_slot"
      note_pass
      return 0
    fi
  fi
  settled=
  printf '%s\n' "$text" >"$wal/tmp/manifest" 2>/dev/null || { full; return 0; }
  base_name= base_seq= last_name= missing=
  each_increment :
  follow_all
  [ -n "$base_name" ] || missing=$manifest
  [ -z "$base_name" ] || [ -e "$directory/$base_name" ] || missing=$base_name
  note_missing
  [ -n "$base_name" ] || return 0
  # Followed anew, one has another id by now.
  chain= complete=yes last=- live=0
  each_increment chained
  copy_base
  [ -n "$base" ] && [ "$complete" = yes ] || return 0
  set -- $chain
  [ "$*" = "$(cat "$wal/chains/$base" 2>/dev/null)" ] || put "$wal/chains/$base" "$*" || return 0
  end_others || return 0
  note_pass
  last_slot=
  for slot in $slots; do
    eval "id=\$id_$slot"
    [ "$id" != "$last" ] || last_slot=$slot
  done
  [ -z "$last_slot" ] || settled=$(looks_like)
}

head_is() { head -c 512 "$1" >"$wal/tmp/head" 2>/dev/null && cmp -s - "$wal/tmp/head"; }

# Sets `base` to the id of the live one, once its copy is there.
copy_base() {
  base=
  ino=$(stat -c %i "$directory/$base_name" 2>/dev/null) || return 0
  for each in "$(newest bases "$base_seq" "$ino")" "$(newest bases "$base_seq" "$ino.done")"; do
    # Another file may have got the inode of one that is gone; its head says when it was written.
    [ -z "$each" ] || ! head -c 512 "$directory/$base_name" 2>/dev/null | head_is "$wal/bases/$each" || base=${each%.done}
  done
  [ -z "$base" ] || return 0
  cat <"$directory/$base_name" >"$wal/tmp/new" 2>/dev/null || { rm -f "$wal/tmp/new"; [ ! -e "$directory/$base_name" ] || full; return 0; }
  [ "$(stat -c %i "$directory/$base_name" 2>/dev/null)" = "$ino" ] || return 0
  base=$now-$base_seq-$ino
  keep "$wal/bases/$base" || { base=; return 0; }
  # What was carried away of former ones is nobody's any more.
  for each in "$wal/bases"/*.done; do [ ! -e "$each" ] || rm -f "$each"; done
  for each in "$wal/increments"/*/; do
    case " $chain " in *" $(basename "$each") "*) continue ;; esac
    [ ! -f "${each}end" ] || [ -n "$(ls "$each" | grep -v '^end$')" ] || rm -rf "$each"
  done
}

# Increments that the manifest names no more, or behind which it names another: nothing more will be written into them.
end_others() {
  for slot in $slots; do
    eval "id=\$id_$slot got=\$got_$slot"
    [ -n "$id" ] && [ "$id" != "$last" ] || continue
    put "$wal/increments/$id/end" "$got" || return 1
    eval "exec $slot<&-"
    eval "id_$slot= seq_$slot= ino_$slot= got_$slot=0"
  done
}

was_missing=
while :; do
  pass
  sleep 1
done
