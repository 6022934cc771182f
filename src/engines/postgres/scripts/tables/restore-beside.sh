# The new schema with everything in it, in one transaction. Argument:
database=$1

member_sums /source 2>"$said/members.err" || fail_step members
cmp -s "$work/expected.members" "$work/members" || fail_step damaged
pg_restore -w -d "$database" --single-transaction --exit-on-error --no-owner --no-privileges /source/tables.dump >"$work/change.log" 2>"$said/change.err" || fail_step change
