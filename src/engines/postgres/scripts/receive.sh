# What receives a component's log, until either of its two parts ends: pg_receivewal, and the session of receiver-prelude.sh. Further arguments:
slot=$1 segment_bytes=$2

mkdir -p /wal/segments /wal/former /wal/samples || end_with 81

# A break was accepted: what was received before it must not lead pg_receivewal to go on from there. The flag goes last, so that this can be cut anywhere.
if [ -f /wal/set-aside ]; then
  for file in /wal/segments/*; do
    [ ! -f "$file" ] || mv -f "$file" /wal/former/ || end_with 81
  done
  rm -f /wal/set-aside || end_with 81
fi
# What of a segment was received before a break is stored as far as its last reading, in one repository at least, or the break would not have been accepted. Here
# its name would pass it off as the beginning of what is received of that segment now.
rm -f /wal/former/*.partial || end_with 81

# pg_receivewal fills a new segment with zeros before it writes into it. One that was cut while being filled holds no log, and it would refuse it for ever.
for file in /wal/segments/*.partial; do
  [ -f "$file" ] || continue
  size=$(($(wc -c <"$file")))
  [ "$size" = 0 ] || [ "$size" = "$segment_bytes" ] || rm -f "$file"
done

(
  # At the end of a segment it says how far it is only when asked, or at this interval.
  pg_receivewal -D /wal/segments --slot="$slot" --synchronous --status-interval=1 --no-loop --no-password >&2
  echo 'end 81' >/dev/shm/lines
) &
sample "slot=$slot" >/dev/shm/lines &
follow
