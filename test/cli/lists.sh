# Looking on and deciding: conflicts and quarantine, by people and by scripts.
. "$(dirname "$0")/lib.sh"
catalog=$source/examples/todo
store=sqlite:$PWD/s.db

put() { printf '%s\n' "$1" | "$program" docs put --store "$store" >/dev/null; }
rev_of() { "$program" docs get --store "$store" "$1" | sed 's/.*"_rev":"\([^"]*\)".*/\1/'; }
settle() { "$program" run -c "$catalog" --store "$store" --once -q; }
item() { # id, revision, version, title, the rest
	put "{\"_id\":\"$1\",\"_rev\":\"$2\",\"schema\":\"todo-item\",\"version\":$3,\"title\":$4,$5}"
}
# Two apps change the title of one thing at the same time.
contest() {
	put "{\"_id\":\"todo-item@1:$1\",\"schema\":\"todo-item\",\"version\":1,\"title\":\"t\",\"isDone\":true}"
	settle
	local old new
	old=$(rev_of "todo-item@1:$1") new=$(rev_of "todo-item@2:$1")
	item "todo-item@1:$1" "$old" 1 '"old app"' '"isDone":true'
	item "todo-item@2:$1" "$new" 2 '"new app"' '"status":"done","group":{"name":"Inbox"}'
	settle
}

begin "a contested edit is shown in full, by the beginning of its id"
contest a
run conflicts list --json --store "$store"
expect_code 0
expect_lines out 1
expect_out_has '{"entry":"todo-item/a/'
run conflicts show todo-item --store "$store"
expect_code 0
expect_out_has 'at          /title'
expect_out_has 'winner        todo-item@2'
expect_out_has 'value       "new app"'
expect_out_has 'loser         todo-item@1'
expect_out_has 'value       "old app"'
expect_out_has 'decided by    newest-version'
run conflicts show todo-item/a --store "$store" --json
expect_code 0
expect_out_has '"policy":"newest-version","winner":{"id":"todo-item@2:a","version":"todo-item@2","rev":"2-'

begin "the loser may be taken: an edit like any other, which run carries on"
run conflicts resolve todo-item/a --take loser --store "$store"
expect_code 0
expect_err_has 'written to todo-item@1:a'
settle
run docs get todo-item@3:a --store "$store"
expect_out_has '"title":"old app"'
run conflicts list --json --store "$store"
expect_out ''

begin "taking the winner writes no document"
contest b
before=$(rev_of todo-item@1:b)
run conflicts resolve todo-item/b --take winner --store "$store" --json
expect_code 0
expect_out_has '"document":"todo-item@1:b","written":false}'
expect_true "same revision" test "$(rev_of todo-item@1:b)" = "$before"

begin "another value may be written in its place, if it is valid"
contest c
run conflicts resolve todo-item/c --value 7 -c "$catalog" --store "$store"
expect_code 3
expect_err 'chesterfield: todo-item@1:c at /title: must be a string'
run conflicts resolve todo-item/c --value '"both"' -c "$catalog" --store "$store" --json
expect_code 0
expect_out_has '"written":true,"rev":"'
settle
run docs get todo-item@2:c --store "$store"
expect_out_has '"title":"both"'

begin "an ambiguous beginning, and wrong use, are told"
contest d
contest e
run conflicts show todo-item --store "$store"
expect_code 2
expect_err 'chesterfield: several begin with todo-item'
run conflicts show nothing --store "$store"
expect_code 1
expect_err 'chesterfield: no such conflict: nothing'
run conflicts show '' --store "$store"
expect_code 1
run conflicts resolve todo-item/d --store "$store"
expect_code 2
expect_err 'chesterfield: say how: --take winner, --take loser, or --value JSON'
run conflicts resolve todo-item/d --take both --store "$store"
expect_code 2
run conflicts resolve todo-item/d --take winner --value 1 --store "$store"
expect_code 2
run conflicts resolve todo-item/d --value '{' --store "$store"
expect_code 2
expect_err_has 'value: not JSON'
run conflicts resolve --take winner --store "$store"
expect_code 2

begin "a loser whose document is deleted by now cannot be taken"
run docs delete todo-item@1:e --store "$store"
run conflicts resolve todo-item/e --take loser --store "$store"
expect_code 4
expect_err 'chesterfield: todo-item@1:e is deleted by now: there is nothing to write to'
run conflicts resolve todo-item/e todo-item/d --take winner --store "$store"
expect_code 0
settle

begin "a delete that had to give way may be taken"
put '{"_id":"todo-item@1:f","schema":"todo-item","version":1,"title":"t","isDone":true}'
settle
new=$(rev_of todo-item@2:f)
run docs delete todo-item@1:f --store "$store"
item todo-item@2:f "$new" 2 '"edited"' '"status":"done","group":{"name":"Inbox"}'
settle
run docs get todo-item@1:f --store "$store"
expect_code 0
run conflicts show todo-item/f --store "$store"
expect_out_has 'deleted by one, edited by another'
expect_out_has 'decided by    edit over delete'
run conflicts resolve todo-item/f --value 1 --store "$store"
expect_code 2
run conflicts resolve todo-item/f --take loser --store "$store"
expect_code 0
settle
run docs list --store "$store" --prefix todo-item@2:f
expect_out ''
run docs changes --store "$store"
expect_true "the tombstone keeps its type" grep -q '"id":"todo-item@1:f".*"deleted":true' out

begin "what waits in quarantine is shown with its value and its lineage"
put '{"_id":"todo-item@1:bad","schema":"todo-item","version":1,"title":7,"isDone":true}'
put '{"_id":"todo-item@7:new","schema":"todo-item","version":7}'
settle
run quarantine show todo-item/bad --store "$store"
expect_code 0
expect_out_has 'at            /title'
expect_out_has 'value         7'
expect_out_has 'lineage       todo-item@1:bad  1-'
expect_out_has 'todo-item@2:bad  (not there)'
run quarantine show todo-item@7:new --store "$store" --json
expect_code 0
expect_out_has '"error":"UNSUPPORTED"'
expect_out_has '"documents":[{"id":"todo-item@7:new","rev":"1-'

begin "a retry is looked at by the next run, without a change"
run quarantine retry todo-item/bad --store "$store"
expect_code 0
expect_err 'chesterfield: todo-item/bad: will be looked at again by the next step of `run`'
run run -c "$catalog" --store "$store" --once --json
expect_out_has '"lineages":1,"documents_written":0'
expect_out_has '"quarantined":1'
run run -c "$catalog" --store "$store" --once --json
expect_out_has '"lineages":0'
run quarantine list --json --store "$store"
cp out before
run quarantine retry --all --store "$store" --json
expect_code 0
expect_out '{"retry":2}'
settle
run quarantine list --json --store "$store"
expect_lines out 2
# It waits as long as before.
expect_out_file before

begin "when the catalog was put right, a retry heals it"
cp -r "$catalog" wide
sed -i 's/"title": *{[^}]*}/"title": {}/' wide/schemas/todo-item/*.json
run quarantine retry --store "$store" --all
"$program" run -c wide --store "$store" --once --accept-changed -q
run quarantine list --json --store "$store"
expect_lines out 1
run docs get todo-item@3:bad --store "$store"
expect_code 0

begin "an entry may be dropped, by somebody who means it"
run quarantine drop todo-item@7:new --store "$store" </dev/null
expect_code 2
expect_err 'chesterfield: forget that #todo-item@7:new waits: add --yes where nobody can be asked'
run quarantine drop todo-item@7:new --store "$store" --yes
expect_code 0
expect_err_has 'its documents stay as they are'
run quarantine list --json --store "$store"
expect_out ''
run docs get todo-item@7:new --store "$store"
expect_code 0

begin "wrong use, and what is not there"
run quarantine retry --store "$store"
expect_code 2
run quarantine retry x --all --store "$store"
expect_code 2
run quarantine show x --store "$store"
expect_code 1
expect_err 'chesterfield: no such entry in quarantine: x'
run quarantine drop x --yes --store "$store"
expect_code 1
run conflicts list --store "sqlite:$PWD/none.db"
expect_code 10
run conflicts list --store "$store" --state "sqlite:$PWD/none.db"
expect_code 10
expect_err_has 'state: '
expect_true "no file is made" test ! -e none.db

begin "a list is a table for people, as wide as what stands in it"
rm -f s.db*
contest a
contest bb
put '{"_id":"todo-item@1:late","schema":"todo-item","version":1,"title":"t","isDone":true}'
settle
old=$(rev_of todo-item@1:late) new=$(rev_of todo-item@2:late)
item todo-item@1:late "$old" 1 '"'"$(printf 'long %.0s' {1..20})"'"' '"isDone":false'
item todo-item@2:late "$new" 2 '"\u001b[2J"' '"status":"done","group":{"name":"Inbox"}'
settle
run conflicts list --store "$store"
expect_code 0
sed -i 's/[0-9a-f]\{16\}/hhhhhhhhhhhhhhhh/; s/20..-..-.. ..:..$/WHEN/' out
expect_out 'entry                            at      winner                   loser                                            when
todo-item/a/hhhhhhhhhhhhhhhh     /title  todo-item@2 "new app"    todo-item@1 "old app"                            WHEN
todo-item/bb/hhhhhhhhhhhhhhhh    /title  todo-item@2 "new app"    todo-item@1 "old app"                            WHEN
todo-item/late/hhhhhhhhhhhhhhhh  /title  todo-item@2 "\u001b[2J"  todo-item@1 "long long long long long long l...  WHEN'
put '{"_id":"todo-item@1:bad","schema":"todo-item","version":1,"title":7,"isDone":true}'
put '{"_id":"todo-item@2:bad2","schema":"todo-item","version":2,"title":7,"status":"done"}'
put '{"_id":"todo-item@7:new","schema":"todo-item","version":7}'
put '{"_id":"todo-item@3:inc","schema":"todo-item","version":3,"title":"t","status":"done","groupId":"none"}'
settle
run quarantine list --store "$store"
expect_code 0
sed -i 's/20..-..-.. ..:../YYYY-MM-DD HH:MM/' out
expect_out 'entry             since             document          at      reason
#todo-item@7:new  YYYY-MM-DD HH:MM  todo-item@7:new           todo-item@7 is not a supported version
todo-item/bad     YYYY-MM-DD HH:MM  todo-item@1:bad   /title  must be a string
todo-item/bad2    YYYY-MM-DD HH:MM  todo-item@2:bad2  /title  must be a string'
run incomplete list --store "$store"
expect_code 0
sed -i 's/20..-..-.. ..:../YYYY-MM-DD HH:MM/' out
expect_out 'entry          since             document         waits for
todo-item/inc  YYYY-MM-DD HH:MM  todo-item@2:inc  group@1:none'

begin "of a list only what is asked for"
counts() { # NUMBER LIST FILTERS
	local number=$1 list=$2
	shift 2
	run "$list" list --json --store "$store" "$@"
	expect_code 0
	expect_lines out "$number"
}
counts 3 conflicts --type todo-item
counts 0 conflicts --type todo
counts 3 conflicts --version todo-item@1
counts 0 conflicts --version todo-item@2
counts 3 conflicts --since 5m
counts 3 conflicts --since 2026 --at /title
counts 3 conflicts --since 2026-01-02T03:04:05.678Z --at ''
counts 0 conflicts --since 2999-01
counts 0 conflicts --at /tit
counts 1 conflicts --where isDone=false
counts 2 conflicts --where 'title=new app' --version todo-item@1
counts 1 quarantine --version todo-item@2
counts 1 quarantine --version todo-item@7
counts 3 quarantine --type todo-item
counts 2 quarantine --where title=7
counts 1 incomplete --version todo-item@2 --type todo-item
for wrong in "--since yesterday" "--since 2026-1" "--since 3w" "--version todo-item" "--where done"; do
	# shellcheck disable=SC2086
	run conflicts list --store "$store" $wrong
	expect_code 2
done

begin "many are decided on at once, by somebody who means it"
all="conflicts resolve --store $store --all"
run $all --take loser --where 'title=new app' --dry-run
expect_code 0
expect_lines out 3
expect_err 'chesterfield: 2 would be decided, the loser is written in each; nothing written'
run $all --take loser --where 'title=new app' </dev/null
expect_code 2
expect_err 'chesterfield: decide on 2 contested edits: the loser is written in each: add --yes where nobody can be asked'
counts 3 conflicts
# One of them cannot be: it is told, and the others are decided.
"$program" docs delete --store "$store" todo-item@1:a >/dev/null
run $all --take loser --yes --since 1d
expect_code 3
expect_err_has 'todo-item@1:a is deleted by now'
expect_err_has 'written to todo-item@1:bb'
expect_err_has '1 of 3 stay on the list'
counts 1 conflicts
run docs get todo-item@1:bb --store "$store"
expect_out_has '"title":"old app"'
run $all --take winner --yes --json
expect_code 0
expect_out_has '"document":"todo-item@1:a","written":false}'
counts 0 conflicts
run $all --take winner
expect_code 0
run $all --type x
expect_code 2
run conflicts resolve todo-item/a --store "$store" --type todo-item --take winner
expect_code 2
expect_err 'chesterfield: filters go with --all, not with ids'
run quarantine retry --all --version todo-item@2 --store "$store"
expect_code 0
expect_err 'chesterfield: todo-item/bad2: will be looked at again by the next step of `run`'
run quarantine drop --all --type todo-item --at /title --store "$store" --yes
expect_code 0
counts 1 quarantine

begin "a file that another program holds locked"
coproc LOCK { sqlite3 s.db; }
printf '%s\n' "PRAGMA locking_mode=EXCLUSIVE; BEGIN EXCLUSIVE; SELECT 'held';" >&"${LOCK[1]}"
until read -r line <&"${LOCK[0]}" && [ "$line" = held ]; do :; done
number=0
for command in "conflicts show x" "conflicts resolve x --take winner" "quarantine show x" \
	"quarantine retry --all" "quarantine drop x --yes" usage status \
	"retire todo-item@1 -c $catalog" "run -c $catalog --once --wait 0 --rebuild"; do
	number=$((number + 1))
	# shellcheck disable=SC2086 # several words
	{
		"$program" $command --store "$store" >"out$number" 2>"err$number"
		echo $? >"code$number"
	} &
done
for job in $(jobs -p); do
	[ "$job" = "$LOCK_PID" ] || wait "$job"
done
for i in $(seq "$number"); do
	if [ "$(cat "code$i")" != 1 ] || [ "$(wc -l <"err$i")" != 1 ] || [ -s "out$i" ]; then
		fail "$i: $(cat "code$i" "err$i" "out$i")"
	fi
	expect_has "err$i" 'another program holds the file locked'
done
to=${LOCK[1]}
exec {to}>&-
wait

finish
