# diff: changes of schemas and manifests, and the version that must fit them.
. "$(dirname "$0")/lib.sh"

schemas() { # old rules, new rules, and versions
	echo "{\"version\": \"${3-1.0.0}\", $1}" >old.json
	echo "{\"version\": \"${4-2.0.0}\", $2}" >new.json
	run diff old.json new.json
}
manifests() { # old and new version, old and new range
	echo "{\"name\": \"a\", \"version\": \"$1\", \"dependencies\": {\"t\": \"$3\"}}" >old.json
	echo "{\"name\": \"a\", \"version\": \"$2\", \"dependencies\": {\"t\": \"$4\"}}" >new.json
	run diff old.json new.json
}

begin "what changed behind a \$ref is seen, both directions"
def='"properties": {"a": {"$ref": "#/$defs/x"}}, "$defs": {"x": {"type": "string"'
schemas "$def}}" "$def, \"maxLength\": 3}}"
expect_code 0
expect_out_has 'breaking /$defs/x: maxLength is stronger than before (maxLength; breaks backward)'
expect_out_has 'breaking, FORWARD'
schemas "$def, \"maxLength\": 3}}" "$def}}"
expect_out_has 'breaking, BACKWARD'

begin "a \$ref in the place of what it leads to is no change"
schemas '"properties": {"a": {"type": "string"}}' "$def}}"
expect_out 'fix, FULL'
schemas "$def}}" '"properties": {"a": {"type": "string"}}'
expect_out 'fix, FULL'

begin "words beside a \$ref change no document"
schemas "$def}}" '"properties": {"a": {"$ref": "#/$defs/x", "title": "A"}}, "$defs": {"x": {"type": "string"}}'
expect_out_has 'title changed (text-changed; breaks nothing)'
expect_out_has 'fix, FULL'

begin "beside other rules it is compared, too"
beside='"properties": {"a": {"$ref": "#/$defs/x", "maxLength": 9}}, "$defs": {"x": {"minLength":'
schemas "$beside 1}}" "$beside 2}}"
expect_out_has 'minLength is stronger than before (minLength; breaks backward)'
expect_out_has 'breaking, FORWARD'

for rule in allOf anyOf; do
	begin "$rule: what is stronger or weaker in one of its schemas"
	schemas "\"$rule\": [{\"minimum\": 1}]" "\"$rule\": [{\"minimum\": 2}]"
	expect_out_has "breaking /$rule/0: minimum is stronger than before"
	expect_out_has 'breaking, FORWARD'
	schemas "\"$rule\": [{\"minimum\": 2}]" "\"$rule\": [{\"minimum\": 1}]"
	expect_out_has 'breaking, BACKWARD'
done

for rule in allOf anyOf oneOf; do
	begin "$rule: another number of schemas is undecided, and called breaking"
	schemas "\"$rule\": [{\"minimum\": 1}]" "\"$rule\": [{\"minimum\": 1}, {\"maximum\": 5}]"
	expect_out_has "other schemas under $rule ($rule; breaks both ways; undecided)"
	expect_out_has 'breaking, NONE'
done

for rule in '"oneOf": [{"minimum": N}]' '"not": {"minimum": N}' '"if": {"minimum": N}, "then": {"maximum": 7}' \
	'"if": {"minimum": 0}, "then": {"maximum": N}' '"if": {"minimum": 0}, "else": {"maximum": N}' \
	'"contains": {"minimum": N}' '"properties": {"a": {"minimum": N}}, "unevaluatedProperties": false'; do
	begin "undecided, and called breaking: $rule"
	schemas "${rule//N/1}" "${rule//N/2}"
	expect_out_has 'breaks both ways; undecided)'
	expect_out_has 'breaking, NONE'
	schemas "${rule//N/1}" "${rule//N/1}"
	expect_out 'fix, FULL'
done

begin "not and conditions that come or go"
schemas '"type": "string"' '"type": "string", "not": {"maxLength": 1}'
expect_out_has 'not came or went (not; breaks both ways; undecided)'
schemas '"type": "string", "if": {"maxLength": 1}, "then": false' '"type": "string"'
expect_out_has 'if came or went (if; breaks both ways; undecided)'

begin "patternProperties that come"
schemas '"additionalProperties": false' '"additionalProperties": false, "patternProperties": {"^x": true}'
expect_out_has 'breaks both ways; undecided)'

begin "a schema's version must fit the change"
schemas '"minimum": 1' '"minimum": 2' 1.0.0 1.1.0
expect_code 3
expect_err 'chesterfield: the version promises a feature, but this is a breaking change'
schemas '"title": "a"' '"title": "b"' 1.0.0 1.0.1
expect_code 0

begin "a manifest's version must fit the change"
manifests 1.0.0 1.0.1 ^1.0.0 ^1.0.1
expect_code 0
expect_out_has 'fix, FULL'
manifests 1.0.0 1.0.1 ^1.0.0 ^1.1.0
expect_code 3
expect_err 'chesterfield: the version promises a fix, but this is a feature change'
manifests 1.0.0 1.1.0 ^1.0.0 ^1.1.0
expect_code 0
manifests 1.0.0 1.1.0 ^1.0.0 ^2.0.0
expect_code 3
expect_out_has 't: major 1 became 2 (dependency-major; breaks both ways)'
expect_err 'chesterfield: the version promises a feature, but this is a breaking change'
manifests 1.0.0 2.0.0 ^1.0.0 ^2.0.0
expect_code 0

begin "a type that comes or goes"
echo '{"name": "a", "version": "1.0.0", "dependencies": {}}' >old.json
manifests 1.1.0 1.2.0 ^1.0.0 ^1.0.0
echo '{"name": "a", "version": "1.0.0", "dependencies": {}}' >old.json
run diff old.json new.json
expect_code 0
expect_out_has 't is new (type-added'
run diff new.json old.json --allow feature
expect_code 3
expect_out_has 't is gone (type-removed'

begin "files that cannot be compared"
echo '{"type": "objekt"}' >old.json
run diff old.json new.json
expect_code 1
expect_err_has 'old.json'
run diff nowhere.json new.json
expect_code 1
expect_err_has 'nowhere.json: cannot be read'

finish
