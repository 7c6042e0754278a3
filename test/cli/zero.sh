# Major 0, semver's 0.x: a version like any other.
. "$(dirname "$0")/lib.sh"
store=sqlite:$PWD/s.db

# A type of the versions 0.1.0 and 1.0.0, which calls `a` by another name in each.
mkdir -p z/schemas/t z/lenses/t z/manifests
echo 'name: z' >z/catalog.yaml
schema() { # version, member
	printf '{"version":"%s","type":"object","required":["%s"],"additionalProperties":false,\n"properties":{"schema":{"const":"t"},"version":{"const":%s},"%s":{"type":"integer"}}}\n' \
		"$1" "$2" "${1%%.*}" "$2"
}
manifest() { printf '{"name":"z","version":"%s","dependencies":{"t":"%s"}}\n' "$1" "$2"; }
schema 0.1.0 a >z/schemas/t/0.1.0.json
schema 1.0.0 b >z/schemas/t/1.0.0.json
printf 'from: t@0\nto: t@1\nlens:\n  - rename: {source: a, destination: b}\n' >z/lenses/t/0-1.yaml
manifest 0.1.0 '^0.1.0' >z/manifests/0.1.0.json
manifest 1.0.0 '^1.0.0' >z/manifests/1.0.0.json
old='{"_id":"t@0:k","schema":"t","version":0,"a":1}'
new='{"_id":"t@1:k","schema":"t","version":1,"b":1}'

begin "a catalog with it is proven"
run check z --seed 1
expect_code 0
expect_out ''

begin "convert leads to it, by type and by manifest"
echo "$new" >in
for to in t@0 0.1.0; do
	run convert -c z --to $to in
	expect_code 0
	expect_out "$old"
	expect_err ''
done

begin "what is of it already comes out as it stands"
echo "$old" >in
run convert -c z --to t@0 in
expect_out "$old"
expect_err ''

begin "--from takes no other version in, and it in"
printf '%s\n' "$old" "$new" >in
run convert -c z --to t@1 --from t@1 in
expect_code 0
expect_out "$new"
expect_err 'chesterfield: 1 documents passed over'
run convert -c z --to t@1 --from t@0 in
expect_code 0
expect_out "$new"
expect_err 'chesterfield: 1 documents passed over'
run convert -c z --to t@1 --from 0.1.0 in
expect_out "$new"

begin "its tombstones are made, and read"
echo '{"_id":"t@1:k","_deleted":true}' >in
run convert -c z --to t@0 in
expect_out '{"_id":"t@0:k","schema":"t","version":0,"_deleted":true}'

begin "the selector of an app of it"
run selector -c z --for 0.1.0
expect_code 0
expect_out '{
  "selector": {}
}'
run selector -c z --for 0.1.0 --exact
expect_code 0
expect_out '{
  "selector": {
    "schema": "t", "version": 0
  }
}'
run selector -c z --for 1.0.0
expect_out_has '"version": { "$lt": 1 }'

begin "parts of it are gathered and made"
cp -r "$source/examples/todo-split" split
sed -i 's/status@1/status@0/' split/lenses/*/*.yaml
sed 's/"version": "1.0.0"/"version": "0.3.0"/; s/{"const": 1}/{"const": 0}/' \
	split/schemas/status/1.0.0.json >split/schemas/status/0.3.0.json
rm split/schemas/status/1.0.0.json
sed -i 's/^supported.*/supported: {todo-item: [1, 2], status: [0]}/' split/catalog.yaml
sed -i 's/\("status": *"\)[^"]*"/\1^0.3.0"/' split/manifests/2.0.0.json
run check split --seed 1
expect_code 0
expect_out ''
for to in 2.0.0 todo-item@2; do
	run convert -c split --to $to "$source/examples/todo-split/documents/v1.ndjson"
	expect_code 0
	expect_lines out 4
	expect_out_has '"_id":"status@0:a1"'
	cp out made
	run convert -c split --to todo-item@1 made
	expect_code 0
	expect_out_file "$source/examples/todo-split/documents/v1.ndjson"
done
echo '{"_id":"todo-item@1:a1","_deleted":true}' >in
run convert -c split --to 2.0.0 in
expect_out_has '"_id":"status@0:a1"'

begin "it is kept, and retired"
echo "$old" | "$program" docs put --store "$store" >/dev/null
run run -c z --store "$store" --once
expect_code 0
run docs get t@1:k --store "$store"
expect_out_has '"b":1'
run retire t@0 -c z --store "$store" --yes
expect_code 0
expect_err_has 't@0 is no longer served'

begin "minors that semver takes for breaking are one version here, and check says so"
schema 0.2.0 a >z/schemas/t/0.2.0.json
run check z --seed 1
expect_code 0
expect_out 'warning manifests/0.1.0.json:1: ^0.1.0 leaves out t 0.2.0, yet both are t@0: to semver what breaks in 0.x is a new minor, here it needs a new major; say >=0.1.0 <1.0.0'
manifest 0.1.0 '>=0.1.0 <1.0.0' >z/manifests/0.1.0.json
run check z --seed 1
expect_out ''

finish
