# Drops what lies in a data directory, from whatever point an earlier attempt came to. Only what was copied, and only while the copy is there. Arguments:
archive=$3 bytes=$4 control=$5
! is_there /copy/back.json || fail 33 'the old data was brought back meanwhile'
require_copy "$archive" "$bytes"
! is_there "$marks/dropped" || exit 0
if ! is_there "$marks/dropping"; then
  found=$(control_sum)
  [ "$found" = "$control" ] || fail 33 'what lies there is not what was copied: a server has run on it since'
  # A file system that is full takes no note before something is gone from it.
  mark dropping 2>/dev/null || { rm -rf "${live:?}/base"; mark dropping; }
fi
# Configuration, and certificates beside it, are small, and the new server may need them. Something always stays, so that no image makes a new server here.
find "$live" -mindepth 1 -maxdepth 1 ! -name pgsql_tmp.holdfast ! -name lost+found ! -name PG_VERSION ! \( -type f \( -name '*.conf' -o -name '*.crt' -o -name '*.key' -o -name '*.pem' \) \) -exec rm -rf {} + || fail 33 'not everything could be removed'
rm -f "$live/PG_VERSION"
mark dropped
