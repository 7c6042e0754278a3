#!/usr/bin/env bash
# documents.sh COUNT: todo items of version 1 with random ids, one a line.
awk -v count="$1" 'BEGIN {
	srand(42)
	for (i = 0; i < count; i++)
		printf "{\"_id\":\"todo-item@1:%08x%08x%08x\",\"schema\":\"todo-item\",\"version\":1,\"title\":\"Compare apples to oranges %d\",\"isDone\":%s,\"createdAt\":\"2018-04-01T00:00:00.000Z\"}\n", rand() * 4294967295, rand() * 4294967295, i, i, i % 2 ? "true" : "false"
}'
