#!/usr/bin/env bash
# program-move.sh BUILD: rows of seven columns from SQLite to PostgreSQL (BENCH_ROWS, a
# million), by `move backfill` and by pgloader, into equal tables of one server that is
# safe against crashes as it comes; then the verification, against what a plain read of
# the slower side takes. Prints rows as bench.h describes.
set -euo pipefail
build=$(realpath "$1")
if [ -z "${CHESTERFIELD_POSTGRES:-}" ]; then
	exec "$(dirname "$(realpath "$0")")/../test/live/postgres.sh" "$(realpath "$0")" "$build"
fi
program=$build/src/cli/chesterfield
count=${BENCH_ROWS:-1000000}
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
export BENCH_CHILD=$folder/child

sqlite3 old.db "CREATE TABLE city(id INTEGER PRIMARY KEY, country TEXT, name TEXT, admin1 TEXT,
  admin2 TEXT, lat REAL, lng REAL);
WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < $count)
INSERT INTO city SELECT i, char(65 + i % 26, 65 + i / 26 % 26), 'Place number ' || i, i % 100,
  NULL, round(i * 0.000089 - 45, 5), round(i * 0.000179 - 90, 5) FROM n;"
for table in city loaded; do
	psql -q -c "CREATE TABLE $table(id bigint PRIMARY KEY, country text, name text, admin1 text,
		admin2 text, lat float8, lng float8)"
done
cat >move.yaml <<EOF2
name: cities
old: "sqlite:$folder/old.db?table=city"
new: "$CHESTERFIELD_POSTGRES&table=city"
control: "sqlite:$folder/control.db"
guarantee: repair
EOF2
cat >load <<EOF2
LOAD DATABASE FROM sqlite://$folder/old.db INTO postgresql://chesterfield@unix:$PGHOST:5432/postgres
  WITH data only, workers = 2, concurrency = 1
  ALTER TABLE NAMES MATCHING 'city' RENAME TO 'loaded'
  SET work_mem to '16MB';
EOF2

# seconds COMMAND...: the time that it took.
seconds() {
	local start end
	start=$(date +%s%N)
	"$@" >out 2>&1 || {
		cat out >&2
		exit 1
	}
	end=$(date +%s%N)
	awk -v ns=$((end - start)) 'BEGIN { printf "%.3f", ns / 1e9 }'
}

row() { # what, our seconds, peer, its seconds, goal
	awk -v what="$1" -v ours="$2" -v peer="$3" -v theirs="$4" -v goal="$5" -v rows="$count" 'BEGIN {
		printf "%s\tchesterfield\t%.0f\t%s\t%.0f\t%.2f\t%s\trows/s\n", what, rows / ours, peer, rows / theirs, theirs / ours, goal
	}'
}

"$program" move start -q -f move.yaml
copied=$(seconds "$build/bench/helper-child" "$program" move backfill -q -f move.yaml)
awk '{ printf "backfill, peak memory\tchesterfield\t%.1f\tallowed\t64\t%.2f\t1.00\tMiB\n", $2 / 1024, 65536 / $2 }' child
if command -v pgloader >/dev/null; then
	loaded=$(seconds pgloader --quiet load)
	[ "$(psql -qAt -c 'SELECT count(*) FROM loaded')" = "$count" ] || {
		echo "pgloader did not load all" >&2
		exit 1
	}
	row "SQLite to PostgreSQL" "$copied" pgloader "$loaded" 1.00
else
	echo "pgloader is not here: nothing to compare with"
fi
read_new=$(seconds psql -qAt -c "COPY (SELECT * FROM city ORDER BY id) TO STDOUT")
verified=$(seconds "$build/bench/helper-child" "$program" move verify -q -f move.yaml)
awk '{ printf "verify, peak memory\tchesterfield\t%.1f\tallowed\t64\t%.2f\t1.00\tMiB\n", $2 / 1024, 65536 / $2 }' child
read_old=$(seconds "$program" docs list --store "sqlite:$folder/old.db?table=city")
row "verify, against reading the old store" "$verified" "docs list" "$read_old" 0.80
echo "verify of $count rows took $verified s; COPY of the new table alone $read_new s"
