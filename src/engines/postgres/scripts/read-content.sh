# What is live now, counted and hashed the way a backup does. Arguments:
sessions=$1 hashes=$2 lock_wait_ms=$3

become_psql -v lock_wait_ms="$lock_wait_ms" -v sessions="$sessions" -v hashes="$hashes" -f "$work/holder.sql" >"$work/holder.log" 2>"$said/holder.err" &
holder=$!
await_file "$work/holder.ready" "$holder" holder
: >"$work/go"
start_sessions "$sessions" "$lock_wait_ms"
release_holder() {
  : >"$work/holder.stop"
  wait "$holder" || fail_step holder
}
finish_sessions : release_holder
release_holder
