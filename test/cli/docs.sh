# docs: writing documents into a store, and looking at them.
. "$(dirname "$0")/lib.sh"
store=sqlite:$PWD/s.db

begin "a line is stored although the next one is yet to be written"
mkfifo lines
"$program" docs put --store "sqlite:$PWD/slow.db" <lines >/dev/null 2>err &
writer=$!
exec 7>lines
printf '{"_id":"first"}\n' >&7
for _ in $(seq 500); do
	run docs get first --store "sqlite:$PWD/slow.db"
	[ "$code" -ne 0 ] || break
done
expect_code 0
printf '{"_id":"second"}\n' >&7
exec 7>&-
wait "$writer"
run docs list --store "sqlite:$PWD/slow.db"
expect_lines out 2

begin "put inserts and says id and revision of each"
printf '%s\n' '{"_id":"b","n":1.0}' '{"_id":"a","t":"x"}' >in
run docs put --store "$store" in
expect_code 0
expect_lines out 2
expect_true "ids and revisions in the order of the input" \
	grep -Eqz '^\{"id":"b","rev":"1-[0-9a-f]{32}"\}.\{"id":"a","rev":"1-[0-9a-f]{32}"\}.$' out
rev=$(sed -n '1s/.*"rev":"\(.*\)".*/\1/p' out)

begin "list prints documents in the order of their ids, byte for byte"
run docs list --store "$store"
expect_code 0
expect_lines out 2
expect_true "a comes first" grep -q '^{"_id":"a",' <(head -n 1 out)
expect_out_has "{\"_id\":\"b\",\"_rev\":\"$rev\",\"n\":1.0}"

begin "list by prefix"
run docs list --prefix b --store "$store"
expect_lines out 1

begin "a revision that is not the current one is refused, the others are saved"
printf '%s\n' '{"_id":"b","_rev":"1-x","n":2}' '{"_id":"c"}' 'nonsense' '{"n":1}' >in
run docs put --store "$store" in
expect_code 3
expect_out_has '{"id":"b","error":"'
expect_out_has '{"id":"c","rev":"1-'
expect_err_has 'in:3'
expect_err_has 'in:4'

begin "who is refused before the store sees him is answered too, in the order of the input"
cat >in <<'EOF'
{"_id":"r1","_rev":"nonsense"}
{"_id":"r2"}
{"_deleted":"yes","_id":"r3"}
{"_id":"r4","_attachments":{"x":{"data":"!!!"}}}
{"_id":"r5","x":1,"x":2}
{"_id":"r6","_id":"r7"}
{"_id":7}
[{"_id":"r8"}]
{"_id":"r9"}
EOF
run docs put --store "sqlite:$PWD/refused.db" in
expect_code 3
expect_lines err 7
expect_err_has 'in:1: r1 at /_rev: is not a revision id'
sed -i 's/"rev":"1-[0-9a-f]*"/"rev":1/' out
expect_out '{"id":"r1","error":"/_rev: is not a revision id"}
{"id":"r2","rev":1}
{"id":"r3","error":"/_deleted: must be true or false"}
{"id":"r4","error":"/_attachments: data is not in base64"}
{"id":"r5","error":"/x: a member name stands twice in one object"}
{"id":"r9","rev":1}'

begin "with the current revision it is saved"
printf '{"_id":"b","_rev":"%s","n":3}\n' "$rev" >in
run docs put --store "$store" <in
expect_code 0
expect_out_has '{"id":"b","rev":"2-'

begin "the store may come from the environment"
CHESTERFIELD_STORE=$store run docs get b
expect_code 0
expect_out_has '"n":3}'

begin "what is not there is told"
run docs get --store "$store" none
expect_code 3
expect_out ''
expect_err 'chesterfield: none: not found'

begin "what CouchDB reserves is refused"
cat >in <<'EOF'
{"_id":"_x"}
{"_id":"_design/x","views":{"_y":1}}
{"_id":"u1","_foo":1}
{"_id":"u2","\u005ffoo":1}
{"_id":"u3","_revisions":{"start":1,"ids":["a"]},"n":1}
EOF
run docs put --store "sqlite:$PWD/reserved.db" in
expect_code 3
expect_lines out 5
expect_out_has '{"id":"_x","error":"ids that begin with _ are reserved, all but _design/NAME"}'
expect_out_has '{"id":"_design/x","rev":"1-'
expect_out_has '{"id":"u1","error":"\"_foo\": members that begin with _ are reserved"}'
expect_out_has '{"id":"u2","error":"\"_foo\": members'
expect_out_has '{"id":"u3","rev":"1-'
expect_err_has 'in:3: u1: "_foo": members that begin with _ are reserved'

begin "what is wrong with an id or an argument is named"
printf '%s\n' '{"_id":"\u0000z"}' >in
run docs put --store "$store" in
expect_code 3
expect_out '{"id":"\u0000z","error":"the id holds U+0000"}'
run docs get --store "$store"
expect_code 2
expect_err 'chesterfield: get: an argument is missing: ID...'
run diff --allow fix old
expect_err 'chesterfield: diff: an argument is missing: NEW'

begin "get prints each once, in the order of the ids"
run docs get --store "$store" c none b a b
expect_code 3
expect_true "a, b, c" [ "$(sed 's/^{"_id":"\(.\)".*/\1/' out | tr -d '\n')" = abc ]

begin "delete answers for each, also for what is not there"
printf '%s\n' '{"_id":"d1"}' '{"_id":"d2"}' >in
run docs put --store "sqlite:$PWD/delete.db" in
run docs delete --store "sqlite:$PWD/delete.db" d2 none d1
expect_code 3
expect_err 'chesterfield: none: not found'
expect_lines out 3
expect_true "in the order of the arguments" grep -Eqz \
	'^\{"id":"d2","rev":"2-[^"]*"\}.\{"id":"none","error":"not found"\}.\{"id":"d1","rev":"2-[^"]*"\}.$' out

begin "delete leaves a tombstone, and changes tell of it"
run docs delete --store "$store" a
expect_code 0
run docs changes --store "$store"
expect_code 0
expect_lines out 4
expect_out_has '"deleted":true}'
token=$(sed -n 's/^{"token":"\(.*\)"}$/\1/p' out)
run docs changes --since "$token" --store "$store"
expect_out "{\"token\":\"$token\"}"

begin "reading makes no file"
run docs list --store "sqlite:$PWD/none.db"
expect_code 10
expect_true "no file" test ! -e none.db

begin "a file that is no store"
echo 'not a database, only a text of some length that is no SQLite header' >text
run docs list --store "sqlite:$PWD/text"
expect_code 1
expect_err "chesterfield: sqlite:$PWD/text: not an SQLite file"

begin "what is not there is named as it was given"
run docs get --store "sqlite:$PWD/none.db?revs=5" a
expect_code 10
expect_err "chesterfield: sqlite:$PWD/none.db?revs=5: there is no such file"

begin "a file's name is no URL, a folder no file, and memory does not last"
run docs list --store todo.db
expect_code 2
expect_err 'chesterfield: todo.db: a store is named by a URL; for a file sqlite:todo.db'
run docs list --store "sqlite:$PWD"
expect_code 2
expect_err "chesterfield: sqlite:$PWD: this is a folder: name a file in it"
run docs list --store memory:a
expect_code 10
expect_err 'chesterfield: memory:a: no such store in this process; one in memory ends with its process'

begin "a token of another store is told with this one's name"
run docs changes --store "$store" --since here
expect_code 2
expect_err "chesterfield: $store: \"here\" is no token of this store's changes"

begin "a scheme that no store has hides the password"
run docs list --store 'frob://u:secret@host/db'
expect_code 2
expect_true "no password" bash -c '! grep -q secret err'

begin "who looks may stop when he has seen enough; who writes is told"
for i in {1..20000}; do echo "{\"_id\":\"m$i\",\"t\":\"some text to fill the pipe with\"}"; done >in
"$program" docs put --store "sqlite:$PWD/many.db" in >out
for i in {1..20000}; do echo "{\"_id\":\"todo-item@1:$i\",\"schema\":\"todo-item\",\"version\":1,\"title\":\"T\",\"isDone\":false}"; done >todo
c=$source/examples/todo
for words in 'docs list' 'docs changes' 'docs list --leaves' "validate -c $c --json todo" "convert -c $c --to 3.0.0 todo"; do
	# shellcheck disable=SC2086
	CHESTERFIELD_STORE="sqlite:$PWD/many.db" "$program" -q $words 2>err | head -n 1 >out
	code=${PIPESTATUS[0]}
	expect_code 0
	expect_lines out 1
	expect_err ''
done
"$program" docs put --store "sqlite:$PWD/again.db" in 2>err | head -n 1 >out
code=${PIPESTATUS[0]}
expect_code 1
expect_err 'chesterfield: standard output: Broken pipe'

finish
