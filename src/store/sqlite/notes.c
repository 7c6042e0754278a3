/* Notes and fences; see notes.h. */
#include "store/sqlite/notes.h"

/* What a row of the table is. */
enum notes_kind { KIND_NOTE, KIND_FENCE };

#define TABLE "\"" SQLITE_NOTES_TABLE "\""
#define KEY "owner = ?1 AND kind = ?2 AND key = ?3"

int sqlite_notes_init(struct sqlite_notes *notes, struct cf_error *error)
{
	static const char *const texts[NOTES_STATEMENTS] = {
		[NOTES_READ] = "SELECT value FROM main." TABLE " WHERE " KEY,
		[NOTES_WRITE] = "INSERT OR REPLACE INTO main." TABLE " VALUES(?1, ?2, ?3, ?4)",
		[NOTES_REMOVE] = "DELETE FROM main." TABLE " WHERE " KEY,
		[NOTES_LIST] = "SELECT key, value FROM main." TABLE " WHERE owner = ?1"
			       " AND kind = ?2 AND key >= ?3 ORDER BY key",
	};

	for (size_t i = 0; i < NOTES_STATEMENTS; i++) {
		notes->db->texts[notes->first + i] = sqlite3_mprintf("%s", texts[i]);
		if (!notes->db->texts[notes->first + i])
			return error_nomem(error);
	}
	return 0;
}

int sqlite_notes_begin(struct sqlite_notes *notes, struct cf_error *error)
{
	return sqlite_exec(notes->db,
			   "CREATE TABLE IF NOT EXISTS main." TABLE "(owner TEXT, kind INTEGER,"
			   " key BLOB, value BLOB, PRIMARY KEY(owner, kind, key)) WITHOUT ROWID",
			   error);
}

static int is_there(struct sqlite_notes *notes, bool *ret, struct cf_error *error)
{
	int64_t count = 0;
	int rc = sqlite_number(notes->db,
			       "SELECT count(*) FROM main.sqlite_schema WHERE type = 'table'"
			       " AND name = '" SQLITE_NOTES_TABLE "'",
			       &count, error);

	*ret = count > 0;
	return rc;
}

static int bind_blob(sqlite3_stmt *statement, int index, struct cf_str bytes)
{
	return sqlite3_bind_blob64(statement, index, bytes.len ? bytes.ptr : "", bytes.len,
				   SQLITE_STATIC);
}

/* The statement with its key; NULL on failure. */
static sqlite3_stmt *bound(struct sqlite_notes *notes, enum sqlite_notes_statement which,
			   enum notes_kind kind, struct cf_str key, struct cf_error *error)
{
	sqlite3_stmt *statement = sqlite_statement(notes->db, notes->first + which, error);

	if (!statement)
		return NULL;
	if (sqlite_bind(statement, 1, notes->owner) || sqlite3_bind_int(statement, 2, kind) ||
	    bind_blob(statement, 3, key)) {
		sqlite_fail(notes->db, error);
		return NULL;
	}
	return statement;
}

static struct cf_str blob(sqlite3_stmt *statement, int column)
{
	const char *bytes = sqlite3_column_blob(statement, column);

	return (struct cf_str){bytes ? bytes : "", (size_t)sqlite3_column_bytes(statement, column)};
}

static int write_note(struct sqlite_notes *notes, enum notes_kind kind, struct cf_str key,
		      struct cf_str value, struct cf_error *error)
{
	sqlite3_stmt *statement = bound(notes, NOTES_WRITE, kind, key, error);

	if (!statement || bind_blob(statement, 4, value))
		return sqlite_fail(notes->db, error);
	return sqlite_run(notes->db, statement, error);
}

/* Whether the precondition holds. */
static int check_note(struct sqlite_notes *notes, const struct cf_note *note,
		      struct cf_answer *answer, struct cf_error *error)
{
	sqlite3_stmt *statement = bound(notes, NOTES_READ, KIND_NOTE, note->key, error);
	struct cf_str value;
	int rc = statement ? sqlite_next(notes->db, statement, error)
			   : sqlite_fail(notes->db, error);

	if (rc > 0) {
		value = blob(statement, 0);
		apply_note_holds(note, &value, answer);
		sqlite3_reset(statement);
	} else if (rc == 0) {
		apply_note_holds(note, NULL, answer);
	}
	return rc < 0 ? rc : 0;
}

int sqlite_notes_put(struct sqlite_notes *notes, const struct cf_put *put, struct cf_answer *answer,
		     struct cf_error *error)
{
	int rc = 0;

	for (size_t i = 0; i < put->note_count && rc == 0 && answer->code == 0; i++) {
		const struct cf_note *note = &put->notes[i];
		sqlite3_stmt *statement;

		if (note->kind == CF_NOTE_CREATE || note->kind == CF_NOTE_REPLACE)
			rc = check_note(notes, note, answer, error);
		if (rc || answer->code)
			break;
		if (note->kind != CF_NOTE_REMOVE) {
			rc = write_note(notes, KIND_NOTE, note->key, note->value, error);
			continue;
		}
		statement = bound(notes, NOTES_REMOVE, KIND_NOTE, note->key, error);
		rc = statement ? sqlite_run(notes->db, statement, error)
			       : sqlite_fail(notes->db, error);
	}
	return rc;
}

int sqlite_fence_set(struct sqlite_notes *notes, struct cf_str id, struct cf_error *error)
{
	return write_note(notes, KIND_FENCE, id, STR(""), error);
}

int sqlite_fence_get(struct sqlite_notes *notes, struct cf_str id, struct cf_error *error)
{
	sqlite3_stmt *statement = bound(notes, NOTES_READ, KIND_FENCE, id, error);
	int rc = statement ? sqlite_next(notes->db, statement, error)
			   : sqlite_fail(notes->db, error);

	if (rc > 0)
		sqlite3_reset(statement);
	return rc;
}

static int list(struct sqlite_notes *notes, const struct cf_scan *scan, struct cf_arena *arena,
		struct cf_note *ret, size_t *ret_count, struct cf_error *error)
{
	bool behind = scan->after.len && str_compare(scan->after, scan->prefix) >= 0;
	sqlite3_stmt *statement =
		bound(notes, NOTES_LIST, KIND_NOTE, behind ? scan->after : scan->prefix, error);
	size_t count = 0;
	int rc = statement ? 1 : sqlite_fail(notes->db, error);

	while (rc > 0 && count < scan->limit) {
		struct cf_str key;

		rc = sqlite_next(notes->db, statement, error);
		if (rc <= 0)
			break;
		key = blob(statement, 0);
		if (!str_starts_with(key, scan->prefix))
			break;
		if (behind && str_equal(key, scan->after))
			continue;
		ret[count].key = arena_dup(arena, key);
		ret[count].value = arena_dup(arena, blob(statement, 1));
		if (!ret[count].key.ptr || !ret[count].value.ptr)
			rc = error_nomem(error);
		count++;
	}
	if (statement)
		sqlite3_reset(statement);
	*ret_count = count;
	return rc < 0 ? rc : 0;
}

int sqlite_notes_list(struct sqlite_notes *notes, const struct cf_scan *scan,
		      struct cf_arena *arena, struct cf_note **ret, size_t *ret_count,
		      struct cf_error *error)
{
	struct cf_note *list_of = arena_calloc(arena, scan->limit, sizeof(*list_of));
	size_t count = 0;
	bool there = false;
	int rc = list_of ? sqlite_begin(notes->db, false, error) : error_nomem(error);

	if (rc)
		return rc;
	rc = is_there(notes, &there, error);
	if (rc == 0 && there)
		rc = list(notes, scan, arena, list_of, &count, error);
	rc = sqlite_end(notes->db, rc, error);
	if (rc == 0) {
		*ret = list_of;
		*ret_count = count;
	}
	return rc;
}

static int forget(struct sqlite_notes *notes, struct cf_error *error)
{
	char *sql =
		sqlite3_mprintf("DELETE FROM main." TABLE " WHERE owner = %Q", notes->owner.ptr);
	int64_t left = 0;
	int rc = sql ? sqlite_exec(notes->db, sql, error) : error_nomem(error);

	sqlite3_free(sql);
	rc = rc ? rc : sqlite_number(notes->db, "SELECT count(*) FROM main." TABLE, &left, error);
	if (rc || left)
		return rc;
	/* A statement that is kept would hold the table. */
	for (unsigned i = 0; i < NOTES_STATEMENTS; i++) {
		sqlite3_finalize(notes->db->statements[notes->first + i]);
		notes->db->statements[notes->first + i] = NULL;
	}
	return sqlite_exec(notes->db, "DROP TABLE main." TABLE, error);
}

int sqlite_notes_forget(struct sqlite_notes *notes, struct cf_error *error)
{
	bool there = false;
	int rc = sqlite_begin(notes->db, true, error);

	if (rc)
		return rc;
	rc = is_there(notes, &there, error);
	if (rc == 0 && there)
		rc = forget(notes, error);
	return sqlite_end(notes->db, rc, error);
}
