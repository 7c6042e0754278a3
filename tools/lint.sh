#!/usr/bin/env bash
# lint.sh BUILD [CHECK...]: the repository's habits, one check each; all without names.
# The last line is "N passed, N failed".
set -uo pipefail
build=$(realpath "$1")
shift
cd "$(dirname "$0")/.." || exit 1
mapfile -t code < <(git ls-files '*.c' '*.h')
mapfile -t scripts < <(git ls-files '*.sh' .ci/run)

check_rooms() {
	local found
	found=$(awk -f tools/lint/rooms.awk $(git ls-files 'src/*.[ch]'))
	echo "$found"
	[ -z "$found" ]
}

check_sizes() {
	local found
	found=$(awk -f tools/lint/sizes.awk "${code[@]}")
	echo "$found"
	[ -z "$found" ]
}

# Functions with a safer sister, or with state that threads share.
check_functions() {
	! grep -nE '(^|[^a-zA-Z0-9_>.])(strcpy|strcat|sprintf|vsprintf|gets|strtok|rand|srand|random|localtime|gmtime|asctime|ctime|system|popen|atoi|atol|atof|strerror|tmpnam|mktemp|alloca)\(' "${code[@]}"
}

# Nothing that changes lives outside of functions' callers: no .data, no .bss. The one
# exception is the list of memory stores, by which handles of one name meet.
check_state() {
	! objdump -t "$build/libcore.a" | grep -v ' memory_registry$' | grep -E ' (\.data|\.bss|\.tdata|\.tbss)[[:space:]]+0*[1-9a-f]'
}

check_sleeps() {
	! grep -nE '(^|[^a-zA-Z0-9_])(u|nano)?sleep[ (]' $(git ls-files 'test/*.[ch]' 'test/*.sh')
}

check_words() {
	! grep -nEw "TO""DO|FIX""ME|XX""X|HA""CK|not imple""mented|for n""ow|place""holder" "${code[@]}" "${scripts[@]}" \
		$(git ls-files '*.md' '*.build' Makefile)
}

# Each header stands alone, the public ones in strict C and in C++ too.
check_headers() {
	local header flags rc=0
	# Of libraries whose headers have a folder of their own.
	read -ra flags < <(pkg-config --cflags libpq)
	for header in $(git ls-files 'src/*.h' 'include/*.h'); do
		printf '#include "%s"\n' "$PWD/$header" |
			cc -x c -std=gnu11 -D_GNU_SOURCE -Wall -Wextra -Werror -fsyntax-only -Isrc -Iinclude "${flags[@]}" - || rc=1
	done
	for header in $(git ls-files 'include/*.h'); do
		printf '#include "%s"\n' "$PWD/$header" |
			cc -x c -std=c11 -pedantic -Wall -Wextra -Werror -fsyntax-only -Iinclude - || rc=1
		printf '#include "%s"\n' "$PWD/$header" |
			c++ -x c++ -std=c++11 -pedantic -Wall -Wextra -Werror -fsyntax-only -Iinclude - || rc=1
	done
	return $rc
}

# The pages of the reference say what the program's tables say; make docs makes them.
check_docs() {
	local rc
	tools/docs.sh "$build" "$build/reference" && diff -ru docs/reference "$build/reference"
	rc=$?
	rm -rf "$build/reference"
	return $rc
}

check_format() {
	clang-format --dry-run -Werror "${code[@]}"
}

check_cppcheck() {
	cppcheck --quiet --std=c11 --language=c --enable=warning,performance,portability \
		--inline-suppr --suppress=missingIncludeSystem --suppress=unknownMacro \
		--suppress=preprocessorErrorDirective --error-exitcode=1 -j "${JOBS:-2}" \
		-D_GNU_SOURCE -DCHESTERFIELD_VERSION='"0"' -Isrc -Iinclude --cppcheck-build-dir="$build/cppcheck" \
		$(git ls-files 'src/*.c')
}

check_tidy() {
	# Only what this build compiles: for other files it would have to guess.
	grep -o '"file": "[^"]*/src/[^"]*\.c"' "$build/compile_commands.json" | cut -d'"' -f4 |
		sort -u | (cd "$build" && xargs -P "${JOBS:-2}" -n 8 clang-tidy --quiet -p . 2>/dev/null)
}

check_shell() {
	shellcheck -x -S warning "${scripts[@]}"
}

checks=("$@")
[ ${#checks[@]} -gt 0 ] || checks=(rooms sizes functions state sleeps words headers docs format shell cppcheck tidy)
mkdir -p "$build/cppcheck"
passed=0 failed=0
for name in "${checks[@]}"; do
	if output=$("check_$name" 2>&1); then
		passed=$((passed + 1))
		echo "ok $name"
	else
		failed=$((failed + 1))
		echo "not ok $name"
		head -n 60 <<<"$output"
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
