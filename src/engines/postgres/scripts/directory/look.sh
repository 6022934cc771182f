# What lies in data directories, of servers that run or not. Arguments: phase file of an exchange below them, or none; then the directories. What is said of one has
# its number before its name.
phase=$1
shift
if [ -n "$phase" ] && is_there "$phase"; then
  reached=$(cat "$phase")
  result phase "$reached"
fi

# look_at NUMBER DIRECTORY
look_at() {
  number=$1 directory=$2
  # Where nothing was ever made, the directory itself may not be there yet.
  there=$directory
  while [ ! -d "$there" ]; do there=$(dirname "$there"); done
  result "$number.free" "$(df -P -k "$there" 2>/dev/null | awk 'NR == 2 { print $4 }')"
  is_there "$directory/PG_VERSION" && [ -s "$directory/PG_VERSION" ] || { result "$number.server" none; return 0; }
  # A sector that cannot be read keeps nobody from setting it aside.
  version=$(cat "$directory/PG_VERSION") || version=
  result "$number.server" "$version"
  [ ! -L "$directory/pg_wal" ] || result "$number.elsewhere" "pg_wal leads to $(readlink "$directory/pg_wal")"
  for space in "$directory"/pg_tblspc/*; do
    [ ! -L "$space" ] || result "$number.elsewhere" "a tablespace leads to $(readlink "$space")"
  done
  ! is_there "$directory/standby.signal" || result "$number.standby" yes
  # A slot's file names its database behind its own name (slot.c): none of one that a standby or a receiver follows through.
  for slot in "$directory"/pg_replslot/*/state; do
    [ ! -f "$slot" ] || [ "$(od -A n -t u4 -j 80 -N 4 "$slot" | tr -d ' ')" != 0 ] || { slot=${slot%/state}; echo "${slot##*/}" >>"$out/$number.slots"; }
  done
  # A file whose checksum is wrong is told with a warning, and believed all the same; by PostgreSQL 15 among the values themselves.
  { pg_controldata -D "$directory" >"$out/$number.control" 2>"$work/control.err" && ! grep '^WARNING: ' "$out/$number.control" >>"$work/control.err" && [ ! -s "$work/control.err" ]; } || { rm -f "$out/$number.control"; result "$number.control.unreadable" "$(tail -n 1 "$work/control.err")"; }
}

looked=0
for directory in "$@"; do
  looked=$((looked + 1))
  look_at "$looked" "$directory"
done
