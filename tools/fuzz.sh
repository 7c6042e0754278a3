#!/usr/bin/env bash
# fuzz.sh FOLDER: runs each fuzzer of the build for FUZZ_SECONDS. New inputs are kept in
# FOLDER/corpus, what crashes in FOLDER/crash. The last line is "N passed, N failed".
set -euo pipefail
folder=$1
passed=0 failed=0
seeds=$(dirname "$0")/../test/fuzz/corpus
mkdir -p "$folder/crash"
for fuzzer in "$folder"/test/fuzz/fuzz-*; do
	[ -x "$fuzzer" ] && [ -f "$fuzzer" ] || continue
	name=${fuzzer##*/fuzz-}
	mkdir -p "$folder/corpus/$name"
	if "$fuzzer" -max_total_time="$FUZZ_SECONDS" -timeout=10 -rss_limit_mb=1024 \
		-artifact_prefix="$folder/crash/$name-" "$folder/corpus/$name" "$seeds/$name" \
		>"$folder/$name.log" 2>&1; then
		passed=$((passed + 1))
		echo "$name: $(grep '^Done' "$folder/$name.log")"
	else
		failed=$((failed + 1))
		echo "$name: failed, see $folder/$name.log"
		tail -n 30 "$folder/$name.log"
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ] && [ "$passed" -gt 0 ]
