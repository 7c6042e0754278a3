/* Reading rows as records; see rows.h. */
#include "store/sqlite/rows.h"

#include "store/base64.h"
#include "store/limits.h"
#include "store/real.h"

#include <stdio.h>

/* --- values of columns as JSON ------------------------------------------------------- */

static int write_blob(sqlite3_stmt *statement, int column, struct cf_buf *out)
{
	struct cf_str blob = {sqlite3_column_blob(statement, column), 0};
	int rc = buf_str(out, STR("{\"$base64\":\""));

	blob.len = (size_t)sqlite3_column_bytes(statement, column);
	rc = rc ? rc : base64_write(blob, out);
	return rc ? rc : buf_str(out, STR("\"}"));
}

static int write_text(struct rows *rows, const struct rows_column *column, struct cf_str text,
		      struct cf_buf *out)
{
	if (column->json) {
		int rc = json_read(&rows->cell, text.ptr, text.len, JSON_READ_DOCUMENT, NULL);

		if (rc == CF_ERR_NOMEM)
			return rc;
		if (rc == 0)
			return json_write(json_root(&rows->cell), out);
	}
	return json_write_string(text, out);
}

/* The column's value; *ret_reason where JSON has none for it. */
static int write_value(struct rows *rows, sqlite3_stmt *statement, size_t i, struct cf_buf *out,
		       const char **ret_reason)
{
	struct cf_str text;
	char real[32];

	switch (sqlite3_column_type(statement, (int)i)) {
	case SQLITE_INTEGER:
		return buf_printf(out, "%lld", sqlite3_column_int64(statement, (int)i));
	case SQLITE_FLOAT:
		if (real_write(sqlite3_column_double(statement, (int)i), real))
			return buf_str(out, str_of(real));
		*ret_reason = "holds an infinite number";
		return 0;
	case SQLITE_TEXT:
		text = sqlite_text(statement, (int)i);
		if (text_is_utf8(text, true))
			return write_text(rows, &rows->columns[i], text, out);
		*ret_reason = "the text is not UTF-8";
		return 0;
	case SQLITE_BLOB:
		return write_blob(statement, (int)i, out);
	default:
		return buf_str(out, STR("null"));
	}
}

static int write_body(struct rows *rows, sqlite3_stmt *statement, struct cf_arena *arena,
		      struct rows_row *ret)
{
	struct cf_answer answer = {0};
	const char *reason = NULL;
	int rc = 0;

	buf_clear(&rows->body);
	buf_byte(&rows->body, '{');
	for (size_t i = 0; i < rows->column_count && rc == 0; i++) {
		const struct rows_column *column = &rows->columns[i];

		if (column->member.len == 0)
			continue;
		if (rows->body.len > 1)
			buf_byte(&rows->body, ',');
		buf_str(&rows->body, column->member);
		rc = write_value(rows, statement, i, &rows->body, &reason);
		if (reason) {
			rc = rows_refuse(&answer, arena, column, reason);
			ret->code = answer.code;
			ret->message = answer.message;
			return rc;
		}
	}
	return rc ? rc : buf_byte(&rows->body, '}');
}

/* --- keys --------------------------------------------------------------------------- */

/* The key as text, or why it is none. */
static const char *read_key(struct rows *rows, sqlite3_stmt *statement, struct cf_arena *arena,
			    struct cf_str *ret)
{
	int column = (int)rows->key;
	int type = sqlite3_column_type(statement, column);
	char real[32];

	if (type == SQLITE_NULL)
		return "is NULL";
	if (type == SQLITE_BLOB)
		return "is a BLOB";
	if (type != SQLITE_TEXT && !rows->view && rows->columns[column].affinity == ROWS_NONE)
		return "is a number in a column without a type";
	if (type == SQLITE_FLOAT && rows->view)
		return "is a REAL in a view";
	if (type == SQLITE_FLOAT) {
		if (!real_write(sqlite3_column_double(statement, column), real))
			return "is an infinite number";
		*ret = arena_dup(arena, str_of(real));
		return NULL;
	}
	*ret = sqlite_text(statement, column);
	if (ret->len == 0)
		return "is empty";
	if (ret->len > LIMIT_ID_BYTES)
		return "is longer than 2048 bytes";
	if (!text_is_utf8(*ret, false))
		return "is not UTF-8 text";
	*ret = arena_dup(arena, *ret);
	return NULL;
}

static int wrong_key(struct rows *rows, sqlite3_stmt *statement, const char *reason,
		     struct cf_error *error)
{
	char row[32] = "a row";
	int last = (int)rows->column_count;
	int rc;

	if (sqlite3_column_type(statement, last) == SQLITE_INTEGER)
		snprintf(row, sizeof(row), "row %lld", sqlite3_column_int64(statement, last));
	rc = error_set(error, CF_ERR_INVALID, "%s of \"%.*s\": the key (column \"%.*s\") %s", row,
		       STR_ARG(rows->table), STR_ARG(rows->columns[rows->key].name), reason);
	error_at_file(error, rows->db.path, 0);
	return rc;
}

/* --- rows ---------------------------------------------------------------------------- */

static int finish_row(struct rows *rows, struct cf_arena *arena, struct rows_row *ret)
{
	struct cf_str none = {NULL, 0};
	struct cf_error error = {0};
	int rc;

	ret->body = arena_dup_buf(arena, &rows->body);
	if (!ret->body.ptr)
		return CF_ERR_NOMEM;
	rc = json_read(&rows->row, ret->body.ptr, ret->body.len, JSON_READ_DOCUMENT, &error);
	if (rc == CF_ERR_NOMEM)
		return rc;
	if (rc) {
		ret->code = rc == CF_ERR_LIMIT ? rc : CF_ERR_INVALID;
		ret->message = arena_dup(arena, str_of(error.message));
		return ret->message.ptr ? 0 : CF_ERR_NOMEM;
	}
	return revision_make(none, false, json_root(&rows->row), NULL, 0, arena, &ret->rev);
}

int rows_row(struct rows *rows, sqlite3_stmt *statement, struct cf_arena *arena,
	     struct rows_row *ret, struct cf_error *error)
{
	const char *reason;
	int rc;

	*ret = (struct rows_row){0};
	reason = read_key(rows, statement, arena, &ret->key);
	if (reason)
		return wrong_key(rows, statement, reason, error);
	rc = ret->key.ptr ? write_body(rows, statement, arena, ret) : CF_ERR_NOMEM;
	if (rc == 0 && ret->code == 0)
		rc = finish_row(rows, arena, ret);
	if (rc == CF_ERR_LIMIT) {
		ret->code = rc;
		ret->message = STR("the row is larger than a document may be");
		rc = 0;
	}
	return rc ? error_nomem(error) : 0;
}

int rows_lookup(struct rows *rows, struct cf_str id, struct cf_arena *arena, struct rows_row *ret,
		struct cf_error *error)
{
	struct sqlite_db *db = &rows->db;
	sqlite3_stmt *statement = sqlite_statement(db, ROWS_READ, error);
	int rc;

	if (!statement || sqlite_bind(statement, 1, id))
		return sqlite_fail(db, error);
	rc = sqlite_next(db, statement, error);
	if (rc <= 0)
		return rc;
	rc = rows_row(rows, statement, arena, ret, error);
	if (rc == 0 && rows->view && (rc = sqlite_next(db, statement, error)) > 0)
		rc = wrong_key(rows, statement, "stands in two rows", error);
	sqlite3_reset(statement);
	/* A column of numbers finds 12 for "012", a collation "A" for "a". */
	return rc ? rc : str_equal(ret->key, id);
}

/* --- records -------------------------------------------------------------------------- */

static int make_record(const struct rows_row *row, unsigned flags, struct cf_arena *arena,
		       struct cf_record *ret)
{
	struct {
		struct cf_revision revision;
		struct cf_str history[1];
	} *one = arena_calloc(arena, 1, sizeof(*one));

	*ret = (struct cf_record){.id = row->key, .code = row->code, .message = row->message};
	if (!one)
		return CF_ERR_NOMEM;
	if (row->code)
		return 0;
	one->history[0] = row->rev;
	one->revision.rev = row->rev;
	if (flags & CF_READ_BODIES)
		one->revision.body = row->body;
	if (flags & CF_READ_HISTORIES) {
		one->revision.history = one->history;
		one->revision.history_count = 1;
	}
	ret->revisions = &one->revision;
	ret->revision_count = 1;
	return 0;
}

int rows_get(struct cf_store *store, const struct cf_get *gets, size_t count, unsigned flags,
	     struct cf_arena *arena, struct cf_record *ret, struct cf_error *error)
{
	struct rows *rows = (struct rows *)store;
	struct rows_row row;
	int rc = sqlite_begin(&rows->db, false, error);

	for (size_t i = 0; i < count && rc == 0; i++) {
		ret[i] = (struct cf_record){.id = gets[i].id};
		rc = rows_lookup(rows, gets[i].id, arena, &row, error);
		if (rc > 0 && (gets[i].rev.len == 0 || str_equal(gets[i].rev, row.rev)))
			rc = make_record(&row, flags, arena, &ret[i]) ? error_nomem(error) : 0;
		rc = rc < 0 ? rc : 0;
	}
	return sqlite_end(&rows->db, rc, error);
}

struct rows_walk {
	struct rows *rows;
	const struct cf_find *find;
	struct json_doc *values;
	struct cf_arena *arena;
	struct cf_record *records;
	size_t count;
	struct cf_str last; /* the key before this one */
	struct cf_error *error;
};

/* 1: go on; 0: behind the last one of the prefix. */
static int walk_row(struct rows_walk *walk, sqlite3_stmt *statement)
{
	struct rows *rows = walk->rows;
	const struct cf_scan *scan = &walk->find->scan;
	struct rows_row row;
	bool matches;
	int rc = rows_row(rows, statement, walk->arena, &row, walk->error);

	if (rc)
		return rc;
	if (rows->view && str_equal(row.key, walk->last))
		return wrong_key(rows, statement, "stands in two rows", walk->error);
	walk->last = row.key;
	matches = str_starts_with(row.key, scan->prefix);
	if (!matches && rows->ordered && scan->prefix.len)
		return 0;
	if (matches && walk->find->condition_count)
		matches = row.code == 0;
	if (matches && walk->find->condition_count &&
	    find_matches(&rows->row, row.body, walk->find, walk->values, &matches))
		return error_nomem(walk->error);
	if (matches && make_record(&row, scan->flags, walk->arena, &walk->records[walk->count++]))
		return error_nomem(walk->error);
	return 1;
}

static int walk_rows(struct rows_walk *walk)
{
	struct rows *rows = walk->rows;
	const struct cf_scan *scan = &walk->find->scan;
	bool jump = rows->ordered && str_compare(scan->prefix, scan->after) > 0;
	unsigned which = jump ? ROWS_FROM : scan->after.len ? ROWS_AFTER : ROWS_START;
	sqlite3_stmt *statement = sqlite_statement(&rows->db, which, walk->error);
	int rc = 1;

	if (!statement ||
	    (which != ROWS_START && sqlite_bind(statement, 1, jump ? scan->prefix : scan->after)))
		return sqlite_fail(&rows->db, walk->error);
	while (rc > 0 && walk->count < scan->limit) {
		rc = sqlite_next(&rows->db, statement, walk->error);
		if (rc > 0)
			rc = walk_row(walk, statement);
	}
	sqlite3_reset(statement);
	return rc < 0 ? rc : 0;
}

int rows_find(struct cf_store *store, const struct cf_find *find, struct cf_arena *arena,
	      struct cf_record **ret, size_t *ret_count, struct cf_error *error)
{
	struct rows *rows = (struct rows *)store;
	struct rows_walk walk = {.rows = rows, .find = find, .arena = arena, .error = error};
	int rc = find_open(find, arena, &rows->mem, &walk.values, error);

	if (rc)
		return rc;
	walk.records = arena_alloc(arena, find->scan.limit * sizeof(*walk.records));
	rc = walk.records ? sqlite_begin(&rows->db, false, error) : error_nomem(error);
	if (rc == 0)
		rc = sqlite_end(&rows->db, walk_rows(&walk), error);
	find_close(walk.values, find->condition_count);
	if (rc == 0) {
		*ret = walk.records;
		*ret_count = walk.count;
	}
	return rc;
}

int rows_scan(struct cf_store *store, const struct cf_scan *scan, struct cf_arena *arena,
	      struct cf_record **ret, size_t *ret_count, struct cf_error *error)
{
	struct cf_find find = {.scan = *scan};

	return rows_find(store, &find, arena, ret, ret_count, error);
}

int rows_info(struct cf_store *store, struct cf_arena *arena, struct cf_store_info *ret,
	      struct cf_error *error)
{
	struct rows *rows = (struct rows *)store;
	sqlite3_stmt *statement = sqlite_statement(&rows->db, ROWS_COUNTED, error);
	int rc = statement ? sqlite_next(&rows->db, statement, error)
			   : sqlite_fail(&rows->db, error);

	(void)arena;
	if (rc <= 0)
		return rc;
	*ret = (struct cf_store_info){.records = (uint64_t)sqlite3_column_int64(statement, 0)};
	sqlite3_reset(statement);
	return 0;
}
