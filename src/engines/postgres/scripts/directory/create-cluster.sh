# A new, empty cluster in a directory below a data directory, which may hold a server of whatever state or never have been made, and what a server of its own is
# started on it with. Arguments: directory, data directory, bytes that have to be free there, superuser, then the shape: encoding, locale provider, collation,
# character type, and of the provider its locale and rules (empty for none); how those are let in who come by the socket and from the container itself; and
# what else initdb is told.
directory=$1 live=$2 least_bytes=$3 superuser=$4 encoding=$5 provider=$6 collate=$7 ctype=$8 locale=$9
shift 9
rules=$1 auth_local=$2 auth_host=$3
shift 3
data=$directory/data

require_libraries
make_place "$directory"
# What an earlier attempt left, before it is asked whether there is room.
clear_directory "$directory"
require_space "$least_bytes" "$directory"
mkdir "$data" "$directory/run" "$directory/initial"
chown postgres "$data" "$directory/run"
chmod 700 "$data"

set -- "$@" --username="$superuser" --encoding="$encoding" --lc-collate="$collate" --lc-ctype="$ctype"
case $provider in
  icu) set -- "$@" --locale-provider=icu --icu-locale="$locale"; [ -z "$rules" ] || set -- "$@" --icu-rules="$rules" ;;
  builtin) set -- "$@" --locale-provider=builtin --builtin-locale="$locale" ;;
  *) set -- "$@" --locale-provider=libc ;;
esac
# Pages are written with checksums where they were, and where this major does so by itself.
! pg_controldata -D "$live" 2>"$work/checksums.err" | grep -q '^Data page checksum version: *[1-9]' || set -- "$@" --data-checksums
# Messages and formats are in the language of the image, as its own first start would have them.
run_as postgres env -u LC_ALL initdb -D "$data" --no-sync "$@" >"$work/initdb.log" 2>"$said/initdb.err" || fail_step initdb
sed -i "/^local/s/trust\$/$auth_local/; /^host/s/trust\$/$auth_host/" "$data/pg_hba.conf"
chown postgres "$data/pg_hba.conf"
# What the image adds at a first start of its own: whoever comes over the network has a password.
printf '\nhost all all all scram-sha-256\n' >>"$data/pg_hba.conf"
for file in postgresql.conf postgresql.auto.conf pg_hba.conf pg_ident.conf; do cp -p "$data/$file" "$directory/initial/$file"; done

# Until it is finished nobody but its own container reaches it, which has no network.
printf 'local all all trust\nhost all all 127.0.0.1/32 trust\n' >"$directory/hba.conf"
: >"$directory/ident.conf"
cp "$work/run-server.sh" "$directory/run-server.sh"
# It is filled under what the old server's files say of times, else under what the dump's server said, and served under that, whichever files become its own
# (finish-cluster.sh).
# A copy has no old server: it is like itself.
: >"$work/formats"
[ "$live" = "$data" ] || formats_of "$live" >"$work/formats"
if [ ! -s "$work/formats" ] && [ -s "$work/dump.formats" ]; then
  set --
  while IFS= read -r format; do set -- "$@" -c "$format"; done <"$work/dump.formats"
  formats_of "$data" "$@" >"$work/formats"
fi
cat "$work/formats" >>"$directory/initial/postgresql.conf"
cat "$work/formats" "$work/scratch.conf" >"$directory/scratch.conf"
chown postgres "$directory/scratch.conf" "$directory/hba.conf" "$directory/ident.conf"
