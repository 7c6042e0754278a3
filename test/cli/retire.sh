# usage, retire, rebuild, the documents that tell apps, and two runs at once.
. "$(dirname "$0")/lib.sh"
catalog=$source/examples/todo
store=sqlite:$PWD/s.db

put() { printf '%s\n' "$1" | "$program" docs put --store "$store" >/dev/null; }
rev_of() { "$program" docs get --store "$store" "$1" | sed 's/.*"_rev":"\([^"]*\)".*/\1/'; }
settle() { "$program" run -c "$catalog" --store "$store" --once -q; }
count() { "$program" docs list --store "$store" --prefix "$1" | wc -l; }
# Saves an item over what is there.
item() { # version, key, title
	local rest='"isDone":true' rev
	[ "$1" = 1 ] || rest='"status":"done","group":{"name":"Inbox"}'
	rev=$(rev_of "todo-item@$1:$2" 2>/dev/null)
	put "{\"_id\":\"todo-item@$1:$2\",${rev:+\"_rev\":\"$rev\",}\"schema\":\"todo-item\",\"version\":$1,\"title\":\"$3\",$rest}"
}

begin "a run tells apps what is supported, once"
"$program" docs put --store "$store" "$catalog"/documents/v[123].ndjson >/dev/null
settle
run docs list --store "$store" --prefix schema-support@1:todo-item
expect_out_has '"schema":"schema-support","version":1,"type":"todo-item","supported":[1,2,3]}'
run run -c "$catalog" --store "$store" --once --json
expect_out_has '"changes":0,"passed_over":0'
rev=$(rev_of schema-support@1:todo-item)
put "{\"_id\":\"schema-support@1:todo-item\",\"_rev\":\"$rev\",\"supported\":[7]}"
settle
run docs get schema-support@1:todo-item --store "$store"
expect_out_has '"supported":[1,2,3]}'

begin "no catalog may have a type of that name"
cp -r "$catalog" taken
mkdir taken/schemas/schema-support
cp taken/schemas/settings/1.0.0.json taken/schemas/schema-support/
run run -c taken --store "$store" --once
expect_code 1
expect_err_has 'taken/schemas/schema-support/1.0.0.json:1: the type schema-support is taken'
run check taken
expect_true "check tells it, too" grep -q 'schemas/schema-support/1.0.0.json:1: the type schema-support is taken' out err

begin "usage counts what others wrote, and nothing else"
run usage --store "$store"
expect_code 0
expect_true "with a date" grep -qE '^todo-item@1 +3 +20[0-9-]+ [0-9:]+ UTC +3$' out
item 1 a t
item 2 b t
settle
item 1 a u
settle
settle
run usage --store "$store" --json
expect_out_has '{"version":"todo-item@1","writes":5,"found":3,"last_ms":1'
expect_out_has '{"version":"todo-item@2","writes":4,"found":3,"last_ms":1'
expect_out_has '{"version":"todo-item@3","writes":2,"found":2,"last_ms":1'
expect_out_has '{"version":"group@1","writes":1,"found":1,'
run usage --store "$store"
expect_true "with a date" grep -qE '^todo-item@1 +5 +20[0-9-]+ [0-9:]+ UTC +3$' out

begin "what is read again is not counted again"
cp -r "$catalog" other
sed -i 's/A thing to do/Something to do/' other/schemas/todo-item/*.json
run run -c other --store "$store" --once --json
expect_out_has '"documents_written":0'
run usage --store "$store" --json
expect_out_has '{"version":"todo-item@1","writes":5,"found":3,'
settle

begin "a version that nobody wrote is shown where the catalog is known"
"$program" docs put --store "sqlite:$PWD/fresh.db" </dev/null
run usage --store "sqlite:$PWD/fresh.db" -c "$catalog"
expect_code 0
expect_out_has 'todo-item@3           0  never                          0'
run usage --store "$store" --state "sqlite:$PWD/none.db"
expect_code 10
run usage --store "$store" -c /nowhere
expect_code 1

begin "retiring asks nothing, and is honoured from then on"
run retire todo-item@1 -c "$catalog" --store "$store"
expect_code 0
expect_out ''
expect_err_has 'people still write todo-item@1: 5 writes so far, the last one less than a day ago'
expect_err_has 'todo-item@1 is no longer served'
run status --store "$store"
expect_out_has 'retired       todo-item@1 since 20'
run docs get schema-support@1:todo-item --store "$store"
expect_out_has '"supported":[2,3]}'
item 2 b news
settle
run docs get todo-item@3:b --store "$store"
expect_out_has '"title":"news"'
run docs get todo-item@1:b --store "$store"
expect_out_has '"title":"t"'
run usage --store "$store"
expect_true "shown as not served" grep -q '^todo-item@1 .* not served$' out
run retire todo-item@1 -c "$catalog" --store "$store" --json
expect_code 0
expect_out '{"version":"todo-item@1","retired":true,"already":true,"deleted":0,"kept":0}'

begin "an old app's later edit is listed, and nothing is lost"
item 1 a late
run run -c "$catalog" --store "$store" --once --json
expect_out_has '"unsupported":1,'
run quarantine list --json --store "$store"
expect_lines out 1
expect_out_has '"id":"todo-item@1:a","version":"todo-item@1","error":"UNSUPPORTED","reason":"todo-item@1 is retired"'
run docs get todo-item@1:a --store "$store"
expect_out_has '"title":"late"'

begin "a purge asks, deletes what was agreed on, and no other version"
items=$(count todo-item@2:)
run retire todo-item@1 -c "$catalog" --store "$store" --purge </dev/null
expect_code 2
expect_err_has "retire todo-item@1 and delete its $items documents (other versions stay as they are): add --yes"
run retire todo-item@1 -c "$catalog" --store "$store" --purge --yes --json
expect_code 0
expect_out "{\"version\":\"todo-item@1\",\"retired\":true,\"already\":true,\"deleted\":$((items - 1)),\"kept\":1}"
run docs changes --store "$store"
expect_true "a tombstone" grep -q '"id":"todo-item@1:b".*"deleted":true' out
settle
expect_true "the others stay" test "$(count todo-item@2:)" = "$items"
expect_true "in each version" test "$(count todo-item@3:)" = "$items"
run run -c "$catalog" --store "$store" --once --json
expect_out_has '"changes":0,"passed_over":0,"unsupported":0,"lineages":0,"documents_written":0'
run quarantine list --json --store "$store"
expect_lines out 1

begin "gone from the store, it is gone from the list"
"$program" docs delete todo-item@1:a --store "$store" >/dev/null
settle
run quarantine list --json --store "$store"
expect_out ''
expect_true "the others stay" test "$(count todo-item@2:)" = "$items"

begin "what cannot be retired"
run retire group@1 -c "$catalog" --store "$store"
expect_code 4
expect_err 'chesterfield: group@1 is the last version of its type that is served'
run retire todo-item@9 -c "$catalog" --store "$store"
expect_code 2
expect_err 'chesterfield: the catalog has no todo-item@9'
run retire todo-item -c "$catalog" --store "$store"
expect_code 2
run retire 1.0.0 -c "$catalog" --store "$store"
expect_code 2
run retire todo-item@1 --store "$store"
expect_code 2
run retire todo-item@1 -c "$catalog" --store "sqlite:$PWD/none.db"
expect_code 10
run retire todo-item@2 -c "$catalog" --store "$store"
expect_code 0
run retire todo-item@3 -c "$catalog" --store "$store"
expect_code 4

begin "a version between others: lenses still pass through it"
store=sqlite:$PWD/bridge.db
item 1 a t
settle
run retire todo-item@2 -c "$catalog" --store "$store" --purge --yes
expect_code 0
item 1 a bridged
settle
run docs get todo-item@3:a --store "$store"
expect_out_has '"title":"bridged"'
expect_true "none in between" test "$(count todo-item@2:)" = 0

begin "the newest version may be retired: who does is told"
store=sqlite:$PWD/newest.db
item 1 a t
settle
run retire todo-item@3 -c "$catalog" --store "$store"
expect_code 0
expect_err_has 'todo-item@3 is the newest version: what only it can say is in no other one'
run docs get schema-support@1:todo-item --store "$store"
expect_out_has '"supported":[1,2]}'

begin "a part that other versions are made of cannot be retired"
store=sqlite:$PWD/split.db
put '{"_id":"todo-item@1:a","schema":"todo-item","version":1,"title":"t","isDone":true}'
run retire status@1 -c "$source/examples/todo-split" --store "$store"
expect_code 4

begin "a purge that is killed half way is finished by the next one"
store=sqlite:$PWD/k.db
awk 'BEGIN { for (i = 0; i < 3000; i++) printf "{\"_id\":\"todo-item@1:k%d\",\"schema\":\"todo-item\",\"version\":1,\"title\":\"t\",\"isDone\":true}\n", i }' >in
"$program" docs put --store "$store" in >/dev/null
settle
kills=0
for moment in 0.02 0.03 0.04 0.05 0.06 0.07 0.08 0.09 0.10; do
	timeout -s KILL "$moment" "$program" retire todo-item@1 -c "$catalog" --store "$store" \
		--purge --yes -q || kills=$((kills + 1))
done 2>/dev/null
expect_true "some were killed" [ "$kills" -gt 0 ]
run retire todo-item@1 -c "$catalog" --store "$store" --purge --yes
expect_code 0
settle
expect_true "all are deleted" test "$(count todo-item@1:)" = 0
expect_true "the others stay" test "$(count todo-item@2:)" = 3000

begin "a lost state: nothing is lost, and what differs is decided by policy"
store=sqlite:$PWD/lost.db
item 1 a t
item 1 b t
settle
item 1 a old
item 2 a new
item 1 b edited
run run -c "$catalog" --store "$store" --once --rebuild --json
expect_code 0
expect_err_has 'forgetting what was agreed on; everything is read once'
expect_out_has '"conflicts":'
# Nobody knows any more who edited what: the newest version wins, the others are kept.
for version in 1 2 3; do
	run docs get "todo-item@$version:a" --store "$store"
	expect_out_has '"title":"t"'
done
run conflicts list --json --store "$store"
expect_out_has '"value":"old"'
expect_out_has '"value":"new"'
expect_out_has '"value":"edited"'
run conflicts resolve todo-item/b --take loser --store "$store"
expect_code 0
settle
run docs get todo-item@3:b --store "$store"
expect_out_has '"title":"edited"'
run usage --store "$store" --json
expect_out_has '{"version":"todo-item@1","writes":3,"found":2,'
run run -c "$catalog" --store "$store" --once --json
expect_out_has '"documents_written":0,"records_written":0'

begin "a rebuild keeps what people decided"
run retire todo-item@1 -c "$catalog" --store "$store"
entries=$("$program" conflicts list --json --store "$store" | wc -l)
run run -c "$catalog" --store "$store" --once --rebuild
expect_code 0
run status --store "$store"
expect_out_has 'retired       todo-item@1'
expect_out_has 'quarantined   0'
expect_true "contested edits stay" test "$("$program" conflicts list --json --store "$store" | wc -l)" = "$entries"
run retire todo-item@1 -c "$catalog" --store "$store" --purge --yes --json
expect_out_has '"deleted":2,"kept":0}'

begin "a second run notices the first, and status tells of both"
store=sqlite:$PWD/two.db
item 1 a t
"$program" run -c "$catalog" --store "$store" 2>first &
one=$!
until "$program" status --store "$store" --json | grep -q '"pid"'; do :; done
"$program" run -c "$catalog" --store "$store" 2>second &
two=$!
until "$program" status --store "$store" --json | grep -q '"pid".*"pid"'; do :; done
run status --store "$store"
expect_out_has 'engines       2: process '
until grep -q another second; do :; done
expect_true "told in one line" grep -q "^chesterfield: another run is at work on this store: process $one on " second
run run -c "$catalog" --store "$store" --once
expect_code 0
expect_err_has 'another run is at work'
run run -c "$catalog" --store "$store" --once --rebuild
expect_code 4
expect_err_has 'another run is at work here'
kill -HUP "$one"
kill -INT "$two"
wait "$one"
expect_true "interrupted" test $? = 5
wait "$two"
run status --store "$store"
expect_out_has 'engines       0'

begin "a run that was killed, whatever its clock said, hinders nobody"
"$program" run -c "$catalog" --store "$store" 2>first &
one=$!
until "$program" status --store "$store" --json | grep -q '"pid"'; do :; done
kill -KILL "$one"
wait "$one" 2>killed
# State 0: without the sum of what was written.
ahead=$(($(date +%s%3N) + 94608000000))
sqlite3 two.db "UPDATE \"chesterfield-state\" SET body = json_set(body, '\$.beat_ms', $ahead), state = 0 WHERE id LIKE 'documents/engine/%' AND state & 1 = 0;
	UPDATE \"chesterfield-state\" SET body = json_set(body, '\$.updated_ms', $ahead), state = 0 WHERE id = 'documents/checkpoint'"
run engines list --store "$store"
expect_lines out 1
expect_out_has "process $one on "
expect_out_has ', gone'
run status --store "$store"
expect_out_has 'engines       0'
expect_out_has 'written by a clock that was ahead of this one'
expect_true "no negative age" bash -c '! grep -q -e "-[0-9]" out'
run run -c "$catalog" --store "$store" --once --rebuild
expect_code 0
run engines list --store "$store"
expect_out ''

begin "the mark of a run of a machine that is gone is taken off by hand"
printf '%s\n' '{"_id":"documents/engine/far","host":"far","pid":1,"started_ms":1,"beat_ms":1}' >in
run docs put --store "$store?table=chesterfield-state" in
run status --store "$store"
expect_out_has 'engines       1: process 1 on far (last heard of, by its clock, '
run engines drop far --store "$store"
expect_code 0
run engines drop far --store "$store"
expect_code 1
expect_err 'chesterfield: no such run: far (see `engines list`)'
run status --store "$store"
expect_out_has 'engines       0'

begin "status tells of changed parts that are still handed on"
printf '%s\n' '{"_id":"documents/fanout/group/g","part":"group/g","waiting_only":false}' >in
run docs put --store "$store?table=chesterfield-state" in
run status --store "$store"
expect_out_has 'handing on    1 changed parts'
settle
run status --store "$store" --json
expect_out_has '"handing_on":0'

begin "a state of a later version is refused"
put '{"_id":"x"}'
printf '%s\n' '{"_id":"documents/checkpoint","format":4,"since":"1"}' >in
run docs put --store "$store?table=chesterfield-state" in
for command in "run -c $catalog --once" status "retire todo-item@1 -c $catalog"; do
	# shellcheck disable=SC2086 # several words
	run $command --store "$store"
	expect_code 1
	expect_err_has 'chesterfield: the state was written by a newer version of this program'
done

begin "a state of an earlier version is taken over by --rebuild"
store="sqlite:$PWD/former.db"
put '{"_id":"todo-item@1:a","schema":"todo-item","version":1,"title":"t","isDone":false}'
cat >in <<'END'
{"_id":"checkpoint","format":1,"since":"1"}
{"_id":"base/todo-item/a","slots":{}}
{"_id":"conflict/todo-item/a/0123","lineage":"todo-item/a","pointer":"/title","kind":"edit"}
{"_id":"retired","versions":[{"version":"todo-item@2","at":"2026-01-01T00:00:00.000Z"}]}
END
run docs put --store "$store?table=chesterfield-state" in
for command in "run -c $catalog --once" status; do
	# shellcheck disable=SC2086 # several words
	run $command --store "$store"
	expect_code 4
	expect_err_has 'the state was written by an earlier version of this program: start once with `run --rebuild`'
done
run run -c "$catalog" --store "$store" --once --rebuild
expect_code 0
run conflicts list --json --store "$store"
expect_out_has '"entry":"todo-item/a/0123"'
run status --store "$store"
expect_out_has 'todo-item@2'
run docs list --store "$store?table=chesterfield-state"
expect_true "the former records are gone" test -z "$(grep -E '"_id":"(base/|conflict/|retired|checkpoint)' out)"

begin "and one that has no orders of arrays yet"
run docs get --store "$store?table=chesterfield-state" documents/checkpoint
sed 's/"format":[0-9]*/"format":2/' out >in
run docs put --store "$store?table=chesterfield-state" in
for command in "run -c $catalog --once" status; do
	# shellcheck disable=SC2086 # several words
	run $command --store "$store"
	expect_code 4
	expect_err_has 'the state was written by an earlier version of this program: start once with `run --rebuild`'
done
run run -c "$catalog" --store "$store" --once --rebuild
expect_code 0
run status --store "$store"
expect_code 0
expect_out_has 'todo-item@2'
finish
