# What lies in a directory: sums of every file, and of its entries only those that are named. Arguments: directory, entries…
directory=$1
shift
: >/holdfast/out/files
[ -d "$directory" ] || { result missing "$directory"; exit 0; }
for entry in "$@"; do
  if [ -d "$directory/$entry" ]; then
    sums_of "$directory/$entry" part
    while IFS= read -r line; do
      path=${line#* * }
      printf '%s%s/%s\n' "${line%"$path"}" "$entry" "$path"
    done </holdfast/out/part >>/holdfast/out/files
    rm /holdfast/out/part
  elif [ -f "$directory/$entry" ]; then
    sum=$(sha256sum <"$directory/$entry")
    size=$(wc -c <"$directory/$entry")
    printf '%s %s %s\n' "$(first $sum)" "$(first $size)" "$entry" >>/holdfast/out/files
  fi
done
