# The copy that an earlier run made, laid out beside what is left in a data directory, to be moved in by renames. Arguments:
archive=$3 bytes=$4 sha256=$5 members=$6
directory=$live/pgsql_tmp.holdfast/$run/new
require_copy "$archive" "$bytes"
require_sum "/copy/$archive" "$bytes" "$sha256"
make_place "$directory"
clear_directory "$directory"
mkdir "$directory/data"
unpack_copy "$directory/data" "$archive" "$members"
