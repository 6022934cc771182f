# Functions for scripts that make a server of the data directory $data in $directory: was it shut down, and does a server start on it?

is_shut_down() { pg_controldata -D "$data" 2>/dev/null | grep -q 'Database cluster state: *shut down$'; }
require_shut_down() { is_shut_down || { pg_controldata -D "$data" >"$work/running.err" 2>&1 || :; fail_step running; }; }

# starts_alone OPTION…: started as it will be, but alone: nobody reaches it, no library's workers begin. It stops cleanly, or the answer is no; what it said is in start.err.
starts_alone() {
  rm -f "$data/postmaster.pid"
  : >"$work/start.err"
  run_as postgres postgres -D "$data" "$@" -c listen_addresses= -c "unix_socket_directories=$directory/run" -c max_worker_processes=0 -c autovacuum=off >"$work/start.log" 2>"$work/start.err" &
  server=$!
  until grep -q '^ready' "$data/postmaster.pid" 2>/dev/null; do
    kill -0 "$server" 2>/dev/null || { wait "$server" || :; return 1; }
    sleep 0.05
  done
  kill -INT "$(head -n 1 "$data/postmaster.pid")"
  wait "$server" && is_shut_down
}
