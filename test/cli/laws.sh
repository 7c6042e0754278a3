# check: a catalog with a script that breaks one law, for each law; and what check says.
. "$(dirname "$0")/lib.sh"

# A catalog of one type: 1 has isDone, 2 has status and note, 3 has what 2 has.
# plant UP DOWN: the script between 1 and 2.
plant() {
	rm -rf c
	mkdir -p c/schemas/t c/lenses/t
	echo 'name: planted' >c/catalog.yaml
	cat >c/schemas/t/1.0.0.json <<'END'
{"version": "1.0.0", "type": "object", "additionalProperties": false,
 "properties": {"title": {"type": "string"}, "isDone": {"type": "boolean"}},
 "required": ["isDone"]}
END
	cat >c/schemas/t/2.0.0.json <<'END'
{"version": "2.0.0", "type": "object", "additionalProperties": false,
 "properties": {"title": {"type": "string"},
  "status": {"enum": ["active", "blocked", "done"]}, "note": {"type": "string"}},
 "required": ["status", "note"]}
END
	cat >c/lenses/t/1-2.yaml <<END
from: t@1
to: t@2
lens:
  - rename: {source: title, destination: name}
  - rename: {source: name, destination: title}
  - script:
      reads: [isDone]
      writes: [status, note]
      up: |
        function (older, base) {
          var now = {status: older.isDone ? "done" : "active", note: ""};
          var same = base && (base.status === "done") === older.isDone;
          $1
        }
      down: |
        function (newer, base) {
          $2
        }
END
}
# add_third: a third version whose lens only moves the title.
add_third() {
	sed 's/2\.0\.0/3.0.0/; s/"title"/"name"/' c/schemas/t/2.0.0.json >c/schemas/t/3.0.0.json
	cat >c/lenses/t/2-3.yaml <<'END'
from: t@2
to: t@3
lens:
  - rename: {source: title, destination: name}
END
}

begin "a script that keeps all laws"
plant 'return same ? base : base ? {status: now.status, note: base.note} : now;' \
	'return {isDone: newer.status === "done"};'
add_third
run check c --seed 1
expect_code 0
expect_out ''

begin "GetPut: what comes back is not what went"
plant 'return now;' 'return {isDone: newer.status === "done"};'
run check c --seed 1
expect_code 3
expect_out_has 'error lenses/t/1-2.yaml:6: script: GetPut is broken going down: there and back changes the document at /note: "" came out, " " should have
  document   {"status":"done","note":" "}
  became     {"isDone":true}
  came out   {"status":"done","note":""}
  should be  {"status":"done","note":" "}'

begin "GetPut: the smallest document is shown"
expect_true "no optional title" bash -c '! grep -q title out'

begin "PutGet: what is put is not seen again"
plant 'return base || now;' 'return {isDone: newer.status === "done"};'
run check c --seed 1
expect_code 3
expect_out 'error lenses/t/1-2.yaml:6: script: PutGet is broken going up: what was put into another document is read again as something else at /isDone: true came out, false should have
  document   {"isDone":false}
  put into   {"status":"done","note":""}
  became     {"status":"done","note":""}
  came out   {"isDone":true}
  should be  {"isDone":false}'

begin "the same as JSON"
run check c --seed 1 --json
expect_code 3
expect_out '{"level":"error","file":"lenses/t/1-2.yaml","line":6,"message":"script: PutGet is broken going up: what was put into another document is read again as something else at /isDone: true came out, false should have","pointer":"/isDone","document":[{"isDone":false}],"over":[{"status":"done","note":""}],"made":[{"status":"done","note":""}],"came":[{"isDone":true}],"wanted":[{"isDone":false}]}'

begin "PutGet: tables that do not bring back what went"
rm -rf sw
cp -r "$source/examples/todo" sw
sed -i 's/{active: false, blocked: false, halted: false, done: true}/{active: true, blocked: true, halted: true, done: false}/' \
	sw/lenses/todo-item/1-2.yaml
run check sw --seed 1 --runs 20
expect_code 3
expect_out 'error lenses/todo-item/1-2.yaml:6: convert: PutGet is broken: up, "false" becomes "active", which comes back as true, and that becomes "done"'

begin "Locality: an edit changes a field that has nothing to do with it"
plant 'return same ? base : base ? {status: now.status, note: base.note + "!"} : now;' \
	'return {isDone: newer.status === "done"};'
run check c --seed 1
expect_code 3
expect_out 'error lenses/t/1-2.yaml:6: script: Locality is broken going down: put back, an edit of "isDone" changes another field at /note
  document   {"status":"done","note":""}
  became     {"isDone":true}
  edited to  {"isDone":false}
  came out   {"status":"active","note":"!"}'

begin "Locality: a field that belongs to the edited one may change along"
plant 'if (same) return base;
          return {status: now.status, note: older.isDone ? "closed" : ""};' \
	'return {isDone: newer.status === "done" && newer.note === "closed"};'
run check c --seed 1
expect_true "no Locality" bash -c '! grep -q Locality out'

begin "Composition: at once is not step by step"
plant 'return same ? base : base ? {status: now.status, note: base.note} : now;' \
	'return {isDone: newer.status === "done"};'
add_third
sed -i 's/"status", "note"\]/"status", "note", "title"]/' c/schemas/t/2.0.0.json
run check c --seed 1 --runs 50
expect_code 3
expect_out_has 'error lenses/t/2-3.yaml:4: rename: Composition is broken: t@1 to @3 at once is not the same as step by step'
expect_out_has ' at /name: nothing came out, "" should have
  document   {"isDone":'

begin "Composition, over a base"
expect_out_has 'error lenses/t/2-3.yaml:4: rename: Composition is broken: t@1 to @3 at once, put into another document, is not the same as step by step'
expect_out_has '
  put into   {"isDone":'

begin "a script that fails is told with the line of its op"
plant 'throw new Error("odd");' 'return {isDone: newer.status === "done"};'
run check c --seed 1
expect_code 3
expect_out_has 'error lenses/t/1-2.yaml:6: a valid document cannot go up: '
expect_out_has 'odd'

begin "the line is that of an op inside the list, where it fails"
plant 'return now;' 'return {isDone: newer.status === "done"};'
cat >c/lenses/t/1-2.yaml <<'END'
from: t@1
to: t@2
lens:
  - add: {name: note, type: string, default: ""}
  - rename: {source: isDone, destination: status}
  - convert:
      name: status
      mapping:
        - {false: active, true: done}
        - {active: false, done: true}
END
run check c --seed 1
expect_code 3
expect_out_has 'error lenses/t/1-2.yaml:6: a valid document cannot go down: convert: no row for the value "blocked" at /status
  document   {"status":"blocked","note":""}'

begin "of several ops on one field, the one that breaks the law is named"
# op NAME: what is the fault of that op, the first, the second or the third of the same field.
for at in 1 2 3; do
	plant '' ''
	sed -i 's/"enum": \["active", "blocked", "done"\]/"type": "boolean"/; s/, "note"\]/]/; s/, "note": {[^}]*}//' c/schemas/t/2.0.0.json
	{
		printf 'from: t@1\nto: t@2\nlens:\n  - rename: {source: isDone, destination: status}\n'
		for i in 1 2 3; do
			good='function (s) { return {status: !s.status}; }' bad='function (s) { return {status: true}; }'
			[ $i = $at ] && up=$bad || up=$good
			echo "  - script: {reads: [status], writes: [status], up: '$up', down: '$good'}"
		done
	} >c/lenses/t/1-2.yaml
	run check c --seed 1
	expect_out_has "error lenses/t/1-2.yaml:$((4 + at)): script: GetPut is broken going up: "
	expect_out_has "error lenses/t/1-2.yaml:$((4 + at)): script: PutGet is broken going up: "
	expect_true "no other line" bash -c "! grep -v '^ ' out | grep -v ':$((4 + at)): '"
done

# A catalog whose two versions look alike; the ids of rows are as good as never the same.
# alike FIELD UP DOWN: the script between them.
alike() {
	rm -rf c
	mkdir -p c/schemas/t c/lenses/t
	echo 'name: planted' >c/catalog.yaml
	cat >c/schemas/t/1.0.0.json <<'END'
{"version": "1.0.0", "type": "object", "additionalProperties": false, "required": ["name", "n", "rows"],
 "properties": {"name": {"type": "string"}, "n": {"type": "integer"}, "rows": {"type": "array", "items": {
   "type": "object", "additionalProperties": false, "required": ["id"],
   "properties": {"id": {"type": "string", "pattern": "^[a-z]{12}$"}, "text": {"type": "string"}}}}}}
END
	sed 's/1\.0\.0/2.0.0/' c/schemas/t/1.0.0.json >c/schemas/t/2.0.0.json
	cat >c/lenses/t/1-2.yaml <<END
from: t@1
to: t@2
lens:
  - script:
      reads: [$1]
      writes: [$1]
      up: |
        function (o, base) { $2 }
      down: |
        function (n, base) { $3 }
END
}

begin "a separator that a script names is in the documents"
alike name "return {name: o.name.replace('; ', '|')};" "return {name: n.name.replace('|', '; ')};"
run check c --seed 1
expect_code 3
expect_out_has 'GetPut is broken going up'

begin "so is a number"
alike n 'return {n: o.n === 4711 ? 0 : o.n};' 'return {n: n.n};'
run check c --seed 1
expect_code 3
expect_out_has '"n":4711'

begin "and documents meet that have elements of the same keys"
alike rows "var old = {}; (base ? base.rows : []).forEach(function (e) { old[e.id] = e; });
          return {rows: o.rows.map(function (e) { return old[e.id] || e; })};" 'return {rows: n.rows};'
run check c --seed 1
expect_code 3
expect_out_has 'PutGet is broken going up: what was put into another document'

finish
