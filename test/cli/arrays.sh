# run: arrays that become keyed, lose their key or have scalars on one side, while documents
# are there; and members whose names look like elements.
. "$(dirname "$0")/lib.sh"

labels='{"type":"array","items":{"type":"object","properties":{"label":{"type":"string"},"id":{"type":"string"}},"required":["label"],"additionalProperties":false}}'
words='{"type":"array","items":{"type":"string"}}'

schema() { # major, properties, required beside schema and version
	mkdir -p c/schemas/t c/manifests c/lenses/t
	echo '{"name":"t"}' >c/catalog.json
	cat >"c/schemas/t/$1.0.0.json" <<JSON
{"\$schema":"https://json-schema.org/draft/2020-12/schema","title":"t","version":"$1.0.0","type":"object",
"properties":{"schema":{"const":"t"},"version":{"const":$1},$2},"required":["schema","version"${3:+,$3}],"additionalProperties":false}
JSON
	echo "{\"name\":\"t\",\"version\":\"$1.0.0\",\"dependencies\":{\"t\":\"^$1.0.0\"}}" >"c/manifests/$1.0.0.json"
}

lens() { # older major, ops
	echo "{\"from\":\"t@$1\",\"to\":\"t@$(($1 + 1))\",\"lens\":[$2]}" >"c/lenses/t/$1-$(($1 + 1)).json"
}

put() { # major, members
	echo "{\"_id\":\"t@$1:x\",\"schema\":\"t\",\"version\":$1,$2}" >in
	run docs put --store sqlite:s.db in
}

settle() {
	run run -c c --store sqlite:s.db --once --create "$@"
	expect_code 0
}

begin_with() { # title
	begin "$1"
	rm -rf c s.db
}

expect_says() { # major, members
	run docs get --store sqlite:s.db "t@$1:x"
	expect_out_has "\"version\":$1,$2}"
}

expect_quiet() {
	run conflicts list --json --store sqlite:s.db
	expect_out ''
	run quarantine list --json --store sqlite:s.db
	expect_out ''
}

pq='"tags":[{"label":"p"},{"label":"q"}]'
key='{"in":{"name":"tags","lens":[{"map":{"key":"label","lens":[]}}]}}'

for required in '' '"tags"'; do
	begin_with "an array that gets a key in a new version stands in both${required:+, required}"
	schema 1 "\"tags\":$labels" "$required"
	put 1 "$pq"
	settle
	schema 2 "\"tags\":$labels" "$required"
	lens 1 "$key"
	settle
	expect_says 1 "$pq"
	expect_says 2 "$pq"
	put 2 '"tags":[{"label":"p","id":"1"},{"label":"q"}]'
	put 1 '"tags":[{"label":"p"},{"label":"q","id":"2"}]'
	settle
	expect_says 1 '"tags":[{"label":"p","id":"1"},{"label":"q","id":"2"}]'
	expect_quiet
done

begin_with "edited while it gets a key, it stands as edited"
schema 1 "\"tags\":$labels,\"a\":{\"type\":\"string\"}"
put 1 "$pq"
settle
put 1 "\"a\":\"new\",\"tags\":[{\"label\":\"q\"},{\"label\":\"p\"}]"
schema 2 "\"tags\":$labels,\"a\":{\"type\":\"string\"}"
lens 1 "$key"
settle
expect_says 2 "\"a\":\"new\",\"tags\":[{\"label\":\"q\"},{\"label\":\"p\"}]"
expect_quiet

begin_with "an array that loses its key stands in both"
schema 1 "\"tags\":$labels,\"a\":{\"type\":\"string\"}"
schema 2 "\"tags\":$labels,\"a\":{\"type\":\"string\"}"
lens 1 "$key"
put 1 "$pq"
settle
lens 1 ''
put 1 "\"a\":\"new\",$pq"
settle --accept-changed
expect_says 2 "\"a\":\"new\",$pq"
expect_quiet

begin_with "... and so does one whose key is another one"
schema 1 "\"tags\":$labels"
schema 2 "\"tags\":$labels"
lens 1 "$key"
put 1 '"tags":[{"label":"p","id":"1"},{"label":"q","id":"2"}]'
settle
lens 1 '{"in":{"name":"tags","lens":[{"map":{"key":"id","lens":[]}}]}}'
put 1 '"tags":[{"label":"P","id":"1"},{"label":"q","id":"2"}]'
settle --accept-changed
expect_says 2 '"tags":[{"label":"P","id":"1"},{"label":"q","id":"2"}]'
expect_quiet

script='{"script":{"reads":["tags"],"writes":["tags"],
"up":"function (o) { return o.tags ? {tags: o.tags.map(function (t) { return {label: t}; })} : {}; }",
"down":"function (n) { return n.tags ? {tags: n.tags.map(function (t) { return t.label; })} : {}; }"}}'
for edit in '"p"' '"p","P","r"' '' '"q","p"' '"z","p","q"'; do
	begin_with "scalars on one side, elements on the other: [$edit] stands as edited"
	schema 1 "\"tags\":$words"
	schema 2 "\"tags\":$labels"
	schema 3 "\"tags\":$labels"
	lens 1 "$script"
	lens 2 "$key"
	put 1 '"tags":["p","q"]'
	settle
	expect_says 3 "$pq"
	put 1 "\"tags\":[$edit]"
	settle
	expect_says 1 "\"tags\":[$edit]"
	elements=$(sed 's/"[^"]*"/{"label":&}/g' <<<"$edit")
	expect_says 2 "\"tags\":[$elements]"
	expect_says 3 "\"tags\":[$elements]"
	expect_quiet
done

begin_with "a member whose name is in brackets is a member like others"
schema 1 '"[x]":{"type":"string"},"[]":{"type":"string"}'
schema 2 '"[x]":{"type":"string"},"[]":{"type":"string"}'
lens 1 ''
put 1 '"[x]":"a","[]":"b"'
settle
put 1 '"[x]":"one","[]":"b"'
put 2 '"[x]":"two","[]":"c"'
settle
expect_says 1 '"[x]":"two","[]":"c"'
run conflicts list --store sqlite:s.db --json
expect_out_has '"pointer":"/[x]","value":"one"'
expect_true "one entry" test "$(wc -l <out)" -eq 1
finish
