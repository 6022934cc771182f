# In the container of a copy that is recovered, as root: where the original made tablespaces behind its base backup, a line each in `locations`, leads to a place below
# the copy's own directory (databases.md P12). What is there already is left. Argument: the copy's directory.
directory=$1 number=0
umask 022
while IFS= read -r location; do
  number=$((number + 1))
  place=$directory/tablespaces/log-$number
  mkdir -p "$place" "$(dirname "$location")"
  chown postgres "$directory/tablespaces" "$place"
  [ -L "$location" ] || { rmdir "$location" 2>/dev/null || :; [ -e "$location" ] || ln -s "$place" "$location"; }
done <"$directory/locations"
