#!/bin/sh
# Makes the namespace where it is not there yet, and registers what runs are found by: both again and again without harm.
# TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE come from the environment.
set -eu

if temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" > /dev/null 2>&1; then
  echo "namespace $TEMPORAL_NAMESPACE is there"
else
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention 720h
fi

# The server takes some seconds to notice a new namespace.
attempt=1
until temporal operator search-attribute create --namespace "$TEMPORAL_NAMESPACE" \
  --name HoldfastService --type Keyword --name HoldfastRunbook --type Keyword \
  --name HoldfastPhase --type Keyword --name HoldfastOutcome --type Keyword; do
  [ "$attempt" -lt 30 ] || exit 1
  attempt=$((attempt + 1))
  sleep 2
done
