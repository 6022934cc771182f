# A cluster that was filled from a dump becomes a data directory that a server can be started on: with the configuration of the one that it replaces, where that has
# any and a server starts with it, for it may be why the old one does not; else with the one that a first start of the image would make. Arguments: directory, live data directory.
directory=$1 live=$2
data=$directory/data
files='postgresql.conf postgresql.auto.conf pg_hba.conf pg_ident.conf'
require_shut_down

# Nothing is archived, and what it says is heard here.
starts() { starts_alone -c "data_directory=$data" -c archive_mode=off -c logging_collector=off -c log_destination=stderr -c external_pid_file=; }

configuration=initial
for file in $files; do
  if [ -f "$live/$file" ] && [ ! -L "$live/$file" ]; then cp -p "$live/$file" "$data/$file"; configuration=live; fi
done
if [ "$configuration" = live ]; then
  # Certificates that lie beside them.
  for setting in ssl_cert_file ssl_key_file ssl_ca_file ssl_crl_file; do
    file=$(run_as postgres postgres -D "$data" -C "$setting" 2>/dev/null) || continue
    case $file in '' | */*) ;; *) [ ! -f "$live/$file" ] || cp -p "$live/$file" "$data/$file" ;; esac
  done
  starts || { configuration=initial; result refused "$(grep -E 'FATAL|PANIC|ERROR' "$work/start.err" | head -n 1)"; }
fi
if [ "$configuration" = initial ]; then
  for file in $files; do cp -p "$directory/initial/$file" "$data/$file"; done
  starts || fail_step start
fi
result configuration "$configuration"
rm -f "$data/postmaster.pid" "$data/postmaster.opts"
chown -R "$(stat -c %u:%g "$live")" "$data"
chmod 700 "$data"
pg_controldata -D "$data" >"$out/control" 2>"$work/control.err" || fail_step control
sync -f "$data" 2>/dev/null || sync
