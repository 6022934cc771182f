# What was recovered becomes a data directory that a server of its own can start from, as if nothing had happened. Arguments:
# directory of the recovery, live data directory, whose configuration it gets: live|backup
directory=$1 live=$2 configuration=$3
data=$directory/data
pg_controldata -D "$data" >"$out/control" 2>"$work/control.err" || fail_step control
grep -q 'Database cluster state: *shut down$' "$out/control" || { cp "$out/control" "$work/running.err"; fail_step running; }
rm -f "$data/recovery.signal" "$data/standby.signal" "$data/backup_label.old" "$data/tablespace_map.old" "$data/backup_manifest" "$data/postmaster.pid" "$data/postmaster.opts"
# It has no tablespace of its own: such a link is of one whose transaction had not ended by that moment.
find "$data/pg_tblspc" -mindepth 1 -type l -exec rm {} +
if [ -f "$directory/kept.auto.conf" ]; then mv -f "$directory/kept.auto.conf" "$data/postgresql.auto.conf"; fi
if [ "$configuration" = live ]; then
  for file in postgresql.conf postgresql.auto.conf pg_hba.conf pg_ident.conf; do
    if [ -f "$live/$file" ] && [ ! -L "$live/$file" ]; then cp -p "$live/$file" "$data/$file"; fi
  done
fi
chown -R "$(stat -c %u:%g "$live")" "$data"
chmod 700 "$data"
sync -f "$data" 2>/dev/null || sync
