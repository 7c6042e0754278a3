/* Opening a table of rows: its shape, its key, and the statements; see rows.h. */
#include "store/sqlite/rows.h"

#include "store/limits.h"
#include "store/stores.h"

#include <stdlib.h>
#include <strings.h>

static void rows_close(struct cf_store *store)
{
	struct rows *rows = (struct rows *)store;
	struct cf_mem mem = rows->mem;

	sqlite3_finalize(rows->insert.statement);
	sqlite3_finalize(rows->update.statement);
	buf_fini(&rows->insert.text);
	buf_fini(&rows->update.text);
	buf_fini(&rows->body);
	buf_fini(&rows->sql);
	json_doc_fini(&rows->put);
	json_doc_fini(&rows->row);
	json_doc_fini(&rows->cell);
	sqlite_db_close(&rows->db);
	arena_fini(&rows->arena);
	mem_free(&mem, rows);
}

/* No changes and no histories: a row tells of neither, and triggers that would are not
 * ours to make. */
static int rows_notes(struct cf_store *store, const struct cf_scan *scan, struct cf_arena *arena,
		      struct cf_note **ret, size_t *ret_count, struct cf_error *error)
{
	return sqlite_notes_list(&((struct rows *)store)->notes, scan, arena, ret, ret_count,
				 error);
}

static int rows_forget(struct cf_store *store, struct cf_error *error)
{
	return sqlite_notes_forget(&((struct rows *)store)->notes, error);
}

static int rows_set_timeout(struct cf_store *store, unsigned ms, struct cf_error *error)
{
	(void)error;
	sqlite_db_wait(&((struct rows *)store)->db, ms);
	return 0;
}

static const struct cf_store_ops rows_ops = {
	.name = "rows of an SQLite table",
	.capabilities = CF_STORE_CAS | CF_STORE_TRANSACTIONS | CF_STORE_ORDERED | CF_STORE_FIND |
			CF_STORE_SORTED | CF_STORE_NOTES | CF_STORE_FENCES | CF_STORE_TIMEOUTS |
			CF_STORE_CHECK | CF_STORE_PROMPT,
	.close = rows_close,
	.get = rows_get,
	.put = rows_put,
	.scan = rows_scan,
	.find = rows_find,
	.info = rows_info,
	.notes = rows_notes,
	.forget = rows_forget,
	.set_timeout = rows_set_timeout,
	.check = rows_check,
};

/* --- the shape --------------------------------------------------------------------------- */

static bool has_word(struct cf_str type, const char *word)
{
	size_t len = strlen(word);

	for (size_t i = 0; i + len <= type.len; i++)
		if (strncasecmp(type.ptr + i, word, len) == 0)
			return true;
	return false;
}

static enum rows_affinity affinity_of(struct cf_str type, bool strict)
{
	if (has_word(type, "INT"))
		return ROWS_INTEGER;
	if (has_word(type, "CHAR") || has_word(type, "CLOB") || has_word(type, "TEXT"))
		return ROWS_TEXT;
	if (type.len == 0 || has_word(type, "BLOB") ||
	    (strict && type.len == 3 && has_word(type, "ANY")))
		return ROWS_NONE;
	if (has_word(type, "REAL") || has_word(type, "FLOA") || has_word(type, "DOUB"))
		return ROWS_REAL;
	return ROWS_NUMERIC;
}

/* A statement made of one table's name and perhaps more, prepared. */
static int prepare(struct rows *rows, char *sql, sqlite3_stmt **ret, struct cf_error *error)
{
	int rc;

	if (!sql)
		return error_nomem(error);
	rc = sqlite3_prepare_v2(rows->db.handle, sql, -1, ret, NULL) ? sqlite_fail(&rows->db, error)
								     : 0;
	sqlite3_free(sql);
	return rc;
}

/* What kind of thing it is; its name as it was declared. */
static int read_kind(struct rows *rows, const char *name, bool *ret_strict, struct cf_error *error)
{
	sqlite3_stmt *statement = NULL;
	struct cf_str kind;
	int rc = prepare(rows,
			 sqlite3_mprintf("SELECT name, type, strict FROM pragma_table_list(%Q)"
					 " WHERE schema = 'main'",
					 name),
			 &statement, error);

	rc = rc ? rc : sqlite_next(&rows->db, statement, error);
	if (rc > 0) {
		kind = sqlite_text(statement, 1);
		rows->view = str_equal(kind, STR("view"));
		*ret_strict = sqlite3_column_int(statement, 2);
		rc = sqlite_copy(statement, 0, &rows->arena, &rows->table) ? error_nomem(error) : 0;
		if (rc == 0 && !rows->view && !str_equal(kind, STR("table")))
			rc = error_set(error, CF_ERR_NOT_A_STORE,
				       "\"%s\" is a %.*s table, not one of rows", name,
				       STR_ARG(kind));
	} else if (rc == 0) {
		rc = error_set(error, CF_ERR_NO_DATABASE, "there is no table \"%s\"", name);
	}
	sqlite3_finalize(statement);
	return rc;
}

static int read_column(struct rows *rows, sqlite3_stmt *statement, bool strict,
		       struct rows_column *ret)
{
	struct cf_buf member;
	int rc = sqlite_copy(statement, 0, &rows->arena, &ret->name);

	rc = rc ? rc : sqlite_copy(statement, 1, &rows->arena, &ret->type);
	rc = rc ? rc : sqlite_copy(statement, 2, &rows->arena, &ret->fallback);
	if (rc)
		return rc;
	ret->affinity = affinity_of(ret->type, strict);
	ret->json = ret->type.len == 4 && has_word(ret->type, "JSON");
	ret->primary = sqlite3_column_int(statement, 3) > 0;
	ret->generated = sqlite3_column_int(statement, 4) > 1;
	buf_init(&member, &rows->mem);
	rc = json_write_string(ret->name, &member);
	rc = rc ? rc : buf_byte(&member, ':');
	if (rc == 0) {
		ret->member = arena_dup_buf(&rows->arena, &member);
		rc = ret->member.ptr ? 0 : CF_ERR_NOMEM;
	}
	buf_fini(&member);
	return rc;
}

static int read_columns(struct rows *rows, const char *name, bool strict, struct cf_error *error)
{
	sqlite3_stmt *statement = NULL;
	int64_t count = 0;
	int rc = prepare(rows,
			 sqlite3_mprintf("SELECT name, type, dflt_value, pk, hidden,"
					 " count(*) OVER () FROM pragma_table_xinfo(%Q)"
					 " WHERE hidden <> 1 ORDER BY cid",
					 name),
			 &statement, error);

	while (rc == 0 && (rc = sqlite_next(&rows->db, statement, error)) > 0) {
		if (!rows->columns) {
			count = sqlite3_column_int64(statement, 5);
			rows->columns =
				arena_calloc(&rows->arena, (size_t)count, sizeof(*rows->columns));
		}
		rc = !rows->columns || read_column(rows, statement, strict,
						   &rows->columns[rows->column_count++])
			     ? error_nomem(error)
			     : 0;
	}
	sqlite3_finalize(statement);
	return rc;
}

/* --- the key ------------------------------------------------------------------------------- */

static int wrong_key(struct rows *rows, const char *reason, struct cf_error *error)
{
	return error_set(error, CF_ERR_USAGE,
			 "the table \"%.*s\" has %s: name a unique column (key=K)",
			 STR_ARG(rows->table), reason);
}

static int find_key(struct rows *rows, const struct cf_str *key, struct cf_error *error)
{
	size_t primary = 0;

	rows->key = rows->column_count;
	for (size_t i = 0; i < rows->column_count; i++) {
		struct cf_str name = rows->columns[i].name;

		if (key->ptr
			    ? name.len == key->len && strncasecmp(name.ptr, key->ptr, key->len) == 0
			    : rows->columns[i].primary) {
			rows->key = i;
			primary++;
		}
	}
	if (key->ptr && primary == 0)
		return error_set(error, CF_ERR_USAGE, "the table \"%.*s\" has no column \"%.*s\"",
				 STR_ARG(rows->table), STR_ARG(*key));
	if (primary == 0)
		return wrong_key(rows, "no primary key", error);
	return primary == 1 ? 0 : wrong_key(rows, "a primary key of several columns", error);
}

/* By which index the column is unique, and so by which collation. */
static int check_unique(struct rows *rows, struct cf_error *error)
{
	const struct rows_column *key = &rows->columns[rows->key];
	sqlite3_stmt *statement = NULL;
	size_t primaries = 0;
	int rc = prepare(rows,
			 sqlite3_mprintf("SELECT x.coll FROM pragma_index_list(%Q) l,"
					 " pragma_index_xinfo(l.name) x WHERE l.\"unique\""
					 " AND NOT l.partial AND x.\"key\" AND x.name = %Q"
					 " AND (SELECT count(*) FROM pragma_index_xinfo(l.name)"
					 " WHERE \"key\") = 1 ORDER BY x.coll <> 'BINARY' LIMIT 1",
					 rows->table.ptr, key->name.ptr),
			 &statement, error);

	for (size_t i = 0; i < rows->column_count; i++)
		primaries += rows->columns[i].primary;
	rc = rc ? rc : sqlite_next(&rows->db, statement, error);
	if (rc > 0)
		rc = sqlite_copy(statement, 0, &rows->arena, &rows->collation) ? error_nomem(error)
									       : 0;
	else if (rc == 0 && !rows->view && (!key->primary || primaries != 1))
		rc = error_set(error, CF_ERR_USAGE,
			       "column \"%.*s\" of \"%.*s\" is not unique, so it cannot be the key",
			       STR_ARG(key->name), STR_ARG(rows->table));
	sqlite3_finalize(statement);
	return rc;
}

/* Members that documents use for themselves. _id may be the key. */
static int check_names(struct rows *rows, struct cf_error *error)
{
	static const char *const taken[] = {"_id", "_rev", "_deleted", "_attachments"};

	for (size_t i = 0; i < rows->column_count; i++)
		for (size_t k = 0; k < ARRAY_LEN(taken); k++) {
			struct rows_column *column = &rows->columns[i];

			if (!str_equal(column->name, str_of(taken[k])))
				continue;
			if (k || i != rows->key)
				return error_set(error, CF_ERR_NOT_A_STORE,
						 "documents use the name of column \"%s\" for "
						 "themselves",
						 taken[k]);
			column->member.len = 0;
		}
	return 0;
}

/* --- statements ---------------------------------------------------------------------------- */

/* A name for the rowid that no column has; NULL where there is none. */
static const char *rowid_name(struct rows *rows)
{
	static const char *const names[] = {"rowid", "_rowid_", "oid"};

	for (size_t k = 0; k < ARRAY_LEN(names); k++) {
		int type = SQLITE_OK;

		for (size_t i = 0; i < rows->column_count && type == SQLITE_OK; i++)
			if (strcasecmp(rows->columns[i].name.ptr, names[k]) == 0)
				type = SQLITE_ERROR;
		/* Answers an error for WITHOUT ROWID and views. */
		if (type == SQLITE_OK)
			return !rows->view && sqlite3_table_column_metadata(
						      rows->db.handle, "main", rows->table.ptr,
						      names[k], NULL, NULL, NULL, NULL,
						      NULL) == SQLITE_OK
				       ? names[k]
				       : NULL;
	}
	return NULL;
}

static char *columns_text(struct rows *rows)
{
	const char *rowid = rowid_name(rows);
	char *text = sqlite3_mprintf("SELECT ");

	for (size_t i = 0; i < rows->column_count && text; i++)
		text = sqlite3_mprintf("%z\"%w\", ", text, rows->columns[i].name.ptr);
	return text ? sqlite3_mprintf("%z%s FROM \"%w\"", text, rowid ? rowid : "NULL",
				      rows->table.ptr)
		    : NULL;
}

static int prepare_texts(struct rows *rows, struct cf_error *error)
{
	char **texts = rows->db.texts;
	const char *table = rows->table.ptr, *key = rows->columns[rows->key].name.ptr;
	/* Views say nothing of the type; there the text decides. */
	char *by = rows->view ? sqlite3_mprintf("CAST(\"%w\" AS TEXT)", key)
			      : sqlite3_mprintf("\"%w\" COLLATE \"%w\"", key, rows->collation.ptr);
	char *columns = columns_text(rows);
	bool failed = !by || !columns;

	if (!failed) {
		texts[ROWS_READ] = sqlite3_mprintf("%s WHERE %s = ?1", columns, by);
		texts[ROWS_START] = sqlite3_mprintf("%s ORDER BY %s", columns, by);
		texts[ROWS_FROM] =
			sqlite3_mprintf("%s WHERE %s >= ?1 ORDER BY %s", columns, by, by);
		texts[ROWS_AFTER] =
			sqlite3_mprintf("%s WHERE %s > ?1 ORDER BY %s", columns, by, by);
		texts[ROWS_DELETE] = sqlite3_mprintf("DELETE FROM \"%w\" WHERE %s = ?1", table, by);
		texts[ROWS_COUNTED] = sqlite3_mprintf("SELECT count(*) FROM \"%w\"", table);
		texts[ROWS_SAVE] = sqlite3_mprintf("SAVEPOINT one");
		texts[ROWS_RELEASE] = sqlite3_mprintf("RELEASE one");
		texts[ROWS_UNDO] = sqlite3_mprintf("ROLLBACK TO one");
	}
	sqlite3_free(by);
	sqlite3_free(columns);
	for (unsigned i = 0; i < ROWS_COUNT && !failed; i++)
		failed = !texts[i];
	if (failed)
		return error_nomem(error);
	/* A view that no longer fits its tables, a collation of the other program: told now. */
	return sqlite_statement(&rows->db, ROWS_READ, error) ? 0 : error->code;
}

/* What the index that makes the key unique sorts by. */
static void declare_order(struct rows *rows, bool utf8)
{
	enum rows_affinity affinity = rows->columns[rows->key].affinity;
	bool text = rows->view || affinity == ROWS_TEXT || affinity == ROWS_NONE;
	bool bytewise = utf8 && (rows->view || str_equal(rows->collation, STR("BINARY")));

	rows->ordered = bytewise && text;
	if (!rows->ordered)
		rows->store.capabilities &= ~(unsigned)CF_STORE_ORDERED;
	if (bytewise)
		rows->store.keys = (struct cf_keys){1, {text ? CF_KEY_TEXT : CF_KEY_NUMBER}};
	else
		rows->store.capabilities &= ~(unsigned)CF_STORE_SORTED;
}

/* The file as SQLite resolved it: two names of one file are one place. */
static int name_place(struct rows *rows, struct cf_error *error)
{
	const char *file = sqlite3_db_filename(rows->db.handle, "main");
	struct cf_str place = arena_printf(&rows->arena, "sqlite:%s?table=%.*s", file ? file : "",
					   STR_ARG(rows->table));

	rows->store.place = place.ptr;
	return place.ptr ? 0 : error_nomem(error);
}

static int open_shape(struct rows *rows, const struct store_url *url, struct cf_error *error)
{
	struct cf_error unread = {0};
	int64_t utf8 = 0;
	bool strict = false;
	int rc;

	error = error ? error : &unread;
	rows->collation = STR("BINARY");
	rc = read_kind(rows, url->table.ptr, &strict, error);
	rc = rc ? rc : read_columns(rows, url->table.ptr, strict, error);
	rc = rc ? rc : find_key(rows, &url->key, error);
	rc = rc ? rc : check_unique(rows, error);
	rc = rc ? rc : check_names(rows, error);
	rc = rc ? rc
		: sqlite_number(&rows->db, "SELECT encoding = 'UTF-8' FROM pragma_encoding", &utf8,
				error);
	rc = rc ? rc : prepare_texts(rows, error);
	rows->notes = (struct sqlite_notes){&rows->db, ROWS_NOTES, rows->table};
	rc = rc ? rc : sqlite_notes_init(&rows->notes, error);
	/* Constraints between tables hold for what is written here too. */
	rc = rc ? rc : sqlite_exec(&rows->db, "PRAGMA foreign_keys = ON", error);
	if (rc == 0)
		declare_order(rows, utf8);
	return rc ? rc : name_place(rows, error);
}

int rows_open(struct cf_store **ret, struct sqlite_db *db, const struct store_url *url,
	      const struct cf_mem *mem, struct cf_error *error)
{
	struct rows *rows = mem_calloc(mem, 1, sizeof(*rows));
	int rc;

	if (!rows) {
		sqlite_db_close(db);
		return error_nomem(error);
	}
	rows->store = (struct cf_store){.ops = &rows_ops, .capabilities = rows_ops.capabilities};
	rows->mem = *mem;
	rows->db = *db;
	rows->db.mem = &rows->mem;
	*db = (struct sqlite_db){0};
	arena_init(&rows->arena, &rows->mem);
	json_doc_init(&rows->put, &rows->mem);
	json_doc_init(&rows->row, &rows->mem);
	json_doc_init(&rows->cell, &rows->mem);
	buf_init(&rows->body, &rows->mem);
	buf_init(&rows->sql, &rows->mem);
	buf_init(&rows->insert.text, &rows->mem);
	buf_init(&rows->update.text, &rows->mem);
	rows->readonly = url->readonly;
	rc = open_shape(rows, url, error);
	if (rc == 0) {
		rows->db.opened = true;
		*ret = &rows->store;
	} else {
		rows_close(&rows->store);
	}
	return rc;
}
