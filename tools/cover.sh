#!/usr/bin/env bash
# cover.sh FOLDER: percent of lines and of branches that the tests reached, per room.
set -euo pipefail
cd "$1"
find . -name '*.gcda' -path '*src_*' -o -name '*.gcda' -path './src/*' | sort |
	xargs gcov -b -n 2>/dev/null |
	awk '
# A header is compiled many times: only the sources count. A sum without a name ends a run.
/^$/ { room = "" }
/^File / { match($0, /src\/[a-z]+\/.*\.c/); room = RSTART ? substr($0, RSTART + 4) : ""; sub(/\/.*/, "", room) }
/^Lines executed:/ && room { split($0, a, /[:%]| of /); lines[room] += a[4]; hit[room] += a[2] * a[4] / 100 }
/^(Calls|No calls)/ { room = "" }
/^Taken at least once:/ && room {
	split($0, a, /[:%]| of /); branches[room] += a[4]; taken[room] += a[2] * a[4] / 100
}
END {
	printf "%-10s %8s %8s %10s\n", "room", "lines", "percent", "branches"
	n = split("base json schema lens catalog store sync move serve cli", order, " ")
	for (i = 1; i <= n; i++) {
		r = order[i]
		if (!lines[r]) continue
		printf "%-10s %8d %7.1f%% %9.1f%%\n", r, lines[r], 100 * hit[r] / lines[r], \
			branches[r] ? 100 * taken[r] / branches[r] : 100
		all += lines[r]; all_hit += hit[r]; b += branches[r]; b_hit += taken[r]
	}
	printf "%-10s %8d %7.1f%% %9.1f%%\n", "all", all, 100 * all_hit / all, 100 * b_hit / b
}'
