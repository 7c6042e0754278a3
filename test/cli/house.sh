# The tools that judge the others: what they must find, they find.
. "$(dirname "$0")/lib.sh"
tools=$source/tools

# count TAP-TEXT RESULT: one test of that result whose TAP file has that text.
count() {
	mkdir -p tap
	rm -f tap/*
	[ -z "$1" ] || printf '%b' "$1" >tap/some.tap
	printf '{"name": "some", "stdout": "\\"result\\": \\"OK\\"", "result": "%s", "env": {}}\n' "$2" >log
	code=0
	awk -v dir=tap -f "$tools/count.awk" log >out 2>err || code=$?
}

begin "passed and failed cases are summed"
count '1..3\nok 1 - a\nnot ok 2 - b\nok 3 - c\n' FAIL
expect_code 1
expect_out_has '2 passed, 1 failed'

begin "all passed"
count 'ok 1 - a\nok 2 - b\n1..2\n' OK
expect_code 0
expect_out '2 passed, 0 failed'

begin "skipped cases are not passed ones"
count 'ok 1 - a\nok 2 - b # SKIP no data\n1..2\n' OK
expect_code 0
expect_out '1 skipped
1 passed, 0 failed'

begin "a test that ended early has failed"
count '1..3\nok 1 - a\n' OK
expect_code 1
expect_out_has '1 passed, 1 failed'

begin "a test that said nothing has failed"
count '' OK
expect_code 1
expect_out_has '0 passed, 1 failed'

begin "a test that passed its cases and then crashed has failed"
count '1..1\nok 1 - a\n' FAIL
expect_code 1
expect_out_has '1 passed, 1 failed'

begin "no test at all has failed"
: >log
code=0
awk -v dir=tap -f "$tools/count.awk" log >out 2>err || code=$?
expect_code 1
expect_out_has '0 passed, 1 failed'

# rooms ROOM/FILE INCLUDE: what the check says of that include.
rooms() {
	mkdir -p "src/${1%/*}"
	printf '#include "%s"\n' "$2" >"src/$1"
	awk -f "$tools/lint/rooms.awk" "src/$1" >out 2>err
}

begin "lint: a room may include doors below it and its own files"
for pair in 'lens/x.c json/json.h' 'lens/x.c lens/op.h' 'cli/x.c sync/sync.h'; do
	rooms $pair
	expect_out ''
done

begin "lint: upwards, past a door, and between the two jobs is refused"
rooms json/x.c lens/lens.h
expect_out_has 'json includes lens, which stands above it'
rooms lens/x.c json/tape.h
expect_out_has 'past its door: json/tape.h'
rooms move/x.c sync/sync.h
expect_out_has 'do not know each other'
rooms lens/x.c op.h
expect_out_has 'without its room'

finish
