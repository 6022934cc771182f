# Which commits a stretch of the log has that may have changed what is asked about, read by the stock pg_waldump. Arguments: positions in bytes as decimal numbers,
# times as pg_waldump prints them, `-` for none; last the tables that are asked about, `<database>/<table>` by their OIDs.
timeline=$1 segment_bytes=$2 mode=$3 begin=$4 since=$5 until=$6 since_at=$7 until_at=$8 most=$9 tables=${10}
# /archive holds the files; work/segments.list a line `<number> <name> <bytes> <sha256> <path>` for each, oldest first. The last may be in part. So many lie unpacked at once,
# however long the stretch is, and one more: a record may begin in one and end in the next.
chunk=$((134217728 / segment_bytes))
[ "$chunk" -ge 2 ] || chunk=2
mkdir -p "$work/wal"
require_space "$(((chunk + 2) * segment_bytes))"

case $mode in
  dropped) managers='-r Transaction' ;;
  *) managers='-r Transaction -r Heap -r Standby -r Storage' ;;
esac

# A partial segment is taken first of all: it may be gone when its turn comes.
mkdir -p "$work/taken"
while read -r number name bytes sum path fleeting; do
  [ -z "$fleeting" ] || cp "/archive/$path" "$work/taken/$name" 2>"$said/superseded.err" || { [ -f "/archive/$path" ] || fail_step superseded; cp "$said/superseded.err" "$said/unpack.err"; fail_step "$(step_of_reading unpack /archive "$path")"; }
done <"$work/segments.list"

# That it failed is noted in memory, as what was said: a disk that is full takes neither, and what is missing would look like commits that never were.
unpack() {
  case $5 in *.zst) reader='zstd -q -dc' ;; *) reader=cat ;; esac
  if [ -n "$6" ]; then stored=$work/taken/$2; else stored=/archive/$5; fi
  $reader <"$stored" >"$work/growing" 2>"$said/unpack.err" || { if [ -n "$6" ]; then echo unpack; else step_of_reading unpack /archive "$5"; fi >"$said/broken"; return 1; }
  found=$(sha256sum <"$work/growing")
  [ "${found%% *}" = "$4" ] && [ "$(($(wc -c <"$work/growing")))" = "$3" ] || { echo "$2: it is not what it must be" >"$said/damaged.err"; echo damaged >"$said/broken"; return 1; }
  # One timeline's names for all: a younger one's first segment begins with what its parent wrote, and pg_waldump follows one.
  mv "$work/growing" "$work/wal/$timeline${2#????????}" 2>"$said/unpack.err" || { echo unpack >"$said/broken"; return 1; }
}

position() { printf '%X/%X' "$(($1 / 4294967296))" "$(($1 % 4294967296))"; }

# What lies unpacked, from segment $1 on, up to the end of segment $3; records from segment $2 on come again with the next chunk.
dump() {
  from=$(($1 * segment_bytes))
  [ "$from" -ge "$begin" ] || from=$begin
  echo "@chunk $1 $2"
  # It ends with an error where the log does. Told where the files end it does not wait for a further one, which without that it does for five seconds.
  # shellcheck disable=SC2086
  TZ=UTC pg_waldump -p "$work/wal" -t "$((0x$timeline))" -s "$(position "$from")" -e "$(position "$((($3 + 1) * segment_bytes))")" $managers 2>"$said/waldump.err" || :
}

chunks() {
  first= held=0
  while read -r number name bytes sum path fleeting; do
    [ -n "$first" ] || first=$number
    unpack "$number" "$name" "$bytes" "$sum" "$path" "$fleeting" || return 0
    last=$number held=$((held + 1))
    [ "$held" -gt "$chunk" ] || continue
    dump "$first" "$number" "$number"
    [ ! -e "$said/enough" ] || return 0
    find "$work/wal" -type f ! -name "$timeline${name#????????}" -exec rm -f {} +
    first=$number held=1
  done <"$work/segments.list"
  [ -z "$first" ] || dump "$first" - "$last"
}

chunks | awk -v mode="$mode" -v since="$since" -v until="$until" -v since_at="$since_at" -v until_at="$until_at" -v most="$most" -v size="$segment_bytes" -v tables="$tables" -v enough="$said/enough" -f "$work/survey.awk" >"$out/survey"
[ ! -e "$said/broken" ] || fail_step "$(cat "$said/broken")"
