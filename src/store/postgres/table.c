/* What a table looks like: its columns, its key, and how the key sorts. */
#include "store/postgres/table.h"

#include <stdlib.h>

static const struct {
	const char *type; /* pg_type.typname */
	enum pg_kind kind;
	int bytes;
} pg_kinds[] = {
	{"int2", PG_INTEGER, 2},
	{"int4", PG_INTEGER, 4},
	{"int8", PG_INTEGER, 8},
	{"numeric", PG_NUMERIC, 0},
	{"float4", PG_REAL, 0},
	{"float8", PG_DOUBLE, 0},
	{"bool", PG_BOOLEAN, 0},
	{"bytea", PG_BYTEA, 0},
	{"json", PG_JSON, 0},
	{"jsonb", PG_JSON, 0},
	{"text", PG_TEXT, 0},
	{"varchar", PG_TEXT, 0},
	{"name", PG_TEXT, 0},
	{"timestamp", PG_TIMESTAMP, 0},
	{"timestamptz", PG_TIMESTAMPTZ, 0},
	{"bpchar", PG_PADDED, 0},
};

/* Domains are what they stand on. */
static const char pg_columns_sql[] =
	"WITH RECURSIVE base(num, oid, mod) AS (SELECT attnum, atttypid, atttypmod FROM "
	"pg_attribute"
	" WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped UNION ALL"
	" SELECT num, typbasetype, CASE WHEN mod < 0 THEN typtypmod ELSE mod END"
	" FROM base b JOIN pg_type t ON t.oid = b.oid WHERE typtype = 'd')"
	" SELECT attname, quote_ident(attname), format_type(atttypid, -1), coalesce(e.typname,"
	" t.typname), b.mod, (e.oid IS NOT NULL)::int, (attgenerated <> '')::int,"
	" (attidentity = 'a')::int, (CASE WHEN c.oid IS NULL THEN false WHEN c.collname = 'default'"
	" THEN (SELECT datcollate IN ('C', 'POSIX') AND datlocprovider = 'c' FROM pg_database"
	" WHERE datname = current_database()) ELSE c.collcollate IN ('C', 'POSIX') END)::int,"
	" attnotnull::int, attnum FROM pg_attribute a JOIN base b ON b.num = a.attnum"
	" JOIN pg_type t ON t.oid = b.oid LEFT JOIN pg_type e ON e.oid = t.typelem"
	" AND t.typcategory = 'A' LEFT JOIN pg_collation c ON c.oid = a.attcollation"
	" WHERE attrelid = $1::oid AND t.typtype <> 'd' ORDER BY attnum";

static int copy(struct pg_table *table, struct cf_str text, struct cf_str *ret)
{
	*ret = arena_dup(&table->arena, text);
	return ret->ptr ? 0 : CF_ERR_NOMEM;
}

static bool is_one(const PGresult *result, int row, int column)
{
	return PQgetvalue(result, row, column)[0] == '1';
}

static void read_kind(struct pg_column *column, const char *type, int mod)
{
	column->kind = PG_OTHER;
	for (size_t i = 0; i < ARRAY_LEN(pg_kinds); i++)
		if (strcmp(type, pg_kinds[i].type) == 0) {
			column->kind = pg_kinds[i].kind;
			column->bytes = pg_kinds[i].bytes;
		}
	column->decimals = -1;
	/* numeric.c: the scale has 11 bits and a sign. */
	if (column->kind == PG_NUMERIC && mod >= 4)
		column->decimals = (((mod - 4) & 0x7ff) ^ 1024) - 1024;
	if (column->kind == PG_TIMESTAMP || column->kind == PG_TIMESTAMPTZ)
		column->decimals = mod >= 0 ? mod : 6;
}

static int read_member(struct pg_table *table, struct pg_column *column)
{
	int rc;

	buf_clear(&table->text);
	rc = json_write_string(column->name, &table->text);
	rc = rc ? rc : buf_byte(&table->text, ':');
	return rc ? rc : copy(table, buf_view(&table->text), &column->member);
}

static int read_column(struct pg_table *table, const PGresult *result, int row,
		       struct pg_column *ret)
{
	int rc = copy(table, pg_cell(result, row, 0), &ret->name);

	rc = rc ? rc : copy(table, pg_cell(result, row, 1), &ret->quoted);
	rc = rc ? rc : copy(table, pg_cell(result, row, 2), &ret->type);
	rc = rc ? rc : read_member(table, ret);
	read_kind(ret, PQgetvalue(result, row, 3),
		  (int)strtol(PQgetvalue(result, row, 4), NULL, 10));
	ret->array = is_one(result, row, 5);
	ret->generated = is_one(result, row, 6);
	ret->identity = is_one(result, row, 7);
	ret->c_order = is_one(result, row, 8);
	ret->key = -1;
	return rc;
}

static int read_columns(struct pg_table *table, const char *oid, struct cf_error *error)
{
	PGresult *result = NULL;
	int rc = pg_query(&table->pg, pg_columns_sql, (struct pg_params){1, &oid}, &result, error);

	if (rc)
		return rc;
	table->column_count = (size_t)PQntuples(result);
	table->columns = arena_calloc(&table->arena, table->column_count, sizeof(*table->columns));
	rc = table->columns ? 0 : CF_ERR_NOMEM;
	for (size_t i = 0; i < table->column_count && rc == 0; i++)
		rc = read_column(table, result, (int)i, &table->columns[i]);
	PQclear(result);
	return rc ? error_nomem(error) : 0;
}

/* --- the table ---------------------------------------------------------------------- */

static int find_table(struct pg_table *table, struct cf_str name, char oid[16],
		      struct cf_error *error)
{
	const char *dot = memchr(name.ptr, '.', name.len);
	struct cf_str plain =
		dot ? (struct cf_str){dot + 1, name.len - (size_t)(dot + 1 - name.ptr)} : name;
	struct cf_str schema =
		arena_dup(&table->arena, (struct cf_str){name.ptr, name.len - plain.len});
	const char *values[2] = {plain.ptr, NULL};
	PGresult *result = NULL;
	int rc;

	if (!schema.ptr)
		return error_nomem(error);
	if (dot) {
		((char *)schema.ptr)[dot - name.ptr] = '\0';
		values[1] = schema.ptr;
	}
	rc = pg_query(&table->pg,
		      "SELECT c.oid, nspname, relname, relkind, quote_ident(nspname) || '.' ||"
		      " quote_ident(relname), quote_ident(nspname) || '.\"chesterfield-notes\"'"
		      " FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace"
		      " WHERE relname = $1 AND relkind IN ('r', 'p', 'v', 'm', 'f') AND"
		      " CASE WHEN $2::text IS NULL THEN pg_table_is_visible(c.oid)"
		      " ELSE nspname = $2 END",
		      (struct pg_params){2, values}, &result, error);
	if (rc)
		return rc;
	if (PQntuples(result) == 0) {
		rc = error_set(error, CF_ERR_NO_DATABASE, "there is no table \"%.*s\"",
			       STR_ARG(name));
	} else {
		snprintf(oid, 16, "%s", PQgetvalue(result, 0, 0));
		table->view = !strchr("rp", PQgetvalue(result, 0, 3)[0]);
		rc = copy(table, pg_cell(result, 0, 1), &table->schema);
		rc = rc ? rc : copy(table, pg_cell(result, 0, 2), &table->name);
		rc = rc ? rc : copy(table, pg_cell(result, 0, 4), &table->quoted);
		rc = rc ? rc : copy(table, pg_cell(result, 0, 5), &table->notes);
		rc = rc ? error_nomem(error) : 0;
	}
	PQclear(result);
	return rc;
}

/* --- the key -------------------------------------------------------------------------- */

static int add_key(struct pg_table *table, struct cf_str name, struct cf_error *error)
{
	for (size_t i = 0; i < table->column_count; i++) {
		struct pg_column *column = &table->columns[i];

		if (!str_equal(column->name, name))
			continue;
		if (table->key_count == CF_KEY_COLUMNS_MAX || column->key >= 0)
			return error_set(error, CF_ERR_USAGE, "the key has too many columns");
		if (column->array || column->kind == PG_JSON || column->kind == PG_BYTEA)
			return error_set(error, CF_ERR_USAGE,
					 "column \"%.*s\" (%.*s) cannot be a key here",
					 STR_ARG(name), STR_ARG(column->type));
		column->key = (ptrdiff_t)table->key_count;
		table->keys[table->key_count++] = i;
		return 0;
	}
	return error_set(error, CF_ERR_USAGE, "the table \"%.*s\" has no column \"%.*s\"",
			 STR_ARG(table->name), STR_ARG(name));
}

static int add_named(struct pg_table *table, struct cf_str key, struct cf_error *error)
{
	int rc = 0;

	while (rc == 0 && key.len) {
		const char *comma = memchr(key.ptr, ',', key.len);
		size_t len = comma ? (size_t)(comma - key.ptr) : key.len;

		rc = add_key(table, (struct cf_str){key.ptr, len}, error);
		len += comma != NULL;
		key = (struct cf_str){key.ptr + len, key.len - len};
	}
	return rc;
}

/* The columns of the primary key; or, of those named, whether an index makes them unique:
 * the rows of its columns' names. */
static int read_key(struct pg_table *table, const char *oid, struct cf_str key,
		    struct cf_error *error)
{
	PGresult *result = NULL;
	size_t matches = 0;
	int rc = key.len ? add_named(table, key, error) : 0;

	rc = rc ? rc
		: pg_query(
			  &table->pg,
			  "SELECT attname, indisprimary::int, indnkeyatts, indexrelid FROM "
			  "pg_index,"
			  " pg_attribute, generate_series(0, indnkeyatts - 1) AS at WHERE indrelid "
			  "="
			  " $1::oid AND attrelid = indrelid AND attnum = indkey[at] AND indisunique"
			  " AND indimmediate AND indisvalid AND indpred IS NULL AND indexprs IS "
			  "NULL"
			  " ORDER BY indisprimary DESC, indexrelid, at",
			  (struct pg_params){1, &oid}, &result, error);
	for (int i = 0; rc == 0 && i < PQntuples(result); i++) {
		struct cf_str name = pg_cell(result, i, 0);
		size_t of = strtoul(PQgetvalue(result, i, 2), NULL, 10);

		if (key.len == 0 && is_one(result, i, 1))
			rc = add_key(table, name, error);
		if (i == 0 || strcmp(PQgetvalue(result, i, 3), PQgetvalue(result, i - 1, 3)) != 0)
			matches = 0;
		for (size_t k = 0; k < table->key_count; k++)
			matches += str_equal(table->columns[table->keys[k]].name, name);
		if (matches == table->key_count && of == matches)
			break;
		if (i + 1 == PQntuples(result))
			matches = 0;
	}
	PQclear(rc ? NULL : result);
	if (rc == 0 && table->key_count == 0)
		return error_set(
			error, CF_ERR_USAGE,
			"the table \"%.*s\" has no primary key: name a unique column (key=K)",
			STR_ARG(table->name));
	if (rc == 0 && !table->view && matches != table->key_count)
		return error_set(error, CF_ERR_USAGE,
				 "\"%.*s\" of \"%.*s\" is not unique, so it cannot be the key",
				 STR_ARG(key), STR_ARG(table->name));
	return rc;
}

static void declare_order(struct pg_table *table)
{
	table->store.keys.count = table->key_count;
	table->index_order = !table->view;
	for (size_t i = 0; i < table->key_count; i++) {
		const struct pg_column *column = &table->columns[table->keys[i]];
		bool number = column->kind == PG_INTEGER || column->kind == PG_NUMERIC ||
			      column->kind == PG_REAL || column->kind == PG_DOUBLE;

		table->store.keys.kinds[i] = number ? CF_KEY_NUMBER : CF_KEY_TEXT;
		if (!number && !(column->kind == PG_TEXT && column->c_order) &&
		    !str_equal(column->type, STR("uuid")))
			table->index_order = false;
	}
}

/* Members that documents use for themselves. _id may be the key. */
static int check_names(struct pg_table *table, struct cf_error *error)
{
	static const char *const taken[] = {"_id", "_rev", "_deleted", "_attachments"};

	for (size_t i = 0; i < table->column_count; i++)
		for (size_t k = 0; k < ARRAY_LEN(taken); k++) {
			struct pg_column *column = &table->columns[i];

			if (!str_equal(column->name, str_of(taken[k])))
				continue;
			if (k || column->key < 0 || table->key_count > 1)
				return error_set(error, CF_ERR_NOT_A_STORE,
						 "documents use the name of column \"%s\" for "
						 "themselves",
						 taken[k]);
			column->member.len = 0;
		}
	return 0;
}

int pg_table_shape(struct pg_table *table, struct cf_str name, struct cf_str key,
		   struct cf_error *error)
{
	char oid[16] = "";
	int rc = find_table(table, name, oid, error);

	rc = rc ? rc : read_columns(table, oid, error);
	rc = rc ? rc : read_key(table, oid, key, error);
	rc = rc ? rc : check_names(table, error);
	if (rc == 0)
		declare_order(table);
	return rc ? rc : pg_table_sql(table, error);
}
