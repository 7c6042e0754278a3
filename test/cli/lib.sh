# What the tests of the program are written with. A script is a list of cases:
#
#   . "$(dirname "$0")/lib.sh"
#   begin "an unknown command is wrong use"
#   run covnert
#   expect_code 2
#   expect_err 'chesterfield: unknown command "covnert", did you mean convert?'
#   finish
#
# `run` keeps stdout, stderr and the exit code of one call of the program. Each case
# must expect something. The script works in an empty folder, $PWD, which is removed
# at the end; $source is the project's folder. Prints TAP.
set -u
source=${CHESTERFIELD_SOURCE:?the project folder}
program=${CHESTERFIELD:?the program under test}
work=$(mktemp -d)
cd "$work" || exit 1
trap 'rm -rf "$work"' EXIT
unset CHESTERFIELD_STORE CHESTERFIELD_STATE CHESTERFIELD_CATALOG
cases=0 failures=0 expected=0 reasons='' title='' code=0

tap() {
	printf '%s\n' "$1"
	if [ -n "${CK_TAP_LOG_FILE_NAME:-}" ]; then
		printf '%s\n' "$1" >>"$CK_TAP_LOG_FILE_NAME"
	fi
}
if [ -n "${CK_TAP_LOG_FILE_NAME:-}" ]; then
	: >"$CK_TAP_LOG_FILE_NAME"
fi

# Ends the case that is open, if any.
end_case() {
	[ -n "$title" ] || return 0
	cases=$((cases + 1))
	[ "$expected" -gt 0 ] || fail "the case expects nothing"
	if [ -z "$reasons" ]; then
		tap "ok $cases - $title"
	else
		failures=$((failures + 1))
		tap "not ok $cases - $title"
		tap "$(sed 's/^/#   /' <<<"${reasons%?}")"
	fi
	title=''
}

begin() {
	end_case
	title=$1 expected=0 reasons=''
}

finish() {
	end_case
	tap "1..$cases"
	[ "$failures" -eq 0 ]
	exit
}

fail() {
	reasons="$reasons$1
"
}

# Runs the program with these arguments; stdin is the caller's.
run() {
	code=0
	"$program" "$@" >out 2>err || code=$?
}

same() { # what, expected file, actual file
	expected=$((expected + 1))
	if ! diff -u --label "expected $1" --label "$1" "$2" "$3" >difference; then
		fail "$(head -n 40 difference)"
	fi
}

expect_code() {
	expected=$((expected + 1))
	if [ "$code" -ne "$1" ]; then
		fail "exit code $code, expected $1; stderr: $(head -c 1000 err)"
	fi
}
# Exactly this text (a newline at the end is added), or nothing with ''.
expect_out() {
	if [ -n "$1" ]; then printf '%s\n' "$1" >wanted; else : >wanted; fi
	same stdout wanted out
}
expect_err() {
	if [ -n "$1" ]; then printf '%s\n' "$1" >wanted; else : >wanted; fi
	same stderr wanted err
}
expect_out_file() { same stdout "$1" out; }
expect_file() { same "$2" "$1" "$2"; } # expected, actual
expect_out_has() { expect_has out "$1"; }
expect_err_has() { expect_has err "$1"; }
expect_has() { # file, fixed text
	expected=$((expected + 1))
	if ! grep -qF -- "$2" "$1"; then
		fail "$1 lacks \"$2\": $(head -c 1000 "$1")"
	fi
}
expect_lines() { # file, number
	expected=$((expected + 1))
	if [ "$(wc -l <"$1")" -ne "$2" ]; then
		fail "$1 has $(wc -l <"$1") lines, expected $2"
	fi
}
expect_true() { # words, then a command that must succeed
	local words=$1
	shift
	expected=$((expected + 1))
	if ! "$@" >output 2>&1; then
		fail "$words: $(head -n 20 output)"
	fi
}
