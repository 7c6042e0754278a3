# What a service and those who script need: words at the start, logs and errors as JSON,
# completion, and the same folder in either place.
. "$(dirname "$0")/lib.sh"
catalog=$source/examples/todo
store=sqlite:$PWD/s.db

begin "run says what it follows, and ends by SIGTERM"
run docs put --store "$store" "$catalog"/documents/v1.ndjson
touch log
"$program" run -c "$catalog" --store "$store" 2>log &
until "$program" status --store "$store" --json 2>/dev/null | grep -q '"behind":0'; do :; done
until grep -q following log; do :; done
kill -TERM $!
code=0
wait $! || code=$?
expect_code 5
expect_has log "chesterfield: following $store by the catalog $catalog"

begin "its log as JSON"
touch json_log
"$program" run -c "$catalog" --store "$store" --log json 2>json_log &
until grep -q following json_log; do :; done
kill -HUP $!
wait $! || :
expect_lines json_log 3
expect_true "each line has its time" test "$(grep -cE '^\{"time":"20[0-9T:.-]+Z","level":"(info|error)",.*\}$' json_log)" = 3
expect_has json_log '"level":"error","error":"INTERRUPTED","message":"'
run run -c "$catalog" --store "$store" --once --log xml
expect_code 2
expect_err 'chesterfield: --log is text or json, not "xml"'

begin "errors as JSON, with their code and place"
run docs list --store "sqlite:$PWD/none.db" --json
expect_code 10
expect_err "{\"level\":\"error\",\"error\":\"NO_DATABASE\",\"message\":\"sqlite:$PWD/none.db: there is no such file\"}"
cp -r "$catalog" broken
echo 'x: [' >broken/catalog.yaml
run run -c broken --store "$store" --once --json
expect_err_has '"file":"broken/catalog.yaml","line":'

begin "the catalog may be named by an argument or an option"
run check -c "$catalog" --seed 1 --runs 5
expect_code 0
expect_err 'chesterfield: 0 errors; 2 lenses tried, each way on 5 documents, no counterexample (--seed 1)'
run check -c "$catalog" "$catalog"
expect_code 2
run graph "$catalog"
expect_code 0
expect_out_has 'todo-item@3'
run graph
expect_code 2
expect_err_has 'which catalog? name its folder'

begin "the version"
run version
expect_code 0
run --version
cp out wanted_version
run version
expect_file wanted_version out

begin "bash completes commands, subcommands and options"
run completion bash
expect_code 0
# shellcheck disable=SC2034 # read by the function
complete_words() {
	COMP_WORDS=("$@")
	COMP_CWORD=$(($# - 1))
	_chesterfield
	printf '%s\n' "${COMPREPLY[@]}"
}
# shellcheck disable=SC1091 # made just now
. ./out
complete_words chesterfield conf >words
expect_has words conflicts
complete_words chesterfield docs p >words
expect_has words put
complete_words chesterfield docs put --as >words
expect_has words --as-is
complete_words chesterfield run --store x --acc >words
expect_has words --accept-changed

begin "zsh and fish get theirs, and no other shell"
run completion zsh
expect_code 0
expect_out_has '#compdef chesterfield'
run completion fish
expect_code 0
expect_out_has "complete -c chesterfield -n '__fish_seen_subcommand_from docs' -a put"
run completion csh
expect_code 2
finish
