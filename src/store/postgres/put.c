/* Writing rows.
 *
 * A call is one transaction. Creations of many records go in by COPY, as if none of them
 * were there; where that fails the call begins again, one statement a record; and where
 * the server refuses one of these it begins once more with a savepoint before each, so
 * that the refusal of one leaves the others. One record without notes is one statement. */
#include "store/limits.h"
#include "store/postgres/table.h"

/* --- what is asked ------------------------------------------------------------------ */

/* The key may be named in the body too, and must then say the same. */
static int check_key(struct pg_table *table, struct cf_arena *arena, struct pg_put *put, size_t i,
		     struct cf_answer *answer)
{
	const struct pg_column *column = &table->columns[i];
	struct cf_str key = put->key[column->key], given = put->cells[i];
	bool same = given.ptr &&
		    (str_equal(key, given) ||
		     (table->store.keys.kinds[column->key] == CF_KEY_NUMBER &&
		      cf_keys_compare(&(struct cf_keys){1, {CF_KEY_NUMBER}}, key, given) == 0));

	/* Times have several spellings: the id is the one that counts. */
	if (!same && column->kind != PG_OTHER && column->kind != PG_TIMESTAMP &&
	    column->kind != PG_TIMESTAMPTZ)
		return pg_refuse(answer, arena, column,
				 "is the key, and says something else than the id");
	put->cells[i] = key;
	return 0;
}

/* A put whose columns are read. */
struct taking {
	struct pg_table *table;
	struct cf_arena *arena;
	struct pg_put *ret;
	struct cf_answer *answer;
};

static int take_member(struct taking *t, struct json_value name, struct json_value value)
{
	struct pg_table *table = t->table;
	struct cf_answer *answer = t->answer;
	struct cf_arena *arena = t->arena;
	struct pg_put *ret = t->ret;
	size_t i = 0;
	int rc;

	while (i < table->column_count &&
	       (table->columns[i].member.len == 0 || !json_name_is(name, table->columns[i].name)))
		i++;
	if (i == table->column_count) {
		answer->code = CF_ERR_INVALID;
		answer->message = arena_printf(arena, "the table \"%.*s\" has no column \"%.*s\"",
					       STR_ARG(table->name), STR_ARG(json_inner(name)));
		return answer->message.ptr ? 0 : CF_ERR_NOMEM;
	}
	if (table->columns[i].generated)
		return 0;
	ret->named[i] = true;
	rc = pg_value_read(&table->columns[i], value, arena, &ret->cells[i], answer);
	if (rc == 0 && answer->code == 0 && table->columns[i].key >= 0)
		rc = check_key(table, arena, ret, i, answer);
	return rc;
}

static void refuse(struct cf_answer *answer, int code, struct cf_str reason)
{
	*answer = (struct cf_answer){.code = code, .message = reason};
}

/* Checks the put by itself, and reads its columns; a refusal is in `answer`. */
static int read_put(struct pg_table *table, struct apply *apply, const struct cf_put *put,
		    struct pg_put *ret, struct cf_answer *answer)
{
	struct taking taking = {table, apply->arena, ret, answer};
	struct json_iter it;
	int rc = apply_check(apply, put, answer);

	if (rc || answer->code || put->kind == CF_PUT_NOTES)
		return rc;
	ret->cells = arena_calloc(apply->arena, table->column_count, sizeof(*ret->cells));
	ret->named = arena_calloc(apply->arena, table->column_count, sizeof(*ret->named));
	if (!ret->cells || !ret->named)
		return CF_ERR_NOMEM;
	if (put->kind == CF_PUT_REVISION)
		refuse(answer, CF_ERR_INVALID, STR("rows of a table keep no revision histories"));
	else if (put->attachment_count)
		refuse(answer, CF_ERR_INVALID, STR("rows of a table have no attachments"));
	else if (!pg_key_read(table, put->id, apply->arena, ret->key))
		refuse(answer, CF_ERR_INVALID, STR("the key's columns cannot hold this id"));
	it = json_iter(json_root(&apply->doc));
	while (rc == 0 && answer->code == 0 && !put->deleted && json_next(&it))
		rc = take_member(&taking, it.name, it.value);
	for (size_t i = 0; i < table->key_count; i++)
		ret->cells[table->keys[i]] = ret->key[i];
	return rc;
}

/* --- statements ------------------------------------------------------------------------ */

struct writing {
	struct pg_table *table;
	const struct cf_put *put;
	struct pg_put *read;
	struct cf_arena *arena;
	struct cf_answer *answer;
	struct cf_error *error;
};

/* Parameters: what is written, then the key and the revision where it is an update. */
static int parameters(struct writing *w, const char **values)
{
	struct pg_table *table = w->table;
	bool update = w->put->kind == CF_PUT_ON_REV;
	int count = 0;

	for (size_t i = 0; i < table->column_count && !w->put->deleted; i++) {
		const struct pg_column *column = &table->columns[i];

		if (column->generated || (column->key >= 0 ? update : !w->read->named[i]))
			continue;
		values[count++] = w->read->cells[i].ptr;
	}
	for (size_t i = 0; i < table->key_count && (update || w->put->deleted); i++)
		values[count++] = w->read->key[i].ptr;
	if (update)
		values[count++] = arena_dup(w->arena, (struct cf_str){w->put->rev.ptr + 2,
								      w->put->rev.len - 2})
					  .ptr;
	return count;
}

static int run_statement(struct writing *w, const char *sql, PGresult **ret)
{
	size_t max = w->table->column_count + w->table->key_count + 1;
	const char **values = arena_calloc(w->arena, max, sizeof(*values));
	int count;

	if (!values)
		return error_nomem(w->error);
	count = parameters(w, values);
	return pg_query(&w->table->pg, sql, (struct pg_params){count, values}, ret, w->error);
}

static int write_row(struct writing *w)
{
	struct pg_table *table = w->table;
	PGresult *result = NULL;
	int rc;

	buf_clear(&table->text);
	if (pg_sql_write(table, w->put->kind, w->read->named, &table->text))
		return error_nomem(w->error);
	rc = run_statement(w, table->text.ptr, &result);
	if (rc)
		return rc;
	if (PQntuples(result) == 1)
		w->answer->rev = arena_printf(w->arena, "1-%s", PQgetvalue(result, 0, 0));
	else if (w->put->kind == CF_PUT_ON_REV)
		refuse(w->answer, CF_ERR_CONFLICT,
		       STR("the revision is not the current one, or the record is gone"));
	else if (w->put->kind == CF_PUT_ANY)
		refuse(w->answer, CF_ERR_FORBIDDEN, STR("a trigger of the table let it pass by"));
	else
		refuse(w->answer, CF_ERR_CONFLICT, STR("there is such a record"));
	PQclear(result);
	return w->answer->code || w->answer->rev.ptr ? 0 : error_nomem(w->error);
}

/* Creating a tombstone: refused where there is a record. */
static int check_absent(struct writing *w)
{
	struct cf_get get = {.id = w->put->id};
	struct cf_record record = {0};
	int rc = pg_table_get(&w->table->store, &get, 1, 0, w->arena, &record, w->error);

	if (rc == 0 && record.revision_count)
		refuse(w->answer, CF_ERR_CONFLICT, STR("there is such a record"));
	return rc;
}

static int delete_row(struct writing *w)
{
	struct pg_table *table = w->table;
	bool on = w->put->kind == CF_PUT_ON_REV;
	PGresult *result = NULL;
	int rc = 0;

	w->answer->rev = STR("2-0");
	if (w->put->kind == CF_PUT_ABSENT || w->put->kind == CF_PUT_UNFENCED)
		return check_absent(w);
	rc = run_statement(w, table->sql[on ? PG_SQL_DELETE_ON : PG_SQL_DELETE].ptr, &result);
	if (rc == 0 && on && strcmp(PQcmdTuples(result), "0") == 0)
		refuse(w->answer, CF_ERR_CONFLICT,
		       STR("the revision is not the current one, or the record is gone"));
	PQclear(rc ? NULL : result);
	return rc;
}

static int write_record(struct writing *w)
{
	int rc = 0;

	if (w->put->kind == CF_PUT_NOTES)
		return 0;
	if (w->put->kind == CF_PUT_ON_REV &&
	    (w->put->rev.len < 3 || memcmp(w->put->rev.ptr, "1-", 2) != 0)) {
		refuse(w->answer, CF_ERR_CONFLICT, STR("the revision is not the current one"));
		return 0;
	}
	if (w->put->fence || w->put->kind == CF_PUT_UNFENCED)
		rc = pg_fence_lock(w->table, w->put->id, w->error);
	if (rc == 0 && w->put->kind == CF_PUT_UNFENCED) {
		rc = pg_fence_get(w->table, w->put->id, w->arena, w->error);
		if (rc > 0)
			refuse(w->answer, CF_ERR_CONFLICT, STR("the record was deleted"));
		if (rc)
			return rc < 0 ? rc : 0;
	}
	if (rc == 0 && w->put->fence)
		rc = pg_fence_set(w->table, w->put->id, w->arena, w->error);
	return rc ? rc : w->put->deleted ? delete_row(w) : write_row(w);
}

/* --- the call ------------------------------------------------------------------------------ */

static bool needs_notes(const struct cf_put *put)
{
	return put->note_count || put->fence || put->kind == CF_PUT_UNFENCED;
}

/* What the server refuses of one record is an answer. */
static int take_refusal(struct writing *w, int rc)
{
	if (rc != CF_ERR_INVALID)
		return rc;
	*w->answer = (struct cf_answer){.code = rc};
	w->answer->message = arena_dup(w->arena, str_of(w->error->message));
	return w->answer->message.ptr ? 0 : error_nomem(w->error);
}

/* Notes and record, or neither of them. */
static int write_careful(struct writing *w)
{
	struct pg *pg = &w->table->pg;
	int rc = pg_run(pg, "SAVEPOINT one", w->error);

	if (rc)
		return rc;
	rc = pg_notes_put(w->table, w->put, w->arena, w->answer, w->error);
	if (rc == 0 && w->answer->code == 0)
		rc = write_record(w);
	rc = take_refusal(w, rc);
	if (rc == 0 && w->answer->code)
		rc = pg_run(pg, "ROLLBACK TO one", w->error);
	return rc ? rc : pg_run(pg, "RELEASE one", w->error);
}

/* All puts in one transaction; INVALID: one was refused without a savepoint. */
static int write_all(struct pg_batch *b, bool careful)
{
	struct pg *pg = &b->table->pg;
	int rc = pg_run(pg, "BEGIN", b->error);

	if (rc == 0 && b->notes)
		rc = pg_notes_begin(b->table, b->error);
	for (size_t i = 0; i < b->count && rc == 0; i++) {
		struct writing w = {b->table, &b->puts[i],    &b->read[i],
				    b->arena, &b->answers[i], b->error};

		/* What a first try has answered is void; what was wrong in itself stays. */
		if (b->answers[i].code && !b->answers[i].rev.ptr &&
		    b->answers[i].code != CF_ERR_CONFLICT)
			continue;
		b->answers[i] = (struct cf_answer){0};
		rc = careful ? write_careful(&w) : write_record(&w);
	}
	if (rc == 0 && b->check)
		return pg_run(pg, "ROLLBACK", b->error);
	return pg_end(pg, rc, b->error);
}

/* One record that is its own transaction. */
static int write_single(struct pg_batch *b)
{
	struct writing w = {b->table, b->puts, b->read, b->arena, b->answers, b->error};
	int rc;

	if (b->answers[0].code)
		return 0;
	rc = take_refusal(&w, write_record(&w));
	return pg_uncertain(&b->table->pg, rc, b->error);
}

static int write_batch(struct pg_batch *b)
{
	int rc;

	if (b->check)
		return write_all(b, true);
	if (b->count == 1 && !b->notes && b->puts[0].kind != CF_PUT_NOTES)
		return write_single(b);
	rc = pg_copy_all(b);
	if (rc)
		return rc > 0 ? 0 : rc;
	if (b->notes)
		return write_all(b, true);
	rc = write_all(b, false);
	return rc == CF_ERR_INVALID ? write_all(b, true) : rc;
}

static int put_batch(struct pg_batch *b)
{
	struct pg_table *table = b->table;
	struct apply apply = {.arena = b->arena, .doc = table->doc, .revs_max = 1};
	int rc = 0;

	if (table->view || table->readonly)
		return error_set(b->error, CF_ERR_READONLY, "%s",
				 table->view ? "a view can only be read"
					     : "opened with readonly=1");
	b->read = arena_calloc(b->arena, b->count, sizeof(*b->read));
	if (!b->read)
		return error_nomem(b->error);
	for (size_t i = 0; i < b->count && rc == 0; i++) {
		rc = read_put(table, &apply, &b->puts[i], &b->read[i], &b->answers[i]);
		b->notes = b->notes || needs_notes(&b->puts[i]);
	}
	table->doc = apply.doc;
	if (rc)
		return error_nomem(b->error);
	rc = pg_table_call(table, b->error);
	return rc ? rc : write_batch(b);
}

int pg_table_put(struct cf_store *store, const struct cf_put *puts, size_t count,
		 struct cf_arena *arena, struct cf_answer *ret, struct cf_error *error)
{
	struct cf_error unread = {0};
	struct pg_batch b = {.table = (struct pg_table *)store,
			     .puts = puts,
			     .count = count,
			     .arena = arena,
			     .answers = ret,
			     .error = error ? error : &unread};

	return put_batch(&b);
}

int pg_table_check(struct cf_store *store, const struct cf_put *puts, size_t count,
		   struct cf_arena *arena, struct cf_answer *ret, struct cf_error *error)
{
	struct cf_error unread = {0};
	struct pg_batch b = {.table = (struct pg_table *)store,
			     .puts = puts,
			     .count = count,
			     .arena = arena,
			     .answers = ret,
			     .error = error ? error : &unread,
			     .check = true};

	return put_batch(&b);
}
