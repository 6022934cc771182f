# Tables as they were, into a dump of their own: they are moved into a new schema first, in the copy that is thrown away after this. Arguments:
into=$1 bytes=$2

clear_directory /target
require_space "$bytes" /target
cat "$work/pins.sql" "$work/functions.sql" "$work/request.sql" "$work/move-beside.sql" >"$work/session.sql"
run_psql -f "$work/session.sql" >"$work/move.log" 2>"$said/move.err" || fail_step move
pg_dump -w -Fc -Z 1 --strict-names -n "$into" --no-owner --no-privileges --no-publications --no-subscriptions --no-security-labels --no-tablespaces -f /target/tables.dump \
  >"$work/dump.log" 2>"$said/dump.err" || fail_step dump
sync
member_sums /target 2>"$said/members.err" || fail_step members
cp "$work/members" "$out/members"
