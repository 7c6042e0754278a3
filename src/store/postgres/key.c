/* Ids and the columns of the key; see cf_keys in store_ops.h. */
#include "store/limits.h"
#include "store/postgres/table.h"

static bool is_number(const struct pg_column *column)
{
	return column->kind == PG_INTEGER || column->kind == PG_NUMERIC ||
	       column->kind == PG_REAL || column->kind == PG_DOUBLE;
}

/* Whether the text is how the server writes this number: 12 must not be found by "012". */
static bool is_written_so(const struct pg_column *column, struct cf_str text,
			  struct cf_arena *arena)
{
	struct cf_answer answer = {0};
	struct cf_str again = {NULL, 0};
	struct json_doc doc;
	bool same = false;

	if (column->kind != PG_INTEGER)
		return true;
	json_doc_init(&doc, arena->mem);
	if (json_read(&doc, text.ptr, text.len, JSON_READ_DOCUMENT, NULL) == 0 &&
	    json_kind(json_root(&doc)) == JSON_NUMBER &&
	    pg_value_read(column, json_root(&doc), arena, &again, &answer) == 0)
		same = answer.code == 0 && str_equal(again, text);
	json_doc_fini(&doc);
	return same;
}

static bool read_column(const struct pg_column *column, struct json_value value,
			struct cf_arena *arena, struct cf_str *ret)
{
	struct cf_answer answer = {0};

	if (json_kind(value) == JSON_NULL)
		return false;
	return pg_value_read(column, value, arena, ret, &answer) == 0 && answer.code == 0;
}

bool pg_key_read(struct pg_table *table, struct cf_str id, struct cf_arena *arena,
		 struct cf_str ret[CF_KEY_COLUMNS_MAX])
{
	struct json_iter it;

	if (!text_is_utf8(id, false))
		return false;
	if (table->key_count == 1) {
		ret[0] = arena_dup(arena, id);
		return ret[0].ptr && is_written_so(&table->columns[table->keys[0]], id, arena);
	}
	if (json_read(&table->id, id.ptr, id.len, JSON_READ_DOCUMENT, NULL) ||
	    json_kind(json_root(&table->id)) != JSON_ARRAY ||
	    json_count(json_root(&table->id)) != table->key_count)
		return false;
	it = json_iter(json_root(&table->id));
	for (size_t i = 0; json_next(&it); i++)
		if (!read_column(&table->columns[table->keys[i]], it.value, arena, &ret[i]))
			return false;
	return true;
}

/* A single column's text without JSON around it. */
static int plain_id(const struct pg_column *column, struct cf_str text, struct cf_arena *arena,
		    struct cf_buf *body, struct cf_str *ret)
{
	struct json_doc doc;
	int rc;

	if (is_number(column) || column->kind == PG_TEXT) {
		*ret = arena_dup(arena, text);
		return ret->ptr ? 0 : CF_ERR_NOMEM;
	}
	buf_clear(body);
	rc = pg_value_write(column, text, arena, body);
	if (rc)
		return rc;
	if (body->ptr[0] != '"') {
		*ret = arena_dup(arena, buf_view(body));
		return ret->ptr ? 0 : CF_ERR_NOMEM;
	}
	json_doc_init(&doc, arena->mem);
	rc = json_read(&doc, body->ptr, body->len, JSON_READ_DOCUMENT, NULL);
	rc = rc ? rc : json_decode(json_root(&doc), arena, ret);
	if (rc == 0)
		*ret = arena_dup(arena, *ret);
	json_doc_fini(&doc);
	return rc || !ret->ptr ? CF_ERR_NOMEM : 0;
}

static int no_key(struct cf_str *ret, const char *reason)
{
	*ret = str_of(reason);
	return CF_ERR_INVALID;
}

int pg_key_write(struct pg_table *table, const PGresult *result, int row, struct cf_arena *arena,
		 struct cf_str *ret)
{
	int rc = 0;

	buf_clear(&table->body);
	for (size_t i = 0; i < table->key_count && rc == 0; i++) {
		const struct pg_column *column = &table->columns[table->keys[i]];
		int at = (int)table->keys[i];
		struct cf_str text = pg_cell(result, row, at);

		if (PQgetisnull(result, row, at))
			return no_key(ret, "is NULL");
		if (table->key_count == 1) {
			rc = plain_id(column, text, arena, &table->body, ret);
			continue;
		}
		rc = buf_byte(&table->body, i ? ',' : '[');
		rc = rc ? rc : pg_value_write(column, text, arena, &table->body);
	}
	if (rc == 0 && table->key_count > 1) {
		buf_byte(&table->body, ']');
		*ret = arena_dup(arena, buf_view(&table->body));
		rc = table->body.failed || !ret->ptr ? CF_ERR_NOMEM : 0;
	}
	if (rc)
		return rc;
	return ret->len == 0               ? no_key(ret, "is empty")
	       : ret->len > LIMIT_ID_BYTES ? no_key(ret, "is longer than 2048 bytes")
					   : 0;
}
