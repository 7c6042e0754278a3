# The frame that all commands share: help, options, errors and exit codes.
. "$(dirname "$0")/lib.sh"

begin "without a command it is wrong use"
run
expect_code 2
expect_out ''
expect_err 'chesterfield: which command? see chesterfield --help'

begin "help lists the commands on stdout"
run --help
expect_code 0
expect_out_has 'Usage: chesterfield COMMAND [OPTIONS] [ARGUMENTS]'
expect_out_has '  help   '
expect_err ''

begin "help COMMAND and COMMAND --help are the same"
run help help
cp out first
run help --help
expect_code 0
expect_out_file first

begin "an unknown command names the nearest"
run hlep
expect_code 2
expect_err 'chesterfield: unknown command "hlep", did you mean help?'

begin "an unknown command with nothing near it"
run frobnicate
expect_code 2
expect_err 'chesterfield: unknown command "frobnicate", see --help'

begin "an unknown option names the nearest"
run help --refrence
expect_code 2
expect_err 'chesterfield: unknown option --refrence, did you mean --reference?'

begin "a switch takes no value"
run help --man=yes
expect_code 2
expect_err 'chesterfield: option --man takes no value'

begin "an unknown letter"
run help -qz
expect_code 2
expect_err 'chesterfield: unknown option -z'

begin "too many arguments"
run help a b c
expect_code 2
expect_err 'chesterfield: help: one argument too many: "c"'

begin "behind -- everything is an argument"
run help -- --man
expect_code 2
expect_err 'chesterfield: no command "--man"'

begin "the version"
run --version
expect_code 0
expect_true "a version number" grep -Eq '^chesterfield [0-9]+\.[0-9]+\.[0-9]+$' out

begin "a full disk is a failure"
code=0
"$program" help >/dev/full 2>err || code=$?
expect_code 1
expect_err 'chesterfield: standard output: No space left on device'

begin "a closed stdout is a failure"
code=0
"$program" help >&- 2>err || code=$?
expect_code 1
expect_err 'chesterfield: standard output: Bad file descriptor'

begin "a reader that went away had seen enough, unless he was to be told what was done"
mkfifo pipe
unread() { # ARGUMENTS: nobody reads what it prints
	exec 8<>pipe 9>pipe 8<&-
	code=0
	"$program" "$@" >&9 2>err || code=$?
	exec 9>&-
}
for words in help --help version "completion bash" "graph $source/examples/todo" "selector -c $source/examples/todo --for 1.0.0"; do
	# shellcheck disable=SC2086
	unread $words
	expect_code 0
	expect_err ''
done
unread docs put --store sqlite:put.db <<<'{"_id":"a"}'
expect_code 1
expect_err_has 'standard output: Broken pipe'

begin "the man page is well-formed"
run help --man
expect_code 0
expect_out_has '.TH CHESTERFIELD 1'
if command -v groff >/dev/null; then
	groff -man -Tutf8 -ww -z out >warnings 2>&1
	expect_true "no warnings: $(head -n 3 warnings)" test ! -s warnings
fi

begin "the reference has every command"
run help --reference commands
expect_code 0
for name in $("$program" --help | awk '/^  [a-z]/ {print $1}'); do
	expect_out_has "## \`$name"
done

begin "no password stands in the list of processes"
"$program" run -c "$source/examples/todo" --store "http://anna:s3cret@127.0.0.1:1/db" 2>err &
pid=$!
# The store is away: it goes on trying, and says so.
while [ ! -s err ]; do read -rt 0.05 <> <(:) || true; done
tr '\0' ' ' <"/proc/$pid/cmdline" >shown
kill "$pid"
wait "$pid" 2>/dev/null
expect_has shown 'http://anna:***@127.0.0.1:1/db'
expect_true "no password" test -z "$(grep s3cret shown err)"

finish
