# Sourced by the entrypoint: makes the cluster on the first start, with the official image's variables.

# VAR, or the content of the file named by VAR_FILE, or a default; both at once is a mistake of the caller's.
read_setting() {
  local name="$1" file_name="${1}_FILE" value="${2:-}"
  if [ -n "${!name:-}" ] && [ -n "${!file_name:-}" ]; then
    echo >&2 "error: both $name and $file_name are set (but are exclusive)"
    exit 1
  fi
  if [ -n "${!name:-}" ]; then
    value="${!name}"
  elif [ -n "${!file_name:-}" ]; then
    value="$(< "${!file_name}")"
  fi
  export "$name"="$value"
  unset "$file_name"
}

read_settings() {
  read_setting POSTGRES_PASSWORD
  read_setting POSTGRES_USER postgres
  read_setting POSTGRES_DB "$POSTGRES_USER"
  read_setting POSTGRES_INITDB_ARGS
  : "${POSTGRES_HOST_AUTH_METHOD:=}"
}

require_password() {
  if [ -z "$POSTGRES_PASSWORD" ] && [ "$POSTGRES_HOST_AUTH_METHOD" != 'trust' ]; then
    echo >&2 'Error: Database is uninitialized and superuser password is not specified.'
    echo >&2 '       You must specify POSTGRES_PASSWORD to a non-empty value for the superuser.'
    echo >&2 '       You may also use "POSTGRES_HOST_AUTH_METHOD=trust" to allow all connections without a password.'
    exit 1
  fi
}

make_cluster() {
  if [ -n "$POSTGRES_INITDB_WALDIR" ]; then
    set -- --waldir "$POSTGRES_INITDB_WALDIR" "$@"
  fi
  # POSTGRES_INITDB_ARGS is a command line's tail by contract, hence the eval.
  eval 'initdb --username="$POSTGRES_USER" --pwfile=<(printf "%s\n" "$POSTGRES_PASSWORD") '"$POSTGRES_INITDB_ARGS"' "$@"'
}

allow_hosts() {
  local method="${POSTGRES_HOST_AUTH_METHOD:-$(postgres -C password_encryption)}"
  {
    printf '\n'
    if [ "$method" = 'trust' ]; then
      printf '# warning trust is enabled for all connections\n'
    fi
    printf 'host all all all %s\n' "$method"
  } >> "$PGDATA/pg_hba.conf"
}

run_psql() {
  PGHOST= PGHOSTADDR= psql -v ON_ERROR_STOP=1 --username "$POSTGRES_USER" --no-password --no-psqlrc "$@"
}

create_database() {
  [ "$POSTGRES_DB" != 'postgres' ] || return 0
  local known
  known="$(run_psql --dbname postgres -v db="$POSTGRES_DB" --tuples-only <<< "SELECT 1 FROM pg_database WHERE datname = :'db';")"
  if [ -z "$known" ]; then
    run_psql --dbname postgres -v db="$POSTGRES_DB" <<< 'CREATE DATABASE :"db";'
    printf '\n'
  fi
}

run_init_scripts() {
  local script
  for script in /docker-entrypoint-initdb.d/*; do
    case "$script" in
      *.sh)
        printf '%s: running %s\n' "$0" "$script"
        if [ -x "$script" ]; then "$script"; else . "$script"; fi
        ;;
      *.sql) printf '%s: running %s\n' "$0" "$script"; run_psql --dbname "$POSTGRES_DB" -f "$script"; printf '\n' ;;
      *.sql.gz) printf '%s: running %s\n' "$0" "$script"; gunzip -c "$script" | run_psql --dbname "$POSTGRES_DB"; printf '\n' ;;
      *.sql.xz) printf '%s: running %s\n' "$0" "$script"; xzcat "$script" | run_psql --dbname "$POSTGRES_DB"; printf '\n' ;;
      *.sql.zst) printf '%s: running %s\n' "$0" "$script"; zstd -dc "$script" | run_psql --dbname "$POSTGRES_DB"; printf '\n' ;;
      *) [ ! -e "$script" ] || printf '%s: ignoring %s\n' "$0" "$script" ;;
    esac
  done
}

# The first server listens on the socket only: nobody else sees a half-made cluster.
initialize_cluster() {
  read_settings
  require_password
  make_cluster
  allow_hosts
  export PGPASSWORD="${PGPASSWORD-$POSTGRES_PASSWORD}"
  [ "$1" != 'postgres' ] || shift
  PGUSER="${PGUSER:-$POSTGRES_USER}" pg_ctl -D "$PGDATA" -w start \
    -o "$(printf '%q ' "$@" -c listen_addresses= -p "${PGPORT:-5432}")"
  create_database
  run_init_scripts
  PGUSER="${PGUSER:-postgres}" pg_ctl -D "$PGDATA" -m fast -w stop
  unset PGPASSWORD
}
