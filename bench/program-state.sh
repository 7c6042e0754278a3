#!/usr/bin/env bash
# program-state.sh BUILD: bytes of the state of job one in an SQLite file, against half of the
# bytes of the documents that it is about, indexes and all. Prints rows as bench.h describes.
set -euo pipefail
build=$1
program=$build/src/cli/chesterfield
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

# row CATALOG: of the documents in the file of that name.
row() {
	local store=$folder/$1.db
	"$program" -q docs put --store "sqlite:$store" "$folder/$1" >/dev/null
	"$program" -q run --once -c "$CHESTERFIELD_SOURCE/examples/$1" --store "sqlite:$store"
	sqlite3 -separator ' ' "$store" "
		SELECT sum(CASE WHEN name LIKE '%chesterfield-state%' THEN pgsize END),
			sum(CASE WHEN name LIKE '%documents%' THEN pgsize END) / 2 FROM dbstat" |
		awk -v what="$1" '{
			printf "state of job one, %s\tchesterfield\t%.1f\thalf of documents\t%.1f\t%.2f\t1.00\tMB\n", what, $1 / 1e6, $2 / 1e6, $2 / $1
		}'
}

./documents.sh 20000 >"$folder/todo"
# The sample again and again, under other ids.
for i in {1..400}; do
	sed "s/^{\"_id\":\"\([^\"]*\)\"/{\"_id\":\"\1$i\"/" "$CHESTERFIELD_SOURCE/examples/cities/sample.ndjson"
done >"$folder/cities"
row todo
row cities
