# Arguments: a path. Result `exists`: yes or no.
if is_there "$1"; then result exists yes; else result exists no; fi
