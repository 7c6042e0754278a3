#!/usr/bin/env bash
# program-run.sh BUILD: job one over an SQLite file, documents and state records written a
# second, against plain inserts of rows of the same size; in turn, medians of five.
set -euo pipefail
build=$1
program=$build/src/cli/chesterfield
catalog=$CHESTERFIELD_SOURCE/examples/todo
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
count=30000
./documents.sh "$count" >"$folder/documents"
"$program" docs put --store "sqlite:$folder/full.db" "$folder/documents" >/dev/null
for _ in 1 2 3 4 5; do
	rm -f "$folder"/run.db* "$folder"/plain.db*
	cp "$folder/full.db" "$folder/run.db"
	"$program" run --once -c "$catalog" --store "sqlite:$folder/run.db" 2>&1 |
		sed -n 's/.*(\([0-9]*\)\/s).*/\1/p' >>"$folder/ours"
	"$build/bench/helper-insert" "$folder/plain.db" $((count * 3)) >>"$folder/plain"
done
ours=$(sort -n "$folder/ours" | sed -n 3p)
plain=$(sort -n "$folder/plain" | sed -n 3p)
awk -v a="$ours" -v b="$plain" 'BEGIN {
	printf "job one on SQLite, docs and state\tchesterfield\t%d\tplain inserts\t%d\t%.2f\t0.85\trecords/s\n", a, b, a / b
}'
