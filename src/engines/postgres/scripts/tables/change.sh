# One session about the live tables. Arguments: the SQL file that it runs, and how many files there are to load (0: the rows lie in the database).
file=$1 tables=$2

: >"$work/load.sql"
if [ "$tables" -gt 0 ]; then
  # Checked just before they are used: what was exported and nothing else.
  member_sums /source 2>"$said/members.err" || fail_step members
  cmp -s "$work/expected.members" "$work/members" || fail_step damaged
  number=1
  while [ "$number" -le "$tables" ]; do
    printf "\\\\copy pg_temp.holdfast_source_%s from '/source/%s'\n" "$number" "$number" >>"$work/load.sql"
    number=$((number + 1))
  done
fi
{ cat "$work/pins.sql"; echo '\set VERBOSITY verbose'; cat "$work/functions.sql" "$work/foreign-keys.sql" "$work/changes.sql" "$work/request.sql" "$work/$file"; } >"$work/session.sql"
run_psql -f "$work/session.sql" >"$work/change.log" 2>"$said/change.err" || fail_step change
