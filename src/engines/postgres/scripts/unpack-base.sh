# Functions for scripts that read a base backup. /source holds its files; work/expected.sums a line `<sha256> <bytes> <file>` for each; work/tablespaces its
# tablespaces' OIDs, a line each.

# take_fleeting DIRECTORY: work/segments.list with the files that the archive may remove any moment taken from it, into DIRECTORY, as work/taken.list. One that is
# gone already has been superseded by a longer one: the step `superseded`, which is worth another look at the archive.
take_fleeting() {
  : >"$work/taken.list"
  while read -r name bytes sum path fleeting; do
    if [ "$fleeting" = fleeting ]; then
      mkdir -p "$1"
      case $path in *.zst) reader='zstd -q -dc' ;; *) reader=cat ;; esac
      $reader "/archive/$path" >"$1/$name" 2>"$work/superseded.err" || { [ ! -f "/archive/$path" ] || { cp "$work/superseded.err" "$work/damaged.err"; fail_step damaged; }; fail_step superseded; }
      found=$(sha256sum <"$1/$name")
      [ "${found%% *}" = "$sum" ] || { echo "$name: it has another SHA-256 than it must" >"$work/damaged.err"; fail_step damaged; }
      path=$1/$name
    fi
    printf '%s %s %s %s\n' "$name" "$bytes" "$sum" "$path" >>"$work/taken.list"
  done <"$work/segments.list"
}

# unpack_base DIRECTORY TABLESPACES: every file checked before anything is made of it, unpacked (each tablespace below TABLESPACES, by OID), given to the server's
# user, and compared with pg_basebackup's own manifest, the log from its begin to its end among it.
unpack_base() {
  cut -d ' ' -f 3 "$work/expected.sums" >"$work/names"
  (cd /source && xargs -P 2 -n 1 sha256sum <"$work/names") >"$work/sums" 2>"$work/damaged.err" || fail_step damaged
  while read -r sum file; do printf '%s %s %s\n' "$sum" "$(first $(wc -c <"/source/$file"))" "$file"; done <"$work/sums" | sort >"$work/found.sums"
  sort "$work/expected.sums" | cmp -s - "$work/found.sums" || fail_step damaged
  for archive in /source/base.tar*; do unpack_tar "$archive" "$1"; done
  for archive in /source/pg_wal.tar*; do unpack_tar "$archive" "$1/pg_wal"; done
  cp /source/backup_manifest "$1/backup_manifest"
  while read -r oid; do
    for archive in "/source/$oid.tar"*; do unpack_tar "$archive" "$2/$oid"; done
    ln -sfn "$2/$oid" "$1/pg_tblspc/$oid"
  done <"$work/tablespaces"
  # The server refuses to run as root, and has to get to its files.
  chmod 711 /holdfast "$work"
  chown -R postgres "$1"
  [ ! -d "$2" ] || chown -R postgres "$2"
  chmod 700 "$1"
  run_as postgres pg_verifybackup --quiet "$1" >"$work/verify.log" 2>"$work/verify.err" || fail_step verify
}

# unpack_tar ARCHIVE DIRECTORY, whatever it was compressed with. A file says whether the first part of the pipe failed: the pipe itself would hide it.
unpack_tar() {
  mkdir -p "$2"
  : >"$work/unpack.failed"
  case "$1" in
    *.zst) zstd -q -dc "$1" 2>"$work/unpack.err" || echo "$1" >"$work/unpack.failed" ;;
    *.gz) gzip -dc "$1" 2>"$work/unpack.err" || echo "$1" >"$work/unpack.failed" ;;
    *) cat "$1" 2>"$work/unpack.err" || echo "$1" >"$work/unpack.failed" ;;
  esac | tar -xf - -C "$2" 2>"$work/tar.err" || fail_step tar
  [ ! -s "$work/unpack.failed" ] || fail_step unpack
}

# quieten_base DIRECTORY TABLESPACES CONFIGURATION: the copy must not act like the original. Its server has the settings in CONFIGURATION/scratch.conf only, lets in
# who comes by its socket, and finds no tablespace but ours (databases.md P12, P14). It begins with recovery. Its own postgresql.auto.conf is kept in CONFIGURATION.
quieten_base() {
  rm -f "$1/standby.signal" "$1/postmaster.pid"
  [ ! -f "$1/postgresql.auto.conf" ] || mv "$1/postgresql.auto.conf" "$3/kept.auto.conf"
  : >"$1/postgresql.auto.conf"
  if [ -s "$1/tablespace_map" ]; then
    while read -r oid; do printf '%s %s\n' "$oid" "$2/$oid"; done <"$work/tablespaces" >"$1/tablespace_map"
  fi
  : >"$1/recovery.signal"
  echo 'local all all trust' >"$3/hba.conf"
  : >"$3/ident.conf"
  chown postgres "$1/postgresql.auto.conf" "$1/recovery.signal" "$3/scratch.conf" "$3/hba.conf" "$3/ident.conf"
}
