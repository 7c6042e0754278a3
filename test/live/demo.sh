#!/usr/bin/env bash
# `make demo COUCHDB=...`: the demo on a server, which ends as on the embedded store.
source=${CHESTERFIELD_SOURCE:?the project folder}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
. "$(dirname "$0")/lib.sh"
unset CHESTERFIELD_STORE CHESTERFIELD_STATE CHESTERFIELD_CATALOG
live_start

result='not ok'
if DEMO_ITEMS=60 DEMO_FOLDER=$work/demo "$source/tools/demo.sh" "$CHESTERFIELD_BUILD" "$server" \
	>"$work/out" 2>"$work/err"; then
	grep -q '60 items became 180 documents' "$work/out" && result=ok
fi
# What the demo leaves for its reader is not left on a server that others use, too.
name=$(sed -n 's/.*in the database \(chesterfield-demo-[0-9-]*\),.*/\1/p' "$work/out")
for database in "$name" "$name-state"; do
	[ -z "$name" ] || NODE_PATH=$live/node_modules CHESTERFIELD_LIVE_SERVER=$server node -e "
		require('$live/world.js').ask('DELETE', '/$database')"
done
{
	echo "$result 1 - the demo on a server"
	[ "$result" = ok ] || sed 's/^/#   /' "$work/out" "$work/err"
	echo "1..1"
} | tee "${CK_TAP_LOG_FILE_NAME:-/dev/null}"
[ "$result" = ok ]
