# A copy that was recovered to one moment is given another, behind it. Argument: its directory. The server is stopped.
directory=$1
cmp -s "$work/expected.sums" "$directory/base" || { echo 'another base backup was unpacked there' >"$work/other.err"; fail_step other; }
take_fleeting "$directory/taken"
mv "$work/taken.list" "$work/segments.list"
for file in scratch.conf segments.list locations; do
  cp "$work/$file" "$directory/.new" && chown postgres "$directory/.new" && chmod 600 "$directory/.new" && mv "$directory/.new" "$directory/$file"
done
