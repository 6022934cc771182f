# A data directory as one archive in the repository, and beside it the SHA-256 of every file, read before. Arguments:
owner=$3 artifacts=$4 marker=$5 least_bytes=$6
# The directory is the worker's own, or this helper may write where nobody looks.
[ "$marker" != none ] && [ -f "$artifacts/$marker" ] || fail_step not-shared
require_space "$least_bytes" "$artifacts"
cd "$live"
result control-file "$(control_sum)"
find . -path ./pgsql_tmp.holdfast -prune -o -path ./lost+found -prune -o ! -type f ! -type d ! -type l ! -type s -print >"$work/strange"
[ ! -s "$work/strange" ] || { head -n 1 "$work/strange" | sed 's/$/ is neither a file nor a directory/' >"$said/strange.err"; fail_step strange; }
find . -path ./pgsql_tmp.holdfast -prune -o -path ./lost+found -prune -o -type f -exec sha256sum {} + >"$artifacts/members" 2>"$said/read.err" || fail_step read
[ ! -s "$said/read.err" ] || fail_step read
result count "$(first $(wc -l <"$artifacts/members"))"

if command -v zstd >/dev/null; then archive=data.tar.zst writer='zstd -q -1 -c'; else archive=data.tar.gz writer='gzip -1 -c'; fi
: >"$said/tar.failed"
{ tar -cf - --exclude=./pgsql_tmp.holdfast --exclude=./lost+found . 2>"$said/tar.err" || echo tar >"$said/tar.failed"; } | $writer >"$artifacts/$archive" 2>"$said/write.err" || fail_step write
[ ! -s "$said/tar.failed" ] || fail_step tar
result archive "$archive"

cd "$artifacts"
for file in members "$archive"; do
  result "$file.sum" "$(first $(sha256sum <"$file"))" "$(first $(wc -c <"$file"))"
  chmod 600 "$file"
  chown "$owner" "$file"
done
