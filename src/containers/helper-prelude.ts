/**
 * What every helper's script begins with: POSIX sh (dash, busybox ash), the same for all images. Checked in and constant; data comes in as
 * arguments, on standard input or in files.
 */

/** Where the script's own volume is mounted. Not a tmpfs: the engine cannot copy files into or out of one (databases.md D20). */
export const helperDirectory = '/holdfast';
/** Small files that the script leaves here are handed back by name. */
export const helperOutDirectory = `${helperDirectory}/out`;
/** The list that seals the results: `<sha256> <bytes> <name>` a line, last `end <exit code> <number of files> <processes ended for lack of memory> <how often it reached its own limit of memory>`. */
export const sealFile = '.sums';
/** The last 64 KiB of everything that was written to standard output and error. */
export const messagesFile = '.messages';
/** How many bytes are on standard input, empty for none: a cut one must not be taken for a whole one. */
export const stdinBytesVariable = 'HOLDFAST_STDIN_BYTES';

/** What the prelude's own exit codes mean (names and numbers of sysexits.h). */
export const helperExitCodes = { dataDiffers: 65, stdinCut: 74, away: 75 } as const;

/**
 * Functions for scripts:
 * - `say TEXT…`: a line for people, among the messages
 * - `fail CODE TEXT…`: the same, and the end
 * - `result NAME VALUE…`: a result file of one line
 * - `sums_of DIRECTORY NAME`: a result file with `<sha256> <bytes> <path>` for every file below the directory, sorted by path
 * - `require_sum FILE BYTES SHA256`: ends with 65 unless the file is exactly that
 * - `run_as USER COMMAND…`: as another user of the image
 * - `clear_directory DIRECTORY`: everything in it goes, and the directory stays
 * - `free_reserve`: makes room for a result where the disk has run full
 *
 * Exit codes 64 to 79 are the prelude's own: {@link helperExitCodes}. Standard output and error go to the messages; a tool's output that matters is redirected by the script. Standard input is what the
 * caller gave, already complete. A script ends with `exit` or its last line, never with `exec`: the results are sealed at its end.
 */
export const helperPrelude = String.raw`set -eu
umask 077
export TMPDIR=/holdfast/tmp
mkdir -p /holdfast/out /holdfast/tmp
exec >/holdfast/messages 2>&1

first() { printf '%s' "$1"; }

# Room for the results of a script that has filled the disk: without it nobody would know why it failed.
head -c 262144 /dev/zero >/holdfast/tmp/.reserve
free_reserve() { rm -f /holdfast/tmp/.reserve; }

holdfast_seal() {
  status=$?
  trap - EXIT
  set +e
  free_reserve
  (
    set -eu
    cd /holdfast/out
    tail -c 65536 ../messages >.messages
    # Two processes for all files, not two for each: every step of every run waits for this.
    set -- .messages
    for file in *; do [ ! -f "$file" ] || set -- "$@" "$file"; done
    sha256sum "$@" >../tmp/.hashes
    wc -c "$@" >../tmp/.sizes
    for file in "$@"; do
      read -r sum rest <&3
      read -r size rest <&4
      printf '%s %s %s\n' "$sum" "$size" "$file"
    done 3<../tmp/.hashes 4<../tmp/.sizes >../tmp/.sums
    count=$#
    # Whoever's memory was out, it is a kill; only cgroup v2 says whether its own limit was reached.
    killed=0 reached=-
    for events in /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control; do
      [ -r "$events" ] || continue
      while read -r key value; do
        case $key in
          oom_kill) killed=$value ;;
          oom) reached=$value ;;
        esac
      done <"$events"
      break
    done
    printf 'end %s %s %s %s\n' "$status" "$count" "$killed" "$reached" >>../tmp/.sums
    mv ../tmp/.sums .sums
  )
  exit "$status"
}
trap holdfast_seal EXIT

say() { printf '%s\n' "$*"; }
fail() { code=$1; shift; say "$@"; exit "$code"; }
result() { name=$1; shift; printf '%s\n' "$*" >"/holdfast/out/$name"; }

sums_of() (
  cd "$1"
  find . -type f >/holdfast/tmp/.files
  sed 's|^[.]/||' /holdfast/tmp/.files >/holdfast/tmp/.paths
  LC_ALL=C sort /holdfast/tmp/.paths >/holdfast/tmp/.sorted
  while IFS= read -r file; do
    sum=$(sha256sum <"$file")
    size=$(wc -c <"$file")
    printf '%s %s %s\n' "$(first $sum)" "$(first $size)" "$file"
  done </holdfast/tmp/.sorted >"/holdfast/out/$2"
)

require_sum() {
  [ -f "$1" ] || fail 65 "$1 is missing"
  size=$(wc -c <"$1")
  [ "$(first $size)" = "$2" ] || fail 65 "$1 has $(first $size) bytes, not $2"
  sum=$(sha256sum <"$1")
  [ "$(first $sum)" = "$3" ] || fail 65 "$1 has another SHA-256 than it must"
}

# Not by find's own -delete: a busybox may be without it.
clear_directory() { find "$1" -mindepth 1 -maxdepth 1 -exec rm -rf {} +; }

run_as() {
  user=$1
  shift
  if command -v gosu >/dev/null; then gosu "$user" "$@"
  elif command -v su-exec >/dev/null; then su-exec "$user" "$@"
  else setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups -- "$@"
  fi
}

if [ -n "$HOLDFAST_STDIN_BYTES" ]; then
  # Kept in memory only, and unlinked as soon as it is open: it may hold a secret.
  cat >/dev/shm/holdfast-stdin
  size=$(wc -c </dev/shm/holdfast-stdin)
  [ "$(first $size)" = "$HOLDFAST_STDIN_BYTES" ] || fail 74 "standard input was cut: $(first $size) of $HOLDFAST_STDIN_BYTES bytes"
  exec </dev/shm/holdfast-stdin
  rm -f /dev/shm/holdfast-stdin
  unset HOLDFAST_STDIN_BYTES
else
  exec </dev/null
fi
`;
