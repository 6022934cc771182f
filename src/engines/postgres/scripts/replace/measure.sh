# How much lies in a data directory, and whether the repository is on its file system. Arguments: data directory; a file of the repository as it is seen here, or none.
live=$1 head=${2:-}
require_libraries
cd "$live"
# In an archive: each entry a block of 512, its content rounded up to such.
find . -path ./pgsql_tmp.holdfast -prune -o -path ./lost+found -prune -o -type f -exec stat -c %s {} + >"$work/sizes"
find . -path ./pgsql_tmp.holdfast -prune -o -path ./lost+found -prune -o ! -type f -print | sed 's/.*/0/' >>"$work/sizes"
result archive "$(awk '{ sum += int(($1 + 511) / 512) * 512 + 512; plain += $1 } END { printf "%.0f %.0f\n", sum, plain }' "$work/sizes")"
# On the disk.
all=$(first $(du -sk . 2>/dev/null)) ours=0
[ ! -d pgsql_tmp.holdfast ] || ours=$(first $(du -sk pgsql_tmp.holdfast))
result freed "$((all - ours))"
result free "$(df -P -k . | awk 'NR == 2 { print $4 }')"
[ -n "$head" ] && [ -f "$head" ] || { result repository absent; exit 0; }
result repository "$(first $(sha256sum <"$head"))"
# The same device; or, where a file system gives each of its parts a number of its own, the same disk.
source_of() { df -P "$1" | awk 'NR == 2 { print $1 }'; }
same=no
[ "$(stat -c %d .)" != "$(stat -c %d "$head")" ] || same=yes
case $(source_of .) in /*) [ "$(source_of .)" != "$(source_of "$head")" ] || same=yes ;; esac
result same "$same"
