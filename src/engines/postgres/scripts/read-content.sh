# What is live now, counted and hashed the way a backup does. Arguments:
sessions=$1 hashes=$2 lock_wait_ms=$3

run_psql -v lock_wait_ms="$lock_wait_ms" -f "$work/holder.sql" >"$work/holder.log" 2>"$work/holder.err" &
holder=$!
await_file "$work/holder.ready" "$holder" holder
: >"$work/go"
start_sessions "$sessions" -v snapshot="$(cat "$work/holder.ready")" -v hashes="$hashes"
finish_sessions
: >"$work/holder.stop"
wait "$holder" || fail_step holder
