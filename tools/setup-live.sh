#!/usr/bin/env bash
# setup-live.sh: installs what the tests with real peers need from npm, into
# test/live/node_modules: a server of CouchDB's protocol, and clients. Touches the network
# only when the lock file has changed; run again it does nothing. What is wrong is said in
# one line.
set -euo pipefail
cd "$(dirname "$0")/../test/live"

stop() {
	echo "setup: $1" >&2
	exit 1
}

exec 9>.setup.lock
flock 9
stamp=node_modules/.chesterfield
[ ! -f "$stamp" ] || ! cmp -s "$stamp" package-lock.json || exit 0
command -v npm >/dev/null || stop "npm is missing (Debian package npm): tests with real peers need it"
echo "setup: installing the npm packages of test/live" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
npm ci --ignore-scripts --no-audit --no-fund >"$log" 2>&1 ||
	stop "npm ci in test/live failed: $(grep -m1 -i 'err' "$log" || tail -n1 "$log")"
cp package-lock.json "$stamp"
