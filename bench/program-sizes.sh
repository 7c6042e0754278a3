#!/usr/bin/env bash
# program-sizes.sh BUILD: whether the rate falls as the database grows. Documents of random
# keys a second by `docs put` and by `run --once`, for 20,000, 200,000 and BENCH_DOCS (a
# million) of them; the ratio is that to the rate of 20,000, for which it takes the median of
# three.
set -euo pipefail
build=$1
program=$build/src/cli/chesterfield
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
export BENCH_CHILD=$folder/child
export CHESTERFIELD_CATALOG=$CHESTERFIELD_SOURCE/examples/todo

# rate STEP COUNT ARGUMENT...: documents a second, noted in a file of the step.
rate() {
	local step=$1 count=$2
	shift 2
	"$build/bench/helper-child" "$program" -q "$@" >/dev/null
	awk -v count="$count" '{ printf "%.0f\n", count / $1 }' "$folder/child" >>"$folder/$step.$count"
}
median() { # FILE
	sort -n "$1" | awk '{ a[NR] = $1 } END { print a[int((NR + 1) / 2)] }'
}

for count in 20000 200000 "${BENCH_DOCS:-1000000}"; do
	./documents.sh "$count" >"$folder/documents"
	for _ in 1 2 3; do
		rm -f "$folder"/store.db*
		rate put "$count" docs put --store "sqlite:$folder/store.db" "$folder/documents"
		rate run "$count" run --once --store "sqlite:$folder/store.db"
		[ "$count" -le 20000 ] || break
	done
	for step in put run; do
		ours=$(median "$folder/$step.$count")
		small=$(median "$folder/$step.20000")
		goal=0
		[ "$step" = put ] || [ "$count" -le 20000 ] || goal=0.85
		printf '%s, %d documents of random keys\tchesterfield\t%d\t20000 of them\t%d\t%s\t%s\tdocuments/s\n' \
			"$([ "$step" = put ] && echo 'docs put' || echo 'job one')" "$count" "$ours" "$small" \
			"$(awk -v a="$ours" -v b="$small" 'BEGIN { printf "%.2f", a / b }')" "$goal"
	done
done
