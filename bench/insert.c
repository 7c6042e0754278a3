/* helper-insert FILE COUNT: plain inserts into SQLite, as fast as we know how: random ids,
 * WAL, pages of 8 KiB, 1,000 a transaction, a rowid table with a unique index of ids, a
 * large cache and a rare checkpoint. Prints rows a second. */
#include "bench.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROWS_PER_TRANSACTION = 1000 };

static void run_sql(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		bench_stop("%s: %s", sql, sqlite3_errmsg(db));
}

static void insert(sqlite3_stmt *statement, struct rng *rng, int i)
{
	char id[64], rev[64], body[256];

	snprintf(id, sizeof(id), "todo-item@1:%016llx%016llx", (unsigned long long)rng_next(rng),
		 (unsigned long long)rng_next(rng));
	snprintf(rev, sizeof(rev), "1-%016llx%016llx", (unsigned long long)rng_next(rng),
		 (unsigned long long)rng_next(rng));
	snprintf(body, sizeof(body),
		 "{\"schema\":\"todo-item\",\"version\":1,\"title\":\"Compare apples to oranges "
		 "%d\",\"isDone\":true,\"createdAt\":\"2018-04-01T00:00:00.000Z\"}",
		 i);
	sqlite3_bind_text(statement, 1, id, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 2, rev, -1, SQLITE_STATIC);
	sqlite3_bind_text(statement, 3, body, -1, SQLITE_STATIC);
	if (sqlite3_step(statement) != SQLITE_DONE || sqlite3_reset(statement) != SQLITE_OK)
		bench_stop("an insert failed");
}

int main(int argc, char **argv)
{
	int count = argc == 3 ? (int)strtol(argv[2], NULL, 10) : 0;
	struct rng rng = {42};
	sqlite3_stmt *statement;
	uint64_t start;
	sqlite3 *db;

	if (count <= 0 || sqlite3_open(argv[1], &db) != SQLITE_OK)
		bench_stop("helper-insert FILE COUNT");
	run_sql(db, "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL;"
		    "PRAGMA synchronous = NORMAL;"
		    "PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 10000;"
		    "CREATE TABLE docs(seq INTEGER PRIMARY KEY, id TEXT UNIQUE, rev TEXT, "
		    "body TEXT)");
	if (sqlite3_prepare_v2(db, "INSERT INTO docs(id, rev, body) VALUES(?1, ?2, ?3)", -1,
			       &statement, NULL) != SQLITE_OK)
		bench_stop("%s", sqlite3_errmsg(db));
	start = env_system.monotonic_ns(NULL);
	for (int i = 0; i < count; i++) {
		if (i % ROWS_PER_TRANSACTION == 0)
			run_sql(db, i ? "COMMIT; BEGIN" : "BEGIN");
		insert(statement, &rng, i);
	}
	run_sql(db, "COMMIT");
	printf("%.0f\n", (double)count * 1e9 / (double)(env_system.monotonic_ns(NULL) - start));
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return 0;
}
