# The old data where it was, from its copy, whatever lies there now. Where nothing of it was dropped, nothing is done. Arguments:
archive=$3 bytes=$4 sha256=$5 members=$6 control=$7
! is_there /copy/back.json || exit 0
! is_there "$marks/back" || exit 0
require_copy "$archive" "$bytes"
if ! is_there "$marks/dropping"; then
  found=$(control_sum)
  if [ "$found" != "$control" ]; then
    # A server has run on it since it was copied: then all of it was there, and nothing was dropped.
    [ -s "$live/PG_VERSION" ] && [ -d "$live/base" ] || fail 33 'neither what was copied lies there, nor what came in its place'
    exit 0
  fi
  ! (cd "$live" && sha256sum -c "/copy/$members") >/dev/null 2>&1 || exit 0
  mark dropping 2>/dev/null || { rm -rf "${live:?}/base"; mark dropping; }
fi
# Before anything goes that has come in meanwhile.
require_sum "/copy/$archive" "$bytes" "$sha256"
find "$live" -mindepth 1 -maxdepth 1 ! -name pgsql_tmp.holdfast ! -name lost+found -exec rm -rf {} +
rm -rf "${live:?}/pgsql_tmp.holdfast/$run"
unpack_copy "$live" "$archive" "$members"
mark back
