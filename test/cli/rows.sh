# Tables of other programs, seen as documents by docs.
. "$(dirname "$0")/lib.sh"
file=$PWD/shop.db
store="sqlite:$file?table=item&key=sku"

sqlite3 "$file" <<'EOF'
CREATE TABLE item(id INTEGER PRIMARY KEY, sku TEXT UNIQUE NOT NULL, price REAL,
  stock INT CHECK(stock >= 0), photo BLOB, tags JSON);
INSERT INTO item(sku, price, stock, photo, tags) VALUES
  ('pear', 0.1, 9223372036854775807, x'00ff', '["fresh"]'), ('apple', 2, NULL, NULL, NULL);
CREATE VIEW cheap AS SELECT sku, price FROM item WHERE price < 1;
CREATE TABLE pair(a, b, PRIMARY KEY(a, b));
EOF

begin "list shows rows as documents, in the order of the key"
run docs list --store "$store"
expect_code 0
expect_lines out 2
expect_true "apple comes first" grep -q '^{"_id":"apple"' <(head -n 1 out)
expect_out_has '"id":1,"sku":"pear","price":0.1,"stock":9223372036854775807,"photo":{"$base64":"AP8="},"tags":["fresh"]}'
cp out before

begin "what was listed can be put back, and nothing changes"
run docs put --store "$store" before
expect_code 0
run docs list --store "$store"
expect_out_file before

begin "put inserts and replaces; each refusal says column and reason"
cat >in <<'EOF'
{"_id":"fig","price":3.5,"stock":4}
{"_id":"kiwi","colour":"green"}
{"_id":"kiwi","price":"3.5"}
{"_id":"kiwi","stock":-1}
{"_id":"apple","price":2.5,"tags":{"sort":"boskop"}}
EOF
run docs put --store "$store" in
expect_code 3
expect_out_has '{"id":"fig","rev":"1-'
expect_out_has '{"id":"kiwi","error":"the table \"item\" has no column \"colour\""}'
expect_out_has '{"id":"kiwi","error":"column \"price\" (REAL): would make a number of the text"}'
expect_out_has '{"id":"kiwi","error":"CHECK constraint failed: stock >= 0"}'
expect_out_has '{"id":"apple","rev":"1-'
expect_true "what was refused is not there" \
	test "$(sqlite3 "$file" 'SELECT group_concat(sku || tags) FROM item WHERE tags IS NOT NULL')" \
	= 'pear["fresh"],apple{"sort":"boskop"}'

begin "names with _ are columns as others"
sqlite3 under.db 'CREATE TABLE t (k TEXT PRIMARY KEY, _foo INT)'
echo '{"_id":"_x","k":"_x","_foo":1}' >in
run docs put --store "sqlite:$PWD/under.db?table=t" in
expect_code 0
run docs get --store "sqlite:$PWD/under.db?table=t" _x
expect_out_has '"_foo":1'

begin "a revision that is not the current one is refused"
printf '%s\n' '{"_id":"fig","_rev":"1-0123","stock":5}' >in
run docs put --store "$store" in
expect_code 3
expect_out '{"id":"fig","error":"the revision is not the current one"}'

begin "functions that the file's own SQL calls are no more than those that work on data"
sqlite3 fts.db "CREATE TABLE t(k TEXT PRIMARY KEY, v TEXT);
CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT fts5(NULL); END; INSERT INTO t VALUES ('x', 'y')"
echo '{"_id":"a","v":"1"}' >in
run docs put --store "sqlite:$PWD/fts.db?table=t&key=k" in
expect_code 3
expect_out '{"id":"a","error":"unsafe use of fts5()"}'
expect_true "the row is not there" test "$(sqlite3 fts.db 'SELECT count(*) FROM t')" = 1

begin "delete takes the row away"
run docs delete --store "$store" fig
expect_code 0
expect_true "no such row" test "$(sqlite3 "$file" "SELECT count(*) FROM item WHERE sku = 'fig'")" = 0
run docs get --store "$store" fig
expect_code 3
expect_err 'chesterfield: fig: not found'

begin "the primary key is the key where none is named"
run docs get --store "sqlite:$file?table=item" 1
expect_code 0
expect_out_has '{"_id":"1",'

begin "changes and run say why not, and leave nothing behind"
run docs changes --store "$store"
expect_code 1
expect_err "chesterfield: $store: a store of this kind (rows of an SQLite table) has no feed of changes"
for command in "run --once -c $source/examples/todo" status "conflicts list"; do
	# shellcheck disable=SC2086
	run $command --store "$store"
	expect_code 1
	expect_err "chesterfield: $store: this store keeps no feed of changes: documents cannot be kept in all versions here"
done
sqlite3 other.db 'CREATE TABLE t (id INTEGER PRIMARY KEY, n INT)'
run run --once --create -c "$source/examples/todo" --store "sqlite:$PWD/new.db" --state "sqlite:$PWD/other.db?table=t"
expect_code 1
expect_err "chesterfield: sqlite:$PWD/other.db?table=t: the state store must know preconditions and ordered scans"
expect_true "no table was made" \
	test "$(sqlite3 "$file" 'SELECT count(*) FROM sqlite_schema WHERE sql IS NOT NULL')" = 3
expect_true "the journal is as it was" test "$(sqlite3 "$file" 'PRAGMA journal_mode')" = delete

begin "a view is read only"
run docs list --store "sqlite:$file?table=cheap&key=sku"
expect_lines out 1
printf '%s\n' '{"_id":"x"}' >in
run docs put --store "sqlite:$file?table=cheap&key=sku" in
expect_code 1
expect_err "chesterfield: $file: \"cheap\" is a view: it can only be read"

begin "what is no table of records is one line"
run docs list --store "sqlite:$file?table=pair"
expect_code 2
expect_err "chesterfield: sqlite:$file?table=pair: the table \"pair\" has a primary key of several columns: name a unique column (key=K)"
run docs list --store "sqlite:$file?table=none&key=id"
expect_code 10
expect_err "chesterfield: sqlite:$file?table=none&key=id: there is no table \"none\""
run docs put --store "sqlite:$file?table=none&key=id" before
expect_code 10
expect_err "chesterfield: sqlite:$file?table=none&key=id: there is no table \"none\""
run docs list --store "sqlite:$file"
expect_code 1
expect_err "chesterfield: sqlite:$file: an SQLite file of another program; name one of its tables (?table=T): cheap, item, pair"

begin "a row that cannot be shown is told, the others are listed"
sqlite3 "$file" "INSERT INTO item(sku, price) VALUES('melon', 9e999), ('nut', 1)"
run docs list --store "$store"
expect_code 3
expect_lines out 3
expect_err 'chesterfield: melon: column "price" (REAL): holds an infinite number'

begin "a row without a key is named"
sqlite3 "$file" "CREATE TABLE loose(k TEXT UNIQUE); INSERT INTO loose VALUES('a'), (NULL)"
run docs list --store "sqlite:$file?table=loose&key=k"
expect_code 3
expect_err "chesterfield: $file: row 2 of \"loose\": the key (column \"k\") is NULL"

finish
