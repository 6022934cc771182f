# Moves files between live, staged and aside, by rename only, from any point at which an earlier attempt ended.
# Arguments: in|out, data directory, staged directory, aside directory, number of entries, for each entry: staged (yes or no), name;
# then for each staged file: path, bytes, SHA-256.
# Which move is due is read from what lies where; what fits no point of the way ends with 33 and is not touched.
# The aside directory stands from before the first move in until after the last move out.
way=$1 data=$2 staged=$2/$3 aside=$2/$4 entries=$5
shift 5
# Going in, whoever gives up goes back, and nobody stays closed for a disk that is away.
if [ "$way" = in ]; then away() { fail 1 "$@" >&2; }; fi
# where NAME: whether it lies staged, live and aside, as three digits in $lies.
where() {
  lies=
  for place in "$staged" "$data" "$aside"; do if is_there "$place/$1"; then lies=${lies}1; else lies=${lies}0; fi; done
}
fits_nowhere() { fail 33 "what lies where fits no point of the exchange (staged, live, aside: $lies) for $1"; }
move() {
  ! is_there "$2" || fail 33 "$2 exists already"
  mv -T -- "$1" "$2" 2>/dev/null || { ! is_there "$2" && mv -- "$1" "$2"; }
  say "moved $1 to $2"
}

entry_in() {
  where "$2"
  case $1-$lies in
    yes-110) move "$data/$2" "$aside/$2" && move "$staged/$2" "$data/$2" ;;
    yes-101 | yes-100) move "$staged/$2" "$data/$2" ;;
    yes-011 | yes-010) ;;
    no-010) move "$data/$2" "$aside/$2" ;;
    no-001 | no-000) ;;
    *) fits_nowhere "$2" ;;
  esac
}

# is_staged yes|no NAME ENTRIES ARGUMENTS…: is what lies live under this name what was staged? So many entries stand before the sums.
is_staged() {
  name=$2 skip=$3
  shift 3
  while [ "$skip" -gt 0 ]; do shift 2; skip=$((skip - 1)); done
  while [ $# -gt 0 ]; do
    if [ "${1%%/*}" = "$name" ]; then is_there "$data/$1" && (require_sum "$data/$1" "$2" "$3") || return 1; fi
    shift 3
  done
}

# entry_out yes|no NAME ENTRIES ARGUMENTS…: the arguments are for is_staged.
entry_out() {
  where "$2"
  case $1-$lies in
    yes-110 | yes-100) ;;
    yes-101 | no-001) move "$aside/$2" "$data/$2" ;;
    yes-011) move "$data/$2" "$staged/$2" && move "$aside/$2" "$data/$2" ;;
    yes-010)
      # Staged, or what was live from the beginning while someone removed the staged files: only the sums tell.
      is_staged "$@" || fail 33 "$2 is neither staged nor what was staged: it was changed, or the staged files were removed"
      move "$data/$2" "$staged/$2"
      ;;
    no-010 | no-000) ;;
    *) fits_nowhere "$2" ;;
  esac
}

remove_empty() { rmdir "$1" 2>/dev/null && rmdir "${1%/*}" 2>/dev/null || :; }

# Every staged file, wherever its entry has got to, must still be what was compared: before anything live moves.
require_staged() {
  while [ $# -gt 0 ]; do
    if is_there "$staged/${1%%/*}"; then require_sum "$staged/$1" "$2" "$3"; else require_sum "$data/$1" "$2" "$3"; fi
    shift 3
  done
}

case $way in
  in)
    skip=$entries
    (
      while [ "$skip" -gt 0 ]; do shift 2; skip=$((skip - 1)); done
      require_staged "$@"
    )
    mkdir -p "$aside"
    chown "$(stat -c %u:%g "$data")" "$aside" "${aside%/*}"
    while [ "$entries" -gt 0 ]; do entry_in "$1" "$2"; shift 2; entries=$((entries - 1)); done
    # Of an undo this was a rollback copy: nothing of it is left there.
    remove_empty "$staged"
    ;;
  out)
    # Without it nothing was moved yet, or everything is back.
    is_there "$aside" || exit 0
    mkdir -p "$staged"
    chown "$(stat -c %u:%g "$data")" "$staged" "${staged%/*}"
    while [ "$entries" -gt 0 ]; do
      entry_out "$1" "$2" "$entries" "$@"
      shift 2
      entries=$((entries - 1))
    done
    rmdir "$aside" || fail 33 "$aside still holds something"
    ;;
esac
sync -f "$data" 2>/dev/null || sync
