# Exchanges what lies in a server's data directory for what was prepared, by rename only, from any point at which an earlier attempt ended. Arguments:
# in|out, data directory, prepared directory, aside directory, phase file; the last three below the data directory, in a directory of ours: there they
# are on its file system, whatever is mounted where, and initdb refuses a directory that is not empty, so nobody makes a new server in between. Then what comes
# in: server, or nothing where there was none, and whatever else lay there.
# The server does not run, and is kept from running by who calls this.
way=$1 live=$2 new=$2/$3 old=$2/$4 phase=$2/$5 comes=$6
ours=${3%%/*}
# Going in, whoever gives up goes back, and nobody stays closed for a disk that is away.
if [ "$way" = in ]; then away() { fail 1 "$@" >&2; }; fi

# Both sides have the same names, so they do not tell how far it went: that is written down before each part.
#   out      the live entries go aside          in     the prepared ones come in; nothing else is live       done
#   leaving  the prepared ones go back          back   the old ones come back                                nothing: not begun, or taken back
reached=
! is_there "$phase" || reached=$(cat "$phase")
enter() {
  printf '%s' "$1" >"$phase.next"
  sync -f "$phase.next" 2>/dev/null || sync
  mv -f -- "$phase.next" "$phase"
  sync -f "$phase" 2>/dev/null || sync
  reached=$1
}

# move_one FROM TO NAME: nothing is ever overwritten.
move_one() {
  is_there "$1/$3" || return 0
  ! is_there "$2/$3" || fail 33 "$3 is in $1 and in $2: somebody wrote there"
  mv -- "$1/$3" "$2/$3"
}

# move_all FROM TO: every entry but our own directory and what a file system keeps for itself. A server without its PG_VERSION is none: it leaves last and
# comes first.
move_all() {
  [ "$2" != "$live" ] || move_one "$1" "$2" PG_VERSION
  (cd "$1" && find . -mindepth 1 -maxdepth 1 ! -name "$ours" ! -name lost+found ! -name PG_VERSION -exec sh -c '
    to=$1
    shift
    for entry in "$@"; do
      if [ -e "$to/$entry" ] || [ -L "$to/$entry" ]; then echo "$entry is on both sides: somebody wrote there"; exit 33; fi
      mv -- "$entry" "$to/$entry" || exit 1
    done' move "$2" {} +) || fail 33 "not everything could be moved from $1 to $2"
  move_one "$1" "$2" PG_VERSION
}

case $way in
  in)
    case $reached in
      '')
        case $comes in
          server) [ -s "$new/PG_VERSION" ] || fail 33 "what was prepared is no server's data directory: $new has no PG_VERSION" ;;
          *) mkdir -p "$new"; [ ! -e "$new/PG_VERSION" ] || fail 33 "there was no server's data, and $new has a PG_VERSION" ;;
        esac
        mkdir -p "$old" "$(dirname "$phase")"
        chown "$(stat -c %u:%g "$live")" "$old"
        chmod 700 "$old"
        # Of data that was copied out and dropped (replace/drop.sh) only configuration goes aside, and the copy has that too.
        own=$(dirname "$phase")
        [ ! -f "$live/$ours/replaced-${own##*/}/dropped" ] || : >"$own/dropped"
        enter out
        ;;
      leaving | back) fail 33 'it is being taken back' ;;
    esac
    [ "$reached" != out ] || { move_all "$live" "$old"; enter in; }
    [ "$reached" != in ] || { move_all "$new" "$live"; enter done; }
    ;;
  out)
    case $reached in
      '')
        rm -f "$phase.next"
        rmdir "$old" 2>/dev/null || :
        exit 0
        ;;
      out) enter back ;;
      in | done) enter leaving ;;
    esac
    [ "$reached" != leaving ] || { move_all "$live" "$new"; enter back; }
    move_all "$old" "$live"
    rmdir "$old" || fail 33 "$old still holds something"
    rm -f "$phase" "$phase.next"
    ;;
esac
sync -f "$live" 2>/dev/null || sync
