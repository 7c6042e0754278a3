# Documents with branches: made, shown with their histories, and deleted.
. "$(dirname "$0")/lib.sh"
store=sqlite:$PWD/s.db

# Two live leaves that share 1-a, 2-c the winner; and a deleted document.
cat >branches <<'EOF'
{"_id":"x","_rev":"2-b","n":1.0,"_revisions":{"start":2,"ids":["b","a"]}}
{"_id":"x","_rev":"2-c","n":2,"_revisions":{"start":2,"ids":["c","a"]}}
{"_id":"y","_rev":"3-f","_deleted":true,"type":"t","_revisions":{"start":3,"ids":["f","e","d"]}}
EOF

begin "put --as-is stores exactly the revisions that are given"
run docs put --as-is --store "$store" branches
expect_code 0
expect_out '{"id":"x","rev":"2-b"}
{"id":"x","rev":"2-c"}
{"id":"y","rev":"3-f"}'
run docs get --store "$store" x
expect_out '{"_id":"x","_rev":"2-c","n":2}'

begin "again it changes nothing"
run docs changes --store "$store"
cp out before
run docs put --as-is --store "$store" branches
expect_code 0
run docs changes --store "$store"
expect_out_file before

begin "get --leaves --revisions shows every leaf with its history, deleted ones too"
run docs get --leaves --revisions --store "$store" x y
expect_code 0
expect_out '{"_id":"x","_rev":"2-c","_revisions":{"start":2,"ids":["c","a"]},"n":2}
{"_id":"x","_rev":"2-b","_revisions":{"start":2,"ids":["b","a"]},"n":1.0}
{"_id":"y","_rev":"3-f","_deleted":true,"_revisions":{"start":3,"ids":["f","e","d"]},"type":"t"}'
run docs get --leaves --store "$store" x
expect_out '{"_id":"x","_rev":"2-c","n":2}
{"_id":"x","_rev":"2-b","n":1.0}'
run docs get --revisions --store "$store" x
expect_out '{"_id":"x","_rev":"2-c","_revisions":{"start":2,"ids":["c","a"]},"n":2}'

begin "list --leaves gives everything, and put --as-is gives it back"
printf '%s\n' '{"_id":"z","_attachments":{"p":{"content_type":"text/plain","data":"aGk="}}}' >z
run docs put --store "$store" z
run docs list --leaves --revisions --attachments --store "$store"
expect_code 0
expect_lines out 4
expect_out_has '"data":"aGk="'
expect_out_has '"_deleted":true'
cp out backup
run docs put --as-is --store "sqlite:$PWD/copy.db" backup
expect_code 0
run docs list --leaves --revisions --attachments --store "sqlite:$PWD/copy.db"
expect_out_file backup
run docs list --leaves --prefix x --store "$store"
expect_lines out 2

begin "what is no history is refused, with the place"
cat >wrong <<'EOF'
{"_id":"w1","n":1}
{"_id":"w2","_rev":"2-b","_revisions":{"start":2,"ids":["c","a"]}}
{"_id":"w3","_revisions":{"start":1,"ids":["c","a"]}}
{"_id":"w4","_revisions":{"start":"1","ids":["c"]}}
{"_id":"w5","_revisions":{"start":1,"ids":[]}}
{"_id":"w6","_revisions":{"start":1,"ids":[7]}}
{"_id":"w7","_revisions":[]}
{"_id":"w8","_revisions":{"start":1,"ids":["only"]}}
{"_id":"w9","_rev":"4-bare"}
EOF
run docs put --as-is --store "sqlite:$PWD/wrong.db" wrong
expect_code 3
form='/_revisions: must be {\"start\": N, \"ids\": [\"hash\", ...]}'
cat >wanted_lines <<EOF
{"id":"w1","error":"/_rev: is missing, and so is _revisions: which revision is it?"}
{"id":"w2","error":"/_revisions: does not begin with _rev"}
{"id":"w3","error":"/_revisions: start is smaller than the number of ids"}
{"id":"w4","error":"$form"}
{"id":"w5","error":"$form"}
{"id":"w6","error":"$form"}
{"id":"w7","error":"$form"}
{"id":"w8","rev":"1-only"}
{"id":"w9","rev":"4-bare"}
EOF
expect_out_file wanted_lines
expect_err_has 'wrong:1: w1 at /_rev: is missing'

begin "what CouchDB only tells is not stored"
printf '%s\n' '{"_id":"q","n":1,"_revisions":{"start":1,"ids":["a"]},"_conflicts":["1-b"],"_local_seq":3}' >in
run docs put --store "sqlite:$PWD/told.db" in
expect_code 0
run docs get --store "sqlite:$PWD/told.db" q
expect_true "only what is the document's own" grep -Eq '^\{"_id":"q","_rev":"1-[0-9a-f]{32}","n":1\}$' out

begin "delete says that another branch lives"
run docs delete --store "$store" x
expect_code 3
expect_true "the branch is named" grep -Eq '^\{"id":"x","rev":"3-[0-9a-f]{32}","winner":"2-b"\}$' out
expect_err 'chesterfield: x: is still there: another branch lives, 2-b (--all-leaves deletes all)'
run docs get --store "$store" x
expect_out '{"_id":"x","_rev":"2-b","n":1.0}'

begin "delete --all-leaves deletes every branch"
printf '%s\n' '{"_id":"x","_revisions":{"start":2,"ids":["d","a"]},"n":3}' \
	'{"_id":"x","_revisions":{"start":3,"ids":["e","b","a"]},"n":4}' >in
run docs put --as-is --store "$store" in
expect_code 0
run docs delete --all-leaves --store "$store" x z none
expect_code 3
expect_lines out 4
expect_true "one answer for each leaf" grep -Eqz \
	'^\{"id":"x","rev":"4-[^"]*"\}.\{"id":"x","rev":"3-[^"]*"\}.\{"id":"z","rev":"2-[^"]*"\}.\{"id":"none","error":"not found"\}.$' out
run docs get --store "$store" x
expect_code 3
expect_err 'chesterfield: x: not found'
run docs list --store "$store"
expect_out ''

begin "a store without histories says so"
sqlite3 rows.db "create table t (id text primary key, n int); insert into t values ('a', 1)"
rows="sqlite:$PWD/rows.db?table=t"
for words in 'put --as-is' 'get --leaves a' 'get --revisions a' 'list --leaves' 'list --revisions' 'delete --all-leaves a'; do
	# shellcheck disable=SC2086
	run docs $words --store "$rows" </dev/null
	expect_code 2
	expect_err "chesterfield: $rows: this store keeps no histories of revisions"
done
run docs get --store "$rows" a
expect_out_has '"n":1'

finish
