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

begin "a rule that moves into a list of rules, or out of it, may be no change: undecided"
for rule in allOf anyOf oneOf; do
	schemas "\"$rule\": [{\"minimum\": 1}]" '"minimum": 1'
	expect_out_has 'minimum is stronger than before (minimum; breaks both ways; undecided)'
	expect_out_has "$rule was removed ($rule; breaks both ways; undecided)"
	schemas '"minimum": 1' "\"$rule\": [{\"minimum\": 1}]"
	expect_out_has "$rule was added ($rule; breaks both ways; undecided)"
done
schemas '"allOf": [{"minimum": 1}, {"maximum": 5}], "maxLength": 3' '"allOf": [{"minimum": 1}], "maxLength": 3'
expect_out_has 'allOf was removed (allOf; breaks forward)'

more() { schemas "\"$1\": [{\"minimum\": 1}]" "\"$1\": [{\"minimum\": 1}, {\"maximum\": 5}]"; }
begin "allOf with one schema more is stronger, anyOf weaker; oneOf is undecided"
more allOf
expect_out_has 'allOf was added (allOf; breaks backward)'
expect_out_has 'breaking, FORWARD'
more anyOf
expect_out_has 'anyOf was added (anyOf; breaks forward)'
expect_out_has 'breaking, BACKWARD'
more oneOf
expect_out_has 'oneOf was added (oneOf; breaks both ways; undecided)'
expect_out_has 'breaking, NONE'
schemas '"allOf": [{"minimum": 1}]' '"allOf": [{"maximum": 1}, {"maxLength": 2}]'
expect_out_has 'other schemas under allOf (allOf; breaks both ways; undecided)'

begin "the order of a list says nothing"
a='{"minimum": 1}' b='{"maximum": 5, "title": "b"}' c='{"multipleOf": 2}'
for rule in allOf anyOf oneOf; do
	schemas "\"$rule\": [$a, $b, $c]" "\"$rule\": [$c, $a, $b]"
	expect_out 'fix, FULL'
	schemas "\"$rule\": [$a, $b, $c]" "\"$rule\": [$c, ${b/\"b\"/\"d\"}, {\"title\": \"a\", \"minimum\": 1.0}]"
	expect_out_has 'title changed (text-changed; breaks nothing)'
	expect_out_has 'fix, FULL'
done

begin "of several that changed nobody knows which became which"
schemas "\"anyOf\": [$a, $b]" '"anyOf": [{"maximum": 4}, {"minimum": 2}]'
expect_out_has '; undecided)'
expect_true "nothing definite" test "$(grep -c '^breaking.*way[s]*)$' out)" -eq 0
expect_out_has 'breaking, NONE'
schemas "\"anyOf\": [$a, $b]" '"anyOf": [{"minimum": 2}, {"maximum": 4}]'
expect_out_has 'breaking, FORWARD'

begin "a few values are asked one by one"
schemas '"enum": ["a", "b"]' '"enum": ["b", "a"], "type": "string", "maxLength": 1'
expect_out 'fix, FULL'
schemas '"type": "boolean"' '"enum": [true, false]'
expect_out 'fix, FULL'
schemas '"const": null' '"type": "null"'
expect_out 'fix, FULL'
schemas '"enum": ["a", 1]' '"enum": ["a", 1], "type": "string"'
expect_out_has 'values that were allowed are not any more (values-removed; breaks backward)'
expect_out_has 'breaking, FORWARD'
schemas '"enum": ["a"]' '"type": "string"'
expect_out_has 'values are allowed that were not (values-added; breaks forward)'
expect_out_has 'breaking, BACKWARD'

begin "the same words are another rule in another draft"
d7='"$schema": "http://json-schema.org/draft-07/schema#"' d20='"$schema": "https://json-schema.org/draft/2020-12/schema"'
for rule in '"unevaluatedProperties": false' '"dependentRequired": {"a": ["b"]}' \
	'"dependentSchemas": {"a": {"minProperties": 2}}' '"contains": {"const": 1}, "minContains": 2' \
	'"prefixItems": [false]' '"unevaluatedItems": false' \
	'"properties": {"p": {"unevaluatedProperties": false}}' \
	'"items": {"allOf": [{"dependentRequired": {"a": ["b"]}}]}'; do
	schemas "$d7, $rule" "$d20, $rule"
	expect_true "$rule: breaking" test "$(tail -n 1 out | cut -d, -f1)" = breaking
	schemas "$d20, $rule" "$d7, $rule"
	expect_true "$rule: breaking" test "$(tail -n 1 out | cut -d, -f1)" = breaking
done
nested='"properties": {"p": {"$id": "http://n/p", "$schema": "URI", "dependentRequired": {"a": ["b"]}}}'
schemas "${nested/URI/http:\/\/json-schema.org\/draft-07\/schema#}" "${nested/URI/https:\/\/json-schema.org\/draft\/2020-12\/schema}"
expect_out_has 'breaking /properties/p: "b" must be there now where "a" is (dependentRequired; breaks backward)'
expect_out_has 'breaking, FORWARD'

begin "and other words may be the same rule"
schemas "$d7, \"dependencies\": {\"a\": [\"b\", \"c\"], \"d\": {\"minProperties\": 2}}" \
	"$d20, \"dependentRequired\": {\"a\": [\"c\", \"b\"]}, \"dependentSchemas\": {\"d\": {\"minProperties\": 2}}"
expect_out 'fix, FULL'
schemas "$d7, \"items\": [{\"type\": \"string\"}], \"additionalItems\": false" \
	"$d20, \"prefixItems\": [{\"type\": \"string\"}], \"items\": false"
expect_out 'fix, FULL'
schemas "$d7, \"definitions\": {\"x\": {\"type\": \"null\"}}, \"properties\": {\"a\": {\"\$ref\": \"#/definitions/x\", \"minimum\": 2}}" \
	"$d20, \"properties\": {\"a\": {\"type\": \"null\"}}"
expect_out 'fix, FULL'

begin "words beside a \$ref that nobody knows are no rule"
schemas "$def}}" '"properties": {"a": {"$ref": "#/$defs/x", "x-order": 3}}, "$defs": {"x": {"type": "string"}}'
expect_out 'fix, FULL'

begin "each change is told with its place, the whole schema too"
schemas '"type": "object"' '"type": "object", "required": ["a"]'
expect_out_has 'breaking (root): "a" must be there now (required-added; breaks backward)'
run diff old.json new.json --json
expect_out_has '"pointer":""'

begin "the version's own constant changes by definition"
constant() { echo "\"properties\": {\"version\": {\"const\": $1}, \"n\": {\"const\": $1}}"; }
schemas "$(constant 1)" "$(constant 2)"
expect_true "n only" test "$(grep -c values- out)" -eq 2
expect_out_has 'breaking /properties/n: values that were allowed'
schemas '"properties": {"version": {"const": 1}}' '"properties": {"version": {"const": 2}}' 1.0.0 1.1.0
expect_out_has 'breaking /properties/version: values'
schemas '"properties": {"version": {"const": 1}}' '"properties": {"version": {"const": 3}}' 1.0.0 2.0.0
expect_out_has 'breaking /properties/version: values'

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
expect_out_has 'breaking /dependencies/t: t: ^1.0.0 became ^2.0.0; no version is in both (dependency-major; breaks both ways)'
expect_err 'chesterfield: the version promises a feature, but this is a breaking change'
manifests 1.0.0 2.0.0 ^1.0.0 ^2.0.0
expect_code 0

ranges() { # old range, new range, last line
	manifests 1.0.0 2.0.0 "$1" "$2"
	expect_true "$1 to $2: $3, not $(tail -n 1 out)" test "$(tail -n 1 out)" = "$3"
}
begin "ranges are compared as sets of versions"
for same in '^1 ^1.0.0' '1.x 1' '>=1.0.0||<1 *' '^0.1 ^0.1.0' '1.0.0-a||^1 ^1||1.0.0-a' '^1||^2 >=1||1.2' \
	'<2.0.0 <2.0.0-0' '>1.2.3||1.2.3 >=1.2.3'; do
	old=${same% *} new=${same#* }
	[ "$old $new" != '^1||^2 >=1||1.2' ] || new='>=1 <3'
	ranges "${old//||/ || }" "$new" 'fix, FULL'
done
expect_out_has 'fix      /dependencies/t: t: >1.2.3 || 1.2.3 became >=1.2.3, which says the same (dependency-text; breaks nothing)'
ranges ^1.0.0 '>=1.0.0' 'breaking, BACKWARD'
expect_out_has 't: ^1.0.0 became >=1.0.0; this lets 2.0.0 in (dependency-major; breaks forward)'
ranges '>=1.0.0' ^1.0.0 'breaking, FORWARD'
expect_out_has 't: >=1.0.0 became ^1.0.0; this leaves out 2.0.0 (dependency-major; breaks backward)'
ranges ^0.1.0 ^0.2.0 'breaking, NONE'
ranges ^0.0.1 ^0.0.2 'breaking, NONE'
ranges ^0.1.0 '>=0.1.0 <1.0.0' 'breaking, BACKWARD'
expect_out_has 't: ^0.1.0 became >=0.1.0 <1.0.0; this lets 0.2.0 in (dependency-major; breaks forward)'
ranges '>=0.1.0 <1.0.0' ^0.1.0 'breaking, FORWARD'
ranges ^1.0.0 ^0.2.0 'breaking, NONE'
ranges '^1 || ^3' '^1 || ^2 || ^3' 'breaking, BACKWARD'
ranges ^1.0.0 ^1.1.0 'feature, FULL'
ranges ^1.1.0 ^1.0.0 'feature, FULL'
ranges ^1.0.0 ~1.0.0 'feature, FULL'
ranges ^1.0.0 ^1.0.1 'fix, FULL'
ranges ^0.1.0 ^0.1.4 'fix, FULL'
ranges ^1.0.0-beta.1 ^1.0.0 'breaking, NONE'
expect_out_has 'who can read its prereleases is open (dependency-prerelease; breaks both ways; undecided)'
ranges ^1.0.0-beta.1 ^1.0.0-beta.2 'breaking, NONE'
ranges '<0.0.0-0' ^1 'breaking, NONE'

begin "a schema whose members are called like a manifest's is a schema"
echo "{$d7, \"name\": \"n\", \"version\": \"1.0.0\", \"dependencies\": {\"a\": [\"b\"]}}" >old.json
echo "{$d7, \"name\": \"n\", \"version\": \"2.0.0\", \"dependencies\": {\"a\": [\"b\", \"c\"]}}" >new.json
run diff old.json new.json
expect_code 0
expect_out_has '"c" must be there now where "a" is (dependencies; breaks backward)'
for file in old new; do
	echo '{"name": "n", "version": "1.0.0", "type": "object", "dependencies": {}}' >$file.json
done
run diff old.json new.json
expect_code 0
expect_out 'fix, FULL'

begin "a manifest and a schema have nothing to compare"
manifests 1.0.0 1.0.0 ^1.0.0 ^1.0.0
echo '{"type": "object"}' >old.json
run diff old.json new.json
expect_code 1
expect_err 'chesterfield: old.json is a schema and new.json a manifest'
run diff new.json old.json
expect_err 'chesterfield: new.json is a manifest and old.json a schema'

begin "a manifest with a range that is none says so"
manifests 1.0.0 1.0.0 ^1.0.0 '^1..0'
expect_code 1
expect_err 'chesterfield: new.json:1: this is not a range of versions'
echo '{"name": "n", "version": "1.0.0", "dependencies": {"t": 5}}' >new.json
run diff old.json new.json
expect_err "chesterfield: new.json:1: a dependency's range is a string"

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
