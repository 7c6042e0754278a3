# check and convert on catalogs that nobody should have: each is told in one clear line,
# with its place and reason. 3: check looked, and found it; 1: there is nothing to look at.
. "$(dirname "$0")/lib.sh"

item=c/schemas/todo-item
lens=c/lenses/todo-item
fresh() {
	rm -rf c
	cp -r "$source/examples/todo" c
}
repeat() { # text, times
	for ((n = 0; n < $2; n++)); do printf '%s' "$1"; done
}
# found LINE: check finds just this, and every other command stops with it.
found() {
	run check c --seed 1 --runs 5
	expect_code 3
	sed -i -E 's/ \(column [0-9]+\)$//' out # a column may be told, too
	expect_out "error $1"
	run convert -c c --to 3.0.0 /dev/null
	expect_code 1
	sed -i -E 's/^([^ ]* [^ :]*:[0-9]+):[0-9]+:/\1:/' err
	expect_err "chesterfield: c/$1"
}
# refused LINE: no command can look at the catalog.
refused() {
	run check c
	expect_code 1
	expect_err "chesterfield: c$1"
	expect_out ''
	run convert -c c --to 3.0.0 /dev/null
	expect_code 1
	expect_err "chesterfield: c$1"
}

begin "a folder that is missing"
rm -rf c
refused ': no such folder'

begin "a file in its place"
touch c
refused ': not a folder'

begin "a folder that cannot be read"
fresh
rm -r c/schemas
touch c/schemas
refused '/schemas: cannot be read: Not a directory'
if [ "$(id -u)" -ne 0 ]; then
	fresh
	chmod 000 c/schemas
	refused '/schemas: cannot be read: Permission denied'
	chmod 755 c/schemas
fi

begin "no schemas at all"
fresh
rm -r c/schemas
refused '/schemas: no schemas: a folder for each type is expected here'

begin "catalog.yaml that is broken"
fresh
echo 'name: again' >>c/catalog.yaml
refused '/catalog.yaml:7: /name: a member name stands twice in one object'

begin "broken YAML"
fresh
echo '  - {' >>$lens/1-2.yaml
found 'lenses/todo-item/1-2.yaml:13: a value is expected here, or a bracket before it is not closed'

begin "an empty file"
fresh
: >$lens/1-2.yaml
found 'lenses/todo-item/1-2.yaml:1: the file is empty'

begin "broken JSON"
fresh
printf '{\n"name": "x",,\n}' >c/manifests/2.0.0.json
found 'manifests/2.0.0.json:2: a member name is expected'

begin "a schema that is no schema"
fresh
sed -i 's/"boolean"/"bool"/' $item/1.0.0.json
run check c
expect_code 3
expect_lines out 1
expect_out_has 'error schemas/todo-item/1.0.0.json:10: not a schema: '
expect_out_has ' at /properties/isDone/type'
echo '[1]' >$item/1.0.0.json
found 'schemas/todo-item/1.0.0.json:1: the schema'\''s version is missing: "version": "1.0.0"'

ref() { # what $ref says
	fresh
	sed -i "s|\"isDone\": *{[^}]*}|\"isDone\": {\"\$ref\": \"$1\"}|" $item/1.0.0.json
	run check c
	expect_code 3
}

begin "a \$ref that goes round without progress"
ref '#/properties/isDone'
expect_out 'error schemas/todo-item/1.0.0.json:10: $ref leads round to where it began at /properties/isDone'

begin "a \$ref that leads nowhere, or to a document that is not here"
ref '#/nowhere'
expect_out 'error schemas/todo-item/1.0.0.json:10: $ref leads nowhere: "#/nowhere" at /properties/isDone/$ref'
ref 'https://example.org/x'
expect_out 'error schemas/todo-item/1.0.0.json:10: $ref leads to a document that is not here: "https://example.org/x" at /properties/isDone/$ref'

begin "a lens for an unknown type"
fresh
sed -i 's/^from: todo-item@1/from: todo@1/; s/^to: todo-item@2/to: todo@2/' $lens/1-2.yaml
found 'lenses/todo-item/1-2.yaml:2: a lens for todo@1, which has no schema'

begin "lenses that go round"
fresh
sed -i 's/^from: todo-item@2/from: todo-item@3/; s/^to: todo-item@3/to: todo-item@2/' $lens/2-3.yaml
found 'lenses/todo-item/2-3.yaml:2: a lens leads from an older version to a newer one: the lenses would go round in a cycle'

begin "more ops than a lens may have"
fresh
{
	printf 'from: todo-item@1\nto: todo-item@2\nlens:\n'
	for i in {1..1001}; do echo "  - rename: {source: a$i, destination: b$i}"; done
} >$lens/1-2.yaml
found 'lenses/todo-item/1-2.yaml:1004: more than 1000 ops'

begin "ops nested too deeply"
fresh
{
	printf 'from: todo-item@1\nto: todo-item@2\nlens:\n  - '
	repeat '{in: {name: a, lens: [' 65
	repeat ']}}' 65
} >$lens/1-2.yaml
found 'lenses/todo-item/1-2.yaml:4: in: nested too deeply'

begin "more parts than a lens may have"
fresh
sed -i "2s/.*/from: [todo-item@1$(repeat ', group@1' 64)]/" $lens/1-2.yaml
found 'lenses/todo-item/1-2.yaml:2: too many parts'

begin "more majors than a type may have"
fresh
for ((i = 4; i <= 65; i++)); do
	sed "s/\"3.0.0\"/\"$i.0.0\"/" $item/3.0.0.json >$item/$i.0.0.json
done
refused '/schemas/todo-item/65.0.0.json:1: more than 64 majors'

begin "more types than a catalog may have"
fresh
mkdir $(seq -f 'c/schemas/t%g' 4097)
refused '/schemas: more than 4096 types'

begin "a version that is too long"
fresh
sed -i "s/\"version\": \"1.0.0\"/\"version\": \"1.0.0-$(repeat a 251)\"/" $item/1.0.0.json
found 'schemas/todo-item/1.0.0.json:4: a version is at most 256 bytes long'

begin "a member name twice"
fresh
echo '{"name":"todo","version":"2.0.0","version":"2.0.0","dependencies":{}}' >c/manifests/2.0.0.json
run check c
expect_code 3
expect_out 'error manifests/2.0.0.json:1: a member name stands twice in one object at /version'
fresh
echo 'to: todo-item@2' >>$lens/1-2.yaml
run check c
expect_out 'error lenses/todo-item/1-2.yaml:12: a member name stands twice in one object at /to'
run convert -c c --to 3.0.0 /dev/null
expect_err 'chesterfield: c/lenses/todo-item/1-2.yaml:12: /to: a member name stands twice in one object'

begin "a file of 64 MiB"
fresh
head -c 67108864 /dev/zero | tr '\0' ' ' >$item/1.0.0.json
found 'schemas/todo-item/1.0.0.json: more than 16777216 bytes'

begin "10,000 levels deep"
fresh
{
	printf '{"version":"1.0.0","x":'
	repeat '[' 10000
	repeat ']' 10000
	printf '}'
} >$item/1.0.0.json
found 'schemas/todo-item/1.0.0.json:1: nested too deeply'
fresh
{
	printf 'from:\n  '
	repeat '[' 10000
	repeat ']' 10000
} >$lens/1-2.yaml
found 'lenses/todo-item/1-2.yaml:2: nested too deeply'

begin "not UTF-8"
fresh
printf '# \377\n' >>$lens/1-2.yaml
found 'lenses/todo-item/1-2.yaml:12: not UTF-8'
fresh
printf '{"name":\n"\377"}' >c/manifests/2.0.0.json
found 'manifests/2.0.0.json:2: not UTF-8'

begin "anchors that explode, and one that holds itself"
fresh
{
	echo 'a: &a [x,x,x,x,x,x,x,x,x,x]'
	last=a
	for name in b c d e f g h; do
		echo "$name: &$name [$(repeat "*$last," 10)]"
		last=$name
	done
} >$lens/1-2.yaml
run check c
expect_code 3
expect_out_has 'error lenses/todo-item/1-2.yaml:'
expect_out_has ': more values than the limit allows, aliases expanded'
expect_lines out 1
fresh
echo 'a: &a [*a]' >$lens/1-2.yaml
found 'lenses/todo-item/1-2.yaml:1: this alias stands within what it names'

begin "a pipe, a folder and a link to nowhere in the place of a file"
fresh
mkfifo $lens/3-4.yaml
found 'lenses/todo-item/3-4.yaml: not a file'
fresh
mkdir $lens/3-4.yaml
found 'lenses/todo-item/3-4.yaml: not a file'
fresh
ln -s nowhere $lens/3-4.yaml
found 'lenses/todo-item/3-4.yaml: cannot be read: No such file or directory'

begin "a script that does not end, and one that takes all memory"
fresh
sed -i "/- add/i\\  - script: {reads: [createdAt], writes: [createdAt], up: 'function (s) { while (true) {} }', down: 'function (s) { return s; }'}" $lens/1-2.yaml
run check c --seed 1 --runs 5
expect_code 3
expect_out_has 'error lenses/todo-item/1-2.yaml:11: a valid document cannot go up: script: stopped after 1000000 steps'
sed -i "s/while (true) {}/var a = []; while (true) a.push(a.join())/" $lens/1-2.yaml
run check c --seed 1 --runs 5
expect_code 3
expect_out_has 'error lenses/todo-item/1-2.yaml:11: a valid document cannot go up: script: '

finish
