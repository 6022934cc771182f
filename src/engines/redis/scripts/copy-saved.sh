# Copies the RDB that BGSAVE has just renamed into place: the open file stays the one it was, whatever follows it.
# Arguments: data directory (read-only), dbfilename, directory, file, token. Ends with 30 where the directory is not shared, 31 where there is no file.
source=$1/$2 directory=$3 file=$4 token=$5
if [ -n "$token" ]; then
  [ -f "$directory/.holdfast-token" ] && [ "$(cat "$directory/.holdfast-token")" = "$token" ] || fail 30 "the directory is not shared with this engine"
fi
mkdir -p "$directory"
[ -f "$source" ] || fail 31 "BGSAVE left no file"
cat <"$source" >"$directory/$file"
chown "$(stat -c %u:%g "$directory")" "$directory/$file"
size=$(wc -c <"$directory/$file")
sum=$(sha256sum <"$directory/$file")
result file "$(first $size) $(first $sum)"
