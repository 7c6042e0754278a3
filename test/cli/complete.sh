#!/usr/bin/env bash
# status --for: whether a version is complete.
. "$(dirname "$0")/lib.sh"
catalog=$source/examples/todo
store=sqlite:docs.db

status() {
	run status --store $store -c "$catalog" "$@"
}

cat >docs <<'EOF'
{"_id":"todo-item@1:a","schema":"todo-item","version":1,"title":"t","isDone":true}
{"_id":"todo-item@1:b","schema":"todo-item","version":1,"title":"t","isDone":true}
{"_id":"todo-item@3:c","schema":"todo-item","version":3,"title":"t","status":"done","groupId":"gone"}
{"_id":"todo-item@1:d","schema":"todo-item","version":1,"title":7,"isDone":true}
EOF

begin "before a run nothing is complete"
"$program" docs put --store $store docs >/dev/null || exit 1
status --for 3.0.0
expect_code 3
expect_err_has '3.0.0 is not complete: nothing has run here yet'
expect_out_has 'todo-item@3                        1           3           0           0  not complete'

begin "what waits and what is invalid is not missing"
"$program" run --once -c "$catalog" --store $store 2>/dev/null
status --for 3.0.0 --json
expect_code 3
expect_out_has '{"version":"todo-item@3","made":3,"missing":0,"incomplete":0,"invalid":1,"complete":false}'
expect_out_has '{"version":"group@1","made":1,"missing":0,"incomplete":0,"invalid":0,"complete":true}'
status --for 2.0.0 --json
expect_out_has '{"version":"todo-item@2","made":2,"missing":0,"incomplete":1,"invalid":1,"complete":false}'

begin "a version of one type"
status --for todo-item@1 --json
expect_out '{"version":"todo-item@1","made":4,"missing":0,"incomplete":0,"invalid":1,"complete":false}'

begin "all is there"
printf '%s\n' '{"_id":"group@1:gone","schema":"group","version":1,"name":"Garden"}' | "$program" docs put --store $store - >/dev/null
"$program" docs list --store $store | sed -n '/todo-item@1:d/s/"title":7/"title":"7"/p' | "$program" docs put --store $store - >/dev/null
"$program" run --once -c "$catalog" --store $store 2>/dev/null
status --for 3.0.0
expect_code 0
expect_out_has 'todo-item@3                        4           0           0           0  complete'

begin "changes that are not read yet"
printf '%s\n' '{"_id":"todo-item@1:e","schema":"todo-item","version":1,"title":"t","isDone":true}' | "$program" docs put --store $store - >/dev/null
status --for 3.0.0
expect_code 3
expect_err_has '1 changes are to be read'

begin "a version that is none"
status --for 9.0.0
expect_code 2
run status --store $store --for 3.0.0
expect_code 2
expect_err_has '--for needs --catalog'
finish
