# Functions for scripts that copy a data directory out of its volume before it is dropped there, drop it, and bring the copy back. Its server does not run. What is
# ours in there (pgsql_tmp.holdfast) is no part of it, nor what a file system keeps for itself. /copy is the copy's place in the repository.

# By this the data is known again: every start and every stop of a server writes it anew.
control_sum() { if is_there "$live/global/pg_control"; then first $(sha256sum <"$live/global/pg_control"); else first none; fi; }

# What was done to a volume is noted there, for an attempt that comes late.
marks=$live/pgsql_tmp.holdfast/replaced-$run
mark() { mkdir -p "$marks" && : >"$marks/$1" && { sync -f "$marks" 2>/dev/null || sync; }; }

# The copy is there at this very moment, as it was recorded, and the old data was not brought back meanwhile. Arguments: archive below /copy, its bytes.
require_copy() {
  [ -n "$(ls -A /copy)" ] || away 'nothing is there where the copy is: its disk or share may not be mounted'
  is_there /copy/copy.json && is_there "/copy/$1" && [ "$(first $(wc -c <"/copy/$1"))" = "$2" ] || fail 33 'its copy is not in the repository'
}

# unpack_copy DIRECTORY ARCHIVE MEMBERS: every file compared with what it was when it was copied. A file says whether the first part of the pipe failed.
unpack_copy() {
  : >"$said/unpack.failed"
  numeric= failed=
  ! tar --help 2>&1 | grep -q -e '--numeric-owner' || numeric=--numeric-owner
  case $2 in *.zst) reader='zstd -q -dc' ;; *) reader='gzip -dc' ;; esac
  { $reader "/copy/$2" 2>"$said/unpack.err" || echo "$2" >"$said/unpack.failed"; } | tar -xpf - $numeric -C "$1" 2>"$said/tar.err" || failed=tar
  [ ! -s "$said/unpack.failed" ] || [ "$failed" = tar ] || failed=unpack
  # Nothing is called damaged but what can be read to its end; on a full disk nobody waits for that.
  if [ -n "$failed" ]; then
    says_full "$said/$failed.err" || failed=$(step_of_reading "$failed" /copy "$2")
    fail_step "$failed"
  fi
  (cd "$1" && sha256sum -c "/copy/$3") >"$work/check.log" 2>"$said/told.err" || {
    { grep -v ': OK$' "$work/check.log" | head -n 3; head -n 3 "$said/told.err"; } >"$said/check.err"
    fail_step "$(step_of_reading check /copy "$3")"
  }
  sync -f "$1" 2>/dev/null || sync
}
