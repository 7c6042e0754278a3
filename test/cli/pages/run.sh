cp -r examples/todo todo
chesterfield docs put --store sqlite:todo.db examples/todo/documents/v1.ndjson >put
