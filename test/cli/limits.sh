# What somebody may give us many of: each document and file ends within its limits, which
# are counted (no clock stands in this test: what is not linear does not end in its time).
. "$(dirname "$0")/lib.sh"
many() { # count, printf format of one, which gets its number twice
	seq 0 $(($1 - 1)) | awk -v f="$2" 'NR > 1 { printf "," } { printf f, $1, $1 }'
}
judged() { # schema, document, last line of stderr
	printf '%s\n' "$1" >schema.json
	printf '%s\n' "$2" >in
	run validate --schema schema.json in
	expect_true "$3, not $(tail -n 1 err)" test "$(tail -n 1 err)" = "chesterfield: $3, 0 passed over"
}

begin "80,000 members that no rule knows"
judged '{"additionalProperties": false}' "{$(many 80000 '"k%d":%d')}" '0 valid, 1 invalid'
expect_lines err 102
expect_err_has 'in:1: and there may be more: only the first failures are told'
run validate --schema schema.json --json in
expect_true "101 errors" test "$(grep -o '"rule"' out | wc -l)" -eq 101

begin "80,000 that are required, and need each other"
names=$(many 80000 '"k%d"')
judged "{\"required\": [$names], \"dependentRequired\": {\"k0\": [$names]}}" \
	"{$(many 80000 '"k%d":%d')}" '1 valid, 0 invalid'

begin "an enum of 50,000 over an array of 50,000"
judged "{\"items\": {\"enum\": [$(many 50000 '[%d,%d]')]}}" "[$(many 50000 '[%d,%d]')]" '1 valid, 0 invalid'

begin "what cannot be judged is neither valid nor invalid, and the limit is named"
judged "{\"items\": {\"anyOf\": [$(many 5000 '{"const":%d}')]}}" "[$(many 30000 '4999')]" '0 valid, 0 invalid'
expect_code 3
expect_err_has 'in:1: cannot be judged: the schema takes more than 50480016 steps'
expect_err_has 'chesterfield: 1 cannot be judged'
run validate --schema schema.json --json in
expect_code 3
expect_out_has '{"line":1,"valid":null,"errors":[{'
hard='{"pattern": "^(([a-z])+.)+[A-Z]([a-z])+$"}'
judged "$hard" '"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"' '0 valid, 0 invalid'
expect_err_has 'cannot be judged: matching the pattern ^(([a-z])+.)+[A-Z]([a-z])+$ takes more than 50000000 steps'

begin "eighteen letters can be judged"
judged "$hard" '"aaaaaaaaaaaaaaaaAa"' '1 valid, 0 invalid'
judged "$hard" '"aaaaaaaaaaaaaaaaaa"' '0 valid, 1 invalid'

begin "uniqueItems at each of 400 levels"
deep='0'
for ((i = 0; i < 400; i++)); do deep="[$deep,$((i + 1))]"; done
judged '{"uniqueItems": true, "items": {"$ref": "#"}}' "$deep" '1 valid, 0 invalid'

begin "schemas of 80,000 members are compared"
printf '{"version":"1.0.0","properties":{%s},"required":[%s]}' "$(many 80000 '"k%d":{"type":"string"}')" "$names" >old.json
printf '{"version":"2.0.0","properties":{%s,"x":true},"required":[%s]}' "$(many 80000 '"k%d":{"type":"string"}')" "$names" >new.json
run diff old.json new.json
expect_code 0
expect_lines out 2
printf '{"version":"1.0.0","enum":[%s],"allOf":[%s]}' "$(many 5000 '%d')" "$(many 5000 '{"minimum":-%d}')" >old.json
printf '{"version":"2.0.0","enum":[%s],"allOf":[%s]}' "$(many 5000 '-%d')" "$(many 5000 '{"minimum":-%d}')" >new.json
run diff old.json new.json
expect_out_has 'breaking, FORWARD'

refused() { # pattern
	printf '{"pattern": "%s"}\n' "${1//\\/\\\\}" >schema.json
	run validate --schema schema.json /dev/null
	expect_code 1
	expect_err_has 'cannot be run as ECMA-262 says: the back reference at'
}
begin "a back reference that meets what an earlier round left is refused, as ECMA-262 forgets it"
refused '^(a(b)?)+c\2$'
refused '^(?:(a)|b)*\1$'
refused '^(?:\1x(a)y)+$'
refused '^(a\1)+$'
refused '^(?:(?<n>a)|b){2,}\k<n>$'
refused '^((a)|b){3}\2$'
refused '^((a)|b){2}\2$'
refused '^(?:(a)|b){1,2}\1$'
refused '^(?:(a){0,1}b)+\1$'
refused '^(?<!x)(?:(a)|b)*\1$'
refused '^[\](]*(?:(a)|b)*\1$'
printf '{"patternProperties": {"^(a(b)?)+c\\\\2$": true}}\n' >schema.json
run validate --schema schema.json /dev/null
expect_err_has 'cannot be run as ECMA-262 says'

begin "others say the same in both"
for pattern in '^(a)+\\1$ "aaa"' '^(?:(a)x)+\\1$ "axaxa"' '^(?:(a)\\1)+$ "aaaa"' '^(a|b)\\1$ "bb"' \
	'^(?:(a)|b)\\1$ "aa"' '^(a)?\\1$ "aa"' '^((a)|b){1}\\2$ "aa"' '^[(]\\((a)\\1*$ "((aaa"' '^(x+)+\\1$ "xx"'; do
	judged "{\"pattern\": \"${pattern% *}\"}" "${pattern#* }" '1 valid, 0 invalid'
done

begin "draft-07's dependencies in 2020-12 are told by their name, beside the new ones"
judged '{"dependencies": {"a": ["b"]}}' '{"a": 1}' '0 valid, 1 invalid'
expect_err_has 'must have the member "b" because it has "a" (dependencies at /dependencies)'
judged '{"dependentRequired": {"a": ["b"]}}' '{"a": 1}' '0 valid, 1 invalid'
expect_err_has '(dependentRequired at /dependentRequired)'
both='{"dependencies": {"a": ["b"], "d": {"minProperties": 2}}, "dependentRequired": {"a": ["c"]}, "dependentSchemas": {"d": {"maxProperties": 2}}}'
judged "$both" '{"a": 1}' '0 valid, 1 invalid'
expect_err_has '"b" because it has "a" (dependencies at /dependencies)'
expect_err_has '"c" because it has "a" (dependentRequired at /dependentRequired)'
judged "$both" '{"d": 1}' '0 valid, 1 invalid'
judged "$both" '{"d": 1, "e": 1, "f": 1}' '0 valid, 1 invalid'
judged "$both" '{"d": 1, "e": 1}' '1 valid, 0 invalid'

finish
