# From an own store to the first own second version: init --from, adopt, new.
. "$(dirname "$0")/lib.sh"

states=(open closed)
for i in $(seq 40); do
	printf '{"_id":"t%02d","type":"task","title":"T %d","state":"%s","at":"2024-01-%02dT10:00:00Z","n":%d}\n' \
		"$i" "$i" "${states[i % 2]}" "$((i % 28 + 1))" "$i"
	printf '{"_id":"l%02d","type":"task list","tags":["a","b"],"owner":{"name":"N"}}\n' "$i"
done >documents
sed -i '3s/"n":[0-9]*/"n":1.5/; 5s/,"n":[0-9]*//' documents
printf '{"_id":"x","note":"of no type"}\n' >>documents
"$program" docs put --store sqlite:s.db documents >/dev/null

begin "a catalog is drafted from the documents of a store"
run init c --from sqlite:s.db
expect_code 0
expect_out 'task-list@1 40
task@1 40'
expect_err_has 'the member type is taken for the type'
expect_err_has 'unsure: 1 documents without type are in no type'
expect_err_has 'unsure: task@1 /state has few values: an enum, or a text?'

begin "it says how documents are known, and how many are behind each claim"
expect_has c/catalog.yaml '  - {when: {type: "task list"}, as: task-list@1}'
expect_has c/catalog.yaml 'fields: {type: schema, version: version}'
expect_has c/schemas/task/1.0.0.yaml '  "title":  # in 40 of 40'
expect_has c/schemas/task/1.0.0.yaml '    format: date-time  # all 40 texts'
expect_has c/schemas/task/1.0.0.yaml '      - "closed"  # 20'
expect_has c/schemas/task/1.0.0.yaml '    type: number'
expect_has c/schemas/task/1.0.0.yaml 'required: ["type", "title", "state", "at"]  # in each of 40'
expect_has c/schemas/task-list/1.0.0.yaml '    required: ["name"]  # in each of 40'

begin "what was drafted is sound, and takes the documents"
run check -q c
expect_code 0
expect_out ''
cp documents more
run adopt -c c --store sqlite:s.db --dry-run
expect_code 0
expect_out 'taken               40 task-list@1
taken               40 task@1
nothing              1 none; as x'

begin "keys with colons are no URIs, and objects and lists of objects get ops that fit"
for i in $(seq 20); do
	printf '{"_id":"s%02d","type":"stop","ref":"de:11000:%d","site":"https://example.org/%d","at":{"lat":1},"lines":[{"no":"1","id":"x"}],"tags":["a"]}\n' "$i" "$i" "$i"
done | "$program" docs put --store sqlite:uri.db >/dev/null
run init u --from sqlite:uri.db
expect_code 0
expect_true "one uri" test "$(grep -c 'format: uri' u/schemas/stop/1.0.0.yaml)" -eq 1
run new stop@2 -c u
expect_code 0
expect_has u/lenses/stop/1-2.yaml '  # - in: {name: "at", lens: [{rename: {source: "lat", destination: NEW}}]}'
expect_has u/lenses/stop/1-2.yaml '  # - in: {name: "lines", lens: [{map: {key: "id", lens: [{rename: {source: "no", destination: NEW}}]}}]}'
expect_has u/lenses/stop/1-2.yaml '  # - in: {name: "tags", lens: [{map: {as: FIELD, key: FIELD, lens: []}}]}'

begin "nothing is written over"
run init c --from sqlite:s.db
expect_code 4

begin "adopt must be told that it only looks"
run adopt -c c --store sqlite:s.db
expect_code 2

begin "new begins the next version"
run new task@2 -c c
expect_code 0
expect_out 'c/schemas/task/2.0.0.yaml
c/lenses/task/1-2.yaml
c/manifests/2.0.0.json'
expect_has c/schemas/task/2.0.0.yaml 'version: 2.0.0'
expect_has c/lenses/task/1-2.yaml '  # - rename: {source: "title", destination: NEW}'
expect_has c/manifests/2.0.0.json '"task": "^2.0.0"'
run check -q c
expect_code 0
expect_out ''

begin "a version that is there already is told"
run new task@2 -c c
expect_code 4
run new photo@2 -c c
expect_code 1
expect_err_has 'the catalog has no type photo'

begin "two versions stand side by side"
sed -i 's/"title":/"name":/; s/required: \["type", "title"/required: ["type", "name"/' c/schemas/task/2.0.0.yaml
printf '  - rename: {source: title, destination: name}\n' >>c/lenses/task/1-2.yaml
run check -q c
expect_code 0
expect_out ''
run run -q -c c --store sqlite:s.db --once
expect_code 0
run docs get --store sqlite:s.db task@2:t07
expect_out_has '"type":"task","name":"T 7"'
run docs get --store sqlite:s.db t07
expect_out_has '{"_id":"t07","_rev":"1-'

begin "adopt tells what is invalid and what is claimed twice, with an example"
printf '  - {when: {state: open}, as: task-list@1}\n' >>c/catalog.yaml
printf '{"_id":"t90","type":"task","title":7}\n' | "$program" docs put --store sqlite:s.db >/dev/null
run adopt -c c --store sqlite:s.db --dry-run
expect_code 3
expect_true "invalid: $(cat out)" grep -q '^invalid  *1 task@1: .*; as t90$' out
expect_true "twice: $(cat out)" grep -q '^claimed twice  *20 task@1 and task-list@1; as t02$' out

begin "documents of one type, of some documents, and by a sample"
run init one --from sqlite:s.db --type none --where state=open --sample 5
expect_code 0
expect_out 'document@1 5'
expect_err_has 'the first 5 documents were read, in the order of ids'
expect_has one/catalog.yaml '  document@1: "{key}"'
run init none --from sqlite:s.db --where state=nothing
expect_code 4
finish
