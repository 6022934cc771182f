#!/bin/sh
# Makes Temporal's two databases and brings their tables to this version. Does nothing where they are current.
set -eu

prepare() {
  database="$1"
  versions="/etc/temporal/schema/postgresql/v12/$2/versioned"
  tool="temporal-sql-tool --plugin postgres12 --ep $SQL_HOST -p 5432 -u $SQL_USER --db $database"
  $tool create
  $tool setup-schema -v 0.0
  $tool update-schema -d "$versions"
}

prepare temporal temporal
prepare temporal_visibility visibility
