#!/usr/bin/env bash
# demo.sh BUILD [COUCHDB]: the main job on the embedded store, or on the CouchDB of that URL
# (http://USER:PASSWORD@HOST:5984; "pouchdb": a pouchdb-server from npm, as long as it takes), with the todo app whose versions 1, 2
# and 3 are in use at once. Documents of three app versions go in, every version comes
# out, an edit by the oldest app arrives in the newest with nothing lost.
set -euo pipefail
build=$(realpath "$1")
catalog=$(realpath "$(dirname "$0")/../examples/todo")
program=$build/src/cli/chesterfield
folder=${DEMO_FOLDER:-$build/demo}
items=${DEMO_ITEMS:-20000}
rm -rf "$folder"
mkdir -p "$folder"
cd "$folder"
export CHESTERFIELD_CATALOG=$catalog

# A server of CouchDB's protocol that ends with the script; its URL.
start_pouchdb() {
	local live
	live=$(realpath "$catalog/../../test/live")
	[ -d "$live/node_modules" ] || {
		echo "demo: no npm packages in test/live: run tools/setup-live.sh" >&2
		exit 1
	}
	mkfifo server.in
	NODE_PATH=$live/node_modules node "$live/server.js" <server.in >server.out 2>server.err &
	exec 8>server.in
	until [ -s server.out ]; do
		kill -0 $! 2>/dev/null || {
			cat server.err >&2
			exit 1
		}
		read -rt 0.05 <> <(:) || true
	done
	couchdb=$(head -n 1 server.out)
}

couchdb=${2:-}
[ "$couchdb" != pouchdb ] || start_pouchdb
if [ -n "$couchdb" ]; then
	# Databases of their own: nothing that is there is touched.
	name=chesterfield-demo-$(date +%Y%m%d-%H%M%S)
	export CHESTERFIELD_STORE=${couchdb%/}/$name CHESTERFIELD_STATE=${couchdb%/}/$name-state
	items=${DEMO_ITEMS:-3000}
	where="in the database $name, what is noted of them in $name-state; look with: chesterfield docs list --store http://.../$name"
	[ "${2:-}" != pouchdb ] || where="on a pouchdb-server that ends now"
else
	export CHESTERFIELD_STORE=sqlite:todo.db
	where="in $folder/todo.db; look with: chesterfield docs list --store sqlite:$folder/todo.db"
fi

say() { printf '\n%s\n' "$*"; }
show() { sed 's/^/    /'; }
run() {
	echo "  $ chesterfield $*"
	"$program" "$@" | show
}
count() { "$program" docs list --prefix "$1" | wc -l; }
now_ms() { date +%s%3N; }

# Items of the three app versions in turn. The one to watch, item 7, is of version 3:
# blocked, in a group, and of an app that nobody with version 1 has ever seen.
awk -v items="$items" 'BEGIN {
	split("active blocked halted done", status, " ")
	for (i = 1; i <= items; i++) {
		common = sprintf("\"title\":\"Item %d\",\"createdAt\":\"2018-04-01T00:00:00.000Z\"", i)
		if (i == 7)
			printf "{\"_id\":\"group@1:home\",\"schema\":\"group\",\"version\":1,\"name\":\"Home\"}\n" \
				"{\"_id\":\"todo-item@3:7\",\"schema\":\"todo-item\",\"version\":3,\"title\":\"Paint the fence\",\"status\":\"blocked\",\"groupId\":\"home\"}\n"
		else if (i % 3 == 1)
			printf "{\"_id\":\"todo-item@1:%d\",\"schema\":\"todo-item\",\"version\":1,%s,\"isDone\":%s}\n", i, common, i % 2 ? "true" : "false"
		else if (i % 3 == 2)
			printf "{\"_id\":\"todo-item@2:%d\",\"schema\":\"todo-item\",\"version\":2,%s,\"status\":\"%s\"}\n", i, common, status[i % 4 + 1]
		else
			printf "{\"_id\":\"todo-item@3:%d\",\"schema\":\"todo-item\",\"version\":3,%s,\"status\":\"%s\",\"groupId\":\"home\"}\n", i, common, status[i % 4 + 1]
	}
}' >items.ndjson

say "1. $items items go in, written by apps of version 1, 2 and 3:"
"$program" docs put items.ndjson >put.ndjson
for major in 1 2 3; do
	echo "    version $major: $(count "todo-item@$major:") items"
done

say "2. Every item is made in every version:"
start=$(now_ms)
echo "  $ chesterfield run --once"
"$program" run --once 2>&1 | show
took=$(($(now_ms) - start))
for major in 1 2 3; do
	echo "    version $major: $(count "todo-item@$major:") items"
done

say "3. One item, written by an app of version 3, as each app sees it:"
run docs get todo-item@3:7 todo-item@2:7 todo-item@1:7

say "4. The oldest app, which knows neither \"blocked\" nor groups, changes the title:"
"$program" docs get todo-item@1:7 | sed 's/Paint the fence/Paint the fence green/' >edit.ndjson
echo "  $ chesterfield docs put <<< '$(cat edit.ndjson)'"
"$program" docs put edit.ndjson | show
"$program" run --once >/dev/null 2>&1

say "5. The newest app sees the new title; status and group are as they were:"
run docs get todo-item@3:7
newest=$("$program" docs get todo-item@3:7)
[[ $newest == *'"Paint the fence green"'* && $newest == *'"blocked"'* && $newest == *'"groupId"'* ]] || {
	echo "demo: the edit did not arrive, or something was lost" >&2
	exit 1
}

say "$items items became $(count todo-item@) documents in $took ms, the program's start included."
echo "    They are $where"
