# Removes directories of ours below a data directory. Arguments: the data directory, then their paths below it. What still holds a server's data and is not
# named for it is left: the last argument but the paths says what may go, prepared|aside.
data=$1 what=$2
shift 2
for path in "$@"; do
  case $path in
    pgsql_tmp.holdfast/replaced-[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]) ;;
    pgsql_tmp.holdfast/[0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f][0-9a-f]) ;;
    *) fail 33 "$path is no directory of a run's" ;;
  esac
  is_there "$data/$path" || continue
  # A run that is half-way has its phase noted; and what it set aside goes only where that is what was asked.
  phase=
  ! is_there "$data/$path/phase" || phase=$(cat "$data/$path/phase")
  case $what-$phase in
    prepared- | aside- | aside-done) ;;
    *) fail 33 "the exchange of $path is at \"$phase\"" ;;
  esac
  [ "$what" = aside ] || [ ! -s "$data/$path/old/PG_VERSION" ] || fail 33 "$path holds what a run set aside"
  rm -rf "${data:?}/$path"
  say "removed $path"
done
# An undo that was undone itself has two runs before it: what is left of theirs holds nothing any more, or what a copy has too (exchange.sh), and no record that is
# still open names it, but one of a restore into a volume without a server, whose undo needs none of it.
[ "$what" != aside ] || for own in "$data"/pgsql_tmp.holdfast/*; do
  { [ -f "$own/phase" ] && [ "$(cat "$own/phase")" = done ]; } || continue
  [ -z "$(ls -A "$own/old" 2>/dev/null)" ] || { [ -f "$own/dropped" ] && [ ! -s "$own/old/PG_VERSION" ]; } || continue
  [ ! -s "$own/new/data/PG_VERSION" ] || continue
  rm -rf "${own:?}"
  say "removed ${own#"$data/"}"
done
rmdir "$data/pgsql_tmp.holdfast" 2>/dev/null || :
