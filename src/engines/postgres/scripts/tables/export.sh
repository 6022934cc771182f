# Tables as they were, into files of the run's own volume: /target/1, /target/2 … Text, as pg_dump writes it: the binary form of an array or a row of a
# type that somebody made names that type by its number, which is another one in another database. Arguments:
tables=$1 bytes=$2

# What an attempt before this one left there.
clear_directory /target
require_space "$bytes" /target
: >"$work/copies.sql"
number=1
while [ "$number" -le "$tables" ]; do
  printf '\\o /target/%s\nSELECT statement FROM pg_temp.holdfast_exports WHERE number = %s \\gexec\n\\o\n' "$number" "$number" >>"$work/copies.sql"
  number=$((number + 1))
done
cat "$work/pins.sql" "$work/functions.sql" "$work/request.sql" "$work/export.sql" >"$work/session.sql"
run_psql -f "$work/session.sql" >"$work/export.log" 2>"$said/export.err" || fail_step export
sync
member_sums /target 2>"$said/members.err" || fail_step members
cp "$work/members" "$out/members"
