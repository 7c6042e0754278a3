/* Notes and fences: one table of ours in the schema of the table. */
#include "store/postgres/table.h"

enum notes_kind { KIND_NOTE, KIND_FENCE };

/* The statement with the name of our table where it says %s. */
static int run(struct pg_table *table, const char *format, struct pg_params params, PGresult **ret,
	       struct cf_error *error)
{
	buf_clear(&table->text);
	for (const char *c = format; *c; c++)
		if (*c == '%')
			buf_str(&table->text, table->notes);
		else
			buf_byte(&table->text, *c);
	if (buf_byte(&table->text, '\0'))
		return error_nomem(error);
	return pg_query(&table->pg, table->text.ptr, params, ret, error);
}

static int run_plain(struct pg_table *table, const char *format, int count,
		     const char *const *values, struct cf_error *error)
{
	PGresult *result = NULL;
	int rc = run(table, format, (struct pg_params){count, values}, &result, error);

	PQclear(rc ? NULL : result);
	return rc;
}

static int is_there(struct pg_table *table, bool *ret, struct cf_error *error)
{
	const char *name = arena_dup(&table->arena, table->notes).ptr;
	PGresult *result = NULL;
	int rc = name ? pg_query(&table->pg, "SELECT to_regclass($1) IS NOT NULL",
				 (struct pg_params){1, &name}, &result, error)
		      : error_nomem(error);

	if (rc)
		return rc;
	*ret = PQgetvalue(result, 0, 0)[0] == 't';
	PQclear(result);
	return 0;
}

int pg_notes_begin(struct pg_table *table, struct cf_error *error)
{
	bool there = false;
	int rc = is_there(table, &there, error);

	if (rc || there)
		return rc;
	/* Two that make it at once would meet in the catalog. */
	rc = run_plain(table, "SELECT pg_advisory_xact_lock(hashtext('%'))", 0, NULL, error);
	return rc ? rc
		  : run_plain(table,
			      "CREATE TABLE IF NOT EXISTS %(owner text, kind int, key bytea,"
			      " value bytea, PRIMARY KEY(owner, kind, key))",
			      0, NULL, error);
}

/* As bytea is read: \x and hex digits. */
static const char *hex(struct cf_str bytes, struct cf_arena *arena)
{
	static const char digits[] = "0123456789abcdef";
	char *out = arena_alloc(arena, bytes.len * 2 + 3);

	if (!out)
		return NULL;
	memcpy(out, "\\x", 2);
	for (size_t i = 0; i < bytes.len; i++) {
		out[2 + 2 * i] = digits[(unsigned char)bytes.ptr[i] >> 4];
		out[3 + 2 * i] = digits[bytes.ptr[i] & 15];
	}
	out[2 + bytes.len * 2] = '\0';
	return out;
}

static int unhex(struct cf_str text, struct cf_arena *arena, struct cf_str *ret)
{
	size_t len = text.len / 2 - 1;
	char *out = arena_alloc(arena, len + 1);

	if (!out)
		return CF_ERR_NOMEM;
	for (size_t i = 0; i < len; i++) {
		int value = 0;

		for (size_t k = 2 * i + 2; k < 2 * i + 4; k++)
			value = value << 4 |
				(text.ptr[k] <= '9' ? text.ptr[k] - '0' : text.ptr[k] - 'a' + 10);
		out[i] = (char)value;
	}
	out[len] = '\0';
	*ret = (struct cf_str){out, len};
	return 0;
}

static const char *const note_sql[] = {
	[CF_NOTE_SET] = "INSERT INTO % VALUES($1, $2::int, $3::bytea, $4::bytea)"
			" ON CONFLICT(owner, kind, key) DO UPDATE SET value = EXCLUDED.value",
	[CF_NOTE_CREATE] = "INSERT INTO % VALUES($1, $2::int, $3::bytea, $4::bytea)"
			   " ON CONFLICT(owner, kind, key) DO NOTHING",
	[CF_NOTE_REPLACE] = "UPDATE % SET value = $4::bytea WHERE owner = $1 AND kind = $2::int"
			    " AND key = $3::bytea AND value = $5::bytea",
	[CF_NOTE_REMOVE] = "DELETE FROM % WHERE owner = $1 AND kind = $2::int AND key = $3::bytea",
};

static int put_note(struct pg_table *table, const struct cf_note *note, struct cf_arena *arena,
		    struct cf_answer *answer, struct cf_error *error)
{
	const char *values[5] = {table->name.ptr, "0", hex(note->key, arena),
				 hex(note->value, arena), hex(note->was, arena)};
	int count = note->kind == CF_NOTE_REPLACE ? 5 : note->kind == CF_NOTE_REMOVE ? 3 : 4;
	PGresult *result = NULL;
	bool checked = note->kind == CF_NOTE_CREATE || note->kind == CF_NOTE_REPLACE;
	int rc;

	if (!values[2] || !values[3] || !values[4])
		return error_nomem(error);
	rc = run(table, note_sql[note->kind], (struct pg_params){count, values}, &result, error);
	if (rc)
		return rc;
	if (checked && strcmp(PQcmdTuples(result), "0") == 0)
		answer_refuse(answer, CF_ERR_CONFLICT,
			      note->kind == CF_NOTE_CREATE ? STR("there is such a note")
							   : STR("the note has another value"));
	PQclear(result);
	return 0;
}

int pg_notes_put(struct pg_table *table, const struct cf_put *put, struct cf_arena *arena,
		 struct cf_answer *answer, struct cf_error *error)
{
	int rc = 0;

	for (size_t i = 0; i < put->note_count && rc == 0 && answer->code == 0; i++)
		rc = put_note(table, &put->notes[i], arena, answer, error);
	return rc;
}

/* --- fences --------------------------------------------------------------------------- */

int pg_fence_lock(struct pg_table *table, struct cf_str id, struct cf_error *error)
{
	const char *values[2] = {table->quoted.ptr, NULL};
	struct cf_buf text;
	int rc;

	buf_init(&text, &table->mem);
	if (buf_str(&text, id) || buf_byte(&text, '\0')) {
		buf_fini(&text);
		return error_nomem(error);
	}
	values[1] = text.ptr;
	rc = run_plain(table,
		       "SELECT pg_advisory_xact_lock_shared(hashtextextended($1, 0)),"
		       " pg_advisory_xact_lock(hashtext($1), hashtext($2))",
		       2, values, error);
	buf_fini(&text);
	return rc;
}

/* The ids in hexadecimal with commas between them. */
static const char *hex_list(struct pg_batch *b)
{
	struct cf_buf *out = &b->table->text;

	buf_clear(out);
	for (size_t i = 0; i < b->count; i++) {
		const char *id = hex(b->puts[i].id, b->arena);

		if (!id)
			return NULL;
		buf_printf(out, "%s%s", i ? "," : "", id + 2);
	}
	return buf_byte(out, '\0') ? NULL : arena_dup(b->arena, buf_view(out)).ptr;
}

int pg_fence_check_all(struct pg_batch *b)
{
	struct pg_table *table = b->table;
	const char *values[2] = {table->name.ptr, hex_list(b)};
	const char *quoted = table->quoted.ptr;
	PGresult *result = NULL;
	int rc = values[1] ? pg_notes_begin(table, b->error) : error_nomem(b->error);

	rc = rc ? rc
		: run_plain(table, "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", 1,
			    &quoted, b->error);
	rc = rc ? rc
		: run(table,
		      "SELECT 1 FROM % WHERE owner = $1 AND kind = 1 AND encode(key, 'hex') ="
		      " ANY(string_to_array($2, ',')) LIMIT 1",
		      (struct pg_params){2, values}, &result, b->error);
	if (rc)
		return rc;
	rc = PQntuples(result) ? CF_ERR_INVALID : 0;
	PQclear(result);
	return rc;
}

int pg_fence_set(struct pg_table *table, struct cf_str id, struct cf_arena *arena,
		 struct cf_error *error)
{
	const char *values[4] = {table->name.ptr, "1", hex(id, arena), "\\x"};

	return values[2] ? run_plain(table, note_sql[CF_NOTE_SET], 4, values, error)
			 : error_nomem(error);
}

int pg_fence_get(struct pg_table *table, struct cf_str id, struct cf_arena *arena,
		 struct cf_error *error)
{
	const char *values[2] = {table->name.ptr, hex(id, arena)};
	PGresult *result = NULL;
	int rc = values[1]
			 ? run(table,
			       "SELECT 1 FROM % WHERE owner = $1 AND kind = 1 AND key = $2::bytea",
			       (struct pg_params){2, values}, &result, error)
			 : error_nomem(error);
	int found;

	if (rc)
		return rc;
	found = PQntuples(result);
	PQclear(result);
	return found;
}

/* --- reading and ending ---------------------------------------------------------------- */

static int list(struct pg_table *table, const struct cf_scan *scan, struct cf_arena *arena,
		struct cf_note **ret, size_t *ret_count, struct cf_error *error)
{
	struct cf_str limit = arena_printf(arena, "%zu", scan->limit);
	const char *values[4] = {table->name.ptr, hex(scan->after, arena), hex(scan->prefix, arena),
				 limit.ptr};
	PGresult *result = NULL;
	struct cf_note *notes;
	size_t count;
	int rc;

	if (!values[1] || !values[2] || !limit.ptr)
		return error_nomem(error);
	rc = run(table,
		 "SELECT key, value FROM % WHERE owner = $1 AND kind = 0 AND key > $2::bytea AND"
		 " key >= $3::bytea AND substr(key, 1, length($3::bytea)) = $3::bytea ORDER BY key"
		 " LIMIT $4::bigint",
		 (struct pg_params){4, values}, &result, error);
	if (rc)
		return rc;
	count = (size_t)PQntuples(result);
	notes = arena_calloc(arena, count, sizeof(*notes));
	for (size_t i = 0; i < count && notes && rc == 0; i++) {
		rc = unhex(pg_cell(result, (int)i, 0), arena, &notes[i].key);
		rc = rc ? rc : unhex(pg_cell(result, (int)i, 1), arena, &notes[i].value);
	}
	PQclear(result);
	if (rc || !notes)
		return error_nomem(error);
	*ret = notes;
	*ret_count = count;
	return 0;
}

int pg_table_notes(struct cf_store *store, const struct cf_scan *scan, struct cf_arena *arena,
		   struct cf_note **ret, size_t *ret_count, struct cf_error *error)
{
	struct pg_table *table = (struct pg_table *)store;
	bool there = false;
	int rc = pg_table_call(table, error);

	rc = rc ? rc : is_there(table, &there, error);
	if (rc)
		return rc;
	*ret = NULL;
	*ret_count = 0;
	return there ? list(table, scan, arena, ret, ret_count, error) : 0;
}

int pg_table_forget(struct cf_store *store, struct cf_error *error)
{
	struct pg_table *table = (struct pg_table *)store;
	const char *name = table->name.ptr;
	PGresult *result = NULL;
	bool there = false;
	int rc = pg_table_call(table, error);

	if (rc == 0 && table->readonly)
		return error_set(error, CF_ERR_READONLY, "opened with readonly=1");
	rc = rc ? rc : pg_run(&table->pg, "BEGIN", error);
	if (rc)
		return rc;
	rc = is_there(table, &there, error);
	if (rc == 0 && there) {
		rc = run_plain(table, "DELETE FROM % WHERE owner = $1", 1, &name, error);
		rc = rc ? rc
			: run(table, "SELECT 1 FROM % LIMIT 1", (struct pg_params){0, NULL},
			      &result, error);
		there = rc == 0 && PQntuples(result) > 0;
		PQclear(rc ? NULL : result);
		if (rc == 0 && !there)
			rc = run_plain(table, "DROP TABLE %", 0, NULL, error);
	}
	return pg_end(&table->pg, rc, error);
}
