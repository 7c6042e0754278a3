# A lens or schema in use that was changed is a decision.
. "$(dirname "$0")/lib.sh"
store=sqlite:$PWD/s.db
mkdir -p c/schemas/item c/lenses/item
cat >c/catalog.yaml <<'EOF'
name: shop
EOF
for v in 1 2; do
	echo "{\"version\": \"$v.0.0\"," '"type": "object", "properties": {"schema": {}, "version": {}, "note": {"type": "string"},' \
		"\"$([ $v = 1 ] && echo 'paid": {"type": "boolean"}' || echo 'state": {"enum": ["open", "settled"]}')}, \"additionalProperties\": false}" >c/schemas/item/$v.0.0.json
done
lens() { # false becomes, true becomes
	cat >c/lenses/item/1-2.yaml <<EOF
from: item@1
to: item@2
lens:
  - rename: {source: paid, destination: state}
  - convert:
      name: state
      mapping:
        - {false: $1, true: $2}
        - {$1: false, $2: true}
EOF
}
lens open settled
run check c
expect_check=$code
echo '{"_id":"item@1:a","schema":"item","version":1,"note":"n","paid":false}' >in
"$program" docs put --store "$store" in >out

begin "a catalog without a change needs no word"
expect_true "the catalog is right" test "$expect_check" = 0
run run -c c --store "$store" --once
expect_code 0
run docs get --store "$store" item@2:a
expect_out_has '"state":"open"'
run run -c c --store "$store" --once
expect_code 0

begin "a comment and what is said to people alone is no change"
sed -i '1i # about items' c/lenses/item/1-2.yaml
sed -i 's/"type": "object",/"type": "object", "title": "An item", "description": "to buy",/' c/schemas/item/*.json
run run -c c --store "$store" --once
expect_code 0

begin "a table that was swapped is named, with since when and how many it touches"
lens settled open
run run -c c --store "$store" --once
expect_code 4
expect_lines err 2
expect_true "file, time and number" grep -Eq \
	'c/lenses/item/1-2.yaml was changed: since 20[0-9T:.-]+Z it said something else; it touches 1 documents of item' err
expect_err_has 'a schema or lens in use was changed'
run docs get --store "$store" item@2:a
expect_out_has '"state":"open"'

begin "--dry-run says what differs, and writes nothing"
run docs changes --store "$store"
cp out before
sqlite3 s.db 'SELECT * FROM "chesterfield-state"' >state
run run -c c --store "$store" --dry-run
expect_code 0
expect_err_has 'c/lenses/item/1-2.yaml was changed'
expect_out 'item@1:a /paid says false; of item@2:a the lens makes true
version  documents  to make  wait  cannot  invalid  differ
item@1           1        0     0       0        0       1
item@2           1        0     0       0        0       0'
run run -c c --store "$store" --dry-run --json
expect_out '{"version":"item@1","documents":1,"missing":0,"waits":0,"fails":0,"invalid":0,"differs":1}
{"version":"item@2","documents":1,"missing":0,"waits":0,"fails":0,"invalid":0,"differs":0}'
run docs changes --store "$store"
expect_out_file before
expect_true "the state is as it was" diff state <(sqlite3 s.db 'SELECT * FROM "chesterfield-state"')

begin "--dry-run where nothing ran says what would be made"
printf '%s\n' '{"_id":"item@1:x","schema":"item","version":1,"note":"n","paid":false}' \
	'{"_id":"item@2:y","schema":"item","version":2,"note":7,"state":"open"}' >in
"$program" docs put --store "sqlite:$PWD/dry.db" in >out
run run -c c --store "sqlite:$PWD/dry.db" --dry-run --json
expect_code 0
expect_out '{"version":"item@1","documents":1,"missing":1,"waits":0,"fails":1,"invalid":0,"differs":0}
{"version":"item@2","documents":1,"missing":1,"waits":0,"fails":0,"invalid":1,"differs":0}'
expect_true "no state was made" test -z "$(sqlite3 dry.db "SELECT name FROM sqlite_schema WHERE name LIKE 'chesterfield%'")"

begin "--dry-run shows the first that would be made, and what cannot be"
run run -c c --store "sqlite:$PWD/dry.db" --dry-run
expect_out 'would make item@2:x of item@1:x: {"schema":"item","version":2,"note":"n","state":"settled"}
cannot make item@1:y of item@2:y: as item@2: must be a string at /note
version  documents  to make  wait  cannot  invalid  differ
item@1           1        0     0       1        0       0
item@2           1        1     0       0        1       0'

begin "--dry-run foretells what a run makes, also where a part has not come"
cat "$source"/examples/todo/documents/*.ndjson >in
printf '%s\n' '{"_id":"todo-item@3:inc","schema":"todo-item","version":3,"title":"t","status":"done","groupId":"no"}' \
	'{"_id":"todo-item@3:bad","schema":"todo-item","version":3,"title":7,"status":"done"}' >>in
"$program" docs put --store "sqlite:$PWD/told.db" in >out
run run -c "$source/examples/todo" --store "sqlite:$PWD/told.db" --dry-run
expect_lines <(grep '^would make ' out) 9
expect_out_has 'todo-item@1          3        6     0       1        0       0'
expect_out_has 'todo-item@2          3        5     1       1        0       0'
expect_out_has 'todo-item@3          4        6     0       0        1       0'
run run -c "$source/examples/todo" --store "sqlite:$PWD/told.db" --once -q
for version in 1:9 2:8 3:10; do
	"$program" docs list --store "sqlite:$PWD/told.db" --prefix "todo-item@${version%:*}:" >made
	expect_lines made "${version#*:}"
done
run run -c "$source/examples/todo" --store "sqlite:$PWD/told.db" --dry-run --json
expect_out_has '{"version":"todo-item@2","documents":8,"missing":2,"waits":1,"fails":1,"invalid":0,"differs":0}'

begin "--dry-run finds nothing where all agree, across lenses with shared parts"
cat >in <<'EOF'
{"_id":"todo-item@1:a1","schema":"todo-item","version":1,"title":"t","isDone":true}
{"_id":"todo-item@2:a2","schema":"todo-item","version":2,"title":"t","status":"done","group":{"name":"G"}}
{"_id":"todo-item@3:a3","schema":"todo-item","version":3,"title":"t","status":"done","groupId":"g"}
{"_id":"group@1:g","schema":"group","version":1,"name":"L"}
EOF
"$program" docs put --store "sqlite:$PWD/agree.db" in >out
run run -c "$source/examples/todo" --store "sqlite:$PWD/agree.db" --once
run run -c "$source/examples/todo" --store "sqlite:$PWD/agree.db" --dry-run --json
expect_out_has '{"version":"todo-item@1","documents":3,"missing":0,"waits":0,"fails":0,"invalid":0,"differs":0}'
expect_out_has '{"version":"todo-item@2","documents":3,"missing":0,"waits":0,"fails":0,"invalid":0,"differs":0}'
"$program" docs list --store "sqlite:$PWD/agree.db" --prefix group@ | grep '"name":"G"' | sed 's/"G"/"H"/' |
	"$program" docs put --store "sqlite:$PWD/agree.db" >out
run run -c "$source/examples/todo" --store "sqlite:$PWD/agree.db" --dry-run
expect_out_has 'todo-item@2:a2 /group/name says "G"; of todo-item@3:a2 the lens makes "H"'

begin "put back, it goes on"
lens open settled
run run -c c --store "$store" --once
expect_code 0

begin "a schema is in use, too"
cp c/schemas/item/2.0.0.json kept
sed -i 's/"note": {"type": "string"}/"note": {"type": "string", "maxLength": 5}/' c/schemas/item/2.0.0.json
run run -c c --store "$store" --once
expect_code 4
expect_err_has 'c/schemas/item/2.0.0.json was changed'
cp kept c/schemas/item/2.0.0.json

begin "a new minor and a new major need no word"
sed 's/2\.0\.0/2.1.0/; s/"note": {"type": "string"}/"note": {"type": "string"}, "more": {"type": "string"}/' kept >c/schemas/item/2.1.0.json
sed 's/2\.0\.0/3.0.0/; s/"note": {"type": "string"}/"text": {"type": "string"}/' kept >c/schemas/item/3.0.0.json
cat >c/lenses/item/2-3.yaml <<'EOF'
from: item@2
to: item@3
lens:
  - rename: {source: note, destination: text}
  - remove: {name: more, type: string}
EOF
run run -c c --store "$store" --once
expect_code 0
run docs get --store "$store" item@3:a
expect_out_has '"text":"n"'

begin "--accept-changed goes on, and is remembered"
lens settled open
run run -c c --store "$store" --once --accept-changed
expect_code 0
run run -c c --store "$store" --once
expect_code 0
lens open settled
run run -c c --store "$store" --once
expect_code 4

begin "the state keeps the history"
run docs get --store "$store?table=chesterfield-state" documents/catalog
expect_true "two of one lens" test "$(grep -o '"what":"lens item@1 item@2"' out | wc -l)" = 2

begin "another catalog on the same store is refused"
sed -i 's/name: shop/name: other/' c/catalog.yaml
run run -c c --store "$store" --once --accept-changed
expect_code 4
expect_err_has 'this state is of the catalog "shop", and this one is called "other"'

finish
