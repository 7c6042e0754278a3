# One document with two branches.
cat >items.ndjson <<'END'
{"_id":"todo-item@2:b7","schema":"todo-item","version":2,"title":"Paint the fence","status":"active"}
END
chesterfield docs put --store sqlite:todo.db --as-is >put <<'END'
{"_id":"todo-item@1:a1","_rev":"1-a","title":"Some milk"}
{"_id":"todo-item@1:a1","_rev":"2-b","_revisions":{"start":2,"ids":["b","a"]},"title":"Oat milk"}
{"_id":"todo-item@1:a1","_rev":"2-c","_revisions":{"start":2,"ids":["c","a"]},"title":"Milk"}
END
