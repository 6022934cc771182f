# What every PostgreSQL helper's script begins with. Standard input is a list of sections, each after a line "@@holdfast <name>": the checked-in
# SQL files, lists made by Holdfast, and the password file, which goes to memory and is gone with the container.
work=/holdfast/work
out=/holdfast/out
# In memory: what a tool says of a disk that has run full cannot be written to it, nor that anything went wrong.
said=/dev/shm/holdfast-said
export LC_ALL=C PGPASSFILE=/dev/shm/holdfast-pgpass PGCONNECT_TIMEOUT=10
# Debian's own psql and pg_dump are Perl programs that look for the real ones: a tenth of a second each, beside a dump that needs the cores.
[ ! -x "/usr/lib/postgresql/${PG_MAJOR:-none}/bin/psql" ] || PATH="/usr/lib/postgresql/$PG_MAJOR/bin:$PATH"
mkdir -p "$work" "$said"
awk -v directory="$work" '
  BEGIN { password = ENVIRON["PGPASSFILE"]; printf "" >password }
  /^@@holdfast [a-z0-9.-]+$/ { file = $2 == "pgpass" ? password : directory "/" $2; printf "" >file; next }
  file != "" { print >file }'

# psql as every script and session of ours uses it: no start-up file, no prompt, no search path once it has begun, stops at the first error.
run_psql() { PGCLIENTENCODING=UTF8 psql -X -q -A -t -w -v ON_ERROR_STOP=1 -c "SET search_path = ''" "$@"; }

# SIGNAL to every background job and what it started. Through a file: a command substitution is a subshell, which has no jobs (dash).
end_jobs() {
  jobs -p >"$said/jobs"
  while read -r pid; do end_tree "$1" "$pid"; done <"$said/jobs"
}
end_tree() {
  for child in $(cat "/proc/$2/task/$2/children" 2>/dev/null || :); do end_tree "$1" "$child"; done
  kill "-$1" "$2" 2>/dev/null || :
}

# The same for one in the background, which takes the place of the subshell that it would be a child of: so that signals meet it, not its parent.
become_psql() {
  export PGCLIENTENCODING=UTF8
  exec psql -X -q -A -t -w -v ON_ERROR_STOP=1 -c "SET search_path = ''" "$@"
}

# Ends the script: STEP tells the caller what failed, its messages are in STEP.err, in $work or in $said. Everything that still runs is ended first, or it would
# go on writing results while they are sealed. psql takes INT for "cancel the query", which spares the server the rest of it.
fail_step() {
  end_jobs INT
  sleep 0.1
  end_jobs KILL
  wait || :
  free_reserve
  result failed "$1"
  for err in "$work/$1.err" "$said/$1.err"; do [ ! -s "$err" ] || tail -c 16384 "$err" >"$out/$1.err"; done
  exit 1
}

# says_full FILE: whether a tool said there that a file system ran full.
says_full() { grep -qiE 'no space left|quota exceeded|wrote only|short write' "$1"; }

# step_unread STEP DIRECTORY: the step that a reading of what is mounted at DIRECTORY failed in, by what is in source.err. What is not there is damage, which STEP tells of.
# Whatever else keeps it from being read (rights, labels, a share that has gone away), and that nothing is there at all, says nothing of the bytes: that is `source`.
step_unread() {
  if [ -s "$said/source.err" ] && ! grep -qvE 'No such file or directory|Not a directory|Is a directory' "$said/source.err" && [ -n "$(ls -A "$2" 2>>"$said/source.err")" ]; then
    cp "$said/source.err" "$said/$1.err"
    echo "$1"
  else
    echo source
  fi
}

# step_of_reading STEP DIRECTORY FILE: the same where something that reads FILE there failed for whatever reason. STEP, whose words stay, where every byte of it can be had.
step_of_reading() {
  if cat "$2/$3" 2>"$said/source.err" >/dev/null; then echo "$1"; else step_unread "$1" "$2"; fi
}

# Fails unless DIRECTORY's file system (the helper's own volume, where none is given) has room for BYTES: told before anything is sent to a server.
require_space() {
  kib=$(df -P -k "${2:-$work}" | awk 'NR == 2 { print $4 }')
  [ -z "$kib" ] || [ $((kib * 1024)) -ge "$1" ] || { result space "$1" "$((kib * 1024))"; fail_step space; }
}

# Fails with those of work/libraries (a line each, as shared_preload_libraries names them) that this image has no file of: no server of it would start. One that is
# looked for elsewhere, and all where the image does not say where its own are, the server is asked for.
require_libraries() {
  own_libraries=$(pg_config --pkglibdir 2>/dev/null) || return 0
  while IFS= read -r library; do
    library=${library#\"} library=${library%\"}
    case $library in '$libdir/'*) library=${library#?libdir/} ;; */*) continue ;; esac
    [ -e "$own_libraries/$library" ] || [ -e "$own_libraries/$library.so" ] || echo "$library" >>"$said/libraries.err"
  done <"$work/libraries"
  [ ! -s "$said/libraries.err" ] || fail_step libraries
}

# Makes DIRECTORY for the server's own user. Of a directory of ours below a data directory (…/pgsql_tmp.holdfast/<run>/…) that one has to be entered too; where no
# server was ever made it may not be there, and a server refuses one that others may enter.
make_place() {
  case $1 in */pgsql_tmp.holdfast/*/*)
    place=${1%/pgsql_tmp.holdfast/*}
    (umask 022; mkdir -p "$place")
    [ -s "$place/PG_VERSION" ] || { chown postgres "$place"; chmod 700 "$place"; }
    mkdir -p "$1"
    chown postgres "${1%/*/*}" "${1%/*}"
    ;;
  esac
  mkdir -p "$1"
  chmod 711 "$1"
}

# formats_of DATA OPTION…: what decides how times read in the server of DATA, by its own files and what its command told it (server/time-formats.ts), as a configuration
# file has it. Only what a server of this image takes: its own files may lie elsewhere, name others that do, or a time zone that is not known here; ALTER SYSTEM's is read then.
formats_of() {
  formats_data=$1
  shift
  [ -s "$formats_data/PG_VERSION" ] || return 0
  for setting in TimeZone DateStyle IntervalStyle; do
    format=$(run_as postgres postgres -D "$formats_data" "$@" -C "$setting" 2>/dev/null) || format=$(run_as postgres postgres -D "$formats_data" -c config_file=/dev/null "$@" -C "$setting" 2>/dev/null) || continue
    printf "%s = '%s'\n" "$setting" "$(printf %s "$format" | sed "s/'/''/g")"
  done
}

# Waits until FILE has content; fails STEP when process PID ends before.
await_file() {
  until [ -s "$1" ]; do
    kill -0 "$2" 2>/dev/null || [ -s "$1" ] || fail_step "$3"
    sleep 0.02
  done
}

# Starts SESSIONS content sessions, which connect and then wait for the file "go"; LOCK_WAIT_MS is how long they wait for a table (0: for ever).
start_sessions() {
  sessions=$1 session_pids=
  number=1
  while [ "$number" -le "$sessions" ]; do
    : >"$said/content.$number.err"
    become_psql -v session="$number" -v lock_wait_ms="$2" -f "$work/content.sql" >"$out/content.$number" 2>"$said/content.$number.err" &
    session_pids="$session_pids $!"
    number=$((number + 1))
  done
}

# Every session of start_sessions has answered.
await_sessions() {
  number=1
  for pid in $session_pids; do
    await_file "$work/connected.$number" "$pid" "content.$number"
    number=$((number + 1))
  done
}

# Fails where a session ended without having done its part; first runs the command given, which may know a better reason.
check_sessions() {
  number=1
  for pid in $session_pids; do
    kill -0 "$pid" 2>/dev/null || [ -s "$work/done.$number" ] || { "${1:-:}"; fail_step "content.$number"; }
    number=$((number + 1))
  done
}

# Waits for every session, and fails as soon as one does; the command given is run each time it looks, and before it fails.
finish_sessions() {
  for waited in $session_pids; do
    while kill -0 "$waited" 2>/dev/null; do
      "${1:-:}"
      check_sessions "${2:-:}"
      sleep 0.05
    done
  done
  check_sessions "${2:-:}"
}

# `<sha256> <bytes> <path>` of every file below DIRECTORY, two processes at once; a helper has little else to do at that moment.
member_sums() (
  cd "$1"
  find . -type f | xargs -P 2 -n 32 sha256sum >"$work/member.sums" || exit 1
  find . -type f | xargs -n 1000 stat -c '%s %n' >"$work/member.sizes" || exit 1
  awk 'NR == FNR { size[$2] = $1; next } { path = $2; sub(/^\.\//, "", path); print $1, size[$2], path }' "$work/member.sizes" "$work/member.sums" |
    sort -k 3 >"$work/members"
  [ "$(wc -l <"$work/members")" = "$(find . -type f | wc -l)" ]
)
