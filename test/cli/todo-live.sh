# The todo service of examples/move is moved from SQLite to PostgreSQL while it runs: two
# processes, up to live, back, up again and to the end. No call fails, and no read is
# answered with an old value. Runs beside a server of its own (test/live/postgres.sh).
. "$(dirname "$0")/lib.sh"
: "${CHESTERFIELD_POSTGRES:?run by test/live/postgres.sh}"
todo=${CHESTERFIELD_TODO:?the service}
sql() { psql -qAt -v ON_ERROR_STOP=1 -c "$1"; }

sqlite3 todo.db "PRAGMA journal_mode=WAL;
  CREATE TABLE todo(id TEXT PRIMARY KEY, title TEXT, done BOOLEAN, rank INT);
  WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 500)
  INSERT INTO todo SELECT 'kept-' || i, 'Item ' || i, i % 2, i FROM n" >/dev/null
sql 'CREATE TABLE todo(id text COLLATE "C" PRIMARY KEY, title text, done boolean, rank bigint)'
cat >move.yaml <<EOF2
name: todo
old: "sqlite:$PWD/todo.db?table=todo"
new: "$CHESTERFIELD_POSTGRES&table=todo"
control: "sqlite:$PWD/control.db"
timeouts: {hold_ms: 2000}
EOF2
export CHESTERFIELD_MOVE=move.yaml

# The service ends with its standard input.
mkfifo input-a input-b
"$program" move start -q
"$todo" move.yaml a <input-a >a.json 2>a.err &
pid_a=$!
"$todo" move.yaml b <input-b >b.json 2>b.err &
pid_b=$!
exec 8>input-a 9>input-b

stage() { "$program" move status --json | sed 's/.*"stage":"\([a-z]*\)".*/\1/'; }
# What stands in the way is asked again until it is gone, ten times a second: a machine that
# is busy needs its time for the service.
mkfifo nothing
exec 7<>nothing
until_confirmed() {
	until "$program" move status --json >state &&
		grep -q '"name":"a","confirmed":true' state &&
		grep -q '"name":"b","confirmed":true' state; do
		kill -0 $pid_a && kill -0 $pid_b || break
		read -r -t 0.1 -u 7
	done
}
# A hand-over that was withdrawn, on a machine that is busy, is tried again.
go() { # command...
	local tries=0
	until_confirmed
	until run move "$@" && [ "$code" = 0 ] || [ $tries -ge 20 ]; do
		tries=$((tries + 1))
		until_confirmed
	done
	expect_code 0
	until_confirmed
}
until_confirmed

begin "both are written, and the rest is copied while they are"
go advance
run move backfill
expect_code 0
go advance
run move verify
expect_code 0

begin "a part of the keys is handed over, then all"
go advance --gate 12.5
run move status
expect_out_has '12.5 % of the keys are at stage live'
go advance
expect_true "at live" test "$(stage)" = live
run move verify
expect_code 0

begin "back to the old store, and on again"
go reverse
expect_true "at shadow" test "$(stage)" = shadow
run move verify
expect_code 0
go advance --to live
expect_true "at live" test "$(stage)" = live

begin "to the end: nothing of ours is left in either store"
go advance
run move complete --yes
expect_code 0
expect_true "complete" test "$(stage)" = complete
expect_true "no table of ours in the new store" test \
	"$(sql "SELECT count(*) FROM pg_tables WHERE tablename LIKE 'chesterfield%'")" = 0
expect_true "nor in the old one" test \
	"$(sqlite3 todo.db "SELECT count(*) FROM sqlite_master WHERE name LIKE 'chesterfield%'")" = 0
run move advance
expect_code 4
run move reverse
expect_code 4

begin "no call failed, and no read was answered with an old value"
exec 8>&- 9>&-
wait $pid_a
expect_true "a" test $? = 0
wait $pid_b
expect_true "b" test $? = 0
expect_has a.json '"failed":0,"stale":0}'
expect_has b.json '"failed":0,"stale":0}'
expect_true "nothing was said" test ! -s a.err -a ! -s b.err
expect_true "what was never touched is there" test "$(sql "SELECT count(*) FROM todo WHERE id LIKE 'kept-%'")" = 500
finish
