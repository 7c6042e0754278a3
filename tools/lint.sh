#!/usr/bin/env bash
# lint.sh BUILD [CHECK...]: the repository's habits, one check each; all without names.
# The last line is "N passed, N failed".
set -uo pipefail
build=$(realpath "$1")
shift
cd "$(dirname "$0")/.." || exit 1
mapfile -t code < <(git ls-files '*.c' '*.h')
mapfile -t scripts < <(git ls-files '*.sh' .ci/run)

# Each check says how much it looked at: one that saw nothing has not passed.
saw() {
	echo "saw $1"
}

check_rooms() {
	local found files
	mapfile -t files < <(git ls-files 'src/*.[ch]')
	[ ${#files[@]} -gt 0 ] || return 1
	found=$(awk -f tools/lint/rooms.awk "${files[@]}")
	echo "$found"
	saw ${#files[@]}
	[ -z "$found" ]
}

check_sizes() {
	[ ${#code[@]} -gt 0 ] && python3 tools/lint/sizes.py tools/lint/known.txt "${code[@]}"
}

# What the compiled files say of each other: tools/lint/objects.py.
check_circles() {
	python3 tools/lint/objects.py circles "$build" tools/lint/known.txt
}

check_lineage() {
	python3 tools/lint/objects.py lineage "$build" tools/lint/known.txt
}

check_unused() {
	python3 tools/lint/objects.py unused "$build" tools/lint/known.txt
}

# Functions with a safer sister, or with state that threads share.
check_functions() {
	saw ${#code[@]}
	! grep -nE '(^|[^a-zA-Z0-9_>.])(strcpy|strcat|sprintf|vsprintf|gets|strtok|rand|srand|random|localtime|gmtime|asctime|ctime|system|popen|atoi|atol|atof|strerror|tmpnam|mktemp|alloca)\(' "${code[@]}"
}

# Nothing that changes lives outside of functions' callers: no .data, no .bss. The one
# exception is the list of memory stores, by which handles of one name meet.
check_state() {
	local symbols
	symbols=$(objdump -t "$build/libcore.a") || return 1
	# The one exception is there: so the table is one of our symbols.
	grep -q ' memory_registry$' <<<"$symbols" || return 1
	saw "$(grep -c ' \.text' <<<"$symbols")"
	! grep -v ' memory_registry$' <<<"$symbols" | grep -E ' (\.data|\.bss|\.tdata|\.tbss)[[:space:]]+0*[1-9a-f]'
}

check_sleeps() {
	local files
	mapfile -t files < <(git ls-files 'test/*.[ch]' 'test/*.sh')
	saw ${#files[@]}
	! grep -nE '(^|[^a-zA-Z0-9_])(u|nano)?sleep[ (]' "${files[@]}" /dev/null
}

check_words() {
	saw $((${#code[@]} + ${#scripts[@]}))
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
	saw "$(git ls-files 'src/*.h' 'include/*.h' | wc -l)"
	return $rc
}

# The pages of the reference say what the program's tables say; make docs makes them.
check_docs() {
	local rc
	tools/docs.sh "$build" "$build/reference" && diff -ru docs/reference "$build/reference"
	rc=$?
	saw "$(find "$build/reference" -type f 2>/dev/null | wc -l)"
	rm -rf "$build/reference"
	return $rc
}

check_format() {
	saw ${#code[@]}
	clang-format --dry-run -Werror "${code[@]}"
}

check_cppcheck() {
	saw "$(git ls-files 'src/*.c' | wc -l)"
	cppcheck --quiet --std=c11 --language=c --enable=warning,performance,portability \
		--inline-suppr --suppress=missingIncludeSystem --suppress=unknownMacro \
		--suppress=preprocessorErrorDirective --error-exitcode=1 -j "${JOBS:-2}" \
		-D_GNU_SOURCE -DCHESTERFIELD_VERSION='"0"' -Isrc -Iinclude --cppcheck-build-dir="$build/cppcheck" \
		$(git ls-files 'src/*.c')
}

check_tidy() {
	# Only what this build compiles: for other files it would have to guess.
	local files
	mapfile -t files < <(grep -o '"file": "[^"]*/src/[^"]*\.c"' "$build/compile_commands.json" |
		cut -d'"' -f4 | sort -u)
	[ ${#files[@]} -gt 0 ] || return 1
	saw ${#files[@]}
	printf '%s\n' "${files[@]}" |
		(cd "$build" && xargs -P "${JOBS:-2}" -n 8 clang-tidy --quiet -p . 2>/dev/null)
}

check_shell() {
	saw ${#scripts[@]}
	shellcheck -x -S warning "${scripts[@]}"
}

checks=("$@")
[ ${#checks[@]} -gt 0 ] || checks=(rooms sizes circles lineage unused functions state sleeps words headers docs format shell cppcheck tidy)
mkdir -p "$build/cppcheck"
passed=0 failed=0
for name in "${checks[@]}"; do
	if output=$("check_$name" 2>&1) && grep -q '^saw [1-9]' <<<"$output"; then
		passed=$((passed + 1))
		echo "ok $name ($(grep '^saw ' <<<"$output" | tail -n 1))"
		grep '^a circle of ' <<<"$output" | sed 's/^/  /'
	else
		failed=$((failed + 1))
		echo "not ok $name"
		grep -q '^saw [1-9]' <<<"$output" || echo "it saw nothing to look at"
		head -n 60 <<<"$output"
	fi
done
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
