# Arguments: file, bytes, SHA-256.
require_sum "$1" "$2" "$3"
check_rdb "$1" check
