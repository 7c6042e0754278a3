/* The feed of a table of documents: a walk along its rows, from a number on. */
#include "store/sqlite/documents.h"

#include "store/token.h"

#include <time.h>

/* Pauses between two looks for news, growing from the first to the last. */
enum { PAUSE_MS_FIRST = 1, PAUSE_MS_MAX = 100 };
/* Up to here `behind` counts; beyond, the distance is told, which may be more. */
enum { BEHIND_COUNTED = 10000 };

/* SQLite's number of the file's state as this connection sees it. */
static int data_version(struct documents *documents, int64_t *ret, struct cf_error *error)
{
	sqlite3_stmt *statement = sqlite_statement(&documents->db, SQL_VERSION, error);
	int rc = statement ? sqlite_next(&documents->db, statement, error)
			   : sqlite_fail(&documents->db, error);

	if (rc > 0) {
		*ret = sqlite3_column_int64(statement, 0);
		sqlite3_reset(statement);
	}
	return rc < 0 ? rc : 0;
}

/* Returns when there is something behind `seq`, or after wait_ms. */
static int wait_for(struct documents *documents, uint64_t seq, unsigned wait_ms,
		    struct cf_error *error)
{
	int64_t seen = -1, now = -1;
	uint64_t latest = 0;
	unsigned pause_ms = PAUSE_MS_FIRST, waited_ms = 0;

	for (;;) {
		struct timespec pause;
		int rc = data_version(documents, &now, error);

		if (rc == 0 && now != seen)
			rc = documents_latest(documents, &latest, error);
		if (rc || latest > seq || waited_ms >= wait_ms)
			return rc;
		seen = now;
		if (pause_ms > wait_ms - waited_ms)
			pause_ms = wait_ms - waited_ms;
		pause = (struct timespec){0, (long)pause_ms * 1000000};
		clock_nanosleep(CLOCK_MONOTONIC, 0, &pause, NULL);
		waited_ms += pause_ms;
		pause_ms = pause_ms * 2 < PAUSE_MS_MAX ? pause_ms * 2 : PAUSE_MS_MAX;
	}
}

static int list_changes(struct documents *documents, uint64_t *seq, const struct cf_changes *how,
			struct cf_arena *arena, struct cf_change *changes, size_t *ret_count,
			struct cf_error *error)
{
	struct sqlite_db *db = &documents->db;
	sqlite3_stmt *statement = sqlite_statement(db, SQL_CHANGES, error);
	int rc = 0;

	if (!statement || sqlite3_bind_int64(statement, 1, (int64_t)*seq) ||
	    sqlite3_bind_int64(statement, 2, (int64_t)how->limit))
		return sqlite_fail(db, error);
	while (*ret_count < how->limit && (rc = sqlite_next(db, statement, error)) > 0) {
		struct cf_change *change = &changes[(*ret_count)++];
		struct document_row row;
		struct cf_str id;

		if (documents_row(statement, 0, how->flags & CF_READ_BODIES, arena, &row) ||
		    sqlite_copy(statement, 5, arena, &id) ||
		    token_write((uint64_t)row.seq, arena, &change->token))
			rc = error_nomem(error);
		else
			rc = documents_record(documents, id, &row, how->flags, arena,
					      &change->record, error);
		/* Rows of a damaged file may come again and again. */
		if (rc == 0 && (row.seq <= 0 || (uint64_t)row.seq <= *seq))
			rc = sqlite_damaged(db, id, error);
		if (rc)
			break;
		*seq = (uint64_t)row.seq;
	}
	sqlite3_reset(statement);
	return rc < 0 ? rc : 0;
}

int documents_changes(struct cf_store *store, const struct cf_changes *changes,
		      struct cf_arena *arena, struct cf_change **ret, size_t *ret_count,
		      struct cf_str *ret_token, struct cf_error *error)
{
	struct documents *documents = (struct documents *)store;
	struct cf_change *list = arena_alloc(arena, changes->limit * sizeof(*list));
	uint64_t latest = 0, seq = 0;
	size_t count = 0;
	int rc = list ? documents_latest(documents, &latest, error) : error_nomem(error);

	rc = rc ? rc : token_read(changes->since, latest, &seq, error);
	if (rc == 0 && changes->wait_ms && latest <= seq)
		rc = wait_for(documents, seq, changes->wait_ms, error);
	rc = rc ? rc : sqlite_begin(&documents->db, false, error);
	if (rc)
		return rc;
	rc = list_changes(documents, &seq, changes, arena, list, &count, error);
	rc = sqlite_end(&documents->db, rc, error);
	if (rc == 0 && token_write(seq, arena, ret_token))
		rc = error_nomem(error);
	if (rc == 0) {
		*ret = list;
		*ret_count = count;
	}
	return rc;
}

int documents_behind(struct cf_store *store, struct cf_str since, uint64_t *ret,
		     struct cf_error *error)
{
	struct documents *documents = (struct documents *)store;
	struct sqlite_db *db = &documents->db;
	uint64_t latest = 0, seq = 0;
	sqlite3_stmt *statement;
	int rc = documents_latest(documents, &latest, error);

	rc = rc ? rc : token_read(since, latest, &seq, error);
	if (rc || latest - seq > BEHIND_COUNTED) {
		*ret = latest - seq;
		return rc;
	}
	statement = sqlite_statement(db, SQL_BEHIND, error);
	if (!statement || sqlite3_bind_int64(statement, 1, (int64_t)seq))
		return sqlite_fail(db, error);
	rc = sqlite_next(db, statement, error);
	if (rc > 0)
		*ret = (uint64_t)sqlite3_column_int64(statement, 0);
	sqlite3_reset(statement);
	return rc < 0 ? rc : 0;
}

int documents_info(struct cf_store *store, struct cf_arena *arena, struct cf_store_info *ret,
		   struct cf_error *error)
{
	struct documents *documents = (struct documents *)store;
	sqlite3_stmt *statement = sqlite_statement(&documents->db, SQL_COUNTS, error);
	int rc = statement ? sqlite_next(&documents->db, statement, error)
			   : sqlite_fail(&documents->db, error);

	if (rc <= 0)
		return rc;
	ret->records_deleted = (uint64_t)sqlite3_column_int64(statement, 1);
	ret->records = (uint64_t)sqlite3_column_int64(statement, 0) - ret->records_deleted;
	rc = token_write((uint64_t)sqlite3_column_int64(statement, 2), arena, &ret->token);
	sqlite3_reset(statement);
	return rc ? error_nomem(error) : 0;
}
