/* Creations of many records by one COPY.
 * https://www.postgresql.org/docs/15/sql-copy.html, text format. */
#include "store/postgres/table.h"

/* Fewer are as fast one by one. */
enum { COPY_MIN = 8, CHUNK_BYTES = 1 << 16 };

/* Whether all are creations that name the same columns. */
static bool is_uniform(const struct pg_batch *b, size_t *ret_first)
{
	size_t first = b->count;

	for (size_t i = 0; i < b->count; i++) {
		const struct cf_put *put = &b->puts[i];

		if ((put->kind != CF_PUT_ABSENT && put->kind != CF_PUT_UNFENCED) || put->deleted ||
		    put->kind != b->puts[0].kind || put->note_count)
			return false;
		if (b->answers[i].code)
			continue;
		if (first == b->count)
			first = i;
		else if (memcmp(b->read[first].named, b->read[i].named, b->table->column_count) !=
			 0)
			return false;
	}
	*ret_first = first;
	return first < b->count;
}

static bool is_copied(const struct pg_column *column, bool named)
{
	return !column->generated && (named || column->key >= 0);
}

static void put_cell(struct cf_str text, struct cf_buf *out)
{
	size_t from = 0;

	if (!text.ptr) {
		buf_str(out, STR("\\N"));
		return;
	}
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (c != '\\' && c != '\n' && c != '\r' && c != '\t')
			continue;
		buf_append(out, text.ptr + from, i - from);
		buf_byte(out, '\\');
		buf_byte(out, c == '\n' ? 'n' : c == '\r' ? 'r' : c == '\t' ? 't' : c);
		from = i + 1;
	}
	buf_append(out, text.ptr + from, text.len - from);
}

static void put_row(const struct pg_table *table, const struct pg_put *put, struct cf_buf *out)
{
	size_t count = 0;

	for (size_t i = 0; i < table->column_count; i++)
		if (is_copied(&table->columns[i], put->named[i])) {
			if (count++)
				buf_byte(out, '\t');
			put_cell(put->cells[i], out);
		}
	buf_byte(out, '\n');
}

static int begin_copy(struct pg_table *table, const struct pg_put *first, struct cf_error *error)
{
	size_t count = 0;

	buf_clear(&table->text);
	buf_printf(&table->text, "COPY %.*s(", STR_ARG(table->quoted));
	for (size_t i = 0; i < table->column_count; i++)
		if (is_copied(&table->columns[i], first->named[i]))
			buf_printf(&table->text, "%s%.*s", count++ ? ", " : "",
				   STR_ARG(table->columns[i].quoted));
	buf_str(&table->text, STR(") FROM STDIN"));
	return buf_byte(&table->text, '\0') ? error_nomem(error)
					    : pg_copy_begin(&table->pg, table->text.ptr, error);
}

static int send_rows(struct pg_batch *b, size_t *ret_sent)
{
	struct pg *pg = &b->table->pg;
	struct cf_buf *out = &b->table->text;
	int rc = 0;

	buf_clear(out);
	for (size_t i = 0; i < b->count && rc == 0; i++) {
		if (b->answers[i].code)
			continue;
		put_row(b->table, &b->read[i], out);
		++*ret_sent;
		if (out->len < CHUNK_BYTES && !out->failed)
			continue;
		rc = out->failed ? error_nomem(b->error)
				 : pg_copy_data(pg, buf_view(out), b->error);
		buf_clear(out);
	}
	if (rc == 0 && out->len)
		rc = pg_copy_data(pg, buf_view(out), b->error);
	return rc;
}

/* The transaction's number is the revision of all its rows. */
static int read_xmin(struct pg_table *table, struct cf_arena *arena, struct cf_str *ret,
		     struct cf_error *error)
{
	PGresult *result = NULL;
	int rc = pg_query(&table->pg, "SELECT '1-' || pg_current_xact_id()::xid",
			  (struct pg_params){0, NULL}, &result, error);

	if (rc)
		return rc;
	*ret = arena_dup(arena, pg_cell(result, 0, 0));
	PQclear(result);
	return ret->ptr ? 0 : error_nomem(error);
}

int pg_copy_all(struct pg_batch *b)
{
	struct pg *pg = &b->table->pg;
	struct cf_str rev = {NULL, 0};
	size_t first, sent = 0;
	uint64_t taken = 0;
	int rc;

	if (b->count < COPY_MIN || !is_uniform(b, &first))
		return 0;
	rc = pg_run(pg, "BEGIN", b->error);
	if (rc == 0 && b->puts[0].kind == CF_PUT_UNFENCED)
		rc = pg_fence_check_all(b);
	rc = rc ? rc : read_xmin(b->table, b->arena, &rev, b->error);
	rc = rc ? rc : begin_copy(b->table, &b->read[first], b->error);
	if (rc == 0) {
		rc = send_rows(b, &sent);
		if (pg->conn) {
			int ended = pg_copy_end(pg, &taken, b->error);

			rc = rc ? rc : ended;
		}
	}
	/* A trigger let some pass by: which, only the other way can say. */
	if (rc == 0 && taken != sent)
		rc = CF_ERR_INVALID;
	rc = pg_end(pg, rc, b->error);
	for (size_t i = 0; i < b->count && rc == 0; i++)
		if (b->answers[i].code == 0)
			b->answers[i].rev = rev;
	return rc == CF_ERR_INVALID ? 0 : rc ? rc : 1;
}
