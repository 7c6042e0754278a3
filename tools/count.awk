# count.awk -v dir=FOLDER testlog.json: sums the cases in FOLDER/NAME.tap of each test
# that meson ran. See run-tests.sh.
function count_tap(name,    path, line, got, planned) {
	path = dir "/" name ".tap"
	ok = bad = skipped = got = 0
	planned = -1
	while ((getline line < path) > 0) {
		if (line ~ /^ok .*# SKIP/) { skipped++; got++ }
		else if (line ~ /^ok /) { ok++; got++ }
		else if (line ~ /^not ok /) { bad++; got++; print name ": " line }
		else if (line ~ /^#/) print line
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
	tests++
	if (match($0, /SKIPPED: [^"\\]*/)) print name ": " substr($0, RSTART, RLENGTH)
	if (result == "SKIP") { skips++; next }
	count_tap(name)
	if (result != "OK" && bad == 0) {
		print name ": no case failed, but the test ended as " result
		bad++
	}
	passed += ok; failed += bad; skips += skipped
}
END {
	if (tests == 0) { print "no test ran"; failed++ }
	if (skips) print skips " skipped"
	printf "%d passed, %d failed\n", passed, failed
	exit failed > 0
}
