# Takes away what install.sh made, and what lies in the spool with it. Nothing else: the directory above may hold somebody's own archive. Argument:
directory=$1

set -eu
case $directory in
  /archive/*holdfast-????????????) ;;
  *) echo 'not a directory of Holdfast' >&2; exit 65 ;;
esac
[ -d "$directory" ] || exit 0
rm -rf "$directory"
sync "${directory%/*}/"
