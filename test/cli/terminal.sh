# What a person sees: nothing from outside moves the terminal, and progress is true.
. "$(dirname "$0")/lib.sh"
store=sqlite:$PWD/s.db
catalog=$source/examples/todo

# The program with a terminal for stdout and stderr.
on_terminal() {
	local words
	printf -v words '%q ' "$program" "$@"
	code=0
	script -qec "$words" /dev/null </dev/null >out 2>err || code=$?
}
# Bytes that would act: ESC, C1, bidi.
is_tame() { ! LC_ALL=C grep -qP '\x1b(?!\[K)|\xc2[\x80-\x9f]|\xe2\x80[\xaa-\xae]|\xe2\x81[\xa6-\xa9]' "$1"; }

begin "documents on a terminal"
printf '{"_id":"e\\u001b]0;x\\u0007","c1":"\u009b31m","bidi":"\u202eabc","n":1}\n' >in
run docs put --store "$store" in
expect_code 0
on_terminal docs list --store "$store"
expect_code 0
expect_true "nothing acts" is_tame out
expect_out_has '"c1":"\u009b31m","bidi":"\u202eabc"'
run docs list --store "$store"
expect_true "a file gets what is stored" grep -q $'\u202eabc' out

begin "names in findings of check, errors and entries"
mkdir -p c/schemas c/lenses
printf 'name: n\n' >c/catalog.yaml
printf '{"type": "object", "properties": {"a\u009bb\u202ec": {"type": "frob"}}}\n' >c/schemas/t.json
run check "c$(printf '\u009b')"
expect_true "nothing acts" is_tame err
expect_err_has '\u009b'
printf '{"properties": {"a": {"const": "x\u202ey"}}}' >old.json
printf '{"properties": {"a": {"const": "z\u009by"}}}' >new.json
run diff old.json new.json
expect_true "nothing acts" is_tame out
printf '{"_id":"todo-item@1:a\\nb","schema":"todo-item","version":1,"title":7,"isDone":true}\n' >in
run docs put --store "$store" in
run run -c "$catalog" --store "$store" --once
run quarantine show 'todo-item@1:a
b' --store "$store"
expect_code 0
expect_out_has 'todo-item@1:a\u000ab'
expect_true "a name makes no line of its own" bash -c '! grep -q "^b" out'

begin "progress does not count what the run itself wrote"
for i in {1..20000}; do
	echo "{\"_id\":\"todo-item@1:p$i\",\"schema\":\"todo-item\",\"version\":1,\"title\":\"t\",\"isDone\":false}"
done >in
"$program" docs put --store "sqlite:$PWD/p.db" in >out
on_terminal run -c "$catalog" --store "sqlite:$PWD/p.db" --once --batch 200
expect_code 0
expect_true "a share is shown" grep -q ' [0-9]*%, ' out
expect_true "and none above 100" bash -c "! grep -oE '[0-9]+%' out | tr -d % | awk '\$1 > 100' | grep -q ."
expect_true "of what was there" bash -c "! grep -oE '/[0-9]+ [0-9]+%' out | grep -v '^/2000[0-9] '"

finish
