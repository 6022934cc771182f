# What was recovered, and promoted, becomes a server of its own: what recovery needed goes, and it gets the original's configuration, if a server starts with
# that here, else the plain one. Arguments: directory, then what its server is told and no file may change.
directory=$1
shift
data=$directory/data
require_shut_down
rm -f "$data/recovery.signal" "$data/standby.signal" "$data/backup_label.old" "$data/tablespace_map.old" "$data/backup_manifest" "$data/postmaster.pid" "$data/postmaster.opts"
# A tablespace that the log made leads to where the original has it: here to its place in this volume (recovery/make-places.sh).
[ ! -f "$directory/locations" ] || while IFS= read -r location; do
  sum=$(printf %s "$location" | sha256sum)
  for link in "$data"/pg_tblspc/*; do
    [ "$(readlink "$link")" != "$location" ] || ln -sfn "$directory/tablespaces/log-${sum%"${sum#????????????????}"}" "$link"
  done
done <"$directory/locations"
for link in "$data"/pg_tblspc/*; do
  [ -L "$link" ] || continue
  case $(readlink "$link") in "$directory"/*) ;; *) echo "a tablespace leads to $(readlink "$link"), out of the copy's volume" >"$work/elsewhere.err"; fail_step elsewhere ;; esac
done
rm -rf "$directory/ahead" "$directory/locations" "$directory/make-places.sh" "$directory/taken" "$directory/base" "$directory/segments.list" "$directory/scratch.conf" "$directory/initial" "$directory/fetch-segment.sh" "$directory/serve-segments.sh"
cp "$work/run-server.sh" "$directory/run-server.sh"

# Whoever is in the container may do everything there anyway. Over the network everybody has the password that he had; nobody replicates from it.
printf 'local all all trust\nhost all all 127.0.0.1/32 trust\nhost all all all md5\n' >"$directory/hba.conf"
: >"$directory/ident.conf"

# With that configuration, in the place of what the data directory brought.
starts() {
  cp "$work/$1" "$directory/server.conf"
  chown postgres "$directory/server.conf" "$directory/hba.conf" "$directory/ident.conf"
  shift
  starts_alone -c "config_file=$directory/server.conf" -c "hba_file=$directory/hba.conf" -c "ident_file=$directory/ident.conf" "$@"
}
if ! starts like-original.conf "$@"; then
  result refused "$(grep -E 'FATAL|PANIC|ERROR' "$work/start.err" | head -n 1)"
  starts plain.conf "$@" || fail_step start
fi
rm -rf "$directory/run" "$data/postmaster.pid" "$data/postmaster.opts"
chown -R postgres "$data"
sync -f "$directory" 2>/dev/null || sync
