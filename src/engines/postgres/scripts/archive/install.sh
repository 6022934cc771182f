# Puts the script that a server's archive_command runs on the volume, with the spool beside it: whole, synced, and the server's user's. What is there already
# stays. Standard input is the script. Arguments:
directory=$1 name=$2 sha256=$3 owner=$4

set -eu
umask 077
export LC_ALL=C
parent=${directory%/*}

# Where it is the volume's own root it is there, and its owner may be anyone: it is only passed through.
if [ ! -d "$parent" ]; then
  mkdir "$parent"
  chmod 755 "$parent"
  chown "$owner" "$parent"
  sync "${parent%/*}/"
fi
for made in "$directory" "$directory/spool" "$directory/breaks"; do
  [ -d "$made" ] || mkdir "$made"
  chmod 700 "$made"
  chown "$owner" "$made"
done

cat >"$directory/.$name.new"
sum=$(sha256sum <"$directory/.$name.new")
if [ "${sum%% *}" != "$sha256" ]; then
  rm -f "$directory/.$name.new"
  echo 'the script came with other bytes' >&2
  exit 65
fi
chmod 755 "$directory/.$name.new"
chown "$owner" "$directory/.$name.new"
sync "$directory/.$name.new"
mv -f "$directory/.$name.new" "$directory/$name"
sync "$directory"
sync "$parent"
