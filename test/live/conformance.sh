#!/usr/bin/env bash
# The suite that judges every store, asked of a server of CouchDB's protocol.
source=${CHESTERFIELD_SOURCE:?the project folder}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$(dirname "$0")/lib.sh"
live_start
CHESTERFIELD_CONFORMANCE_COUCHDB=$server "$CHESTERFIELD_BUILD/test/test-conformance"
