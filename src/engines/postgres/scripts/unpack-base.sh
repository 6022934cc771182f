# Functions for scripts that read a base backup. /source holds its files as `<n>-<file>`, n being 0 for a full one and, of an incremental one, all that it stands on
# first; work/expected.sums a line `<sha256> <bytes> <n>-<file>` for each; work/tablespaces its tablespaces' OIDs, a line each; work/log.bytes what its log takes unpacked.

# take_fleeting DIRECTORY: work/segments.list with the files that the archive may remove any moment taken from it, into DIRECTORY, as work/taken.list. One that is
# gone already has been superseded by a longer one: the step `superseded`, which is worth another look at the archive.
take_fleeting() {
  : >"$work/taken.list"
  while read -r name bytes sum path fleeting; do
    if [ "$fleeting" = fleeting ]; then
      mkdir -p "$1"
      case $path in *.zst) reader='zstd -q -dc' ;; *) reader=cat ;; esac
      $reader "/archive/$path" >"$1/$name" 2>"$said/superseded.err" || { [ ! -f "/archive/$path" ] || { cp "$said/superseded.err" "$said/damaged.err"; fail_step "$(step_of_reading damaged /archive "$path")"; }; fail_step superseded; }
      found=$(sha256sum <"$1/$name")
      [ "${found%% *}" = "$sum" ] || { echo "$name: it has another SHA-256 than it must" >"$said/damaged.err"; fail_step damaged; }
      path=$1/$name
    fi
    printf '%s %s %s %s\n' "$name" "$bytes" "$sum" "$path" >>"$work/taken.list"
  done <"$work/segments.list"
}

# unpack_base DIRECTORY TABLESPACES: every file checked before anything is made of it, unpacked (each tablespace below TABLESPACES, by OID), given to the server's
# user, and compared with pg_basebackup's own manifest, the log from its begin to its end among it. An incremental one is made whole first, beside DIRECTORY.
unpack_base() {
  cut -d ' ' -f 3 "$work/expected.sums" >"$work/names"
  (cd /source && xargs -P 2 -n 1 sha256sum <"$work/names") >"$work/sums" 2>"$said/source.err" || fail_step "$(step_unread damaged /source)"
  while read -r sum file; do printf '%s %s %s\n' "$sum" "$(first $(wc -c <"/source/$file"))" "$file"; done <"$work/sums" | sort >"$work/found.sums"
  sort "$work/expected.sums" | cmp -s - "$work/found.sums" || {
    result link "$(grep -v -x -F -f "$work/found.sums" "$work/expected.sums" | sed -n 's/^[^ ]* [^ ]* \([0-9]*\)-.*/\1/p' | head -n 1)"
    fail_step damaged
  }
  # The server refuses to run as root, and has to get to its files.
  chmod 711 /holdfast "$work"
  last=$(sed -n 's/^\([0-9]*\)-backup_manifest$/\1/p' "$work/names" | sort -n | tail -n 1)
  if [ "$last" = 0 ]; then unpack_link 0 "$1" "$2"; else combine_links "$1" "$2"; fi
}

# unpack_link NUMBER DIRECTORY TABLESPACES: one copy of a chain, the full one being 0. Of what others stand on the log is not needed. Its number is left as a result:
# whose fault it is, where something fails.
unpack_link() {
  result link "$1"
  for archive in "/source/$1-base.tar"*; do unpack_tar "$archive" "$2"; done
  log=--no-parse-wal
  if [ "$1" = "$last" ]; then
    log=
    for archive in "/source/$1-pg_wal.tar"*; do unpack_tar "$archive" "$2/pg_wal"; done
  fi
  cp "/source/$1-backup_manifest" "$2/backup_manifest"
  for archive in "/source/$1-"[0-9]*.tar*; do
    [ -f "$archive" ] || continue
    oid=${archive#"/source/$1-"}
    oid=${oid%%.*}
    unpack_tar "$archive" "$3/$oid"
    ln -sfn "$3/$oid" "$2/pg_tblspc/$oid"
  done
  chown -R postgres "$2"
  [ ! -d "$3" ] || chown -R postgres "$3"
  chmod 700 "$2"
  verify_files "$2" $log || fail_step verify
}

# verify_files DIRECTORY [--no-parse-wal]: pg_verifybackup of it. Where that pays two do it at once, each leaving out what the other hashes: their parts are all that the
# manifest names, and what it does not name both look for. The log is read by one of them. A name that would have to be quoted is left out by neither.
verify_files() {
  rm -f "$said/verify.first" "$said/verify.second"
  awk -v first="$said/verify.first" -v second="$said/verify.second" -v most=2048 -v least=16777216 '
    match($0, /Path": "[^"\\]*"/) {
      path = substr($0, RSTART + 8, RLENGTH - 9)
      match($0, /"Size": [0-9]+/)
      size = substr($0, RSTART + 8, RLENGTH - 8) + 0
      if (one <= other) { one += size; left[++ones] = path } else { other += size; right[++others] = path }
    }
    END {
      if (one + other < least || ones > most || others > most) exit
      for (i = 1; i <= ones; i++) print "--ignore=" left[i] >first
      for (i = 1; i <= others; i++) print "--ignore=" right[i] >second
    }' "$1/backup_manifest"
  if [ -s "$said/verify.first" ] && [ -s "$said/verify.second" ]; then
    verify_but "$said/verify.first" "$1" --no-parse-wal >"$said/verify.log.2" 2>"$said/verify.err.2" &
    other=$!
    verified=yes
    verify_but "$said/verify.second" "$@" >"$said/verify.log" 2>"$said/verify.err" || verified=no
    wait "$other" || verified=no
    cat "$said/verify.err.2" >>"$said/verify.err"
    [ "$verified" = yes ]
  else
    : >"$said/verify.none"
    verify_but "$said/verify.none" "$@" >"$said/verify.log" 2>"$said/verify.err"
  fi
}

# verify_but NAMES DIRECTORY [OPTION]: without what the file NAMES says, an option a line. Where they were too many for one call xargs would make several, each
# leaving out less: more work, and nothing that goes unseen.
verify_but() {
  names=$1
  shift
  tr '\n' '\0' <"$names" >"$names.0"
  run_as postgres xargs -0 sh -c 'directory=$1; shift; exec pg_verifybackup --quiet "$@" "$directory"' verify "$@" <"$names.0"
}

# combine_links DIRECTORY TABLESPACES: each copy of the chain is unpacked and verified by itself, for what is combined of a damaged one is damaged and passes every check
# (databases.md P5); then they are made one. Where the tool can link what needs no change, nothing is written twice; else the kernel copies, sharing what the file
# system can.
combine_links() {
  combined=$1 spaces=$2 inputs=${1%/*}/inputs how=--link
  command -v pg_combinebackup >"$said/tools.err" 2>&1 || { echo 'the image has no pg_combinebackup' >"$said/tools.err"; fail_step tools; }
  pg_combinebackup --help | grep -q -e ' --link' || how=--copy-file-range
  mkdir -p "$inputs"
  chmod 711 "$inputs"
  # The log of the last, which no manifest counts; copied, where nothing can be linked.
  log_bytes=$(cat "$work/log.bytes")
  [ "$how" = --link ] || log_bytes=$((2 * log_bytes))
  require_space $(($(bytes_to_combine) + log_bytes)) "$inputs"
  set --
  number=0
  while [ "$number" -le "$last" ]; do
    unpack_link "$number" "$inputs/$number" "$inputs/$number.spaces"
    set -- "$@" "$inputs/$number"
    number=$((number + 1))
  done
  rm "$out/link"
  while read -r oid; do set -- -T "$inputs/$last.spaces/$oid=$spaces/$oid" "$@"; done <"$work/tablespaces"
  try_combine "$@" || { [ "$how" = --copy-file-range ] && grep -qiE 'cop(y|ying).file.range' "$said/combine.err" && how=--copy && try_combine "$@"; } || fail_step combine
  rm -rf "$inputs"
  verify_files "$combined" || { mv "$said/verify.err" "$said/combined.err"; fail_step combined; }
}

try_combine() {
  rm -rf "$combined" "$spaces"
  mkdir -p "$combined"
  while read -r oid; do mkdir -p "$spaces/$oid"; done <"$work/tablespaces"
  chown postgres "$combined"
  [ ! -d "$spaces" ] || chown -R postgres "$spaces"
  run_as postgres pg_combinebackup --no-sync "$how" --output="$combined" "$@" >"$work/combine.log" 2>"$said/combine.err"
}

# What the copies of a chain take unpacked, and what is written when they are made one: of what changed in the last the whole file, of the rest as much only where it
# cannot be linked. From pg_basebackup's own manifests, a line for each file.
bytes_to_combine() {
  number=0
  while [ "$number" -le "$last" ]; do
    echo "@link $number"
    cat "/source/$number-backup_manifest"
    number=$((number + 1))
  done | awk -v last="$last" -v how="$how" '
    $1 == "@link" { link = $2; next }
    match($0, /Path": "[^"]*"/) {
      path = substr($0, RSTART + 8, RLENGTH - 9)
      match($0, /"Size": [0-9]+/)
      size = substr($0, RSTART + 8, RLENGTH - 8) + 0
      total += size
      changed = sub(/INCREMENTAL[.]/, "", path)
      if (!changed) whole[path] = size
      if (link == last) { if (changed) total += whole[path] + size; else if (how != "--link") total += size }
    }
    END { printf "%.0f\n", total }'
}

# unpack_tar ARCHIVE DIRECTORY, whatever it was compressed with. A file says whether the first part of the pipe failed: the pipe itself would hide it.
unpack_tar() {
  mkdir -p "$2"
  unpacked=yes
  : >"$said/unpack.failed"
  case "$1" in
    *.zst) zstd -q -dc "$1" 2>"$said/unpack.err" || echo "$1" >"$said/unpack.failed" ;;
    *.gz) gzip -dc "$1" 2>"$said/unpack.err" || echo "$1" >"$said/unpack.failed" ;;
    *) cat "$1" 2>"$said/unpack.err" || echo "$1" >"$said/unpack.failed" ;;
  esac | tar -xf - -C "$2" 2>"$said/tar.err" || unpacked=no
  # Where the first part failed by itself the second has only seen too little; where the second did, the first says nothing, or that its pipe is broken.
  if [ -s "$said/unpack.failed" ] && { [ "$unpacked" = yes ] || grep -qvi 'broken pipe' "$said/unpack.err"; }; then fail_step unpack; fi
  [ "$unpacked" = yes ] || fail_step tar
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
