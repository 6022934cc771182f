# Arguments: a path. Result `exists`: yes or no.
if [ -e "$1" ]; then result exists yes; else result exists no; fi
