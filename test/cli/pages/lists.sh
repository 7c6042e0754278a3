# Five documents of a todo app: one edited by two at once, one that is invalid.
cp -r examples/todo todo
{
	echo 'export CHESTERFIELD_STORE=sqlite:todo.db'
} >"env"
. ./env
chesterfield docs put >put <<'END'
{"_id":"todo-item@1:ab8e","schema":"todo-item","version":1,"title":"Buy milk","isDone":false}
{"_id":"todo-item@1:fe01","schema":"todo-item","version":1,"title":"Paint the fence","isDone":false}
END
chesterfield run -c todo --once -q
older=$(chesterfield docs get todo-item@1:ab8e)
newer=$(chesterfield docs get todo-item@2:ab8e)
{
	echo "${older/Buy milk/Buy oat milk}"
	echo "${newer/Buy milk/Buy 2 litres of milk}"
	echo '{"_id":"todo-item@1:c0de","schema":"todo-item","version":1,"title":7,"isDone":false}'
} | chesterfield docs put >put
chesterfield run -c todo --once -q || true
