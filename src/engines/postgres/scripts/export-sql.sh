# A stored dump as plain SQL through gzip, for `gunzip | psql`. Arguments:
file=$1 dump_bytes=$2 dump_sha256=$3

require_space "$dump_bytes"
[ "$(first $(sha256sum </source/dump.tar))" = "$dump_sha256" ] && [ "$(first $(wc -c </source/dump.tar))" = "$dump_bytes" ] || fail_step damaged
tar -xf /source/dump.tar -C "$work" 2>"$said/unpack.err" || fail_step unpack
if [ -s "$work/expected.members" ]; then
  member_sums "$work/dump" 2>"$said/members.err" || fail_step members
  cmp -s "$work/expected.members" "$work/members" || fail_step damaged
fi
mkdir -p /holdfast/artifacts
# A pipe that ended early looks like an end: who fills it says so in a file.
{ pg_restore -f - "$work/dump" 2>"$said/read.err" || echo pg_restore >"$said/read.failed"; } | gzip -n >"/holdfast/artifacts/$file" 2>"$said/gzip.err" || fail_step gzip
[ ! -e "$said/read.failed" ] || fail_step read
result "$file.sum" "$(first $(sha256sum <"/holdfast/artifacts/$file"))" "$(first $(wc -c <"/holdfast/artifacts/$file"))"
