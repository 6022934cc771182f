# pg_waldump's lines (PostgreSQL 15 to 18) to the commits that are asked about, each with all that its subtransactions did. Bounded: of a transaction that is over nothing
# is kept, and of many commits every second, fourth, eighth … one, beside the heaviest.
function digits(text, position, value) {
  value = 0
  for (position = 1; position <= length(text); position++) value = value * 16 + index("0123456789ABCDEF", substr(text, position, 1)) - 1
  return value
}
function bytes_of(lsn, cut) {
  cut = index(lsn, "/")
  return digits(substr(lsn, 1, cut - 1)) * 4294967296 + digits(substr(lsn, cut + 1))
}
# Takes what a transaction did into the totals, and forgets it.
function take(id, at, key) {
  changed += changes[id]
  removed += removals[id]
  delete changes[id]
  delete removals[id]
  if (id in locks) {
    at = bytes_of(locks[id])
    if (locked == "" || at < locked_at) { locked = locks[id]; locked_at = at }
    delete locks[id]
  }
  if (id in closed) {
    at = bytes_of(closed[id])
    if (!(id in shortened) && (whole == "" || at < whole_at)) { whole = closed[id]; whole_at = at }
    delete closed[id]
  }
  if (id in had_count) {
    for (key in asked) delete had[id, key]
    delete had_count[id]
  }
  delete shortened[id]
}
function keep(line, weight, least, slot) {
  if (candidates % stride == 0) {
    kept[count++] = line
    if (count > 2 * most) {
      for (slot = 0; slot * 2 < count; slot++) kept[slot] = kept[slot * 2]
      count = slot
      stride *= 2
    }
  }
  candidates++
  if (weight == 0) return
  if (heavy_count < 64) { heavy[heavy_count] = line; heavy_weight[heavy_count++] = weight; return }
  least = 0
  for (slot = 1; slot < 64; slot++) if (heavy_weight[slot] < heavy_weight[least]) least = slot
  if (heavy_weight[least] <= weight) { heavy[least] = line; heavy_weight[least] = weight }
}
BEGIN {
  asked_count = split(tables, g, " ")
  for (i = 1; i <= asked_count; i++) asked[g[i]] = 1
}
BEGIN { stride = 1; count = 0; heavy_count = 0; candidates = 0; commits = 0; cut = "-"; began = since_at == "-"; over = 0; next_chunk = -1 }
over { next }
$1 == "@chunk" {
  again = next_chunk
  next_chunk = $3 == "-" ? -1 : $3 * size
  next
}
{
  start = index($0, ", tx:")
  if (start == 0) next
  head = substr($0, start, 200)
  split(head, f, /[ ,]+/)
  xid = f[3]
  manager = $2
  position = -1
}
# What lies behind the chunk comes again.
next_chunk >= 0 {
  position = bytes_of(f[5])
  if (position >= next_chunk) next
}
manager == "Heap" {
  if (f[9] ~ /^DELETE/) { changes[xid]++; removals[xid]++ }
  else if (f[9] ~ /^(HOT_)?UPDATE/) changes[xid]++
  else if (f[9] ~ /^TRUNCATE/) { changes[xid] += 1000000; removals[xid] += 1000000 }
  next
}
# A vacuum that gives back the end of a table lets go of it before it commits.
manager == "Storage" {
  if (f[9] == "TRUNCATE") shortened[xid] = 1
  next
}
manager == "Standby" {
  if (f[9] != "LOCK") next
  total = split(substr($0, start), g, /[ ,]+/)
  for (i = 10; i < total; i++) if (g[i] == "xid") {
    id = g[i + 1]
    if (!(id in locks)) locks[id] = f[5]
    key = g[i + 3] "/" g[i + 5]
    if (!(key in asked) || (id, key) in had) continue
    had[id, key] = 1
    # In one subtransaction or none: locks of one that is rolled back go with it.
    if (++had_count[id] == asked_count) closed[id] = f[5]
  }
  next
}
manager == "Transaction" && f[9] ~ /^(COMMIT|ABORT)(_PREPARED)?$/ {
  if (f[9] ~ /_PREPARED$/ && f[10] ~ /:$/) { xid = substr(f[10], 1, length(f[10]) - 1); day = f[11]; time = f[12] }
  else { day = f[10]; time = f[11] }
  changed = 0; removed = 0; locked = ""; locked_at = 0; whole = ""; whole_at = 0
  take(xid)
  if ((at = index($0, "; subxacts: ")) > 0) {
    list = substr($0, at + 12)
    if ((at = index(list, ";")) > 0) list = substr(list, 1, at - 1)
    total = split(list, g, " ")
    for (i = 1; i <= total; i++) take(g[i])
  }
  if (f[9] ~ /^ABORT/) next
  if (position < 0) position = bytes_of(f[5])
  if (position > until) { over = 1; printf "" >enough; close(enough); next }
  moment = day " " time
  if (until_at != "-" && moment > until_at) { cut = f[5]; over = 1; printf "" >enough; close(enough); next }
  if (!began && moment >= since_at) began = 1
  if (!began || position < since) next
  commits++
  drops = $0 ~ /; (rels|dropped stats): / ? 1 : 0
  catalog = drops || index($0, "; inval msgs:") > 0
  if (mode == "dropped" && !catalog) next
  if (mode == "shrunk" && !catalog && removed == 0) next
  weight = mode == "shrunk" ? removed : mode == "any" ? changed : 0
  if (drops || weight > 1000000000) weight = 1000000000
  line = xid " " f[5] " " day " " time " " weight " " (locked == "" ? "-" : locked) " " (whole == "" ? "-" : whole)
  keep(line, weight)
}
END {
  print "commits", commits, "candidates", candidates, "stride", stride, "cut", cut
  for (i = 0; i < count; i++) print "c", kept[i]
  for (i = 0; i < heavy_count; i++) print "c", heavy[i]
}
