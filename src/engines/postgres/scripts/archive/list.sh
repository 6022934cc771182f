# What a server's archiving has left, seen from beside it: whose it is, the files of the log, the notes of what is missing, and the readings since one moment. What is
# put there under a name of its own first shows only with its last name. Arguments: the directory that the server's archive_command names, and the moment.
directory=$1 after=$2
export LC_ALL=C

[ ! -f /wal/cluster.json ] || { printf 'cluster '; cat /wal/cluster.json; }
find /wal -maxdepth 1 -type f -name '*.history' -exec stat -c 'own %s %n' {} + || exit 1
[ ! -d "$directory/spool" ] || find "$directory/spool" -maxdepth 1 -type f ! -name '.*' -exec stat -c 'spool %s %n' {} + || exit 1
[ ! -d "$directory/breaks" ] || find "$directory/breaks" -maxdepth 1 -type f -exec stat -c 'break %s %n' {} + || exit 1
set -- /wal/samples/*
[ ! -e "$1" ] || exec awk -v after="$after" '$1 "" > after ""' "$@"
