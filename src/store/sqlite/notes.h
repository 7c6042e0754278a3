/* Notes and fences in an SQLite file: one table of ours beside those of others. It is
 * made by the first put that needs it, and dropped by `forget` when no other store of
 * the file has anything in it. */
#ifndef STORE_SQLITE_NOTES_H
#define STORE_SQLITE_NOTES_H

#include "store/apply.h"
#include "store/sqlite/db.h"

#define SQLITE_NOTES_TABLE "chesterfield-notes"

enum sqlite_notes_statement {
	NOTES_READ,
	NOTES_WRITE,
	NOTES_REMOVE,
	NOTES_LIST,
	NOTES_STATEMENTS,
};

struct sqlite_notes {
	struct sqlite_db *db;
	unsigned first;      /* of its statements in db */
	struct cf_str owner; /* the store's table */
};

/* Makes the statements' texts. NOMEM. */
int sqlite_notes_init(struct sqlite_notes *notes, struct cf_error *error);
/* In the transaction of a put call that needs the table: makes sure of it. */
int sqlite_notes_begin(struct sqlite_notes *notes, struct cf_error *error);
/* The notes of one put; a refusal is in `answer`. */
int sqlite_notes_put(struct sqlite_notes *notes, const struct cf_put *put, struct cf_answer *answer,
		     struct cf_error *error);
int sqlite_fence_set(struct sqlite_notes *notes, struct cf_str id, struct cf_error *error);
/* 1: there is one, 0: none. */
int sqlite_fence_get(struct sqlite_notes *notes, struct cf_str id, struct cf_error *error);
int sqlite_notes_list(struct sqlite_notes *notes, const struct cf_scan *scan,
		      struct cf_arena *arena, struct cf_note **ret, size_t *ret_count,
		      struct cf_error *error);
int sqlite_notes_forget(struct sqlite_notes *notes, struct cf_error *error);

#endif
