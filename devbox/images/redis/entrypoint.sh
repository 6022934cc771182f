#!/bin/sh
# Starts Redis or Valkey as the official image does: options alone mean the server, root steps down to its user.
set -e
family=$HOLDFAST_DEVBOX_FAMILY
server=$family-server

# What the Dockerfile, which is one for both, has as its command.
if [ "$1" = 'redis-server' ]; then
  shift
  set -- "$server" "$@"
fi

if [ "${1#-}" != "$1" ] || [ "${1%.conf}" != "$1" ]; then
  set -- "$server" "$@"
fi

# The official binary is compiled with protected-mode off, Debian's is not. Said here, before the caller's own
# options (a later option wins) and only where no configuration file of the caller's speaks of it.
if [ "$1" = "$server" ] && [ -z "$HOLDFAST_DEVBOX_STEPPED_DOWN" ]; then
  shift
  case "$1" in
    -v | --version | -h | --help | --test-memory | --check-system | -) set -- "$server" "$@" ;;
    '' | -*) set -- "$server" --protected-mode no "$@" ;;
    *)
      config="$1"
      shift
      if grep -qi '^[[:space:]]*protected-mode' "$config" 2>/dev/null; then
        set -- "$server" "$config" "$@"
      else
        set -- "$server" "$config" --protected-mode no "$@"
      fi
      ;;
  esac
fi

if [ "$1" = "$server" ] && [ "$(id -u)" = '0' ]; then
  find . \! -user "$family" -exec chown "$family" '{}' +
  export HOLDFAST_DEVBOX_STEPPED_DOWN=1
  exec setpriv --reuid="$family" --regid="$family" --clear-groups -- "$0" "$@"
fi
unset HOLDFAST_DEVBOX_STEPPED_DOWN

# Files of the data set are the user's alone, unless the caller chose a umask.
if [ "$(umask)" = '0022' ]; then
  umask 0077
fi

exec "$@"
