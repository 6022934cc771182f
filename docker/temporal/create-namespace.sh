#!/bin/sh
# Makes the namespace where it is not there yet. TEMPORAL_ADDRESS and TEMPORAL_NAMESPACE come from the environment.
set -eu

if temporal operator namespace describe --namespace "$TEMPORAL_NAMESPACE" > /dev/null 2>&1; then
  echo "namespace $TEMPORAL_NAMESPACE is there"
else
  temporal operator namespace create --namespace "$TEMPORAL_NAMESPACE" --retention 720h
fi
