# What the log says between two positions, read by the stock pg_waldump: its last record, its last commit. Arguments:
timeline=$1 begin=$2 segment_bytes=$3 end=$4
# /archive holds the files; work/segments.list a line `<name> <bytes> <sha256> <path>` for each, oldest first. The last may be in part.
mkdir -p "$work/wal"
require_space "$(($(wc -l <"$work/segments.list") * segment_bytes))"
while read -r name bytes sum path fleeting; do
  case $path in *.zst) reader='zstd -q -dc' ;; *) reader=cat ;; esac
  $reader "/archive/$path" >"$work/growing" 2>"$said/unpack.err" || { [ -z "$fleeting" ] || [ -f "/archive/$path" ] || { cp "$said/unpack.err" "$said/superseded.err"; fail_step superseded; }; fail_step "$(step_of_reading unpack /archive "$path")"; }
  found=$(sha256sum <"$work/growing")
  [ "${found%% *}" = "$sum" ] && [ "$(($(wc -c <"$work/growing")))" = "$bytes" ] || { echo "$name: it is not what it must be" >"$said/damaged.err"; fail_step damaged; }
  # One timeline's names for all: a younger one's first segment begins with what its parent wrote, and pg_waldump follows one.
  mv "$work/growing" "$work/wal/$timeline${name#????????}"
done <"$work/segments.list"

# It ends with an error where the log does: at the first thing that is no record. Nothing but that may end it. Told where the files end it does not wait for a further one,
# which without that it does for five seconds.
# Of what it prints, which takes more room than the log itself, two lines are kept: cut by a disk that is full it would look like a log that ends before.
TZ=UTC pg_waldump -p "$work/wal" -t "$((0x$timeline))" -s "$begin" -e "$end" 2>"$said/waldump.err" | awk '
  /^rmgr: / { record = $0 }
  /^rmgr: Transaction .*desc: (COMMIT|COMMIT_PREPARED) / { commit = $0 }
  END { if (record != "") { print record; print commit } }' >"$said/end" || fail_step waldump
[ -s "$said/end" ] || fail_step waldump
rm -rf "$work/wal"
sed -n '1 s/^rmgr: [^,]*, tx: *[0-9]*, lsn: \([0-9A-F/]*\), .*/\1/p' "$said/end" >"$out/last-record"
sed -n '2 s/^rmgr: [^,]*, tx: *\([0-9]*\), lsn: \([0-9A-F/]*\), .* desc: \(COMMIT\|COMMIT_PREPARED [0-9]*:*\) *\([0-9-]* [0-9:.]*\) UTC.*/\1 \2 \4/p' "$said/end" >"$out/last-commit"
