#!/usr/bin/env bash
# run-tests.sh BUILD [ARGUMENT OF MESON TEST...]: runs the tests of a build and counts
# their cases. Each test writes TAP to BUILD/tap/NAME.tap (Check, the command line
# scripts and the corpus replays alike). A test that crashed, said nothing, ended
# early or failed without naming a case counts as one failure more. The last line is
# "N passed, N failed"; the exit code is 1 where anything failed.
set -euo pipefail
build=$1
shift
mkdir -p "$build/tap"
rm -f "$build"/tap/*.tap "$build/meson-logs/testlog.json"
# Under nohup a hangup would be ignored by all that the tests start, and wait for.
env --default-signal=HUP,INT,QUIT,TERM meson test -C "$build" --no-rebuild --print-errorlogs --quiet "$@" >"$build/tap/log" 2>&1 ||
	tail -n 200 "$build/tap/log"
touch "$build/meson-logs/testlog.json"
suites=${TESTDATA:-$(dirname "$0")/../../shared/testdata}
[ -d "$suites" ] || cat <<EOF
Not run, since $suites is not there: the public suites. Make a folder with
  json-schema/   of https://github.com/json-schema-org/JSON-Schema-Test-Suite: tests/, remotes/
  json-parsing/  of https://github.com/nst/JSONTestSuite: the files of test_parsing/
  semver/        of https://github.com/npm/node-semver: test/fixtures/, as JSON
and say: make test TESTDATA=FOLDER
EOF
awk -v dir="$build/tap" -f "$(dirname "$0")/count.awk" "$build/meson-logs/testlog.json"
