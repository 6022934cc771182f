# What watches a server that archives its log itself: the session of receiver-prelude.sh. Further argument: the directory that its archive_command names.
directory=$1

mkdir -p /wal/samples || end_with 82
sample "slot=" "directory=$directory" >/dev/shm/lines &
follow
