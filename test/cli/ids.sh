# Data that was there before: ids without a version, ids that are keys, documents that only
# their members tell, next to versions with ids of the grammar.
. "$(dirname "$0")/lib.sh"

mkdir -p c/schemas/todo c/schemas/list c/schemas/note c/lenses/todo c/lenses/note
cat > c/catalog.yaml <<'EOF'
name: mine
fields: {type: kind, version: v}
ids: {note@1: "{type}:{key}"}
recognise:
  - {when: {type: task}, as: todo@1}
  - {when: {type: list}, as: list@1}
EOF
schema() { # FILE VERSION PROPERTIES REQUIRED
	echo "{\"version\": \"$2\", \"type\": \"object\", \"properties\": $3, \"required\": $4}" > "c/schemas/$1"
}
schema todo/1.0.0.json 1.0.0 '{"type": {"const": "task"}, "title": {"type": "string"}}' '["type", "title"]'
schema todo/2.0.0.json 2.0.0 '{"kind": {"const": "todo"}, "text": {"type": "string"}}' '["kind", "text"]'
schema list/1.0.0.json 1.0.0 '{"type": {"const": "list"}}' '["type"]'
schema note/1.0.0.json 1.0.0 '{"body": {"type": "string"}}' '["body"]'
schema note/2.0.0.json 2.0.0 '{"text": {"type": "string"}}' '["text"]'
cat > c/lenses/todo/1-2.yaml <<'EOF'
from: todo@1
to: todo@2
lens:
  - remove: {name: type, type: string, default: task}
  - add: {name: kind, type: string, default: todo}
  - rename: {source: title, destination: text}
EOF
printf 'from: note@1\nto: note@2\nlens:\n  - rename: {source: body, destination: text}\n' > c/lenses/note/1-2.yaml

# Without what a store says of revisions.
body() { "$program" docs get --store sqlite:s.db "$1" 2>/dev/null | sed 's/"_rev":"[^"]*",//'; }
is() { expect_true "$1: $(body "$1"), not $2" [ "$(body "$1")" = "$2" ]; }
rev() { "$program" docs get --store sqlite:s.db "$1" | sed 's/.*"_rev":"\([^"]*\)".*/\1/'; }
put() { "$program" docs put --store sqlite:s.db >/dev/null; }
once() { run run -q -c c --store sqlite:s.db --once; }

begin "the catalog is sound"
run check -q c
expect_code 0
expect_out ""

begin "a selector knows such versions by their ids and members"
run selector -c c --for todo@1 --exact
expect_code 0
expect_out '{
  "selector": {
    "$or": [
      { "$and": [ { "_id": { "$regex": "^(?!(?:_.*|(?:schema-support|schema-client|list|note|todo)@[0-9]+:.+|(?:schema-support|schema-client|list|note|todo)@[0-9]+|note:.+)$)" } }, { "type": { "$eq": "task" } } ] }
    ]
  }
}'
run selector -c c --for note@2
expect_code 0
expect_true "the old ids are left out" grep -qF '|note:.+)$)' out

begin "documents stay where they are; newer versions get ids of the grammar"
put <<'EOF'
{"_id":"a1","type":"task","title":"one"}
{"_id":"a:2","type":"task","title":"two"}
{"_id":"l1","type":"list"}
{"_id":"other","type":"photo"}
{"_id":"todo@2:n","kind":"todo","text":"new"}
{"_id":"note:x","body":"b"}
EOF
run run -c c --store sqlite:s.db --dry-run
expect_code 0
expect_out 'would make todo@2:a1 of a1: {"text":"one","kind":"todo"}
would make todo@2:a:2 of a:2: {"text":"two","kind":"todo"}
would make note@2:x of note:x: {"text":"b"}
would make n of todo@2:n: {"title":"new","type":"task"}
version  documents  to make  wait  cannot  invalid  differ
list@1           1        0     0       0        0       0
note@1           1        0     0       0        0       0
note@2           0        1     0       0        0       0
todo@1           2        1     0       0        0       0
todo@2           1        2     0       0        0       0'
# An id that would be that of todo@1, were it not a list.
put <<<'{"_id":"todo@2:l1","kind":"todo","text":"of the same key"}'
run run -c c --store sqlite:s.db --dry-run
expect_out_has 'would make l1 of todo@2:l1'
"$program" docs delete --store sqlite:s.db todo@2:l1 >/dev/null
once
expect_code 0
is a1 '{"_id":"a1","type":"task","title":"one"}'
is todo@2:a1 '{"_id":"todo@2:a1","text":"one","kind":"todo"}'
is todo@2:a:2 '{"_id":"todo@2:a:2","text":"two","kind":"todo"}'
is n '{"_id":"n","title":"new","type":"task"}'
is note@2:x '{"_id":"note@2:x","text":"b"}'

begin "a second run writes nothing"
"$program" docs list --store sqlite:s.db >before
once
expect_code 0
run docs list --store sqlite:s.db
expect_out_file before

begin "edits go both ways"
put <<EOF
{"_id":"a1","_rev":"$(rev a1)","type":"task","title":"uno"}
{"_id":"todo@2:a:2","_rev":"$(rev todo@2:a:2)","kind":"todo","text":"due"}
EOF
once
is todo@2:a1 '{"_id":"todo@2:a1","text":"uno","kind":"todo"}'
is a:2 '{"_id":"a:2","title":"due","type":"task"}'

begin "a tombstone without members is known by what the state remembers"
"$program" docs delete --store sqlite:s.db a1 todo@2:n >/dev/null
once
is todo@2:a1 ""
is n ""

begin "a document that says something else of itself is told, and nothing is lost"
put <<EOF
{"_id":"a:2","_rev":"$(rev a:2)","type":"photo","title":"due"}
EOF
once
run quarantine list --json --store sqlite:s.db
expect_out_has 'a:2'
is todo@2:a:2 '{"_id":"todo@2:a:2","kind":"todo","text":"due"}'

begin "it is mended, and what waited goes on"
put <<EOF
{"_id":"a:2","_rev":"$(rev a:2)","type":"task","title":"tre"}
EOF
once
is todo@2:a:2 '{"_id":"todo@2:a:2","text":"tre","kind":"todo"}'
run quarantine list --json --store sqlite:s.db
expect_out ""

begin "one that is damaged is told: nobody can say whether it is ours"
put <<EOF
{"_id":"d1","type":"task","title":"milk"}
EOF
sqlite3 s.db "UPDATE documents SET body = replace(body, 'milk', 'silk') WHERE id = 'd1'"
once
run quarantine list --json --store sqlite:s.db
expect_out_has '"id":"d1"'
expect_true "the reason is told" grep -q 'is damaged in the file' out
is todo@2:d1 ""
sqlite3 s.db "UPDATE documents SET body = replace(body, 'silk', 'milk') WHERE id = 'd1'"
put <<EOF
{"_id":"d1","_rev":"$(rev d1)","type":"task","title":"tea"}
EOF
once
is todo@2:d1 '{"_id":"todo@2:d1","text":"tea","kind":"todo"}'
run quarantine list --store sqlite:s.db
expect_out ""

begin "a version that only its members tell is retired and purged"
run retire todo@1 -c c --store sqlite:s.db --purge --yes
expect_code 0
is a:2 ""
is todo@2:a:2 '{"_id":"todo@2:a:2","text":"tre","kind":"todo"}'
is l1 '{"_id":"l1","type":"list"}'
is other '{"_id":"other","type":"photo"}'

begin "a document that says a known type under an id that says nothing is told, once for each type"
printf '{"_id":"u-1","schema":"todo-item","version":1,"title":"T","isDone":false}\n' >unnamed
printf '{"_id":"u-%s","schema":"todo-item"}\n' {2..600} >>unnamed
printf '{"_id":"p:%s","type":"photo"}\n' {1..600} >>unnamed
printf '{"_id":"w","schema":"settings"}\n{"_id":"x","title":"none"}\n{"_id":"y","schema":7}\n' >>unnamed
"$program" docs put --store sqlite:u.db unnamed >/dev/null
todo=$source/examples/todo
run run -c "$todo" --store sqlite:u.db --once
expect_code 0
expect_err_has 'says that it is of type todo-item, but its id says nothing: documents like it are passed over.'
expect_err_has 'w says that it is of type settings, but its id says nothing'
expect_lines <(grep 'its id says nothing' err) 2
run status --store sqlite:u.db
expect_out_has 'passed over   1203 of other types'
expect_out_has 'unnamed       w and maybe others say they are of type settings'
run status --store sqlite:u.db --json
expect_out_has '"settings":"w"'
run run -c "$todo" --store sqlite:u.db --once
expect_true "told once: $(cat err)" bash -c '! grep -q "says nothing" err'
printf '{"_id":"z","schema":"group"}\n' | "$program" docs put --store sqlite:u.db >/dev/null
run run -c "$todo" --store sqlite:u.db --once --log json
expect_true "$(cat err)" grep -q '^{"time":"[^"]*","level":"info","message":"z says that it is of type group, but its id says nothing' err
rules='{"when": {"type": "task"}, "as": "todo-item@1"}'
cp -r "$todo" r && printf 'recognise: [%s]\n' "$rules" >>r/catalog.yaml
run run -c r --store sqlite:u.db --state sqlite:r.db --once
expect_lines <(grep 'its id says nothing' err) 3

refused() { # CONFIG WORDS
	begin "refused: $1"
	printf 'name: mine\n%s\n' "$1" >c/catalog.yaml
	run check c
	expect_code 3
	expect_true "$(cat out err)" grep -qF "$2" out err
}
refused 'ids: {todo@9: "{key}"}' '"todo@9" is no version of this catalog'
refused 'ids: {todo@1: "{key}", todo@2: "{key}"}' 'todo@1 and todo@2 have the same ids: they cannot stand side by side'
refused 'ids: {todo@1: "{key}", list@1: "{key}"}' 'have the same ids, and no rule of recognise tells them apart'
refused 'ids: {todo@1: "x"}' 'ids: {key} must stand in it once'
refused 'recognise: [{when: {}, as: todo@1}]' 'recognise: a rule must be {when: {MEMBER: VALUE}, as: TYPE@MAJOR}'
refused "$(printf 'ids: {todo@1: "{type}:{key}"}\nrecognise: [{when: {a: 1}, as: todo@1}]')" 'the ids of todo@1 say what it is already'
finish
