# What the tests with real peers are written with, beside ../cli/lib.sh: a server of
# CouchDB's protocol. It is the one that CHESTERFIELD_TEST_COUCHDB names
# (http://USER:PASSWORD@HOST:PORT), else a pouchdb-server that is started here and ends
# with the script. $server is its URL.
live=$source/test/live
server=${CHESTERFIELD_TEST_COUCHDB:-}
server_is_pouchdb=0

live_start() {
	[ -z "$server" ] || return 0
	[ -d "$live/node_modules" ] || {
		echo "no npm packages in test/live: run tools/setup-live.sh" >&2
		exit 1
	}
	server_is_pouchdb=1
	mkfifo "$work/server.in"
	(cd "$work" && NODE_PATH=$live/node_modules exec node "$live/server.js") <"$work/server.in" >"$work/server.out" 2>"$work/server.err" &
	server_pid=$!
	# The server ends when nobody has this open any more.
	exec 8>"$work/server.in"
	live_await 'the server to start' test -s "$work/server.out"
	server=$(head -n 1 "$work/server.out")
}

# Waits until a command succeeds, and gives up with words when it does not in time.
live_await() { # words, command...
	local words=$1 tries=0
	shift
	until "$@" >/dev/null 2>&1; do
		tries=$((tries + 1))
		if [ $tries -gt "${live_tries:-600}" ]; then
			echo "waited in vain for $words: $*" >&2
			[ ! -s "$work/server.err" ] || head -n 20 "$work/server.err" >&2
			exit 1
		fi
		read -rt 0.05 <> <(:) || true
	done
}

# The name of a database that is this script's own.
live_database() {
	printf '%s-%s-%s' "$1" "$$" "$RANDOM"
}
