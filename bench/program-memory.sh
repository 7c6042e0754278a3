#!/usr/bin/env bash
# program-memory.sh BUILD: peak memory of the program over BENCH_DOCS (a million) documents.
# Prints rows as bench.h describes; the ratio is what is allowed (64 MiB) by what was taken.
set -euo pipefail
build=$1
program=$build/src/cli/chesterfield
count=${BENCH_DOCS:-1000000}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export BENCH_CHILD=$folder/child
export CHESTERFIELD_CATALOG=$CHESTERFIELD_SOURCE/examples/todo
export CHESTERFIELD_STORE=sqlite:$folder/store.db

# measure WHAT ARGUMENT...: runs the program; rows for the memory and the time it took.
measure() {
	local what=$1
	shift
	"$build/bench/helper-child" "$program" -q "$@" >/dev/null
	awk -v what="$what" -v docs="$count" '{
		printf "%s, peak memory\tchesterfield\t%.1f\tallowed\t64\t%.2f\t1.00\tMiB\n", what, $2 / 1024, 65536 / $2
		printf "%s of %d documents took %.1f s, %.0f documents/s\n", what, docs, $1, docs / $1
	}' "$folder/child"
}

./documents.sh "$count" >"$folder/documents"
if "$program" convert --help >/dev/null 2>&1; then
	measure convert convert --to todo-item@3 "$folder/documents"
fi
measure "docs put" docs put "$folder/documents"
measure "run" run --once
