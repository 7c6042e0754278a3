# Files of SQLite: whose they are, and what becomes of them while they are open.
. "$(dirname "$0")/lib.sh"
catalog=$source/examples/todo
store=sqlite:$PWD/s.db
doc='{"_id":"todo-item@1:a","schema":"todo-item","version":1,"title":"t","isDone":false}'

begin "run makes no store unless told"
run run -c "$catalog" --store "$store" --once
expect_code 10
expect_err "chesterfield: $store: there is no such file"
expect_true "nothing was made" test ! -e s.db
run run -c "$catalog" --store "$store" --once --create
expect_code 0

begin "a new file is its maker's alone"
expect_true "mode 600" test "$(stat -c %a s.db)" = 600
(umask 022 && echo "$doc" | "$program" docs put --store "sqlite:$PWD/t.db" >out)
expect_true "mode 600" test "$(stat -c %a t.db)" = 600

# Waits until the command succeeds.
until_true() {
	local i
	for ((i = 0; i < 200; i++)); do
		if "$@"; then return 0; fi
		read -rt 0.05 <> <(:)
	done
	return 1
}
is_followed() { "$program" docs get --store "$store" "$1" >/dev/null 2>&1; }

begin "a file that is replaced under a run is noticed"
echo "$doc" | "$program" docs put --store "$store" >out
"$program" run -c "$catalog" --store "$store" >run.out 2>run.err &
pid=$!
expect_true "it works" until_true is_followed todo-item@3:a
cp s.db other.db
mv other.db s.db
code=0
wait $pid || code=$?
expect_code 1
expect_has run.err "s.db: the file was replaced by another one while it was open"

begin "a file that is removed under a run is noticed"
rm -f s.db s.db-wal s.db-shm
echo "$doc" | "$program" docs put --store "$store" >out
"$program" run -c "$catalog" --store "$store" >run.out 2>run.err &
pid=$!
expect_true "it works" until_true is_followed todo-item@3:a
rm -f s.db s.db-wal s.db-shm
code=0
wait $pid || code=$?
expect_code 1
expect_has run.err "s.db: the file was removed or renamed while it was open"

begin "a state that was dropped begins anew, whatever hung on it"
echo "$doc" | "$program" docs put --store "$store" >out
run run -c "$catalog" --store "$store" --once
expect_code 0
sqlite3 s.db 'DROP TABLE "chesterfield-state"'
run run -c "$catalog" --store "$store" --once
expect_code 0
run status --store "$store"
expect_out_has '0 changes behind'

begin "of documents nothing is dropped"
cp s.db d.db
sqlite3 d.db 'DROP TABLE documents'
run run -c "$catalog" --store "sqlite:$PWD/d.db" --once --create
expect_code 1
expect_err_has 'the table "documents" is gone, and what hung on it is left over'

begin "a feed that goes round in a damaged file ends"
cp s.db r.db
sqlite3 r.db 'CREATE TABLE d(seq, id, rev, state, history, body);
	INSERT INTO d SELECT '\''x'\'', id, rev, state, history, body FROM documents;
	DROP TABLE documents; ALTER TABLE d RENAME TO documents'
run docs changes --store "sqlite:$PWD/r.db"
expect_code 1
expect_err_has 'the file is damaged'

begin "triggers of a file of documents do not run"
sqlite3 s.db 'CREATE TRIGGER t AFTER INSERT ON documents BEGIN DELETE FROM documents; END'
echo "${doc/:a/:b}" | "$program" docs put --store "$store" >out
run docs list --store "$store" --prefix todo-item@1
expect_lines out 2
sqlite3 s.db 'DROP TRIGGER t'

begin "a store that was restored from an older copy is noticed"
c=sqlite:$PWD/c.db
state=sqlite:$PWD/cs.db
echo "$doc" | "$program" docs put --store "$c" >out
run run -c "$catalog" --store "$c" --state "$state" --once
cp c.db older.db
echo "${doc/:a/:b}" | "$program" docs put --store "$c" >out
run run -c "$catalog" --store "$c" --state "$state" --once
expect_code 0
cp older.db c.db
rm -f c.db-wal c.db-shm
for i in 1 2 3 4 5 6 7 8 9; do echo "${doc/:a/:n$i}"; done | "$program" docs put --store "$c" >out
run run -c "$catalog" --store "$c" --state "$state" --once
expect_code 4
expect_err_has 'which the state knows: was it restored from an older copy? Start once with `run --rebuild`'
run status --store "$c" --state "$state"
expect_code 4
run run -c "$catalog" --store "$c" --state "$state" --once --rebuild
expect_code 0
run docs get --store "$c" todo-item@3:a todo-item@3:n1 todo-item@3:n9
expect_code 0

begin "a record of the state that is no JSON is named"
echo "$doc" | "$program" docs put --store "sqlite:$PWD/j.db" >out
run run -c "$catalog" --store "sqlite:$PWD/j.db" --once
for record in checkpoint usage/todo-item@1; do
	cp j.db k.db
	sqlite3 k.db "UPDATE \"chesterfield-state\" SET body = '{\"x' WHERE id = 'documents/$record'"
	run run -c "$catalog" --store "sqlite:$PWD/k.db" --once
	expect_code 1
	expect_err_has "documents/$record: this record of the state is damaged: "
done
run usage --store "sqlite:$PWD/k.db"
expect_code 1
expect_err_has "documents/usage/todo-item@1: this record of the state is damaged: "
cp j.db k.db
sqlite3 k.db "UPDATE \"chesterfield-state\" SET body = 'x' WHERE id LIKE 'documents/base/%'"
echo "{\"_id\":\"todo-item@2:a\",\"_deleted\":true}" | "$program" docs put --store "sqlite:$PWD/k.db" >out
run run -c "$catalog" --store "sqlite:$PWD/k.db" --once
expect_code 1
expect_err_has "documents/base/todo-item/a: this record of the state is damaged: "
run run -c "$catalog" --store "sqlite:$PWD/k.db" --once --rebuild
expect_code 0

begin "a document that is damaged in the file is named, and nothing of it is passed on"
damaged=sqlite:$PWD/dmg.db
printf '%s\n' '{"_id":"todo-item@1:a","schema":"todo-item","version":1,"title":"milk","isDone":true}' \
	'{"_id":"todo-item@1:b","schema":"todo-item","version":1,"title":"bread","isDone":true}' |
	"$program" docs put --store "$damaged" >out
cp dmg.db dmg2.db
run run -c "$catalog" --store "$damaged" --once
# Text that is still JSON, and still valid.
sqlite3 dmg.db "UPDATE documents SET body = replace(body, 'milk', 'silk') WHERE id = 'todo-item@1:a'"
words='revision 1-[0-9a-f]* is damaged in the file: it is not what was written'
run docs get --store "$damaged" todo-item@1:a
expect_code 3
expect_true "get names it" grep -q "todo-item@1:a: $words" err
run docs list --store "$damaged" --prefix todo-item@
expect_code 3
expect_lines out 5
expect_true "list names it" grep -q "todo-item@1:a: $words" err
# That it is there, or deleted, is summed, too.
sqlite3 dmg2.db "UPDATE documents SET state = state | 1 WHERE id = 'todo-item@1:b'"
run docs get --store "sqlite:$PWD/dmg2.db" todo-item@1:b
expect_code 3
expect_true "a deletion that nobody made is named" grep -q "todo-item@1:b: $words" err
sqlite3 dmg2.db "UPDATE documents SET state = state & ~1 WHERE id = 'todo-item@1:b'"
# Nobody looks at it; then somebody edits the newest version.
retitle() { # STORE ID OLD NEW
	"$program" docs get --store "$1" "$2" | sed "s/$3/$4/" | "$program" docs put --store "$1" >out
}
retitle "$damaged" todo-item@3:a milk oil
run run -c "$catalog" --store "$damaged" --once
expect_code 0
run quarantine list --json --store "$damaged"
expect_lines out 1
expect_out_has '"id":"todo-item@1:a"'
expect_true "the reason is told" grep -q "$words" out
run docs get --store "$damaged" todo-item@2:a
expect_out_has '"title":"milk"'
# Written anew, all goes on.
rev=$(sqlite3 dmg.db "SELECT rev FROM documents WHERE id = 'todo-item@1:a'")
echo '{"_id":"todo-item@1:a","_rev":"'"$rev"'","schema":"todo-item","version":1,"title":"oil","isDone":true}' |
	"$program" docs put --store "$damaged" >out
run run -c "$catalog" --store "$damaged" --once
run quarantine list --json --store "$damaged"
expect_out ''
run docs get --store "$damaged" todo-item@2:a
expect_out_has '"title":"oil"'

begin "so it is in a first reading, and in a dry run"
damaged=sqlite:$PWD/dmg2.db
sqlite3 dmg2.db "UPDATE documents SET body = replace(body, 'milk', 'silk') WHERE id = 'todo-item@1:a'"
run run -c "$catalog" --store "$damaged" --dry-run --json
expect_code 0
expect_out_has '"version":"todo-item@1","documents":2,"missing":0,"waits":0,"fails":0,"invalid":1'
expect_out_has '"version":"todo-item@3","documents":0,"missing":2,"waits":0,"fails":1'
run run -c "$catalog" --store "$damaged" --once
expect_code 0
expect_err_has '1 in quarantine'
run docs list --store "$damaged" --prefix todo-item@3:
expect_lines out 1

begin "a record of the state that was damaged, and is JSON, is named"
sqlite3 dmg.db "UPDATE \"chesterfield-state\" SET body = '{ ' || substr(body, 2) WHERE id = 'documents/base/todo-item/b'"
retitle "sqlite:$PWD/dmg.db" todo-item@3:b bread oil
run run -c "$catalog" --store "sqlite:$PWD/dmg.db" --once
expect_code 1
expect_err_has 'documents/base/todo-item/b: this record of the state is damaged: '
run run -c "$catalog" --store "sqlite:$PWD/dmg.db" --once --rebuild
expect_code 0
run docs get --store "sqlite:$PWD/dmg.db" todo-item@1:b
expect_out_has '"title":"oil"'

# Another user. Root's rights are no rights to be refused.
if [ "$(id -u)" = 0 ]; then
	cp "$program" program
	chmod 755 program
	chmod 711 .
	as_other() { setpriv --reuid=65534 --regid=65534 --clear-groups "$@"; }
else
	cp "$program" program
	as_other() { "$@"; }
fi
mkdir shut
cp s.db shut/s.db
chmod 644 shut/s.db
chmod 555 shut

begin "a WAL file in a folder that one may not write is read as it stands"
expect_true "it is in WAL mode" test "$(sqlite3 -readonly s.db 'PRAGMA journal_mode')" = wal
code=0
as_other ./program docs get --store "sqlite:shut/s.db?readonly=1" todo-item@1:a >out 2>err || code=$?
expect_code 0
expect_lines out 1

begin "what cannot be read says why"
chmod 755 shut
if [ "$(id -u)" = 0 ]; then
	cp shut/s.db shut/private.db
	chmod 600 shut/private.db
	code=0
	as_other ./program docs get --store "sqlite:shut/private.db?readonly=1" todo-item@1:a >out 2>err || code=$?
	expect_code 12
	expect_err_has 'this user may not read the file'
fi
: >shut/s.db-wal
chmod 600 shut/s.db-wal
chmod 555 shut
if [ "$(id -u)" = 0 ]; then
	code=0
	as_other ./program docs get --store "sqlite:shut/s.db?readonly=1" todo-item@1:a >out 2>err || code=$?
	expect_code 12
	expect_err_has 'another program has it open in WAL mode'
else
	expect_true "the owner may read" test -r shut/s.db-wal
fi
chmod 755 shut

begin "a reader leaves nothing beside the file of another"
mkdir open
chmod 777 open
cp s.db open/s.db
chmod 644 open/s.db
as_other ./program docs list --store "sqlite:open/s.db?readonly=1" >out 2>err
as_other ./program docs list --store "sqlite:open/s.db" >out 2>err
expect_true "they are read" test -s out
expect_true "only the file" test "$(echo open/*)" = open/s.db

finish
