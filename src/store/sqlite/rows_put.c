/* Writing rows: one transaction for a call, a savepoint for each put, so that what the
 * table refuses leaves nothing of that record and all of the others. */
#include "store/sqlite/rows.h"

#include "store/limits.h"

#include <stdio.h>

struct writing {
	struct rows *rows;
	struct apply apply;
	const struct cf_put *put;
	struct cf_answer *answer;
	struct rows_cell *cells; /* one for each column */
	struct rows_row row;     /* what is there */
	bool exists;
	struct cf_error *error;
};

static int refuse(struct writing *w, int code, const char *reason)
{
	answer_refuse(w->answer, code, arena_dup(w->apply.arena, str_of(reason)));
	return w->answer->message.ptr ? 0 : error_nomem(w->error);
}

/* --- what is asked ------------------------------------------------------------------ */

/* The key may be named in the body too, and must then say the same. */
static bool key_agrees(struct writing *w, const struct rows_column *column, struct json_value value)
{
	struct cf_str id = w->put->id, text;

	if (json_kind(value) == JSON_STRING)
		return json_decode(value, w->apply.arena, &text) == 0 && str_equal(text, id);
	return json_kind(value) == JSON_NUMBER && column->affinity != ROWS_TEXT &&
	       column->affinity != ROWS_NONE && strchr("-0123456789", id.ptr[0]) &&
	       json_number_compare(json_span(value), id) == 0;
}

static int take_member(struct writing *w, struct json_value name, struct json_value value)
{
	struct rows *rows = w->rows;
	struct cf_str text;
	size_t i = 0;

	while (i < rows->column_count &&
	       (rows->columns[i].member.len == 0 || !json_name_is(name, rows->columns[i].name)))
		i++;
	if (i == rows->column_count) {
		text = json_inner(name);
		w->answer->code = CF_ERR_INVALID;
		w->answer->message =
			arena_printf(w->apply.arena, "the table \"%.*s\" has no column \"%.*s\"",
				     STR_ARG(rows->table), STR_ARG(text));
		return w->answer->message.ptr ? 0 : error_nomem(w->error);
	}
	if (rows->columns[i].generated) {
		w->cells[i].kind = CELL_KEEP;
		return 0;
	}
	if (i == rows->key) {
		if (!key_agrees(w, &rows->columns[i], value) &&
		    rows_refuse(w->answer, w->apply.arena, &rows->columns[i],
				"is the key, and says something else than the id"))
			return error_nomem(w->error);
		return 0;
	}
	if (rows_cell(&rows->columns[i], value, w->apply.arena, &w->cells[i], w->answer))
		return error_nomem(w->error);
	return 0;
}

static bool same_value(const struct rows_column *column, struct json_value value,
		       struct json_value was)
{
	enum json_kind kind = json_kind(value);

	if (!column->json && (kind == JSON_TRUE || kind == JSON_FALSE))
		return json_kind(was) == JSON_NUMBER &&
		       str_equal(json_span(was), kind == JSON_TRUE ? STR("1") : STR("0"));
	return json_equal(value, was);
}

/* Columns whose value stays are not written. */
static void keep_equal(struct writing *w)
{
	struct rows *rows = w->rows;
	struct json_value put = json_root(&w->apply.doc), row = json_root(&rows->row);

	for (size_t i = 0; i < rows->column_count; i++) {
		const struct rows_column *column = &rows->columns[i];
		struct json_value was = json_member(row, column->name);
		struct rows_cell *cell = &w->cells[i];

		if (cell->kind == CELL_ABSENT && (column->primary || column->generated))
			cell->kind = CELL_KEEP;
		else if (cell->kind == CELL_ABSENT && column->fallback.len == 0 &&
			 json_kind(was) == JSON_NULL)
			cell->kind = CELL_KEEP;
		else if (cell->kind != CELL_ABSENT && cell->kind != CELL_KEEP &&
			 same_value(column, json_member(put, column->name), was))
			cell->kind = CELL_KEEP;
	}
}

static int take_body(struct writing *w)
{
	struct rows *rows = w->rows;
	struct json_iter it = json_iter(json_root(&w->apply.doc));
	int rc = 0;

	w->cells = arena_calloc(w->apply.arena, rows->column_count, sizeof(*w->cells));
	if (!w->cells)
		return error_nomem(w->error);
	while (rc == 0 && w->answer->code == 0 && json_next(&it))
		rc = take_member(w, it.name, it.value);
	if (rc || w->answer->code)
		return rc;
	if (w->exists && w->row.code == 0)
		keep_equal(w);
	/* The row is found by its key: that stays, or comes with the insert. */
	w->cells[rows->key].kind = w->exists ? CELL_KEEP : CELL_TEXT;
	w->cells[rows->key].text = w->put->id;
	return 0;
}

static int check_fence(struct writing *w)
{
	int rc = sqlite_fence_get(&w->rows->notes, w->put->id, w->error);

	return rc > 0 ? refuse(w, CF_ERR_CONFLICT, "the record was deleted") : rc;
}

/* Whether the put may be done to what is there. */
static int check(struct writing *w)
{
	const struct cf_put *put = w->put;

	if (put->kind == CF_PUT_REVISION)
		return refuse(w, CF_ERR_INVALID, "rows of a table keep no revision histories");
	if (put->attachment_count)
		return refuse(w, CF_ERR_INVALID, "rows of a table have no attachments");
	if (rows_key_changes(w->rows->columns[w->rows->key].affinity, put->id))
		return refuse(w, CF_ERR_INVALID,
			      "the key is a number, and this is not how it is written");
	if ((put->kind == CF_PUT_ABSENT || put->kind == CF_PUT_UNFENCED) && w->exists)
		return refuse(w, CF_ERR_CONFLICT, "there is such a record");
	if (put->kind == CF_PUT_UNFENCED)
		return check_fence(w);
	if (put->kind != CF_PUT_ON_REV)
		return 0;
	if (!w->exists)
		return refuse(w, CF_ERR_CONFLICT, "there is no such record");
	if (w->row.code || !str_equal(put->rev, w->row.rev))
		return refuse(w, CF_ERR_CONFLICT, "the revision is not the current one");
	return 0;
}

/* --- statements ---------------------------------------------------------------------- */

static void put_name(struct cf_buf *out, struct cf_str name)
{
	buf_byte(out, '"');
	for (size_t i = 0; i < name.len; i++) {
		if (name.ptr[i] == '"')
			buf_byte(out, '"');
		buf_byte(out, name.ptr[i]);
	}
	buf_byte(out, '"');
}

static bool is_bound(const struct rows_cell *cell)
{
	return cell->kind != CELL_ABSENT && cell->kind != CELL_KEEP;
}

static void insert_text(struct writing *w, struct cf_buf *out)
{
	struct rows *rows = w->rows;
	size_t bound = 0;

	buf_str(out, STR("INSERT OR ABORT INTO "));
	put_name(out, rows->table);
	for (size_t i = 0; i < rows->column_count; i++) {
		if (!is_bound(&w->cells[i]))
			continue;
		buf_byte(out, bound++ ? ',' : '(');
		put_name(out, rows->columns[i].name);
	}
	buf_str(out, STR(") VALUES("));
	for (size_t i = 1; i <= bound; i++)
		buf_printf(out, "%s?%zu", i > 1 ? "," : "", i);
	buf_byte(out, ')');
}

/* False: there is nothing to write. */
static bool update_text(struct writing *w, struct cf_buf *out)
{
	struct rows *rows = w->rows;
	const struct rows_column *key = &rows->columns[rows->key];
	size_t bound = 0, named = 0;

	buf_str(out, STR("UPDATE OR ABORT "));
	put_name(out, rows->table);
	for (size_t i = 0; i < rows->column_count; i++) {
		const struct rows_column *column = &rows->columns[i];
		struct cf_str fallback = column->fallback.len ? column->fallback : STR("NULL");

		if (w->cells[i].kind == CELL_KEEP || column->generated)
			continue;
		buf_str(out, named++ ? STR(",") : STR(" SET "));
		put_name(out, column->name);
		if (is_bound(&w->cells[i]))
			buf_printf(out, "=?%zu", ++bound);
		else
			buf_printf(out, "=(%.*s)", STR_ARG(fallback));
	}
	buf_str(out, STR(" WHERE "));
	put_name(out, key->name);
	buf_str(out, STR(" COLLATE "));
	put_name(out, rows->collation);
	buf_printf(out, "=?%zu", bound + 1);
	return named > 0;
}

/* The statement of that text, prepared anew only where the text is another than last. */
static sqlite3_stmt *prepare(struct writing *w, struct rows_cached *cached)
{
	struct rows *rows = w->rows;
	struct cf_buf text;

	if (buf_byte(&rows->sql, '\0')) {
		error_nomem(w->error);
		return NULL;
	}
	if (cached->statement && str_equal(buf_view(&rows->sql), buf_view(&cached->text))) {
		sqlite3_reset(cached->statement);
		return cached->statement;
	}
	sqlite3_finalize(cached->statement);
	cached->statement = NULL;
	text = rows->sql;
	rows->sql = cached->text;
	cached->text = text;
	sqlite3_prepare_v3(rows->db.handle, cached->text.ptr, -1, SQLITE_PREPARE_PERSISTENT,
			   &cached->statement, NULL);
	return cached->statement;
}

static int bind_cell(sqlite3_stmt *statement, int index, const struct rows_cell *cell)
{
	switch (cell->kind) {
	case CELL_INTEGER:
		return sqlite3_bind_int64(statement, index, cell->integer);
	case CELL_REAL:
		return sqlite3_bind_double(statement, index, cell->real);
	case CELL_TEXT:
		return sqlite_bind(statement, index, cell->text);
	case CELL_BLOB:
		return sqlite3_bind_blob64(statement, index, cell->text.len ? cell->text.ptr : "",
					   cell->text.len, SQLITE_STATIC);
	default:
		return sqlite3_bind_null(statement, index);
	}
}

/* What the table says about one record is an answer; all else fails the call. */
static int refused_by_table(struct writing *w)
{
	struct sqlite_db *db = &w->rows->db;
	int code = sqlite3_errcode(db->handle) & 0xff;
	int rc;

	if (sqlite3_get_autocommit(db->handle))
		rc = error_set(w->error, CF_ERR_INVALID, "%s; a trigger undid the whole batch",
			       sqlite3_errmsg(db->handle));
	else if (code == SQLITE_MISMATCH)
		return refuse(w, CF_ERR_INVALID, "the key column takes whole numbers only");
	else if (code == SQLITE_CONSTRAINT || code == SQLITE_ERROR || code == SQLITE_TOOBIG)
		return refuse(w, CF_ERR_INVALID, sqlite3_errmsg(db->handle));
	else
		return sqlite_fail(db, w->error);
	error_at_document(w->error, w->put->id);
	return rc;
}

static int run(struct writing *w, sqlite3_stmt *statement)
{
	int step = sqlite3_step(statement);
	int changed;

	/* RETURNING is never used: a row here would be a trigger's, and there is none. */
	if (step != SQLITE_DONE) {
		int rc = refused_by_table(w);

		sqlite3_reset(statement);
		return rc;
	}
	changed = sqlite3_changes(w->rows->db.handle);
	sqlite3_reset(statement);
	return changed ? 0 : refuse(w, CF_ERR_FORBIDDEN, "a trigger of the table let it pass by");
}

static int write_row(struct writing *w)
{
	struct rows *rows = w->rows;
	sqlite3_stmt *statement;
	int bound = 0, rc = 0;

	buf_clear(&rows->sql);
	if (!w->exists)
		insert_text(w, &rows->sql);
	else if (!update_text(w, &rows->sql))
		return 0;
	statement = prepare(w, w->exists ? &rows->update : &rows->insert);
	if (!statement)
		return w->error->code ? w->error->code : refused_by_table(w);
	for (size_t i = 0; i < rows->column_count && rc == 0; i++)
		if (is_bound(&w->cells[i]))
			rc = bind_cell(statement, ++bound, &w->cells[i]);
	if (rc == 0 && w->exists)
		rc = sqlite_bind(statement, bound + 1, w->put->id);
	return rc ? refused_by_table(w) : run(w, statement);
}

/* What stands there now names the revision: defaults and triggers had their say. */
static int read_back(struct writing *w)
{
	struct rows_row row = {0};
	int rc = rows_lookup(w->rows, w->put->id, w->apply.arena, &row, w->error);

	if (rc < 0)
		return rc;
	if (rc == 0)
		return refuse(w, CF_ERR_INVALID, "the table keeps it under another key, or not");
	if (row.code)
		*w->answer = (struct cf_answer){.code = row.code, .message = row.message};
	else
		w->answer->rev = row.rev;
	return 0;
}

static int delete_row(struct writing *w)
{
	struct cf_str parent = w->exists ? w->row.rev : (struct cf_str){NULL, 0};
	sqlite3_stmt *statement;
	int rc = 0;

	if (w->exists) {
		statement = sqlite_statement(&w->rows->db, ROWS_DELETE, w->error);
		if (!statement)
			return w->error->code;
		rc = sqlite_bind(statement, 1, w->put->id) ? refused_by_table(w)
							   : run(w, statement);
	}
	if (rc || w->answer->code)
		return rc;
	return revision_make(parent, true, json_root(&w->apply.doc), NULL, 0, w->apply.arena,
			     &w->answer->rev)
		       ? error_nomem(w->error)
		       : 0;
}

/* --- the call --------------------------------------------------------------------------- */

static int run_plain(struct writing *w, enum rows_statement which)
{
	sqlite3_stmt *statement = sqlite_statement(&w->rows->db, which, w->error);

	return statement ? sqlite_run(&w->rows->db, statement, w->error) : w->error->code;
}

static int write_record(struct writing *w)
{
	int rc = 0;

	if (!w->put->deleted) {
		rc = write_row(w);
		return rc || w->answer->code ? rc : read_back(w);
	}
	if (w->put->fence)
		rc = sqlite_fence_set(&w->rows->notes, w->put->id, w->error);
	return rc ? rc : delete_row(w);
}

static int write_in_savepoint(struct writing *w)
{
	int rc = run_plain(w, ROWS_SAVE);

	if (rc)
		return rc;
	rc = sqlite_notes_put(&w->rows->notes, w->put, w->answer, w->error);
	if (rc == 0 && w->answer->code == 0 && w->put->kind != CF_PUT_NOTES)
		rc = write_record(w);
	if (rc == 0 && w->answer->code)
		rc = run_plain(w, ROWS_UNDO);
	return rc ? rc : run_plain(w, ROWS_RELEASE);
}

static int put_one(struct writing *w)
{
	int rc = apply_check(&w->apply, w->put, w->answer);

	if (rc)
		return error_nomem(w->error);
	if (w->answer->code)
		return 0;
	if (w->put->kind == CF_PUT_NOTES)
		return write_in_savepoint(w);
	rc = rows_lookup(w->rows, w->put->id, w->apply.arena, &w->row, w->error);
	if (rc < 0)
		return rc;
	w->exists = rc;
	rc = check(w);
	if (rc == 0 && w->answer->code == 0 && !w->put->deleted)
		rc = take_body(w);
	return rc || w->answer->code ? rc : write_in_savepoint(w);
}

static bool need_notes(const struct cf_put *puts, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (puts[i].note_count || puts[i].fence || puts[i].kind == CF_PUT_UNFENCED)
			return true;
	return false;
}

/* All in one transaction, which stays open. */
static int put_all(struct rows *rows, const struct cf_put *puts, size_t count,
		   struct cf_arena *arena, struct cf_answer *ret, struct cf_error *error)
{
	struct apply apply = {.arena = arena, .doc = rows->put, .revs_max = 1};
	int rc;

	if (rows->view || rows->readonly) {
		rc = error_set(error, CF_ERR_READONLY, "%s%.*s%s",
			       rows->view ? "\"" : "opened with readonly=1",
			       rows->view ? (int)rows->table.len : 0, rows->table.ptr,
			       rows->view ? "\" is a view: it can only be read" : "");
		error_at_file(error, rows->db.path, 0);
		return rc;
	}
	*error = (struct cf_error){0};
	rc = sqlite_begin(&rows->db, true, error);
	if (rc)
		return rc;
	if (need_notes(puts, count))
		rc = sqlite_notes_begin(&rows->notes, error);
	for (size_t i = 0; i < count && rc == 0; i++) {
		struct writing w = {.rows = rows,
				    .apply = apply,
				    .put = &puts[i],
				    .answer = &ret[i],
				    .error = error};

		rc = put_one(&w);
		apply = w.apply;
	}
	rows->put = apply.doc;
	return rc;
}

int rows_put(struct cf_store *store, const struct cf_put *puts, size_t count,
	     struct cf_arena *arena, struct cf_answer *ret, struct cf_error *error)
{
	struct rows *rows = (struct rows *)store;
	struct cf_error unread = {0};
	int rc;

	error = error ? error : &unread;
	rc = put_all(rows, puts, count, arena, ret, error);
	return sqlite_end(&rows->db, rc, error);
}

int rows_check(struct cf_store *store, const struct cf_put *puts, size_t count,
	       struct cf_arena *arena, struct cf_answer *ret, struct cf_error *error)
{
	struct rows *rows = (struct rows *)store;
	struct cf_error unread = {0};
	int rc;

	error = error ? error : &unread;
	rc = put_all(rows, puts, count, arena, ret, error);
	sqlite_end(&rows->db, CF_ERR_INTERRUPTED, NULL);
	return rc;
}
