#!/usr/bin/env bash
# One service for the databases of a server.
source=${CHESTERFIELD_SOURCE:?the project folder}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$(dirname "$0")/lib.sh"
live_start
cd "$work" || exit 1
unset CHESTERFIELD_STORE CHESTERFIELD_STATE CHESTERFIELD_CATALOG
NODE_PATH=$live/node_modules CHESTERFIELD_LIVE_SERVER=$server CHESTERFIELD_LIVE_POUCHDB=$server_is_pouchdb \
	node "$live/many.js"
