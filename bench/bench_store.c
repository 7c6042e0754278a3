/* store_put into SQLite, documents and as many state records in batches, against plain
 * prepared inserts of (id, rev, body) by the best settings we know. Both write the same
 * number of records with the same random ids and bodies into a new file each time. */
#include "bench.h"
#include "store/store.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { DOCUMENTS = 50000, BATCH = 1000 };

struct side {
	char folder[32];
	size_t batch;
};

static void new_file(struct side *side, char file[64])
{
	static const char *const tails[] = {"", "-wal", "-shm"};
	char path[80];

	snprintf(file, 64, "%s/s.db", side->folder);
	for (size_t i = 0; i < ARRAY_LEN(tails); i++) {
		snprintf(path, sizeof(path), "%s%s", file, tails[i]);
		unlink(path);
	}
}

static struct cf_str make_id(struct cf_arena *arena, struct rng *rng)
{
	return arena_printf(arena, "todo-item@1:%016llx%016llx", (unsigned long long)rng_next(rng),
			    (unsigned long long)rng_next(rng));
}

static struct cf_str make_body(struct cf_arena *arena, int i)
{
	return arena_printf(
		arena,
		"{\"schema\":\"todo-item\",\"version\":1,\"title\":\"Compare apples to "
		"oranges %d\",\"isDone\":true,\"createdAt\":\"2018-04-01T00:00:00.000Z\"}",
		i);
}

static void put_batch(struct cf_store *store, struct rng *rng, struct cf_arena *arena, size_t count)
{
	struct cf_put *puts = arena_calloc(arena, count, sizeof(*puts));
	struct cf_answer *answers = arena_calloc(arena, count, sizeof(*answers));
	struct cf_error error = {0};

	for (size_t i = 0; i < count; i++)
		puts[i] = (struct cf_put){.id = make_id(arena, rng),
					  .kind = CF_PUT_ABSENT,
					  .body = make_body(arena, (int)i)};
	if (store_put(store, puts, count, arena, answers, &error))
		bench_stop("%s", error.message);
	for (size_t i = 0; i < count; i++)
		if (answers[i].code)
			bench_stop("a put was refused");
}

static void run_ours(void *ctx, uint64_t times)
{
	struct side *side = ctx;
	struct cf_error error = {0};
	struct cf_arena arena;
	struct rng rng = {42};
	char file[64], url[128];

	arena_init(&arena, &mem_heap);
	for (uint64_t n = 0; n < times; n++) {
		struct cf_store *documents = NULL, *state = NULL;

		new_file(side, file);
		snprintf(url, sizeof(url), "sqlite:%s", file);
		if (store_open(&documents, url, &env_system, &mem_heap, &error))
			bench_stop("%s", error.message);
		snprintf(url, sizeof(url), "sqlite:%s?table=chesterfield-state&revs=1", file);
		if (store_open(&state, url, &env_system, &mem_heap, &error))
			bench_stop("%s", error.message);
		for (int done = 0; done < DOCUMENTS; done += (int)side->batch) {
			arena_reset(&arena);
			put_batch(state, &rng, &arena, side->batch);
			put_batch(documents, &rng, &arena, side->batch);
		}
		store_close(state);
		store_close(documents);
	}
	arena_fini(&arena);
}

static void run_sql(sqlite3 *db, const char *sql)
{
	if (sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
		bench_stop("%s: %s", sql, sqlite3_errmsg(db));
}

static void insert_all(sqlite3 *db, sqlite3_stmt *statement, struct cf_arena *arena)
{
	struct rng rng = {42};

	for (int i = 0; i < 2 * DOCUMENTS; i++) {
		struct cf_str id, rev, body;

		if (i % BATCH == 0) {
			run_sql(db, i ? "COMMIT; BEGIN" : "BEGIN");
			arena_reset(arena);
		}
		id = make_id(arena, &rng);
		rev = arena_printf(arena, "1-%016llx%016llx", (unsigned long long)rng_next(&rng),
				   (unsigned long long)rng_next(&rng));
		body = make_body(arena, i % BATCH);
		sqlite3_bind_text(statement, 1, id.ptr, (int)id.len, SQLITE_STATIC);
		sqlite3_bind_text(statement, 2, rev.ptr, (int)rev.len, SQLITE_STATIC);
		sqlite3_bind_text(statement, 3, body.ptr, (int)body.len, SQLITE_STATIC);
		if (sqlite3_step(statement) != SQLITE_DONE || sqlite3_reset(statement) != SQLITE_OK)
			bench_stop("an insert failed");
	}
	run_sql(db, "COMMIT");
}

static void run_plain(void *ctx, uint64_t times)
{
	struct cf_arena arena;
	char file[64];

	arena_init(&arena, &mem_heap);
	for (uint64_t n = 0; n < times; n++) {
		sqlite3_stmt *statement = NULL;
		sqlite3 *db = NULL;

		new_file(ctx, file);
		if (sqlite3_open(file, &db) != SQLITE_OK)
			bench_stop("cannot open %s", file);
		run_sql(db, "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL;"
			    "PRAGMA synchronous = NORMAL;"
			    "PRAGMA cache_size = -65536; PRAGMA wal_autocheckpoint = 10000;"
			    "CREATE TABLE docs(seq INTEGER PRIMARY KEY, id TEXT UNIQUE, rev TEXT,"
			    " body TEXT)");
		if (sqlite3_prepare_v2(db, "INSERT INTO docs(id, rev, body) VALUES(?1, ?2, ?3)", -1,
				       &statement, NULL) != SQLITE_OK)
			bench_stop("%s", sqlite3_errmsg(db));
		insert_all(db, statement, &arena);
		sqlite3_finalize(statement);
		sqlite3_close(db);
	}
	arena_fini(&arena);
}

int main(void)
{
	static const size_t batches[] = {500, 1000};
	struct side side = {.folder = "/tmp/bench-store-XXXXXX"};
	struct bench_side ours = {"store_put", run_ours, &side};
	struct bench_side plain = {"plain inserts", run_plain, &side};
	char file[64], what[64];

	if (!mkdtemp(side.folder))
		bench_stop("no folder for the files");
	for (size_t i = 0; i < ARRAY_LEN(batches); i++) {
		side.batch = batches[i];
		snprintf(what, sizeof(what), "SQLite, docs and state, %zu a batch", batches[i]);
		bench_pair(what, "records/s", 2.0 * DOCUMENTS, &ours, &plain, 0.6);
	}
	new_file(&side, file);
	rmdir(side.folder);
	return 0;
}
