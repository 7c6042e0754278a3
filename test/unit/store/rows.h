/* A file of another program, for tests of its tables as records. */
#ifndef TEST_ROWS_H
#define TEST_ROWS_H

#include "check_main.h"
#include "store/store.h"

#include <sqlite3.h>
#include <unistd.h>

struct place {
	char folder[32];
	char file[64];
	char url[256];
	struct cf_arena arena;
	struct cf_store *store;
};

static inline void run_sql(const char *file, const char *sql)
{
	sqlite3 *db = NULL;
	char *message = NULL;

	ck_assert_int_eq(sqlite3_open(file, &db), SQLITE_OK);
	sqlite3_exec(db, sql, NULL, NULL, &message);
	ck_assert_msg(!message, "%s: %s", sql, message);
	sqlite3_close(db);
}

/* The first column of all rows, with "|" between them. */
static inline const char *ask_sql(struct place *p, const char *sql)
{
	struct cf_str text = STR("");
	sqlite3_stmt *statement = NULL;
	sqlite3 *db = NULL;

	ck_assert_int_eq(sqlite3_open(p->file, &db), SQLITE_OK);
	ck_assert_msg(sqlite3_prepare_v2(db, sql, -1, &statement, NULL) == SQLITE_OK, "%s: %s", sql,
		      sqlite3_errmsg(db));
	while (sqlite3_step(statement) == SQLITE_ROW)
		text = arena_printf(&p->arena, "%s%s%s", text.ptr, text.len ? "|" : "",
				    (const char *)sqlite3_column_text(statement, 0));
	sqlite3_finalize(statement);
	sqlite3_close(db);
	return text.ptr;
}

static inline void place_make(struct place *p, const char *sql, const char *parameters)
{
	*p = (struct place){0};
	arena_init(&p->arena, &mem_heap);
	snprintf(p->folder, sizeof(p->folder), "/tmp/rows-XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(p->folder));
	snprintf(p->file, sizeof(p->file), "%s/s.db", p->folder);
	snprintf(p->url, sizeof(p->url), "sqlite:%s?%s", p->file, parameters);
	run_sql(p->file, sql);
}

static inline void place_open(struct place *p, const char *sql, const char *parameters)
{
	struct cf_error error = {0};
	int rc;

	place_make(p, sql, parameters);
	rc = store_open(&p->store, p->url, &env_system, &mem_heap, &error);
	ck_assert_msg(rc == 0, "%s", error.message);
}

static inline void place_close(struct place *p)
{
	static const char *const tails[] = {"-wal", "-shm", "-journal"};
	char path[96];

	store_close(p->store);
	arena_fini(&p->arena);
	/* A rollback journal's file stays one. */
	for (size_t i = 0; i < ARRAY_LEN(tails); i++) {
		snprintf(path, sizeof(path), "%s%s", p->file, tails[i]);
		ck_assert_int_ne(access(path, F_OK), 0);
	}
	unlink(p->file);
	ck_assert_int_eq(rmdir(p->folder), 0);
}

/* "id body|id body", "id!words" where a record cannot be shown; by pages of `limit`. */
static inline const char *list(struct place *p, const char *prefix, size_t limit)
{
	struct cf_scan scan = {.prefix = str_of(prefix), .limit = limit, .flags = CF_READ_BODIES};
	struct cf_record *records;
	struct cf_error error = {0};
	struct cf_str text = STR("");
	size_t count = limit;

	while (count == limit) {
		int rc = store_scan(p->store, &scan, &p->arena, &records, &count, &error);

		if (rc)
			return arena_dup(&p->arena, str_of(error.message)).ptr;
		for (size_t i = 0; i < count; i++) {
			const struct cf_record *r = &records[i];
			struct cf_str shown = r->code ? r->message : r->revisions[0].body;

			text = arena_printf(&p->arena, "%s%s%.*s%s%.*s", text.ptr,
					    text.len ? "|" : "", STR_ARG(r->id),
					    r->code ? "!" : " ", STR_ARG(shown));
			scan.after = r->id;
		}
	}
	return text.ptr;
}

static inline struct cf_record get(struct place *p, const char *id)
{
	struct cf_get one = {.id = str_of(id)};
	struct cf_record record;
	struct cf_error error = {0};
	int rc = store_get(p->store, &one, 1, CF_READ_BODIES | CF_READ_HISTORIES, &p->arena,
			   &record, &error);

	ck_assert_msg(rc == 0, "%s", error.message);
	return record;
}

static inline struct cf_answer put(struct place *p, struct cf_put one)
{
	struct cf_answer answer = {.code = 1};
	struct cf_error error = {0};
	int rc = store_put(p->store, &one, 1, &p->arena, &answer, &error);

	ck_assert_msg(rc == 0, "%s", error.message);
	return answer;
}

#define PUT(p, ...) put((p), (struct cf_put){__VA_ARGS__})

#endif
