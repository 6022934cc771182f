# In the container of a copy that is recovered, as root: where the original made tablespaces behind its base backup, a line each in `locations`, leads to a place below
# the copy's own directory (databases.md P12), named for where it was: whatever else is asked for later, it stays that. What is there already is left. Argument: the
# copy's directory.
directory=$1
umask 022
while IFS= read -r location; do
  sum=$(printf %s "$location" | sha256sum)
  place=$directory/tablespaces/log-${sum%"${sum#????????????????}"}
  mkdir -p "$place" "$(dirname "$location")"
  chown postgres "$directory/tablespaces" "$place"
  [ -L "$location" ] || { rmdir "$location" 2>/dev/null || :; [ -e "$location" ] || ln -s "$place" "$location"; }
done <"$directory/locations"
