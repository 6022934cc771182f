#!/usr/bin/env bash
# Starts PostgreSQL as the official image does: as root it prepares the directories and steps down to the user
# postgres; on an empty data directory it makes a cluster first; then the server becomes process 1.
set -Eeo pipefail

if [ "${1:0:1}" = '-' ]; then
  set -- postgres "$@"
fi

# `postgres --version` and the like answer without a cluster.
wants_information() {
  local argument
  for argument; do
    case "$argument" in
      -'?' | --help | --describe-config | -V | --version) return 0 ;;
    esac
  done
  return 1
}

prepare_directories() {
  mkdir -p "$PGDATA" && chmod 00700 "$PGDATA" || :
  mkdir -p /var/run/postgresql && chmod 03775 /var/run/postgresql || :
  if [ -n "$POSTGRES_INITDB_WALDIR" ]; then
    mkdir -p "$POSTGRES_INITDB_WALDIR" && chmod 700 "$POSTGRES_INITDB_WALDIR"
  fi
  if [ "$(id -u)" = '0' ]; then
    find "$PGDATA" \! -user postgres -exec chown postgres '{}' +
    find /var/run/postgresql \! -user postgres -exec chown postgres '{}' +
    if [ -n "$POSTGRES_INITDB_WALDIR" ]; then
      find "$POSTGRES_INITDB_WALDIR" \! -user postgres -exec chown postgres '{}' +
    fi
  fi
}

# From 18 on the volume is one level higher. A volume at the old place would be ignored, so it is refused.
refuse_old_volume_layout() {
  [ "$PG_MAJOR" -ge 18 ] && [ "$PGDATA" = "/var/lib/postgresql/$PG_MAJOR/docker" ] || return 0
  if [ -s /var/lib/postgresql/data/PG_VERSION ] || grep -q ' /var/lib/postgresql/data ' /proc/self/mountinfo; then
    echo >&2 "Error: in $PG_MAJOR+, these Docker images are configured to store database data in a"
    echo >&2 '       format which is compatible with "pg_ctlcluster"; mount the volume at /var/lib/postgresql,'
    echo >&2 '       not at /var/lib/postgresql/data.'
    exit 1
  fi
}

if [ "$1" = 'postgres' ] && ! wants_information "$@"; then
  refuse_old_volume_layout
  prepare_directories
  if [ "$(id -u)" = '0' ]; then
    exec gosu postgres "$BASH_SOURCE" "$@"
  fi
  if [ -s "$PGDATA/PG_VERSION" ]; then
    printf '\nPostgreSQL Database directory appears to contain a database; Skipping initialization\n\n'
  else
    source /usr/local/bin/initialize-cluster.sh
    initialize_cluster "$@"
    printf '\nPostgreSQL init process complete; ready for start up.\n\n'
  fi
fi

exec "$@"
