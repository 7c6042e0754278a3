#!/usr/bin/env bash
# run.sh BUILD: runs every benchmark of the build and prints one table: ours, the peer of
# the same run, the ratio, and the ratio that must be reached. Rates are of one thread.
set -euo pipefail
build=$(realpath "$1")
cd "$(dirname "$0")"
CHESTERFIELD_SOURCE=$(realpath ..)
export CHESTERFIELD_SOURCE
rows=$(mktemp)
trap 'rm -f "$rows"' EXIT

# What was asked for and cannot be measured is an error: rows are never left out.
measure() { # NAME COMMAND...
	local before after
	before=$(wc -l <"$rows")
	echo "running $1" >&2
	"${@:2}" >>"$rows" || {
		echo "bench: $1 failed" >&2
		exit 1
	}
	after=$(wc -l <"$rows")
	[ "$after" -gt "$before" ] || {
		echo "bench: $1 measured nothing" >&2
		exit 1
	}
}

for source in bench_*.c; do
	name=${source%.c}
	name=${name//_/-}
	[ -x "$build/bench/$name" ] || {
		echo "bench: $build/bench/$name was not built (its peers: tools/packages-dev.txt)" >&2
		exit 1
	}
	measure "$name" "$build/bench/$name" "$build/src/cli/chesterfield" "$CHESTERFIELD_SOURCE/examples/todo"
done
for script in program-*.sh; do
	measure "$script" ./"$script" "$build"
done

awk -F '\t' '
function short(n) {
	return n >= 1e7 ? sprintf("%.1f M", n / 1e6) : n >= 1e4 ? sprintf("%.1f k", n / 1e3) : sprintf("%g", n)
}
BEGIN { printf "%-42s %-12s %12s  %-18s %12s %8s %8s\n", "what", "unit", "ours", "peer", "rate", "ratio", "goal" }
NF == 8 {
	goal = $7 + 0 ? $7 : "-"
	missed = $7 + 0 && $6 + 0 < $7 + 0
	printf "%-42s %-12s %12s  %-18s %12s %8.2f %8s%s\n", $1, $8, short($3), $4, short($5), $6, goal, \
		missed ? "  missed" : ""
	misses += missed
	next
}
{ print }
END { if (misses) print misses " goals missed" }' "$rows"
