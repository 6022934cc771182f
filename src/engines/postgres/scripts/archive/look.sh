# How a server's archiving stands, seen from beside it: the newest readings, what lies where the server's archive_command looks, and what is free there.
directory=$1
set -u
export LC_ALL=C

[ ! -f /wal/cluster.json ] || { printf 'cluster '; cat /wal/cluster.json; }
newest=
for file in /wal/samples/*; do [ ! -f "$file" ] || newest=$file; done
# The last one may just be being written.
[ -z "$newest" ] || tail -n 2 "$newest"
[ ! -d "$directory/spool" ] || [ ! -d "$directory/breaks" ] || echo spool
for file in "$directory"/archive-*.sh; do
  [ -f "$file" ] || continue
  sum=$(sha256sum <"$file")
  echo "script ${file##*/} ${sum%% *} $(stat -c %a "$file")"
done
# Of whatever is there: the directory may not be.
df -Pk /archive
