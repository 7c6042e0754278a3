# Moving the cities from SQLite to PostgreSQL by the program. Runs beside a server of its
# own (test/live/postgres.sh).
. "$(dirname "$0")/lib.sh"
: "${CHESTERFIELD_POSTGRES:?run by test/live/postgres.sh}"
sql() { psql -qAt -v ON_ERROR_STOP=1 -c "$1"; }

# The sample of examples/cities as a table of rows, written as its README says.
{
	echo 'CREATE TABLE line(text);'
	sed "s/'/''/g; s/^/INSERT INTO line VALUES('/; s/\$/');/" "$source/examples/cities/sample.ndjson"
} | sqlite3 cities.db
sqlite3 cities.db '
CREATE TABLE city(id TEXT PRIMARY KEY, country TEXT, name TEXT, admin1 TEXT, admin2 TEXT,
  lat REAL, lng REAL, capital BOOLEAN, founded TEXT);
INSERT INTO city SELECT substr(text ->> "_id", 8), text ->> "country", text ->> "name",
  text ->> "admin1", text ->> "admin2", text ->> "lat", text ->> "lng", rowid = 3,
  iif(rowid = 3, "1278-11-01T12:00:00+02:00", NULL) FROM line;
DROP TABLE line;'
sql 'CREATE TABLE city(id text COLLATE "C" PRIMARY KEY, country char(2), name text,
  admin1 text, admin2 text, lat float8, lng float8, capital boolean, founded timestamptz)'
old="sqlite:$PWD/cities.db?table=city"
new="$CHESTERFIELD_POSTGRES&table=city"
cat >move.yaml <<EOF2
name: cities
old: "$old"
new: "$new"
control: "sqlite:$PWD/control.db"
guarantee: repair
EOF2
export CHESTERFIELD_MOVE=move.yaml

begin "plan says what there is, and changes nothing"
run move plan
expect_code 0
expect_out_has '51 records, about'
expect_out_has 'fit      all that were tried'
expect_out_has 'the old store has no feed of changes'
expect_true "nothing is there" test "$(sql 'SELECT count(*) FROM city')" = 0
expect_true "no table of ours" test "$(sql "SELECT count(*) FROM pg_tables WHERE tablename LIKE 'chesterfield%'")" = 0

begin "before start there is nothing to do"
run move backfill
expect_code 4
expect_err 'chesterfield: the move "cities" has not been started (move start)'
run move status
expect_code 0
expect_out_has 'stage        not started'

begin "start, backfill, verify: 0 and 1 are booleans now, and equal by that rule"
run move start
expect_code 0
run move start
expect_code 4
expect_err 'chesterfield: the move "cities" was started before, and is at stage off'
run move status
expect_out_has 'backfill     not begun'
expect_out_has 'verification none'
run move backfill
expect_code 0
expect_err 'chesterfield: backfill: 51 copied, 0 were there, 0 left out, 0 refused'
run move verify --json
expect_code 0
expect_out '{"num_success":0,"num_missing":0,"num_mismatch":0,"num_extraneous":0,"num_conditional_success":51,"num_live_retry":0,"num_repaired":0,"left_out":0}'
run move status
expect_out_has 'backfill     51 of 51, done'
expect_out_has 'can advance  yes'

begin "the values are those of the old store"
expect_true "all of them" test \
	"$(sqlite3 cities.db "SELECT group_concat(id || country || name || lat || lng, '') FROM (SELECT * FROM city ORDER BY id)" | md5sum)" = \
	"$(sql "SELECT string_agg(id || country || name || lat || lng, '' ORDER BY id) FROM city" | md5sum)"
expect_true "the moment in another zone" test \
	"$(sql "SELECT founded AT TIME ZONE 'UTC' FROM city WHERE capital")" = '1278-11-01 10:00:00'

begin "each kind of difference is told in the words that people script on"
third=$(sql "SELECT id FROM city WHERE capital")
sql "UPDATE city SET name = 'X' WHERE capital;
  DELETE FROM city WHERE id = (SELECT min(id) FROM city);
  INSERT INTO city(id) VALUES('zz')"
run move verify --report found.ndjson --json
expect_code 3
expect_lines found.ndjson 3
expect_has found.ndjson '{"result":"missingOnDst","key":"AD-'
expect_has found.ndjson "{\"result\":\"content\",\"key\":\"$third\",\"field\":\"/name\",\"old\":"
expect_has found.ndjson ',"new":"X"}'
expect_has found.ndjson '{"result":"extraOnDst","key":"zz"}'
expect_out_has '"num_missing":1,"num_mismatch":1,"num_extraneous":1'
run move status
expect_out_has '49 equal, 1 missing, 1 different, 1 extra, 0 repaired'

begin "--repair copies from the old store"
run move verify --repair --json
expect_code 3
expect_out_has '"repaired":true}'
expect_out_has '"num_repaired":3'
run move verify --json
expect_code 0
expect_out_has '"num_missing":0,"num_mismatch":0,"num_extraneous":0,"num_conditional_success":51'

begin "backfill run again finds all equal, and copies what came since"
sqlite3 cities.db "INSERT INTO city(id, country) VALUES('later', 'XX')"
run move backfill --json
expect_code 0
expect_out_has '{"copied":1,"equal":51,'

begin "the log tells who did what"
run move log
expect_code 0
expect_out_has '  start'
expect_out_has 'backfill ends: 51 copied, 0 refused'
run move log --json
expect_out_has '","what":"start"}'

begin "a backfill that is killed goes on, and nothing is lost or twice"
sqlite3 cities.db "WITH RECURSIVE n(i) AS (VALUES(1) UNION ALL SELECT i + 1 FROM n WHERE i < 10000)
  INSERT INTO city(id, name) SELECT 'k' || i, 'name ' || i FROM n"
sed "s/^name:.*/name: again/" move.yaml >again.yaml
{ cat again.yaml && echo "pace: {batch_records: 200, records_per_second_max: 3000}"; } >again-slow.yaml
"$program" move start -q -f again.yaml --compare-all 2>err
for i in 1 2 3; do
	before=$(sql 'SELECT count(*) FROM city')
	"$program" move backfill -q -f again-slow.yaml >/dev/null 2>&1 &
	pid=$!
	# Killed while it works: as soon as some more records are there.
	while kill -0 $pid 2>/dev/null && [ "$(sql 'SELECT count(*) FROM city')" -le $((before + 1000)) ]; do :; done
	kill -9 $pid 2>/dev/null
	wait $pid 2>/dev/null
done
run move backfill -f again.yaml
expect_code 0
run move verify -f again.yaml --json
expect_code 0
expect_out_has '"num_success":10001,"num_missing":0,"num_mismatch":0,"num_extraneous":0,"num_conditional_success":51'

begin "a server that restarts in the middle: one line, and nothing is lost"
sql "DELETE FROM city"
sed "s/^name:.*/name: restart/" move.yaml >restart.yaml
{ cat restart.yaml && echo "pace: {batch_records: 200, records_per_second_max: 1500}"; } >slow.yaml
"$program" move start -q -f restart.yaml
"$program" move backfill -f slow.yaml >out 2>err &
pid=$!
while kill -0 $pid 2>/dev/null && [ "$(sql 'SELECT count(*) FROM city')" -le 1000 ]; do :; done
sql "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'chesterfield'" >killed
wait $pid
code=$?
expect_code 1
expect_true "one line" test "$(wc -l <err)" = 1
run move backfill -f restart.yaml
expect_code 0
run move verify -f restart.yaml --json
expect_code 0

begin "where and drop: what is left out is counted, and verified as such"
sql "CREATE TABLE germany(id text COLLATE \"C\" PRIMARY KEY, country text, name text)"
cat >germany.yaml <<EOF2
name: germany
old: "$old"
new: "$CHESTERFIELD_POSTGRES&table=germany"
control: "sqlite:$PWD/control.db"
guarantee: repair
where: {country: DE}
drop: [admin1, admin2, lat, lng, capital, founded]
EOF2
run move start -f germany.yaml
run move backfill -f germany.yaml --json
expect_code 0
here=$(sqlite3 cities.db "SELECT count(*) FROM city WHERE country = 'DE'")
expect_out_has "{\"copied\":$here,\"equal\":0,\"left_out\":$((10052 - here)),\"refused\":0"
run move verify -f germany.yaml --json
expect_code 0
expect_out_has "{\"num_success\":$here,"

begin "a schema that lacks a column, and values that do not fit: plan counts them by reason"
sql 'CREATE TABLE lacking(id text COLLATE "C" PRIMARY KEY, country text, name int, admin1 text,
  lat float8, lng float8, capital boolean, founded timestamptz)'
sed "s/^name:.*/name: lacking/; s/table=city\"$/&/; s|^new:.*|new: \"$CHESTERFIELD_POSTGRES\&table=lacking\"|" move.yaml >lacking.yaml
run move plan -f lacking.yaml --sample 20
expect_code 3
expect_out_has 'misfit   500: column "name" (integer): would make a number of the text (first: AD-'
run move start -f lacking.yaml
run move backfill -f lacking.yaml
expect_code 3
expect_err_has '10,052 refused'
run move status -f lacking.yaml
expect_out_has '10,052 refused'

begin "wrong files: one line, with the line of the file"
wrong() { # line of the file, expected
	sed "s|^guarantee:.*|$1|" move.yaml >wrong.yaml
	run move plan -f wrong.yaml
	expect_code 2
	expect_err "chesterfield: wrong.yaml:5: $2"
}
wrong 'garantee: repair' 'the move: unknown member "garantee"'
wrong 'guarantee: none' 'guarantee: must be intent or repair'
wrong 'pace: {batch_records: 0}' 'batch_records: must be at least 1'
wrong 'timeouts: {old_ms: soon}' 'old_ms: must be a number from 0 to 3.6e+06'
wrong 'drop: name' 'drop: must be a list of members'
sed -i '1s/.*/#/' move.yaml
wrong 'name: a/b' 'name: must be letters, digits and - _ . between them'
sed -i '1s/.*/name: cities/' move.yaml
run move plan -f none.yaml
expect_code 1
expect_err_has 'none.yaml'

begin "stores that are none"
other() { # sed expression, code, expected part
	sed "$1" move.yaml >other.yaml
	run move plan -f other.yaml
	expect_code "$2"
	expect_err_has "$3"
	expect_true "one line" test "$(wc -l <err)" = 1
}
other 's|^new:.*|new: "oracle:x"|' 2 'no store has this scheme'
other "s|^new:.*|new: \"$old\"|" 2 'old and new are the same store'
other "s|^new:.*|new: \"sqlite:$PWD/./cities.db?table=city\"|" 2 'old and new are the same store'
other 's|table=city"|table=town"|' 10 'there is no table "town"'
other 's|^control:.*|control: "sqlite:/none/control.db"|' 10 'control: '
other 's|^new:.*|new: "postgres://nobody:secret@127.0.0.1:1/x?table=t"|' 1 'nobody:***@'

begin "passwords are not shown"
sed "s|chesterfield@|chesterfield:secret@|" move.yaml >secret.yaml
run move status -f secret.yaml
expect_code 0
expect_true "no password" test "$(grep -c secret out)" = 0
finish
