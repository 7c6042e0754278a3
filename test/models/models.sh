#!/usr/bin/env bash
# models.sh [MODEL]: lets spin look at each row of src/move/model/models.txt, and prints
# TAP. A model that should hold must; a rule taken out must break the property that the
# row names, or the rule is not needed, or the model does not see what it is for.
# DEPTH=deep runs the rows that take minutes, too.
set -u
source=${CHESTERFIELD_SOURCE:-$(cd "$(dirname "$0")/../.." && pwd)}
models=$source/src/move/model
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cases=0 failures=0
[ -z "${CK_TAP_LOG_FILE_NAME:-}" ] || : >"$CK_TAP_LOG_FILE_NAME"

tap() {
	printf '%s\n' "$1"
	[ -z "${CK_TAP_LOG_FILE_NAME:-}" ] || printf '%s\n' "$1" >>"$CK_TAP_LOG_FILE_NAME"
}

# Sets `found`: holds, p1 to p6, hangs, or what went wrong. All of it in 4 GB.
search() { # MODEL FLAG...
	local model=$1 flags=()
	shift
	for flag in "$@"; do
		[ "$flag" = - ] || flags+=("-D$flag")
	done
	rm -rf "$work/run"
	mkdir "$work/run"
	(
		cd "$work/run" && cp "$models"/*.pml . && ulimit -v 6000000 &&
			spin -a "${flags[@]}" "$model.pml" >spin.out 2>&1 &&
			gcc -O1 -w -DSAFETY -DCOLLAPSE -DVECTORSZ=2048 -DMEMLIM=4000 pan.c -o pan &&
			./pan -m200000 >pan.out 2>&1
	)
	if grep -q 'max search depth too small\|out of memory\|truncated' "$work/run/pan.out"; then
		found='not searched to the end'
	elif grep -q 'assertion violated' "$work/run/pan.out"; then
		found=$(sed -n 's/.*assertion violated ((\(p[1-6]\)>0).*/\1/p' "$work/run/pan.out" | head -n 1)
	elif grep -q 'invalid end state (' "$work/run/pan.out"; then
		found=hangs
	elif grep -q 'errors: 0' "$work/run/pan.out"; then
		found=holds
	else
		found="no answer: $(tail -n 1 "$work/run/spin.out" "$work/run/pan.out" 2>/dev/null | tr '\n' ' ')"
	fi
}

while read -r model row; do
	case $model in '' | '#'*) continue ;; esac
	[ "${1:-$model}" = "$model" ] || continue
	if [[ $row == *' deep' ]]; then
		[ "${DEPTH:-}" = deep ] || continue
		row=${row% deep}
	fi
	read -ra words <<<"$row"
	wanted=${words[-1]}
	unset 'words[-1]'
	search "$model" "${words[@]}"
	cases=$((cases + 1))
	if [ "$found" = "$wanted" ]; then
		tap "ok $cases - $model ${words[*]}: $wanted"
	else
		failures=$((failures + 1))
		tap "not ok $cases - $model ${words[*]}: $found, not $wanted"
	fi
done <"$models/models.txt"
tap "1..$cases"
[ "$cases" -gt 0 ] && [ "$failures" -eq 0 ]
