/* The statements on a table. Keys are parameters in the order of the key's columns, as
 * texts with a cast to the column's type, so that indexes are used. */
#include "store/postgres/table.h"

static const struct pg_column *key_column(const struct pg_table *table, size_t i)
{
	return &table->columns[table->keys[i]];
}

/* What a key's column is sorted and compared by. */
static void put_sort(const struct pg_table *table, size_t i, struct cf_buf *out)
{
	const struct pg_column *column = key_column(table, i);

	buf_printf(out, "t.%.*s", STR_ARG(column->quoted));
	if (table->store.keys.kinds[i] == CF_KEY_NUMBER || str_equal(column->type, STR("uuid")))
		return;
	if (column->kind != PG_TEXT)
		buf_str(out, STR("::text"));
	if (column->kind != PG_TEXT || !column->c_order)
		buf_str(out, STR(" COLLATE \"C\""));
}

/* The type of a key's parameter where it is compared by what sorts it. */
static struct cf_str sort_type(const struct pg_table *table, size_t i)
{
	const struct pg_column *column = key_column(table, i);
	bool own =
		table->store.keys.kinds[i] == CF_KEY_NUMBER || str_equal(column->type, STR("uuid"));

	return own ? column->type : STR("text");
}

static void put_select(const struct pg_table *table, struct cf_buf *out)
{
	buf_str(out, STR("SELECT "));
	for (size_t i = 0; i < table->column_count; i++)
		buf_printf(out, "t.%.*s%s, ", STR_ARG(table->columns[i].quoted),
			   table->columns[i].kind == PG_PADDED && !table->columns[i].array
				   ? "::text"
				   : "");
	buf_str(out, table->view ? STR("0") : STR("t.xmin"));
}

static void put_from(const struct pg_table *table, struct cf_buf *out)
{
	buf_printf(out, " FROM %.*s AS t", STR_ARG(table->quoted));
}

static void put_order(const struct pg_table *table, struct cf_buf *out)
{
	buf_str(out, STR(" ORDER BY "));
	for (size_t i = 0; i < table->key_count; i++) {
		buf_str(out, i ? STR(", ") : STR(""));
		put_sort(table, i, out);
	}
}

static void put_after(const struct pg_table *table, struct cf_buf *out)
{
	buf_str(out, STR("("));
	for (size_t i = 0; i < table->key_count; i++) {
		buf_str(out, i ? STR(", ") : STR(""));
		put_sort(table, i, out);
	}
	buf_str(out, STR(") > ("));
	for (size_t i = 0; i < table->key_count; i++)
		buf_printf(out, "%s$%zu::%.*s", i ? ", " : "", i + 1, STR_ARG(sort_type(table, i)));
	buf_byte(out, ')');
}

/* t.key = $first::type AND ... */
static void put_is(const struct pg_table *table, size_t first, struct cf_buf *out)
{
	for (size_t i = 0; i < table->key_count; i++)
		buf_printf(out, "%st.%.*s = $%zu::%.*s", i ? " AND " : "",
			   STR_ARG(key_column(table, i)->quoted), first + i,
			   STR_ARG(key_column(table, i)->type));
}

/* Rows of many keys at once: one array for each column, and the place behind. */
static void put_get(const struct pg_table *table, struct cf_buf *out)
{
	put_select(table, out);
	buf_printf(out, ", k.place FROM unnest(");
	for (size_t i = 0; i < table->key_count; i++)
		buf_printf(out, "%s$%zu::%.*s[]", i ? ", " : "", i + 1,
			   STR_ARG(key_column(table, i)->type));
	buf_str(out, STR(") WITH ORDINALITY AS k("));
	for (size_t i = 0; i < table->key_count; i++)
		buf_printf(out, "k%zu, ", i);
	buf_printf(out, "place) JOIN %.*s AS t ON ", STR_ARG(table->quoted));
	for (size_t i = 0; i < table->key_count; i++)
		buf_printf(out, "%st.%.*s = k.k%zu", i ? " AND " : "",
			   STR_ARG(key_column(table, i)->quoted), i);
}

static void put_statement(const struct pg_table *table, enum pg_sql which, struct cf_buf *out)
{
	size_t keys = table->key_count;

	switch (which) {
	case PG_SQL_GET:
		put_get(table, out);
		break;
	case PG_SQL_START:
	case PG_SQL_AFTER:
	case PG_SQL_PREFIX:
		put_select(table, out);
		put_from(table, out);
		if (which == PG_SQL_AFTER) {
			buf_str(out, STR(" WHERE "));
			put_after(table, out);
		} else if (which == PG_SQL_PREFIX) {
			buf_str(out, STR(" WHERE "));
			put_sort(table, 0, out);
			buf_str(out, STR(" > $1::text AND "));
			put_sort(table, 0, out);
			buf_str(out, STR(" >= $2::text AND starts_with(t."));
			buf_printf(out, "%.*s::text, $2::text)",
				   STR_ARG(key_column(table, 0)->quoted));
		}
		put_order(table, out);
		buf_printf(out, " LIMIT $%zu::bigint",
			   which == PG_SQL_START   ? 1
			   : which == PG_SQL_AFTER ? keys + 1
						   : 3);
		break;
	case PG_SQL_DELETE:
	case PG_SQL_DELETE_ON:
		buf_printf(out, "DELETE FROM %.*s AS t WHERE ", STR_ARG(table->quoted));
		put_is(table, 1, out);
		if (which == PG_SQL_DELETE_ON)
			buf_printf(out, " AND t.xmin::text = $%zu", keys + 1);
		break;
	default:
		break;
	}
}

int pg_table_sql(struct pg_table *table, struct cf_error *error)
{
	for (unsigned i = 0; i < PG_SQL_COUNT; i++) {
		buf_clear(&table->text);
		put_statement(table, i, &table->text);
		table->sql[i] = arena_dup(&table->arena, buf_view(&table->text));
		if (table->text.failed || !table->sql[i].ptr)
			return error_nomem(error);
	}
	return 0;
}

/* --- writing ------------------------------------------------------------------------- */

static bool is_written(const struct pg_column *column, bool named)
{
	return !column->generated && (named || column->key >= 0);
}

static void put_insert(const struct pg_table *table, const bool *named, struct cf_buf *out)
{
	bool overriding = false;
	size_t count = 0;

	buf_printf(out, "INSERT INTO %.*s AS t(", STR_ARG(table->quoted));
	for (size_t i = 0; i < table->column_count; i++) {
		const struct pg_column *column = &table->columns[i];

		if (!is_written(column, named[i]))
			continue;
		overriding = overriding || column->identity;
		buf_printf(out, "%s%.*s", count++ ? ", " : "", STR_ARG(column->quoted));
	}
	buf_printf(out, ")%s VALUES(", overriding ? " OVERRIDING SYSTEM VALUE" : "");
	for (size_t i = 0, at = 0; i < table->column_count; i++)
		if (is_written(&table->columns[i], named[i])) {
			buf_printf(out, "%s$%zu::%.*s", at ? ", " : "", at + 1,
				   STR_ARG(table->columns[i].type));
			at++;
		}
	buf_str(out, STR(") ON CONFLICT("));
	for (size_t i = 0; i < table->key_count; i++)
		buf_printf(out, "%s%.*s", i ? ", " : "", STR_ARG(key_column(table, i)->quoted));
	buf_byte(out, ')');
}

/* SET of all columns but the key's; `excluded` or parameters from `first` on. */
static void put_set(const struct pg_table *table, const bool *named, bool excluded,
		    struct cf_buf *out)
{
	size_t count = 0, at = 0;

	for (size_t i = 0; i < table->column_count; i++) {
		const struct pg_column *column = &table->columns[i];

		if (column->generated || column->key >= 0)
			continue;
		buf_printf(out, "%s%.*s = ", count++ ? ", " : " SET ", STR_ARG(column->quoted));
		if (!named[i])
			buf_str(out, STR("DEFAULT"));
		else if (excluded)
			buf_printf(out, "EXCLUDED.%.*s", STR_ARG(column->quoted));
		else
			buf_printf(out, "$%zu::%.*s", ++at, STR_ARG(column->type));
	}
	/* A table of keys alone: the row is written again as it is. */
	if (count == 0)
		buf_printf(out, " SET %.*s = t.%.*s", STR_ARG(key_column(table, 0)->quoted),
			   STR_ARG(key_column(table, 0)->quoted));
}

int pg_sql_write(struct pg_table *table, enum cf_put_kind kind, const bool *named,
		 struct cf_buf *out)
{
	size_t count = 0;

	if (kind != CF_PUT_ON_REV) {
		put_insert(table, named, out);
		if (kind == CF_PUT_ANY) {
			buf_str(out, STR(" DO UPDATE"));
			put_set(table, named, true, out);
		} else {
			buf_str(out, STR(" DO NOTHING"));
		}
	} else {
		for (size_t i = 0; i < table->column_count; i++)
			count += named[i] && !table->columns[i].generated &&
				 table->columns[i].key < 0;
		buf_printf(out, "UPDATE %.*s AS t", STR_ARG(table->quoted));
		put_set(table, named, false, out);
		buf_str(out, STR(" WHERE "));
		put_is(table, count + 1, out);
		buf_printf(out, " AND t.xmin::text = $%zu", count + table->key_count + 1);
	}
	buf_str(out, STR(" RETURNING t.xmin"));
	return buf_byte(out, '\0');
}
