# A base backup unpacked into DIRECTORY of a volume, with all that a server needs to recover it from there. Arguments:
directory=$1 least_bytes=$2

require_libraries
make_place "$directory"
# What an earlier attempt left, before it is asked whether there is room.
clear_directory "$directory"
require_space "$least_bytes" "$directory"
# Before all that takes time.
take_fleeting "$directory/taken"
mv "$work/taken.list" "$work/segments.list"
unpack_base "$directory/data" "$directory/tablespaces"
for file in scratch.conf segments.list locations fetch-segment.sh serve-segments.sh make-places.sh run-server.sh; do cp "$work/$file" "$directory/$file"; done
quieten_base "$directory/data" "$directory/tablespaces" "$directory"
cp "$work/expected.sums" "$directory/base"
mkdir "$directory/run"
chown postgres "$directory/run" "$directory/segments.list" "$directory/fetch-segment.sh"
