# run: job one on SQLite; killed at any moment, two at once, lists, and what is refused.
. "$(dirname "$0")/lib.sh"
catalog=$source/examples/todo
store=sqlite:$PWD/s.db

# Somebody who knows nothing of the past finds nothing to write.
expect_agreement() {
	run run -c "$catalog" --store "$store" --state memory:nothing --once --json
	expect_code 0
	expect_out_has '"documents_written":0'
	expect_out_has '"conflicts":0'
	expect_out_has '"quarantined":0'
}

begin "documents of three versions exist in every version"
run docs put --store "$store" "$catalog"/documents/v1.ndjson "$catalog"/documents/v2.ndjson \
	"$catalog"/documents/v3.ndjson
expect_code 0
run run -c "$catalog" --store "$store" --once
expect_code 0
expect_out ''
run docs list --store "$store" --prefix todo-item@
expect_lines out 24
expect_agreement

begin "nothing is left to do: nothing is written"
run run -c "$catalog" --store "$store" --once --json
expect_code 0
expect_out_has '"documents_written":0'

begin "status tells where it stands"
run status --store "$store" --json
expect_code 0
expect_out_has '"started":true,"behind":0'
run usage --store "$store" --json
expect_code 0
expect_out_has '"version":"todo-item@1","writes":3,"found":3,"last_ms":1'

begin "an invalid document waits in quarantine, with the reason"
printf '%s\n' '{"_id":"todo-item@1:bad","schema":"todo-item","version":1,"title":7,"isDone":true}' \
	'{"_id":"other","x":1}' '{"_id":"todo-item@7:new","schema":"todo-item","version":7}' >in
run docs put --store "$store" in
run run -c "$catalog" --store "$store" --once
expect_code 0
expect_err_has '2 in quarantine'
expect_err_has '1 of other types passed over'
run quarantine list --json --store "$store"
expect_lines out 2
expect_out_has '"pointer":"/title"'
expect_out_has 'todo-item@7 is not a supported version'

begin "a document whose group has not come is listed as incomplete"
printf '%s\n' '{"_id":"todo-item@3:w","schema":"todo-item","version":3,"title":"t","status":"done","groupId":"late"}' >in
run docs put --store "$store" in
run run -c "$catalog" --store "$store" --once
cp err err_once
run incomplete list --json --store "$store"
expect_lines out 1
expect_out_has '"waits_for":"group@1:late"'
expect_has err_once 'chesterfield: 1 waits for documents that have not arrived'
run incomplete show todo-item/w --store "$store"
expect_code 0
expect_out_has 'waits_for     group@1:late'
run incomplete show todo-item/w --store "$store" --json
expect_out_has '{"entry":"todo-item/w",'
run incomplete show nothing --store "$store"
expect_code 1
printf '%s\n' '{"_id":"group@1:late","schema":"group","version":1,"name":"Late"}' >in
run docs put --store "$store" in
run run -c "$catalog" --store "$store" --once
run incomplete list --json --store "$store"
expect_lines out 0
run docs get --store "$store" todo-item@1:w
expect_code 0

kills_wanted=${CHESTERFIELD_KILLS:-200}
begin "killed $kills_wanted times at random moments, it comes to the same end"
store=sqlite:$PWD/k.db
write_items() { # ROUND: 600 items; the old app edits a third of them in each later round
	awk -v round="$1" 'BEGIN { for (i = 0; i < 600; i++) {
		if (round > 0 && i % 3 != round % 3) continue
		printf "{\"_id\":\"todo-item@%d:k%d\",\"schema\":\"todo-item\",\"version\":%d,\"title\":\"r%d of %d\",%s}\n",
			1 + (round == 0 && i % 2), i, 1 + (round == 0 && i % 2), round, i,
			round == 0 && i % 2 ? "\"status\":\"blocked\"" : "\"isDone\":false" } }'
}
write_items 0 >in
run docs put --store "$store" in
# How long a run takes that nobody kills, on this machine and in this build.
cp k.db whole.db
start=${EPOCHREALTIME/./}
run run -c "$catalog" --store "sqlite:$PWD/whole.db" --once --batch 30
whole=$((${EPOCHREALTIME/./} - start))
kills=0 tries=0 round=0
while { [ "$kills" -lt "$kills_wanted" ] || [ "$round" -lt 3 ]; } && [ "$tries" -lt $((kills_wanted * 9)) ]; do
	tries=$((tries + 1))
	us=$((whole / 50 + (RANDOM * 32768 + RANDOM) % (whole * 5 / 4)))
	timeout -s KILL "$(printf '%d.%06d' $((us / 1000000)) $((us % 1000000)))" "$program" run -c "$catalog" --store "$store" --once -q \
		--batch $((1 + RANDOM % 60)) 2>/dev/null
	if [ $? -eq 137 ]; then
		kills=$((kills + 1))
	else
		# It had come to the end: more work.
		round=$((round + 1))
		write_items "$round" >edits
		run docs put --store "$store" edits
	fi
done
expect_true "$kills_wanted were killed" [ "$kills" -ge "$kills_wanted" ]
expect_true "and it had come to the end now and then" [ "$round" -ge 3 ]
run run -c "$catalog" --store "$store" --once
expect_code 0
run docs list --store "$store" --prefix todo-item@3:
expect_lines out 600
# The last title of each item, in the newest version, and what only that knows.
for last in 0 1 2; do
	r=$((round - (round - last) % 3))
	expect_true "the edits of round $r stand" \
		[ "$(grep -c "\"title\":\"r$r of " out)" -eq 200 ]
done
expect_true "blocked, which the old app cannot say, stays" \
	[ "$(grep -c '"status":"blocked"' out)" -eq 300 ]
run conflicts list --json --store "$store"
expect_lines out 0
expect_agreement

begin "two at once do no harm"
store=sqlite:$PWD/two.db
awk 'BEGIN { for (i = 0; i < 2000; i++)
	printf "{\"_id\":\"todo-item@1:t%d\",\"schema\":\"todo-item\",\"version\":1,\"title\":\"t\",\"isDone\":true}\n", i }' >in
run docs put --store "$store" in
"$program" run -c "$catalog" --store "$store" --once -q 2>other &
run run -c "$catalog" --store "$store" --once
expect_code 0
expect_true "the other one ends well, too" wait $!
run docs list --store "$store" --prefix todo-item@3:
expect_lines out 2000
expect_agreement

begin "with no room to write, --once ends and says where; with room it goes on"
store=sqlite:$PWD/full.db
awk 'BEGIN { for (i = 0; i < 1500; i++)
	printf "{\"_id\":\"todo-item@1:f%d\",\"schema\":\"todo-item\",\"version\":1,\"title\":\"t\",\"isDone\":true}\n", i }' >in
run docs put --store "$store" in
( # A limit of the process stands for a full disk.
	ulimit -f 700
	run run -c "$catalog" --store "$store" --once --wait 1
	exit "$code"
)
code=$?
expect_code 1
expect_lines err 1
expect_err_has "full.db: "
run run -c "$catalog" --store "$store" --once
expect_code 0
run docs list --store "$store" --prefix todo-item@3:
expect_lines out 1500

begin "a state is that of one store"
item() { printf '{"_id":"todo-item@1:%s","schema":"todo-item","version":1,"title":"t","isDone":true}\n' "$1"; }
for table in A B; do
	for i in 1 2 3 4 5; do item "$i"; done >in
	run docs put --store "sqlite:$PWD/tables.db?table=$table" in
done
for table in A B; do
	store="sqlite:$PWD/tables.db?table=$table"
	run run -c "$catalog" --store "$store" --once
	expect_code 0
	run docs list --store "$store" --prefix todo-item@3:
	expect_lines out 5
	expect_agreement
done
run run -c "$catalog" --store "sqlite:$PWD/tables.db?table=A" --state "sqlite:$PWD/own.db" --once
expect_code 0
# One state serves the tables of one file ...
run run -c "$catalog" --store "$store" --state "sqlite:$PWD/own.db" --once
expect_code 0
expect_err_has ' 0 documents and '
# ... and one database of a name.
for i in 1 2 3 4 5; do item "$i"; done >in
other="sqlite:$PWD/other.db?table=A"
run docs put --store "$other" in
run run -c "$catalog" --store "$other" --state "sqlite:$PWD/own.db" --once
expect_code 4
expect_err_has "this state is that of another store, sqlite:$PWD/tables.db?table=A"
run status --store "$other" --state "sqlite:$PWD/own.db"
expect_code 4
run run -c "$catalog" --store "$other" --state "sqlite:$PWD/own.db" --once --rebuild
expect_code 0
mv tables.db moved.db
store="sqlite:$PWD/moved.db?table=B"
run run -c "$catalog" --store "$store" --once
expect_code 0

begin "a state cannot stand among the documents"
item 1 >in
run docs put --store "sqlite:$PWD/apart.db" in
run run -c "$catalog" --store "sqlite:$PWD/apart.db" --state sqlite:./apart.db --once
expect_code 2
expect_err "chesterfield: the state cannot stand among the documents: sqlite:$PWD/apart.db?table=documents is both"
run docs list --store "sqlite:$PWD/apart.db"
expect_lines out 1

begin "what is wrong is told in one line, with the right exit code"
run run -c "$catalog" --store sqlite:/nowhere/x.db --once
expect_code 10
expect_lines err 1
run run -c /nowhere --store "$store" --once
expect_code 1
expect_err 'chesterfield: /nowhere: no such folder'
printf 'not a database, but a text that is long enough to be read as one\n' >text.db
run run -c "$catalog" --store "sqlite:$PWD/text.db" --once
expect_code 1
expect_lines err 1
run run --store "$store" --once
expect_code 2

begin "a file that another program holds is named"
store=sqlite:$PWD/held.db
run docs put --store "$store" "$catalog"/documents/v1.ndjson
mkfifo held
sqlite3 held.db >held.out 2>&1 <held & # holds it until its input ends
holder=$!
exec 3>held
printf '%s\n' 'BEGIN IMMEDIATE;' '.print held' >&3
while ! grep -q held held.out; do :; done
run run -c "$catalog" --store "$store" --once --wait 0
expect_code 1
expect_err "chesterfield: $store: another program holds the file locked"
exec 3>&-
wait "$holder"
finish
