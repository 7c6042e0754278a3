# What `make demo` shows is so: every version of every item, and an old app's edit in the
# newest version with nothing lost.
. "$(dirname "$0")/lib.sh"

begin "the demo runs"
code=0
DEMO_ITEMS=60 DEMO_FOLDER=$PWD/demo "$source/tools/demo.sh" "${program%/src/cli/chesterfield}" \
	>out 2>err || code=$?
expect_code 0
expect_err ''
expect_out_has '60 items became 180 documents'

export CHESTERFIELD_STORE=sqlite:$PWD/demo/todo.db

begin "each version has every item"
for major in 1 2 3; do
	run docs list --prefix "todo-item@$major:"
	expect_lines out 60
done

begin "the old app's edit is in the newest version, and nothing is lost"
run docs get todo-item@3:7
expect_out_has '"title":"Paint the fence green","status":"blocked","groupId":"home"'
run docs get todo-item@2:7
expect_out_has '"title":"Paint the fence green","status":"blocked","group":{"name":"Home"}'

begin "a second time it starts anew"
code=0
DEMO_ITEMS=60 DEMO_FOLDER=$PWD/demo "$source/tools/demo.sh" "${program%/src/cli/chesterfield}" \
	>out 2>err || code=$?
expect_code 0
expect_out_has '60 items became 180 documents'

finish
