# file_sums DIRECTORY ENTRY…: result `files` with a line `<sha256> <bytes> <path>` for every file of these entries, where they exist.
file_sums() {
  base=$1
  shift
  : >/holdfast/out/files
  for entry in "$@"; do
    if [ -d "$base/$entry" ]; then
      sums_of "$base/$entry" part
      while IFS= read -r line; do
        path=${line#* * }
        printf '%s%s/%s\n' "${line%"$path"}" "$entry" "$path"
      done </holdfast/out/part >>/holdfast/out/files
      rm /holdfast/out/part
    elif [ -f "$base/$entry" ]; then
      sum=$(sha256sum <"$base/$entry")
      size=$(wc -c <"$base/$entry")
      printf '%s %s %s\n' "$(first $sum)" "$(first $size)" "$entry" >>/holdfast/out/files
    fi
  done
}
