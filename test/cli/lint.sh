#!/usr/bin/env bash
# lint.sh: the checks of lint fail: on what they are for, and where they see nothing.
# shellcheck source=test/cli/lib.sh
. "$(dirname "$0")/lib.sh"

# A repository of its own with lint's tools and one file of a room.
repository() {
	rm -rf repository
	mkdir -p repository/src/base repository/tools
	cp -r "$CHESTERFIELD_SOURCE/tools/lint" "$CHESTERFIELD_SOURCE/tools/lint.sh" repository/tools/
	printf '# nothing is known\n' >repository/tools/lint/known.txt
	git -C repository init -q
	printf '#include "base/base.h"\nint base_one(void)\n{\n\treturn 1;\n}\n' >repository/src/base/one.c
}
lint() { # CHECK...
	git -C repository add -A
	code=0
	repository/tools/lint.sh "$PWD/objects" "$@" >out 2>err || code=$?
}
# compiles what the repository has into the archives that lint looks at
compile() {
	rm -rf objects
	mkdir -p objects/src/cli
	local file object objects=()
	for file in $(cd repository && find src -name '*.c'); do
		object=objects/${file//\//_}.o
		cc -c -w -o "$object" -x c <(grep -v '#include' "repository/$file")
		objects+=("$object")
	done
	ar rc objects/libcore.a "${objects[@]}"
	ar rc objects/src/cli/libcli.a
}

begin "a check that sees nothing does not pass"
repository
rm -r repository/src objects 2>/dev/null
mkdir objects
lint rooms sizes circles lineage unused functions state
expect_code 1
expect_out_has '0 passed, 7 failed'

begin "an include that goes up is refused"
repository
printf '#include "cli/cli.h"\n' >>repository/src/base/one.c
lint rooms
expect_code 1
expect_out_has 'base includes cli, which stands above it'

begin "long functions, many parameters and long files are refused, unless they are known"
repository
{
	printf 'int base_many(int a, int b, int c, int (*d)(int, int), int e, int f)\n{\n'
	for _ in $(seq 70); do echo '	a++;'; done
	printf '\treturn a;\n}\n'
	for i in $(seq 600); do echo "/* line $i */"; done
} >repository/src/base/two.c
{
	printf 'int base_short(int a, int b, int c, int d, int e)\n{\n'
	for _ in $(seq 68); do echo '	a++;'; done
	printf '}\n'
} >repository/src/base/limit.c
for i in $(seq 528); do echo "/* line $i */"; done >>repository/src/base/limit.c
lint sizes
expect_code 1
expect_true "what is at the limit is let pass" test "$(grep -c 'base_short\|limit.c' out)" -eq 0
expect_out_has 'base_many, a function of 6 parameters'
expect_out_has 'base_many, a function of 73 lines'
expect_out_has 'src/base/two.c: a file of 674 lines'
printf 'parameters base_many 6\nlength base_many 73\nlines two.c 674\n' >repository/tools/lint/known.txt
lint sizes
expect_code 0
printf '/* one more */\n' >>repository/src/base/two.c
lint sizes
expect_code 1

begin "files that call each other in a circle are refused, unless they are known"
repository
printf 'int base_three(void);\nint base_two(void)\n{\n\treturn base_three();\n}\n' >repository/src/base/two.c
printf 'int base_two(void);\nint base_three(void)\n{\n\treturn base_two();\n}\n' >repository/src/base/three.c
compile
lint circles
expect_code 1
expect_out_has 'files that call each other in a circle: base_three base_two'
printf 'circles base_three base_two base_four\n' >repository/tools/lint/known.txt
lint circles
expect_code 0
expect_out_has 'a circle of 2 in base'

begin "a function that nothing calls is refused"
compile
lint unused
expect_code 1
expect_out_has 'nothing calls base_one'

begin "sync/lineage does no I/O"
mkdir -p repository/src/sync/lineage
printf 'int store_get(void);\nint agree(void)\n{\n\treturn store_get();\n}\n' >repository/src/sync/lineage/agree.c
compile
lint lineage
expect_code 1
expect_out_has 'sync_lineage_agree calls store_get'
finish
