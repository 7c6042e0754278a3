#!/usr/bin/env bash
# postgres.sh COMMAND...: runs a command beside a PostgreSQL server of its own, whose
# database is CHESTERFIELD_POSTGRES (a URL without a table), and stops the server again.
# The server has a folder under /tmp and listens there only; it is not safe against a
# crash of the machine, and quick.
set -euo pipefail
bin=$(compgen -G '/usr/lib/postgresql/*/bin/initdb' | sort -V | tail -n 1 || true)
bin=${bin:-$(command -v initdb || true)}
[ -n "$bin" ] || {
	echo "postgres.sh: there is no PostgreSQL server here" >&2
	exit 1
}
bin=$(dirname "$(realpath "$bin")")
folder=$(mktemp -d /tmp/chesterfield-postgres-XXXXXX)
as=()
# The server refuses to run as root.
if [ "$(id -u)" -eq 0 ]; then
	chown postgres "$folder"
	as=(setpriv --reuid=postgres --regid=postgres --clear-groups --)
fi
log=$folder/log

stop() {
	"${as[@]}" "$bin/pg_ctl" -D "$folder/data" -m immediate -w stop >/dev/null 2>&1 || true
	rm -rf "$folder"
}
trap stop EXIT

fail() {
	echo "postgres.sh: $1" >&2
	tail -n 20 "$folder/initdb" "$log" >&2 2>/dev/null || true
	exit 1
}

cd /
"${as[@]}" "$bin/initdb" -D "$folder/data" -A trust -U chesterfield -E UTF8 --locale=C --no-sync \
	>"$folder/initdb" 2>&1 || fail "initdb failed"
"${as[@]}" "$bin/pg_ctl" -D "$folder/data" -l "$log" -w -t 60 -o "-c listen_addresses='' \
	-c unix_socket_directories=$folder -c fsync=off -c synchronous_commit=off \
	-c full_page_writes=off -c shared_buffers=64MB -c max_connections=60" start >/dev/null 2>&1 ||
	fail "the server does not start"
cd - >/dev/null
export CHESTERFIELD_POSTGRES="postgres://chesterfield@/postgres?host=$folder"
export PGHOST=$folder PGUSER=chesterfield PGDATABASE=postgres
code=0
"$@" || code=$?
exit "$code"
