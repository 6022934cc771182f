# Removes what lies below .holdfast of a data directory, and nothing else. Arguments: data directory, then directories `.holdfast/<16 hex>/new` or `/old`
# each after `all` (with what is in it) or `empty` (only when nothing is).
data=$1
shift
while [ $# -gt 0 ]; do
  case $2 in .holdfast/*/*/* | *..*) fail 32 "not a directory of ours: $2" ;; .holdfast/????????????????/new | .holdfast/????????????????/old) ;; *) fail 32 "not a directory of ours: $2" ;; esac
  if [ -d "$data/$2" ] && [ ! -L "$data/$2" ]; then
    if [ "$1" = all ]; then rm -rf -- "$data/$2"; else rmdir -- "$data/$2" || fail 34 "$2 is not empty"; fi
    printf '%s\n' "$2" >>/holdfast/out/removed
  fi
  rmdir -- "$data/${2%/*}" 2>/dev/null || :
  shift 2
done
rmdir -- "$data/.holdfast" 2>/dev/null || :
sync -f "$data" 2>/dev/null || sync
