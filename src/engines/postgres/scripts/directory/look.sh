# What lies in a data directory, of a server that runs or not. Arguments: data directory; phase file of an exchange below it, or none.
directory=$1 phase=${2:-}
# Where nothing was ever made, the directory itself may not be there yet.
there=$directory
while [ ! -d "$there" ]; do there=$(dirname "$there"); done
result free "$(df -P -k "$there" 2>/dev/null | awk 'NR == 2 { print $4 }')"
[ -z "$phase" ] || [ ! -f "$phase" ] || result phase "$(cat "$phase")"
[ -s "$directory/PG_VERSION" ] || { result server none; exit 0; }
result server "$(cat "$directory/PG_VERSION")"
[ ! -L "$directory/pg_wal" ] || result elsewhere "pg_wal leads to $(readlink "$directory/pg_wal")"
for space in "$directory"/pg_tblspc/*; do
  [ ! -L "$space" ] || result elsewhere "a tablespace leads to $(readlink "$space")"
done
# A file whose checksum is wrong is told with a warning, and believed all the same.
{ pg_controldata -D "$directory" >"$out/control" 2>"$work/control.err" && [ ! -s "$work/control.err" ]; } || { rm -f "$out/control"; result control.unreadable "$(tail -n 1 "$work/control.err")"; }
