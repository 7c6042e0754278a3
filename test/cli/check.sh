# check: one small edit of an example for each finding; and graph.
. "$(dirname "$0")/lib.sh"

# A fresh copy of an example to spoil.
fresh() {
	rm -rf c
	cp -r "$source/examples/todo" c
}
item=c/schemas/todo-item
lens=c/lenses/todo-item

begin "the examples are clean, and the seed is told"
for name in todo todo-split; do
	run check "$source/examples/$name" --seed 7 --runs 50
	expect_code 0
	expect_out ''
	expect_err_has 'chesterfield: 0 errors; '
	expect_err_has ' tried, each way on 50 documents, no counterexample (--seed 7)'
done

begin "what init writes is clean"
run init made
expect_code 0
run check made --seed 1 --runs 50
expect_code 0
expect_out ''

begin "init writes nothing over"
run init made
expect_code 4

begin "the same seed gives the same findings"
fresh
sed -i 's/, done: true}  # down/}/' $lens/1-2.yaml
run check c --seed 3 --runs 50
expect_code 3
cp out first
run check c --seed 3 --runs 50
expect_out_file first

begin "a status that the table cannot say, with a document"
expect_out_has 'error lenses/todo-item/1-2.yaml:'
expect_out_has '"status":"done"'

begin "an unknown op, with its line"
fresh
sed -i 's/- rename:/- renam:/' $lens/1-2.yaml
run check c
expect_code 3
expect_out 'error lenses/todo-item/1-2.yaml:5: unknown op "renam"; did you mean "rename"?'

begin "what could not be read was not tried"
expect_err 'chesterfield: 1 error; no lens was tried on documents'

begin "files and folders that are named otherwise than those that are read"
fresh
mv $lens/2-3.yaml $lens/2-3.yalm
cp c/schemas/group/1.0.0.json c/schemas/group/1.1.0.jsn
mkdir c/schema
touch c/manifests/README.md c/schemas/.hidden $lens/1-2.yaml~
run check c
expect_code 3
expect_out_has 'warning lenses/todo-item/2-3.yalm: it is not read: the files of a catalog end in .json, .yaml or .yml'
expect_out_has 'warning schemas/group/1.1.0.jsn: it is not read'
expect_out_has 'warning schema: it is not read: the folder is called schemas'
expect_true "no others" test "$(grep -c 'is not read' out)" -eq 3

begin "a document is not made smaller by what it refers to its parts with"
rm -rf w
mkdir -p w/schemas/p w/schemas/studio w/lenses/p
echo 'name: w' >w/catalog.yaml
echo '{"version":"1.0.0","type":"object","additionalProperties":false,"properties":{"schema":{"const":"p"},"version":{"const":1},"studio":{"type":"string"}}}' >w/schemas/p/1.0.0.json
echo '{"version":"2.0.0","type":"object","additionalProperties":false,"properties":{"schema":{"const":"p"},"version":{"const":2},"studioId":{"type":"string","minLength":1}}}' >w/schemas/p/2.0.0.json
echo '{"version":"1.0.0","type":"object","additionalProperties":false,"required":["name"],"properties":{"schema":{"const":"studio"},"version":{"const":1},"name":{"type":"integer"}}}' >w/schemas/studio/1.0.0.json
printf 'from: p@1\nto: p@2\nlens:\n  - extract: {names: [{studio: name}], into: studio@1, key: {hash: name}, reference: studioId}\n' >w/lenses/p/1-2.yaml
run check w --seed 1
expect_code 3
expect_out_has 'must be a string at /studio'
expect_true "each part has its reference" bash -c '! grep "document .*} {" out | grep -v studioId'

begin "a reference that may be empty"
fresh
sed -i 's/"groupId": *{"type": "string"[^}]*}/"groupId": {"type": "string"}/' $item/3.0.0.json
run check c --seed 1
expect_code 3
expect_out_has 'error lenses/todo-item/2-3.yaml:5: a valid document cannot go down: extract: the reference "groupId" is empty and names no document: the schema should give it minLength: 1'

begin "an unknown argument"
fresh
sed -i 's/destination: status/destinatoin: status/' $lens/1-2.yaml
run check c
expect_code 3
expect_out_has 'error lenses/todo-item/1-2.yaml:5: '

begin "a missing lens"
fresh
rm $lens/2-3.yaml
run check c
expect_code 3
expect_out_has 'error schemas/todo-item/3.0.0.json:1: todo-item@3 cannot be reached from @2'

begin "a result that breaks the target schema"
fresh
sed -i 's/"enum": \["active", "blocked"/"enum": ["blocked"/' $item/2.0.0.json
run check c --seed 1
expect_code 3
expect_out_has 'a valid document becomes an invalid one going up'

begin "a default of the wrong type"
fresh
sed -i 's/default: {name: Inbox}/default: {name: 5}/' $lens/1-2.yaml
run check c --seed 1
expect_code 3
expect_out_has 'error lenses/todo-item/1-2.yaml:11: add: a valid document becomes an invalid one going up: must be a string at /group/name
  document   {"schema":"todo-item","version":1,"title":"","isDone":true}
  came out   {"schema":"todo-item","version":2,"title":"","status":"done","group":{"name":5}}'

begin "a value that the schema refuses is told at the op that made it, and not at one that moved it"
fresh
sed -i 's/"status": {"enum": \["active"/"status": {"enum": ["actif"/' $item/2.0.0.json
sed -i '/  - convert:/,/# down/d; s/source: isDone, destination: status/source: isDone, destination: state/' $lens/1-2.yaml
cat >>$lens/1-2.yaml <<'END'
  - convert:
      name: state
      mapping:
        - {false: actif, true: done}
        - {actif: false, blocked: 0, halted: false, done: true}
  - rename: {source: state, destination: status}
END
run check c --seed 1
expect_code 3
expect_out_has 'error lenses/todo-item/1-2.yaml:7: convert: a valid document becomes an invalid one going down: must be a boolean at /isDone
  document   {"schema":"todo-item","version":2,"title":"","status":"blocked"}'

begin "a member that the schema requires and the lens does not make is told at the op that would"
fresh
sed -i 's/destination: status/destination: state/; s/name: status/name: state/' $lens/1-2.yaml
sed -i 's/"status": {"enum"/"state": {"enum"/; s/"title", "status"/"title", "state", "size"/' $item/2.0.0.json
sed -i 's/"title": {/"size": {"type": "integer", "minimum": 5}, "title": {/' $item/2.0.0.json
run check c --seed 1 --runs 20
expect_code 3
expect_out_has 'error lenses/todo-item/1-2.yaml:4: a valid document becomes an invalid one going up: must be at least 5 at /size, which no op of the lens makes'
expect_out_has 'error lenses/todo-item/1-2.yaml:4: GetPut is broken going up: there and back changes the document at /size: 0 came out, nothing should have, which no op of the lens makes'

begin "a part that its schema refuses is told at the op that makes it"
fresh
sed -i 's/default: {name: Inbox}/default: {name: Inbox, size: 1}/' $lens/2-3.yaml
run check c --seed 1
expect_code 3
expect_out_has 'error lenses/todo-item/2-3.yaml:5: extract: a valid document becomes an invalid one going up: '

begin "a mapping target of the wrong type"
fresh
sed -i 's/halted: false/halted: 7/' $lens/1-2.yaml
run check c --seed 1
expect_code 3
expect_out_has 'a valid document becomes an invalid one going down'
expect_out_has '"status":"halted"'

begin "a law that is broken"
fresh
cat >$lens/1-2.yaml <<'END'
from: todo-item@1
to: todo-item@2
lens:
  - script:
      reads: [isDone]
      writes: [status]
      up: 'function (older) { return {status: "active"}; }'
      down: 'function (newer) { return {isDone: false}; }'
END
run check c --seed 1 --runs 20
expect_code 3
expect_out_has 'is broken'
expect_out_has '"isDone":true'

begin "a field that cannot exist"
fresh
sed -i 's/source: isDone/source: isDune/' $lens/1-2.yaml
run check c --seed 1 --runs 20
expect_code 3
expect_out_has 'error lenses/todo-item/1-2.yaml:5: rename: the field "isDune" cannot exist here'
expect_out_has '"isDone", which the newer schema does not know'

begin "a field that is there already"
fresh
sed -i 's/destination: status/destination: title/; s/name: status/name: title/' $lens/1-2.yaml
run check c --seed 1 --runs 20
expect_code 3
expect_out_has 'error lenses/todo-item/1-2.yaml:5: rename: the field "title" is there already'

begin "two ops that fight over one field"
fresh
sed -i '5a\  - remove: {name: isDone, type: boolean}' $lens/1-2.yaml
run check c --seed 1 --runs 20
expect_code 3
expect_out_has 'error lenses/todo-item/1-2.yaml:6: remove: the field "isDone" cannot exist here'

begin "an op that names a field twice"
fresh
sed -i 's/destination: status/destination: isDone/' $lens/1-2.yaml
run check c --seed 1 --runs 20
expect_code 3
expect_out_has 'error lenses/todo-item/1-2.yaml:5: rename: the field "isDone" is named twice'
fresh
sed -i '/- add:/a\  - split: {name: title, into: [a, b, a]}' $lens/1-2.yaml
run check c --seed 1 --runs 20
expect_code 3
expect_out_has 'error lenses/todo-item/1-2.yaml:12: split: the field "a" is named twice'
fresh
sed -i 's/hash: name/hash: [name, name]/' $lens/2-3.yaml
run check c --seed 1 --runs 20
expect_code 3
expect_out_has 'extract: the field "name" is named twice'

begin "a key of a field that the part cannot have"
fresh
sed -i 's/hash: name/hash: nope/' $lens/2-3.yaml
run check c --seed 1 --runs 20
expect_code 3
expect_out_has 'error lenses/todo-item/2-3.yaml:5: extract: the field "nope" of the key cannot exist in group@1'
sed -i 's/hash: nope/hash: [name, nope]/' $lens/2-3.yaml
run check c --seed 1 --runs 20
expect_out_has 'error lenses/todo-item/2-3.yaml:5: extract: the field "nope" of the key cannot exist in group@1'
sed -i 's/hash: .*}/from: nope}/' $lens/2-3.yaml
run check c --seed 1 --runs 20
expect_out_has 'error lenses/todo-item/2-3.yaml:5: extract: the field "nope" of the key cannot exist in group@1'

begin "a key of a field that the part has, but not the host"
fresh
sed -i 's/, "color": {"type": "string"}}/}/' $item/2.0.0.json
sed -i 's/hash: name/hash: [name, color]/' $lens/2-3.yaml
run check c --seed 1 --runs 20
expect_code 3
expect_out_has 'extract: the field "color" of the key cannot exist in "group"'

begin "a key of a field that is not among those that are extracted"
fresh
sed -i '/^lens:/,$d' $lens/2-3.yaml
cat >>$lens/2-3.yaml <<'END'
lens:
  - extract: {names: [{createdAt: name}], into: group@1, key: {hash: color}, reference: groupId}
END
run check c --seed 1 --runs 20
expect_code 3
expect_out_has 'error lenses/todo-item/2-3.yaml:5: extract: the field "color" of the key is not in names'

begin "a key of a part that comes in"
rm -rf e
cp -r "$source/test/unit/sync/catalogs/embed" e
sed -i 's/from: id/from: nope/' e/lenses/person/1-2.yaml
run check e --seed 1 --runs 20
expect_code 3
expect_out_has 'error lenses/person/1-2.yaml:4: embed: the field "nope" of the key cannot exist in address@1'

begin "a table without a row for a value of the schema"
fresh
sed -i 's/halted: false, //' $lens/1-2.yaml
run check c --seed 1 --runs 20
expect_code 3
expect_out_has 'error lenses/todo-item/1-2.yaml:6: convert: the table down has no row for "halted"'

begin "a default and a table's target that the schema refuses, before any document"
fresh
sed -i 's/default: {name: Inbox}/default: Inbox/' $lens/1-2.yaml
run check c --seed 1 --runs 1
expect_out_has 'error lenses/todo-item/1-2.yaml:11: add: the schema refuses the default "Inbox" of "group"'
fresh
sed -i 's/halted: false/halted: 7/' $lens/1-2.yaml
run check c --seed 1 --runs 1
expect_out_has 'error lenses/todo-item/1-2.yaml:6: convert: down, "halted" becomes 7, which the schema refuses'

begin "a version in the middle that no lens reaches"
fresh
rm $lens/1-2.yaml
run check c
expect_code 3
expect_out 'error schemas/todo-item/2.0.0.json:1: todo-item@2 cannot be reached from @1: a lens is missing between them'

begin "a missing lens to a version that is not supported is no error"
fresh
rm $lens/1-2.yaml
sed -i 's|^supported: .*|supported: {todo-item: [2, 3]}|' c/catalog.yaml
run check c
expect_code 0
expect_out ''

begin "a field that the newer schema does not know"
fresh
sed -i 's/name: group, type/name: grupe, type/' $lens/1-2.yaml
run check c --seed 1 --runs 20
expect_code 3
expect_out_has 'error lenses/todo-item/1-2.yaml:11: the field "grupe" cannot exist in the newer schema'

begin "a manifest that asks for what has no schema"
fresh
sed -i 's/"\^3.0.0"/"^4.0.0"/' c/manifests/3.0.0.json
run check c
expect_code 3
expect_out 'error manifests/3.0.0.json:4: no schema of todo-item is in the range ^4.0.0'

begin "a manifest that names an unknown type"
fresh
sed -i 's/"settings"/"setings"/' c/manifests/1.1.0.json
run check c
expect_code 3
expect_out 'error manifests/1.1.0.json:4: the type setings has no schema'

begin "a minor version that cannot read what the one before wrote"
fresh
sed -i 's/"required": \["schema"/"required": ["isImportant", "schema"/' $item/1.1.0.json
run check c
expect_code 3
expect_out_has 'error schemas/todo-item/1.1.0.json:'
expect_out_has 'yet has the same major'

begin "a schema that is not one"
fresh
sed -i 's/"type": "boolean"/"type": "bool"/' $item/1.0.0.json
run check c
expect_code 3
expect_out_has 'error schemas/todo-item/1.0.0.json:'

begin "a file that is named otherwise than its version"
fresh
mv $item/2.0.0.json $item/2.0.1.json
run check c
expect_code 3
expect_out_has 'the version is 2.0.0, but the file is named 2.0.1'

begin "it goes on after the first finding"
fresh
sed -i 's/- rename:/- renam:/' $lens/1-2.yaml
sed -i 's/- extract:/- extrac:/' $lens/2-3.yaml
sed -i 's/"settings"/"setings"/' c/manifests/1.1.0.json
run check c
expect_code 3
expect_lines out 3

begin "broken YAML and broken JSON"
fresh
echo '  - {' >>$lens/1-2.yaml
echo '{' >c/manifests/2.0.0.json
run check c
expect_code 3
expect_out_has 'error lenses/todo-item/1-2.yaml:'
expect_out_has 'error manifests/2.0.0.json:'

# A type of two versions, of these properties and ops.
two() { # older, newer, ops
	rm -rf w
	mkdir -p w/schemas/p w/lenses/p
	echo 'name: w' >w/catalog.yaml
	for v in 1 2; do
		printf '{"version":"%s.0.0","type":"object","additionalProperties":false,"properties":{"schema":{"const":"p"},"version":{"const":%s},%s}}\n' \
			$v $v "$([ $v = 1 ] && echo "$1" || echo "$2")" >w/schemas/p/$v.0.0.json
	done
	printf 'from: p@1\nto: p@2\nlens:\n%s\n' "$3" >w/lenses/p/1-2.yaml
}
text='{"type":"string"}' word='{"type":"string","pattern":"^[^ ]*$"}'

begin "a part of split or join that may hold the separator"
two "\"n\":$text" "\"a\":$text,\"b\":$text" '  - split: {name: n, into: [a, b], by: " "}'
run check w --seed 1
expect_code 3
expect_out 'error lenses/p/1-2.yaml:4: split: PutGet is broken: "a" may be "x x", which is cut otherwise when it is read again: its schema must refuse the separator, as a pattern can'
two "\"n\":$text" "\"c\":$text,\"b\":$text" '  - split: {name: n, into: [a, b], by: " "}
  - rename: {source: a, destination: c}'
run check w --seed 1
expect_out_has '1-2.yaml:4: split: PutGet is broken: "a" may be "x x"'
two "\"a\":$text,\"b\":$text" "\"n\":$text" '  - join: {name: n, into: [a, b], by: " "}'
run check w --seed 1
expect_code 3
expect_out_has '1-2.yaml:4: join: PutGet is broken: "a" may be "x x"'
two "\"n\":$text" "\"a\":$word,\"b\":$text" '  - split: {name: n, into: [a, b], by: " "}'
run check w --seed 1
expect_true "no word of a" test "$(grep -c '"a" may be' out)" -eq 0

begin "a key that the elements do not have, or have under that name only later"
list() { echo "\"l\":{\"type\":\"array\",\"items\":{\"type\":\"object\",\"properties\":{\"$1\":$text}}}"; }
for key in nosuch ident id; do
	two "$(list id)" "$(list ident)" "  - in:
      name: l
      lens:
        - map:
            key: $key
            lens: [{rename: {source: id, destination: ident}}]"
	run check w --seed 1 --runs 30
	case $key in
	nosuch) expect_out 'error lenses/p/1-2.yaml:7: map: the elements have no field "nosuch" that could be their key' ;;
	ident) expect_out 'error lenses/p/1-2.yaml:7: map: the key "ident" is the newer name of "id": the older one is meant' ;;
	id) expect_out '' ;;
	esac
done

begin "a script in newer language: one error, with the older way to say it"
two "\"a\":$text" "\"b\":$text" '  - script: {reads: [a], writes: [b], up: "function (s) { return [s].map(x => ({b: x.a}))[0]; }", down: "function (s) { return {a: s.b}; }"}'
run check w --seed 1
expect_code 3
expect_out 'error lenses/p/1-2.yaml:4: script: up: line 1 of the script: => is newer than ES5.1: write function (x) { return ...; }'

begin "fields that open schemas do not speak of"
open_two() { # ops
	two "\"a\":$text" "\"b\":$text" "$1"
	sed -i 's/"additionalProperties":false,//' w/schemas/p/*.json
}
open_two '  - rename: {source: a, destination: b}'
run check w --seed 1
expect_out ''
open_two '  - rename: {source: o.a, destination: c}'
run check w --seed 1
expect_out_has 'warning lenses/p/1-2.yaml:4: rename: no schema speaks of a field "o.a" here; inside an object: in: {name: o, lens: [...]}'
expect_out_has 'warning lenses/p/1-2.yaml:4: the newer schema does not speak of "c"'
open_two '  - rename: {source: aa, destination: b}'
run check w --seed 1
expect_out_has 'warning lenses/p/1-2.yaml:4: rename: no schema speaks of a field "aa" here'

begin "words of a schema that are written wrongly"
fresh
sed -i 's/"required"/"requierd"/' $item/1.1.0.json
run check c --seed 1 --runs 5
expect_out_has 'warning schemas/todo-item/1.1.0.json:'
expect_out_has '"requierd" is no keyword and says nothing; did you mean "required"?'
expect_true "one" test "$(grep -c 'did you mean' out)" -eq 1
fresh
sed -i 's/"type": "string"/"type": "string", "maxLenght": 9, "x-note": 1, "order": 2/' $item/1.0.0.json
run check c --seed 1 --runs 5
expect_out_has '"maxLenght" is no keyword and says nothing; did you mean "maxLength"?'
expect_true "no other" test "$(grep -c 'x-note\|order' out)" -eq 0
fresh
sed -i 's/"type": "boolean"/"type": "integr"/' $item/1.0.0.json
run check c
expect_code 3
expect_out_has 'not a schema: "integr" is not a type at /properties/isDone/type'

begin "plunge makes the object that it needs, and takes it away again"
two "\"a\":$text" "\"o\":{\"type\":\"object\",\"additionalProperties\":false,\"required\":[\"a\"],\"properties\":{\"a\":$text}}" '  - plunge: {host: o, name: a}'
run check w --seed 1
expect_out ''
expect_code 0
echo '{"_id":"p@1:k","schema":"p","version":1,"a":"x"}' >in
run convert -c w --to p@2 in
expect_out '{"_id":"p@2:k","schema":"p","version":2,"o":{"a":"x"}}'
cp out up
run convert -c w --to p@1 up
expect_out_file in
echo '{"_id":"p@1:k","schema":"p","version":1}' >in
run convert -c w --to p@2 in
expect_out '{"_id":"p@2:k","schema":"p","version":2}'

begin "what is wrong with YAML is told in the words of who wrote it"
fresh
printf 'from: todo-item@1\nto: todo-item@2\nlens:\n\t- rename: {source: a, destination: b}\n' >$lens/1-2.yaml
run check c
expect_code 3
expect_out_has 'error lenses/todo-item/1-2.yaml:4: a tab cannot indent: use spaces (column 1)'
run convert -c c --to 2.0.0 /dev/null
expect_err 'chesterfield: c/lenses/todo-item/1-2.yaml:4:1: a tab cannot indent: use spaces'

begin "a lens of an unknown type"
fresh
sed -i 's/^from: todo-item@1/from: todo@1/; s/^to: todo-item@2/to: todo@2/' $lens/1-2.yaml
run check c
expect_code 3
expect_out_has 'error lenses/todo-item/1-2.yaml:'
expect_out_has 'todo@1'

begin "lenses that go round"
fresh
sed -i 's/^from: todo-item@2/from: todo-item@3/; s/^to: todo-item@3/to: todo-item@2/' $lens/2-3.yaml
run check c
expect_code 3
expect_out_has 'cycle'

begin "a version made by two lenses"
fresh
sed 's/^from: todo-item@2/from: todo-item@1/' $lens/2-3.yaml >$lens/1-3.yaml
run check c
expect_code 3
expect_out_has 'todo-item@3 is made by another lens, too'

begin "two types whose ids cannot be told apart"
fresh
echo 'id: "{type}-{major}-{key}"' >c/catalog.yaml
mkdir c/schemas/todo
sed 's/todo-item/todo/' $item/1.0.0.json >c/schemas/todo/1.0.0.json
run check c
expect_code 3
expect_out_has 'the id grammar cannot tell todo from todo-item'

begin "unknown members of catalog.yaml"
fresh
echo 'suported: {}' >>c/catalog.yaml
run check c
expect_code 3
expect_out_has 'error catalog.yaml:7: '
expect_out_has 'suported'

begin "a folder that is missing or is no catalog"
run check nowhere
expect_code 1
expect_err 'chesterfield: nowhere: no such folder'
mkdir -p empty
run check empty
expect_code 1
expect_err 'chesterfield: empty: catalog.yaml is missing: this is not a catalog'

begin "findings as JSON"
fresh
sed -i 's/"settings"/"setings"/' c/manifests/1.1.0.json
run check c --json
expect_code 3
expect_out '{"level":"error","file":"manifests/1.1.0.json","line":4,"message":"the type setings has no schema"}'

begin "strings are made from their pattern, so that check covers them"
fresh
sed -i 's/"title": *{"type": "string"}/"title": {"type": "string", "pattern": "^[A-Z][a-z]+( [a-z]+){0,3}$"}/' $item/*.json
run check c --seed 1
expect_code 0
expect_out ''
sed -i 's/"pattern": "[^"]*"/"pattern": "^[A-Z]+$"/' $item/2.0.0.json
run check c --seed 1
expect_code 3
expect_out_has 'error lenses/todo-item/1-2.yaml:4: a valid document becomes an invalid one going up: must match ^[A-Z]+$ at /title, which no op of the lens makes
  document   {"schema":"todo-item"'

begin "a pattern that cannot be read backwards is told with its schema and pointer"
fresh
sed -i 's/"title": *{"type": "string"}/"title": {"type": "string", "pattern": "^(.)\\\\1$"}/' $item/*.json
run check c --seed 1
expect_code 0
expect_out_has 'warning schemas/todo-item/2.0.0.json:'
expect_out_has ': no text is generated for /properties/title/pattern (a back reference): give examples there'
expect_out_has 'warning schemas/todo-item/1.1.0.json:'
expect_out_has 'the laws are not tried on todo-item@1: no valid document was found'
expect_err_has 'chesterfield: 0 errors'

begin "a schema that no document fits"
fresh
sed -i 's/"type": "boolean"/"type": "boolean", "not": {}/' $item/1.1.0.json
run check c --seed 1
expect_out_has 'warning schemas/todo-item/1.1.0.json:'
expect_out_has 'the laws are not tried on todo-item@1: no valid document was found for the schema in 60 tries; the last one '
expect_out_has ' at /properties/'

# A type of two majors whose schemas say no more than $1, and a lens without ops.
loose() {
	rm -rf k
	mkdir -p k/schemas/u k/lenses/u
	echo 'name: k' >k/catalog.yaml
	for v in 1 2; do echo "{\"version\":\"$v.0.0\"$1}" >k/schemas/u/$v.0.0.json; done
	printf 'from: u@1\nto: u@2\nlens: []\n' >k/lenses/u/1-2.yaml
}

begin "documents are objects, whatever else a schema allows"
loose ''
run check k --seed 1
expect_code 0
expect_out ''
loose ', "type": ["array", "object"], "items": {"type": "string"}, "minItems": 2'
run check k --seed 1
expect_code 0
expect_out ''

begin "a schema of arrays alone is one that no document fits"
loose ', "type": "array"'
run check k --seed 1
expect_code 0
expect_out_has 'the laws are not tried on u@1: no valid document was found'

begin "documents carry the type and version of their place, though the schema leaves them open"
fresh
sed -i 's/"version": {"const": [^}]*}/"version": {"type": "integer"}/; s/"schema": {"const": [^}]*}/"schema": {"type": "string"}/' \
	c/schemas/*/*.json
run check c --seed 1
expect_code 0
expect_out ''
sed -i 's/"version": {"type": "integer"}/"version": {"type": "string"}/' c/schemas/*/*.json
run check c --seed 1
expect_code 0
expect_out ''

begin "so do those whose version is not in the id"
echo 'id: "{type}:{key}"' >>c/catalog.yaml
sed -i '/^id: "{type}@/d' c/catalog.yaml
run check c --seed 1
expect_code 0
expect_out ''

begin "a schema that refuses its own version"
fresh
sed -i 's/"version": {"const": 1}/"version": {"const": 7}/' $item/1.*.json
run check c --seed 1
expect_out_has 'warning schemas/todo-item/1.1.0.json:1: the laws are not tried on todo-item@1: the schema refuses its own type and version'

begin "two files for one thing"
fresh
cp c/schemas/group/1.0.0.json c/schemas/group/1.0.0.yaml
cp c/manifests/3.0.0.json c/manifests/3.0.0.yaml
cp c/manifests/3.0.0.json c/manifests/3.0.0.yml
cp $lens/1-2.yaml $lens/1-2.yml
echo '{"name": "todo"}' >c/catalog.json
run check c --seed 1
expect_code 3
expect_lines out 5
expect_out_has 'error catalog.json: catalog.yaml says the same: one of the two must go'
expect_out_has 'error schemas/group/1.0.0.yaml: 1.0.0.json says the same: one of the two must go'
expect_out_has 'error manifests/3.0.0.yaml: 3.0.0.json says the same: one of the two must go'
expect_out_has 'error manifests/3.0.0.yml: 3.0.0.json says the same: one of the two must go'
expect_out_has 'error lenses/todo-item/1-2.yml: 1-2.yaml says the same: one of the two must go'

begin "names that only begin alike are two things"
fresh
sed 's/"3.0.0"/"3.0.0-json"/' c/manifests/3.0.0.json >c/manifests/3.0.0-json.json
sed 's/"3.0.0"/"3.0.0-json"/' c/manifests/3.0.0.json >c/manifests/3.0.0-json.yaml
run check c --seed 1 --runs 1
expect_lines out 1

begin "the graph to read"
run graph -c "$source/examples/todo-split"
expect_code 0
expect_out 'status@1  1.0.0
todo-item@1  1.0.0
todo-item@2  2.0.0
todo-item@1 <-> todo-item@2 + status@1'

begin "the graph for graphviz"
run graph -c "$source/examples/todo" --format dot
expect_code 0
expect_out_has '  "todo-item@2" -> "group@1" [dir=both, style=dashed];'

begin "the graph drawn is well-formed"
run graph -c "$source/examples/todo" --format svg
expect_code 0
if command -v python3 >/dev/null; then
	expect_true "XML" python3 -c 'import xml.dom.minidom; xml.dom.minidom.parse("out")'
fi

begin "a format that is none"
run graph -c "$source/examples/todo" --format png
expect_code 2

begin "schemas that speak of _id are proven like others"
cp -r "$source/test/unit/sync/catalogs/lists" with-id
sed -i 's/"required": \["schema"/"required": ["_id", "schema"/; s/"schema": {"const"/"_id": {"type": "string", "pattern": "^list@"}, "schema": {"const"/' \
	with-id/schemas/list/*.json
run check with-id
expect_code 0
expect_out ''

finish
