#!/usr/bin/env bash
# run-tests.sh BUILD [ARGUMENT OF MESON TEST...]: runs the tests of a build and counts
# their cases. Each test writes TAP to BUILD/tap/NAME.tap (Check, the command line
# scripts and the corpus replays alike). A test that crashed, said nothing, ended
# early or failed without naming a case counts as one failure more. The last line is
# "N passed, N failed"; the exit code is 1 where anything failed.
set -euo pipefail
build=$1
shift
mkdir -p "$build/tap"
rm -f "$build"/tap/*.tap "$build/meson-logs/testlog.json"
meson test -C "$build" --no-rebuild --print-errorlogs --quiet "$@" >"$build/tap/log" 2>&1 ||
	tail -n 200 "$build/tap/log"
touch "$build/meson-logs/testlog.json"
awk -v dir="$build/tap" '
function count_tap(name,    path, line, got, planned) {
	path = dir "/" name ".tap"
	ok = bad = skipped = got = 0
	planned = -1
	while ((getline line < path) > 0) {
		if (line ~ /^ok .*# SKIP/) { skipped++; got++ }
		else if (line ~ /^ok /) { ok++; got++ }
		else if (line ~ /^not ok /) { bad++; got++; print name ": " line }
		else if (line ~ /^1\.\.[0-9]+/) planned = substr(line, 4) + 0
	}
	close(path)
	if (got == 0 || planned != got) {
		print name ": " got " cases seen, " (planned < 0 ? "none" : planned) " announced"
		bad++
	}
}
{
	match($0, /"name": "[^"]*"/)
	name = substr($0, RSTART + 9, RLENGTH - 10)
	sub(/.* \/ /, "", name)
	match($0, /"result": "[A-Z ]*"/)
	result = substr($0, RSTART + 11, RLENGTH - 12)
	count_tap(name)
	if (result != "OK" && bad == 0) {
		print name ": no case failed, but the test ended as " result
		bad++
	}
	passed += ok; failed += bad; skips += skipped; tests++
}
END {
	if (tests == 0) { print "no test ran"; failed++ }
	if (skips) print skips " skipped"
	printf "%d passed, %d failed\n", passed, failed
	exit failed > 0
}' "$build/meson-logs/testlog.json"
