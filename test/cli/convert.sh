# convert and validate: documents of every version, and documents that are wrong.
. "$(dirname "$0")/lib.sh"
todo=$source/examples/todo
split=$source/examples/todo-split
item='{"_id":"todo-item@1:a","schema":"todo-item","version":1,"title":"T","isDone":true}'

begin "the item of the article goes up"
sed -n 1p "$todo/documents/v1.ndjson" >in
run convert -c "$todo" --to 2.0.0 in
expect_code 0
expect_out '{"_id":"todo-item@2:ab8ee6240d8b5143884127d3408b1a85","schema":"todo-item","version":2,"title":"Compare apples to oranges","status":"done","isImportant":true,"createdAt":"2018-04-01T00:00:00.000Z","group":{"name":"Inbox"}}'

begin "what goes up comes back the same"
run convert -c "$todo" --to 3.0.0 "$todo/documents/v1.ndjson"
expect_code 0
cp out up
run convert -c "$todo" --to 1.1.0 up
expect_code 0
expect_out_file "$todo/documents/v1.ndjson"

begin "all that comes out is valid in its version"
for version in 1.1.0 2.0.0 3.0.0; do
	run convert -c "$todo" --to $version "$todo"/documents/*.ndjson
	expect_code 0
	cp out made
	run validate -c "$todo" made
	expect_code 0
	expect_err_has ', 0 invalid, 0 passed over'
done

begin "a shared part comes out once"
expect_true "one Garden" test "$(grep -c '"name":"Garden"' made)" -eq 1

begin "two that embed one shared part and do not agree on it are told"
cp -r "$todo" named
sed -i 's/key: {hash: name}/key: {from: name}/' named/lenses/todo-item/2-3.yaml
for color in red blue red; do
	echo '{"_id":"todo-item@2:'$color'","schema":"todo-item","version":2,"title":"t","status":"done","group":{"name":"Garden","color":"'$color'"}}'
done >in
run convert -c named --to 3.0.0 in
expect_code 3
expect_lines out 4
expect_out_has '"_id":"group@1:Garden","schema":"group","version":1,"name":"Garden","color":"red"}'
expect_err 'chesterfield: in:2: group@1:Garden at /color: this part was made before and says something else here, which is left out'

begin "the right version passes as it stands"
echo '{ "_id" : "todo-item@3:k", "title": "\u0054", "status":"done", "groupId":"g", "x": 1e0 }' >in
run convert -c "$todo" --to todo-item@3 in
expect_code 0
expect_out_file in

begin "one document becomes several, and they become one again"
run convert -c "$split" --to 2.0.0 "$split/documents/v1.ndjson"
expect_code 0
expect_lines out 4
cp out several
run convert -c "$split" --to 1.0.0 several
expect_code 0
expect_out_file "$split/documents/v1.ndjson"

begin "parts may come in any order"
tac several >in
run convert -c "$split" --to 1.0.0 in
expect_code 0
tac out >back
expect_file "$split/documents/v1.ndjson" back

begin "documents that wait for their parts keep their place"
grep '^{"_id":"todo' several >mains
grep '^{"_id":"status' several | tac >parts
cat mains parts >in
run convert -c "$split" --to 1.0.0 in
expect_code 0
expect_out_file "$split/documents/v1.ndjson"
expect_err ''

begin "what follows a document that never meets its part comes out, too"
{ sed -n 1p mains | sed 's/:a1/:lost/'; cat mains parts; } >in
run convert -c "$split" --to 1.0.0 in
expect_code 3
expect_out_file "$split/documents/v1.ndjson"
expect_err 'chesterfield: todo-item@2:lost: waits for status@1:lost'

begin "one that fails after it waited does not take the others along"
{ cat mains; sed 's/"status":"[a-z]*"/"status":"odd"/' parts | sed -n 1p; sed -n 2p parts; } >in
run convert -c "$split" --to 1.0.0 in
expect_code 3
expect_lines out 1
expect_err_has 'odd'

begin "more than 64 MiB behind one that waits: it comes out late, and stderr says so"
{
	sed -n 1p mains
	for i in {1..5}; do
		printf '{"_id":"todo-item@1:n%d","schema":"todo-item","version":1,"title":"' $i
		head -c 15000000 /dev/zero | tr '\0' x
		printf '","isDone":true}\n'
	done
	grep ':a1' parts
} >in
run convert -c "$split" --to 1.0.0 in
expect_code 0
expect_lines out 6
expect_err 'chesterfield: more than 64 MiB follow a document that waits: it will come out late'
expect_true "the last line" test "$(tail -n 1 out)" = "$(sed -n 1p "$split/documents/v1.ndjson")"
rm in

begin "a document without its part is named"
grep -v 'status@1:a1' several >in
run convert -c "$split" --to 1.0.0 in
expect_code 3
expect_lines out 1
expect_err 'chesterfield: todo-item@2:a1: waits for status@1:a1'

begin "a part without its document is named"
run convert -c "$split" --to 1.0.0 "$split/documents/v2.ndjson"
expect_code 3
expect_lines out 1
expect_err 'chesterfield: status@1:b2: what it is a part of never came'

begin "what is deleted stays deleted, and no lens runs over it"
printf '%s\n' '{"_id":"todo-item@1:o","schema":"todo-item","version":1,"title":"x","isDone":true,"_deleted":true}' \
	'{"_id":"todo-item@1:p","_rev":"2-a","_deleted":true}' >in
run convert -c "$todo" --to 2.0.0 in
expect_code 0
expect_out '{"_id":"todo-item@2:o","schema":"todo-item","version":2,"_deleted":true}
{"_id":"todo-item@2:p","schema":"todo-item","version":2,"_deleted":true}'
run convert -c "$todo" --to 3.0.0 in
expect_code 0
expect_out '{"_id":"todo-item@3:o","schema":"todo-item","version":3,"_deleted":true}
{"_id":"todo-item@3:p","schema":"todo-item","version":3,"_deleted":true}'

begin "parts of the same key are deleted with their document, and wait for nobody"
sed -n 2p in >dead
run convert -c "$split" --to 2.0.0 dead
expect_code 0
expect_out '{"_id":"todo-item@2:p","schema":"todo-item","version":2,"_deleted":true}
{"_id":"status@1:p","schema":"status","version":1,"_deleted":true}'
cp out dead
run convert -c "$split" --to 1.0.0 dead
expect_code 0
expect_out '{"_id":"todo-item@1:p","schema":"todo-item","version":1,"_deleted":true}'
expect_err ''

begin "a deleted part makes no document whole"
{ sed -n 1p mains; echo '{"_id":"status@1:a1","_deleted":true}'; } >in
run convert -c "$split" --to 1.0.0 in
expect_code 3
expect_out ''
expect_err 'chesterfield: todo-item@2:a1: waits for status@1:a1'

begin "a file that cannot be read hides neither what waits nor what follows it"
{ sed -n 1p mains; sed -n 2,4p several; } | grep -v 'status@1:a1' >in
run convert -c "$split" --to 1.0.0 in nofile
expect_code 1
expect_lines out 1
expect_err_has 'chesterfield: todo-item@2:a1: waits for status@1:a1'
expect_err_has 'nofile'

begin "an id may be written with escapes, and is the same one then"
printf '%s\n' '{"_id":"todo-item@1:m\u00fcller","schema":"todo-item","version":1,"title":"x","isDone":true}' \
	'{"_id":"todo\u002ditem@1:a\"\u005c\u0062","schema":"todo-item","version":1,"title":"y","isDone":true}' \
	'{"_id":"us\u0065r@1:a"}' >in
run convert -c "$split" --to 2.0.0 in
expect_code 0
expect_out '{"_id":"todo-item@2:müller","schema":"todo-item","version":2,"title":"x"}
{"_id":"status@1:müller","schema":"status","version":1,"status":"done"}
{"_id":"todo-item@2:a\"\\b","schema":"todo-item","version":2,"title":"y"}
{"_id":"status@1:a\"\\b","schema":"status","version":1,"status":"done"}'
expect_err 'chesterfield: 1 documents passed over'
sed 's/status@1:a.*b"/status@1:\\u0061\\u0022\\\\\\u0062"/; s/:mü/:m\\u00fc/' out >in
expect_has in '"status@1:\u0061\u0022\\\u0062"'
run convert -c "$split" --to 1.0.0 in
expect_code 0
expect_out '{"_id":"todo-item@1:müller","schema":"todo-item","version":1,"title":"x","isDone":true}
{"_id":"todo-item@1:a\"\\b","schema":"todo-item","version":1,"title":"y","isDone":true}'
run validate -c "$split" in
expect_code 0
expect_err_has '4 valid, 0 invalid'

begin "parts of a newer major meet the documents that need an older one"
cp -r "$split" newer
mkdir newer/lenses/status
sed 's/^supported.*/supported: {todo-item: [1, 2], status: [1, 2]}/' "$split/catalog.yaml" >newer/catalog.yaml
sed 's/"version": "1.0.0"/"version": "2.0.0"/; s/{"const": 1}/{"const": 2}/; s/"status"\(:\|\]\)/"state"\1/' \
	"$split/schemas/status/1.0.0.json" >newer/schemas/status/2.0.0.json
printf 'from: status@1\nto: status@2\nlens:\n  - rename: {source: status, destination: state}\n' \
	>newer/lenses/status/1-2.yaml
echo '{"name":"n","version":"3.0.0","dependencies":{"todo-item":"^2.0.0","status":"^2.0.0"}}' \
	>newer/manifests/3.0.0.json
run convert -c newer --to 3.0.0 "$split/documents/v1.ndjson"
expect_code 0
expect_out_has '"_id":"status@2:a1"'
cp out up
run convert -c newer --to 1.0.0 up
expect_code 0
expect_out_file "$split/documents/v1.ndjson"
expect_err ''

begin "they may come first, last, and beside those of the older major"
{ grep '"_id":"status' up; grep '"_id":"todo' up; } >in
run convert -c newer --to 1.0.0 in
expect_out_file "$split/documents/v1.ndjson"
{ grep '"_id":"todo' up; cat parts; grep '"_id":"status' up; } >in
run convert -c newer --to 1.0.0 in
expect_code 0
expect_out_file "$split/documents/v1.ndjson"
expect_err ''

begin "one whose document never came is named"
grep '"_id":"status@2:a1' up >in
run convert -c newer --to 1.0.0 in
expect_code 3
expect_err 'chesterfield: status@1:a1: what it is a part of never came'

begin "unknown types are passed over and counted"
printf '%s\n' '{"_id":"_design/x"}' '{"_id":"user@1:a"}' "$item" >in
run convert -c "$todo" --to 2.0.0 in
expect_code 0
expect_lines out 1
expect_err 'chesterfield: 2 documents passed over'

begin "with one type's major, other types are passed over and counted"
echo '{"_id":"settings@1","schema":"settings","version":1,"color":"#e20074"}' >other
{ cat other; echo "$item"; echo '{"_id":"user@1:a"}'; } >in
run convert -c "$todo" --to todo-item@2 in
expect_code 0
expect_lines out 1
expect_err 'chesterfield: 2 documents passed over'

begin "with --pass they come out as they stand, in their place"
cp out converted
{ cat other converted; echo '{"_id":"user@1:a"}'; } >wanted-lines
run convert -c "$todo" --to todo-item@2 --pass in
expect_code 0
expect_out_file wanted-lines
expect_err ''

wrong() { # words, line, what stderr must have
	begin "$1: told with its line, and the rest goes on"
	printf '%s\n' "$2" "$item" >in
	run convert -c "$todo" --to 2.0.0 in
	expect_code 3
	expect_lines out 1
	expect_err_has "in:1"
	expect_err_has "$3"
	run validate -c "$todo" in
	expect_code 3
	expect_err_has "in:1"
	expect_err_has "1 valid, 1 invalid"
}
wrong "not JSON" '{"_id":' 'in:1'
wrong "not an object" '[1]' 'not an object'
wrong "an unsupported version" '{"_id":"todo-item@9:a","schema":"todo-item","version":9}' \
	'todo-item@9 is not a supported version'
wrong "without id" '{"schema":"todo-item","version":1,"title":"T","isDone":true}' 'has no _id'
wrong "a type that contradicts the id" \
	'{"_id":"todo-item@1:a","schema":"settings","version":1}' 'contradicts the id'
wrong "a version that contradicts the id" \
	'{"_id":"todo-item@1:a","schema":"todo-item","version":2,"title":"T","isDone":true}' \
	'contradicts the id'
wrong "a member name twice" \
	'{"_id":"todo-item@1:a","schema":"todo-item","version":1,"title":"a","title":"b","isDone":true}' \
	'title'
wrong "not UTF-8" "$(printf '{"_id":"todo-item@1:a","title":"\377","isDone":true}')" 'in:1'
wrong "10,000 levels deep" \
	"{\"_id\":\"todo-item@1:a\",\"x\":$(printf '[%.0s' {1..10000})$(printf ']%.0s' {1..10000})}" \
	'deep'
wrong "a value that the lens cannot take" \
	'{"_id":"todo-item@1:a","schema":"todo-item","version":1,"title":"T","isDone":"maybe"}' \
	'maybe'

begin "a line of 64 MiB is told, and the rest goes on"
{
	printf '{"_id":"todo-item@1:a","title":"'
	head -c 67108864 /dev/zero | tr '\0' x
	printf '","isDone":true}\n%s\n' "$item"
} >in
run convert -c "$todo" --to 2.0.0 in
expect_code 3
expect_lines out 1
expect_err_has 'in:1: a line of more than 16777216 bytes'
rm in

begin "what is made of an invalid document, and is invalid, is told and does not come out"
{ echo "$item" | sed 's/"title":"T"/"title":5/'; echo "$item"; } >in
run convert -c "$todo" --to 2.0.0 in
expect_code 3
expect_lines out 1
expect_err 'chesterfield: in:1: todo-item@1:a: must be a string (at /title), so what is made of it is invalid, too: must be a string (at /title)'

begin "an invalid document of which something valid is made comes out, but with --validate"
cp -r "$todo" strict
sed -i 's/"title": *{"type": "string"}/"title": {"type": "string", "maxLength": 3}/' strict/schemas/todo-item/1.*.json
echo "$item" | sed 's/"title":"T"/"title":"long"/' >in
run convert -c strict --to 2.0.0 in
expect_code 0
expect_lines out 1
run convert -c strict --to 2.0.0 --validate in
expect_code 3
expect_out ''
expect_err 'chesterfield: in:1: todo-item@1:a at /title: must have at most 3 characters'

begin "--validate looks at what passes as it stands, and at what is made of a valid one"
run convert -c strict --to 1.1.0 --validate in
expect_code 3
expect_out ''
sed -i 's/"maxLength": 3/"minLength": 1/' strict/schemas/todo-item/1.*.json
sed -i 's/"title": *{"type": "string"}/"title": {"type": "string", "maxLength": 3}/' strict/schemas/todo-item/2.*.json
run convert -c strict --to 2.0.0 in
expect_code 0
run convert -c strict --to 2.0.0 --validate in
expect_code 3
expect_err 'chesterfield: in:1: todo-item@1:a at /title: what is made of it is invalid: must have at most 3 characters'
echo '{"_id":"todo-item@1:a","_deleted":true}' >in
run convert -c strict --to 2.0.0 --validate in
expect_code 0
run convert -c strict --to 1.1.0 --validate in
expect_code 0

begin "versions that are not there"
run convert -c "$todo" --to 9.0.0 /dev/null
expect_code 2
expect_err_has 'no manifest 9.0.0'
run convert -c "$todo" --to todo-item@9 /dev/null
expect_code 2
run convert -c "$todo" --to user@1 /dev/null
expect_code 2
for to in 'todo-item@ 1' todo-item@+1 todo-item@01 todo-item@-18446744073709551615 todo-item@; do
	run convert -c "$todo" --to "$to" /dev/null
	expect_code 2
done

begin "one lens, up and down"
cat >lens.yaml <<'END'
lens:
  - rename: {source: isDone, destination: done}
END
echo '{"isDone":true,"n":1.50}' >in
run convert --lens lens.yaml in
expect_code 0
expect_out '{"done":true,"n":1.50}'
cp out up
run convert --lens lens.yaml --reverse up
expect_out_file in

begin "one lens, down onto a base, keeps what only the base knows"
cat >lens.yaml <<'END'
lens:
  - add: {name: color, type: string, default: red}
END
echo '{"title":"new"}' >in
echo '{"title":"old","color":"blue"}' >base.json
run convert --lens lens.yaml --base base.json in
expect_code 0
expect_out_has '"title":"new"'
expect_out_has '"color":"blue"'

begin "what the base lacks gets the lens's default"
printf 'lens:\n  - add: {name: n, type: number, default: 7}\n' >lens.yaml
echo '{"a":"1"}' >in
echo '{}' >base.json
run convert --lens lens.yaml --base base.json in
expect_code 0
expect_out '{"a":"1","n":7}'
echo '{"n":8}' >base.json
run convert --lens lens.yaml --base base.json in
expect_out_has '"n":8'

begin "a default that is 0, false or empty is one"
printf 'lens:\n  - add: {name: n, default: 0}\n  - add: {name: b, default: false}\n  - add: {name: s, default: ""}\n' >lens.yaml
echo '{}' >in
run convert --lens lens.yaml in
expect_out '{"n":0,"b":false,"s":""}'

begin "a base comes back as it was, where the input says what it says"
onto() { # lens, base
	printf 'lens:\n  - %s\n' "$1" >lens.yaml
	echo "$2" >base.json
	"$program" convert --lens lens.yaml base.json >in
	run convert --lens lens.yaml --reverse --base base.json in
	expect_code 0
	expect_out "$2"
}
onto 'wrap: {name: a}' '{"a":null}'
onto 'wrap: {name: a}' '{"x":1}'
onto 'wrap: {name: a}' '{"a":[1]}'
onto 'join: {name: full, into: [f, l], by: " "}' '{"l":"C"}'
onto 'join: {name: full, into: [f, l], by: " "}' '{"f":"C"}'
onto 'join: {name: full, into: [f, l], by: " "}' '{"f":"","l":"C D"}'
onto 'split: {name: full, into: [f, l], by: " "}' '{"full":"C D E"}'
onto 'hoist: {host: h, name: a}' '{"h":{}}'
onto 'convert: {name: a, mapping: [{"x": 1, "y": 1}, {"1": x}]}' '{"a":"y"}'

begin "a script leaves the spelling of what it does not change"
cat >script.yaml <<'END'
lens:
  - script:
      reads: [a, b]
      writes: [c, d]
      up: "function (s) { return {c: s.a, d: s.b}; }"
      down: "function (s) { return {a: s.c, b: s.d}; }"
END
echo '{"a":1.0,"b":{"x":2.50,"\u0079":[1e0,"\u0041"],"z":3}}' >base.json
echo '{"c":1,"d":{"x":2.5,"y":[1,"A","n"],"z":4.0}}' >in
run convert --lens script.yaml --reverse --base base.json in
expect_code 0
expect_out '{"a":1.0,"b":{"x":2.50,"y":[1e0,"\u0041","n"],"z":4}}'
echo '{"c":2}' >in
run convert --lens script.yaml --reverse --base base.json in
expect_out '{"a":2,"b":{"x":2.50,"\u0079":[1e0,"\u0041"],"z":3}}'

begin "a document on several lines, as Cambria's command takes it"
cat >lens.yaml <<'END'
lens:
  - rename: {source: isDone, destination: done}
END
printf '{\n    "isDone": true,\n    "tags": [\n        "}",\n        "\\"{"\n    ]\n}\n' >in
run convert --lens lens.yaml <in
expect_code 0
expect_out '{"done":true,"tags":["}","\"{"]}'
cat in in >two
echo '{"isDone":false}' >>two
run convert -l lens.yaml -i two
expect_code 0
expect_lines out 3

begin "a document on several lines that is wrong is told with its line"
printf '{"isDone":true}\n{\n  "isDone": tru,\n}\n{"isDone":true}\n' >in
run convert --lens lens.yaml in
expect_code 3
expect_lines out 2
expect_err_has 'in:3'

begin "a document that a file leaves open does not reach into the next one"
printf '{\n  "isDone": true,\n' >open.json
echo '{"isDone":true}' >in
run convert --lens lens.yaml open.json in
expect_code 3
expect_out '{"done":true}'
expect_err_has 'open.json:'

begin "a base that the lens cannot look at is told by its name"
cat >strict.yaml <<'END'
lens:
  - convert: {name: a, mapping: [{"x": 1}, {"1": x}]}
END
echo '{"a":5}' >base.json
echo '{"a":"x"}' >in
run convert --lens strict.yaml --base base.json in
expect_code 3
expect_err_has 'base.json: /a: the base: convert: no row for the value 5'

begin "what a lens refuses is told in one line: the input's place, then the lens's"
cat >strict.yaml <<'END'
lens:
  - convert: {name: a, mapping: [{"x": 1}, {"1": x}]}
END
printf '%s\n' '{"a":"x"}' '{"a":"y"}' >in
run convert --lens strict.yaml in
expect_code 3
expect_out '{"a":1}'
expect_err 'chesterfield: in:2: /a: convert: no row for the value "y" (strict.yaml:2)'
echo '{"_id":"todo-item@2:a","schema":"todo-item","version":2,"title":"t","status":"none","group":{"name":"G"}}' >in
run convert -c "$todo" --to todo-item@1 in
expect_code 3
expect_err "chesterfield: in:1: todo-item@2:a at /status: convert: no row for the value \"none\" ($todo/lenses/todo-item/1-2.yaml:6)"

begin "a line that is too long is told of once, and the next one is read"
head -c 20000000 /dev/zero | tr '\0' x >in
printf '\n%s\n' '{"_id":"todo-item@1:a","schema":"todo-item","version":1,"title":"t","isDone":true}' >>in
run convert -c "$todo" --to todo-item@2 in
expect_code 3
expect_lines out 1
expect_err 'chesterfield: in:1: a line of more than 16777216 bytes'

begin "options of one way do not go with the other"
wrong_use() { # stderr, arguments
	local words=$1
	shift
	run "$@" </dev/null
	expect_code 2
	expect_out ''
	expect_err "chesterfield: $words"
}
echo '{}' >schema.json
wrong_use 'give the input with --input or as FILE, not both ways' convert --lens lens.yaml -i in two
wrong_use '--catalog does not go with --lens' convert --lens lens.yaml -c "$todo" in
wrong_use '--to does not go with --lens' convert --lens lens.yaml --to 2.0.0 in
wrong_use '--from does not go with --lens' convert --lens lens.yaml --from 2.0.0 in
wrong_use '--pass does not go with --lens' convert --lens lens.yaml --pass in
wrong_use '--reverse goes with --lens only' convert -c "$todo" --to 2.0.0 --reverse in
wrong_use '--base goes with --lens only' convert -c "$todo" --to 2.0.0 --base base.json in
wrong_use '--input goes with --lens only' convert -c "$todo" --to 2.0.0 -i in
wrong_use '--catalog does not go with --schema' validate --schema schema.json -c "$todo" in

begin "a catalog that the environment names is no wrong use"
echo '{"isDone":true}' >in
export CHESTERFIELD_CATALOG=$todo
run convert --lens lens.yaml in
expect_code 0
expect_out '{"done":true}'
run validate --schema schema.json in
expect_code 0
unset CHESTERFIELD_CATALOG

begin "validate tells pointer and rule"
echo '{"_id":"todo-item@1:a","schema":"todo-item","version":1,"title":5,"isDone":true}' >in
run validate -c "$todo" in
expect_code 3
expect_err_has 'in:1: todo-item@1:a at /title: '
expect_err_has '(type at '

begin "validate as JSON"
echo "$item" >>in
run validate -c "$todo" --json in
expect_code 3
expect_lines out 2
expect_out_has '{"line":1,"valid":false,"errors":[{'
expect_out_has '{"line":2,"valid":true,"errors":[]}'

begin "validate as JSON has a line for what is passed over"
echo '{"_id":"user@1:a"}' >in
run validate -c "$todo" --json in
expect_code 0
expect_out '{"line":1,"valid":null,"errors":[]}'

begin "members that begin with _ are not the schema's business"
echo '{"_id":"settings@1","_rev":"1-a","_attachments":{},"schema":"settings","version":1,"color":"#e20074"}' >in
run validate -c "$todo" in
expect_code 0

begin "validate against one schema"
echo '{"type":"object","required":["a"]}' >schema.json
printf '%s\n' '{"a":1}' '{}' >in
run validate --schema schema.json in
expect_code 3
expect_err_has 'in:2'
expect_err_has '1 valid, 1 invalid'

begin "a schema that is not one"
echo '{"type":"objekt"}' >schema.json
run validate --schema schema.json in
expect_code 1
expect_err_has 'schema.json'

begin "the selector of an app: no older version, but whatever has none, and what is deleted"
run selector -c "$todo" --for 2.0.0
expect_code 0
expect_out '{
  "selector": {
    "$or": [
      { "_deleted": true },
      { "schema": { "$exists": false } },
      { "version": { "$exists": false } },
      {
        "$nor": [
          { "schema": "todo-item", "version": { "$lt": 2 } }
        ]
      }
    ]
  }
}'

begin "the selector of the first version excludes nothing"
run selector -c "$todo" --for 1.1.0
expect_code 0
expect_out '{
  "selector": {}
}'

begin "a selector without newer versions"
run selector -c "$todo" --for 1.1.0 --no-newer
expect_code 0
expect_out_has '{ "schema": "todo-item", "version": { "$gt": 1 } }'

begin "the selectors to query"
run selector -c "$todo" --for todo-item@2 --exact
expect_code 0
expect_out '{
  "selector": {
    "schema": "todo-item", "version": 2
  }
}'
run selector -c "$todo" --for 2.0.0 --exact
expect_out_has '"$or": ['
expect_true "JSON" python3 -m json.tool out

begin "diff: a breaking change, and why"
run diff "$todo/schemas/todo-item/1.1.0.json" "$todo/schemas/todo-item/2.0.0.json" --allow feature
expect_code 3
expect_out_has '"status" must be there now'
expect_out_has 'breaking, NONE'

begin "diff: a feature"
run diff "$todo/schemas/todo-item/1.0.0.json" "$todo/schemas/todo-item/1.1.0.json" --allow feature
expect_code 0
expect_out_has 'feature, BACKWARD'

begin "diff: nothing"
run diff "$todo/manifests/1.0.0.json" "$todo/manifests/1.0.0.json" --allow fix
expect_code 0
expect_out_has 'fix, FULL'

begin "keys that no id can hold are refused, and the others go on"
long=$(printf 'x%.0s' {1..2045})
cat >in <<EOF
{"_id":"todo-item@3:n","schema":"todo-item","version":3,"title":"T","status":"active","groupId":"a\\u0000b"}
{"_id":"todo-item@3:s","schema":"todo-item","version":3,"title":"T","status":"active","groupId":"\\ud800"}
{"_id":"todo-item@3:l","schema":"todo-item","version":3,"title":"T","status":"active","groupId":"$long"}
{"_id":"todo-item@2:b","schema":"todo-item","version":2,"title":"T","status":"active","group":{"name":"G"}}
EOF
run convert -c "$todo" --to 2.0.0 in
expect_code 3
expect_lines out 1
expect_err 'chesterfield: in:1: todo-item@3:n at /groupId: a key holds U+0000, which no id can
chesterfield: in:2: todo-item@3:s at /groupId: a key holds half a surrogate pair, which no id can
chesterfield: in:3: todo-item@3:l at /groupId: a key makes an id of 2053 bytes; 2048 are possible'

finish
