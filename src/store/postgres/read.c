/* Reading rows as records; see table.h. */
#include "store/limits.h"
#include "store/postgres/table.h"

#include <inttypes.h>
#include <stdlib.h>

/* --- rows ---------------------------------------------------------------------- */

static int write_body(struct pg_table *table, const PGresult *result, int row,
		      struct cf_arena *arena)
{
	struct cf_buf *body = &table->body;
	int rc;

	buf_clear(body);
	rc = buf_byte(body, '{');
	for (size_t i = 0; i < table->column_count && rc == 0; i++) {
		const struct pg_column *column = &table->columns[i];

		if (column->member.len == 0)
			continue;
		if (body->len > 1)
			buf_byte(body, ',');
		buf_str(body, column->member);
		rc = PQgetisnull(result, row, (int)i)
			     ? buf_str(body, STR("null"))
			     : pg_value_write(column, pg_cell(result, row, (int)i), arena, body);
	}
	return rc ? rc : buf_byte(body, '}');
}

static int copy_body(struct pg_table *table, struct cf_arena *arena, struct cf_record *record,
		     struct cf_revision *revision)
{
	if (table->body.len > LIMIT_DOCUMENT_BYTES) {
		*record = (struct cf_record){.id = record->id, .code = CF_ERR_LIMIT};
		record->message = STR("the row is larger than a document may be");
		return 0;
	}
	revision->body = arena_dup(arena, buf_view(&table->body));
	return revision->body.ptr ? 0 : CF_ERR_NOMEM;
}

/* Where rows of a result become records. */
struct rows_in {
	struct pg_table *table;
	const PGresult *result;
	unsigned flags;
	struct cf_arena *arena;
	struct cf_error *error;
};

static int read_id(const struct rows_in *in, int row, struct cf_str *ret)
{
	int rc = pg_key_write(in->table, in->result, row, in->arena, ret);

	return rc == CF_ERR_INVALID ? error_set(in->error, rc, "a row of \"%.*s\": the key %.*s",
						STR_ARG(in->table->name), STR_ARG(*ret))
	       : rc                 ? error_nomem(in->error)
				    : 0;
}

/* The record of a row, but for its id. */
static int read_row(const struct rows_in *in, int row, struct cf_record *ret)
{
	struct pg_table *table = in->table;
	const PGresult *result = in->result;
	struct cf_arena *arena = in->arena;
	unsigned flags = in->flags;
	struct {
		struct cf_revision revision;
		struct cf_str history[1];
	} *one = arena_calloc(arena, 1, sizeof(*one));
	int rc = 0;

	if (!one)
		return error_nomem(in->error);
	ret->revisions = &one->revision;
	ret->revision_count = 1;
	one->revision.rev =
		arena_printf(arena, "1-%s", PQgetvalue(result, row, (int)table->column_count));
	if (!one->revision.rev.ptr)
		return error_nomem(in->error);
	if (flags & CF_READ_HISTORIES) {
		one->history[0] = one->revision.rev;
		one->revision.history = one->history;
		one->revision.history_count = 1;
	}
	if (flags & CF_READ_BODIES) {
		rc = write_body(table, result, row, arena);
		rc = rc ? rc : copy_body(table, arena, ret, &one->revision);
	}
	return rc ? error_nomem(in->error) : 0;
}

/* --- get -------------------------------------------------------------------------- */

struct getting {
	struct pg_table *table;
	const struct cf_get *gets;
	size_t count;
	unsigned flags;
	struct cf_arena *arena;
	struct cf_record *ret;
	struct cf_error *error;
	const char *arrays[CF_KEY_COLUMNS_MAX];
	size_t *which; /* whose id the n-th key of the arrays is */
	size_t known;
};

/* One column's values as the server reads an array. */
static const char *make_array(struct getting *g, struct cf_str (*keys)[CF_KEY_COLUMNS_MAX],
			      size_t column)
{
	struct cf_buf *out = &g->table->text;

	buf_clear(out);
	buf_byte(out, '{');
	for (size_t i = 0; i < g->known; i++) {
		struct cf_str text = keys[i][column];

		buf_str(out, i ? STR(",\"") : STR("\""));
		for (size_t k = 0; k < text.len; k++) {
			if (text.ptr[k] == '"' || text.ptr[k] == '\\')
				buf_byte(out, '\\');
			buf_byte(out, text.ptr[k]);
		}
		buf_byte(out, '"');
	}
	return buf_byte(out, '}') ? NULL : arena_dup(g->arena, buf_view(out)).ptr;
}

/* Arrays of the key's columns; ids that no row can have are left out. */
static int make_arrays(struct getting *g)
{
	struct cf_str(*keys)[CF_KEY_COLUMNS_MAX] = arena_alloc(g->arena, g->count * sizeof(*keys));

	g->which = arena_alloc(g->arena, g->count * sizeof(*g->which));
	if (!keys || !g->which)
		return CF_ERR_NOMEM;
	for (size_t i = 0; i < g->count; i++)
		if (pg_key_read(g->table, g->gets[i].id, g->arena, keys[g->known]))
			g->which[g->known++] = i;
	for (size_t c = 0; c < g->table->key_count; c++)
		if (!(g->arrays[c] = make_array(g, keys, c)))
			return CF_ERR_NOMEM;
	return 0;
}

static int take_rows(struct getting *g, const PGresult *result)
{
	struct rows_in in = {g->table, result, g->flags, g->arena, g->error};
	int place = (int)g->table->column_count + 1;
	int rc = 0;

	for (int row = 0; row < PQntuples(result) && rc == 0; row++) {
		size_t at = g->which[strtoul(PQgetvalue(result, row, place), NULL, 10) - 1];
		struct cf_record *ret = &g->ret[at];
		struct cf_str id;

		rc = read_id(&in, row, &id);
		/* What the server finds under another spelling is not this record. */
		if (rc || !str_equal(id, g->gets[at].id))
			continue;
		rc = read_row(&in, row, ret);
		if (rc == 0 && g->gets[at].rev.len && ret->revision_count &&
		    !str_equal(g->gets[at].rev, ret->revisions[0].rev))
			*ret = (struct cf_record){.id = g->gets[at].id};
	}
	return rc;
}

static int get_many(struct getting *g)
{
	PGresult *result = NULL;
	int rc;

	for (size_t i = 0; i < g->count; i++)
		g->ret[i] = (struct cf_record){.id = g->gets[i].id};
	if (make_arrays(g))
		return error_nomem(g->error);
	if (g->known == 0)
		return 0;
	rc = pg_query(&g->table->pg, g->table->sql[PG_SQL_GET].ptr,
		      (struct pg_params){(int)g->table->key_count, g->arrays}, &result, g->error);
	if (rc)
		return rc;
	rc = take_rows(g, result);
	PQclear(result);
	return rc;
}

int pg_table_get(struct cf_store *store, const struct cf_get *gets, size_t count, unsigned flags,
		 struct cf_arena *arena, struct cf_record *ret, struct cf_error *error)
{
	struct getting g = {(struct pg_table *)store, gets, count, flags, arena, ret, error};
	int rc = pg_table_call(g.table, error);

	rc = rc ? rc : get_many(&g);
	/* One id that is none of the column's type fails them all: each by itself. */
	for (size_t i = 0; rc == CF_ERR_INVALID && i < count; i++) {
		struct getting one = {g.table, gets + i, 1, flags, arena, ret + i, error};

		rc = get_many(&one);
		rc = rc && rc != CF_ERR_INVALID ? rc : i + 1 == count ? 0 : CF_ERR_INVALID;
	}
	return rc;
}

/* --- walking ------------------------------------------------------------------------ */

struct walking {
	struct pg_table *table;
	const struct cf_find *find;
	struct json_doc *values;
	struct cf_arena *arena;
	struct cf_str after;
	struct cf_record *records;
	size_t count;
	struct cf_error *error;
};

static bool prefix_by_index(const struct pg_table *table, struct cf_str prefix)
{
	return prefix.len && table->key_count == 1 && table->store.keys.kinds[0] == CF_KEY_TEXT &&
	       text_is_utf8(prefix, false);
}

/* The statement of a page and its parameters; -1: nothing can stand behind `after`. */
static int choose(struct walking *w, const char *limit, const char *values[CF_KEY_COLUMNS_MAX + 1],
		  enum pg_sql *ret)
{
	struct pg_table *table = w->table;
	struct cf_str prefix = w->find->scan.prefix, key[CF_KEY_COLUMNS_MAX];

	*ret = PG_SQL_START;
	values[0] = limit;
	if (prefix_by_index(table, prefix)) {
		*ret = PG_SQL_PREFIX;
		values[0] = arena_dup(w->arena, w->after).ptr;
		values[1] = arena_dup(w->arena, prefix).ptr;
		values[2] = limit;
		return values[0] && values[1] ? 3 : CF_ERR_NOMEM;
	}
	if (w->after.len == 0)
		return 1;
	if (!pg_key_read(table, w->after, w->arena, key))
		return 0;
	*ret = PG_SQL_AFTER;
	for (size_t i = 0; i < table->key_count; i++)
		values[i] = key[i].ptr;
	values[table->key_count] = limit;
	return (int)table->key_count + 1;
}

static int cursor_end(struct pg_table *table, struct cf_error *error)
{
	if (!table->cursor)
		return 0;
	table->cursor = false;
	return table->pg.conn ? pg_run(&table->pg, "COMMIT", error) : 0;
}

/* A cursor over all that stands behind: sorted once, by the server, on its disk. */
static int cursor_page(struct walking *w, size_t limit, PGresult **ret)
{
	struct pg_table *table = w->table;
	const char *values[CF_KEY_COLUMNS_MAX + 1];
	PGresult *none = NULL;
	enum pg_sql which;
	char fetch[64];
	int count, rc = 0;

	if (!table->cursor || !str_equal(buf_view(&table->cursor_at), w->after)) {
		rc = cursor_end(table, w->error);
		count = choose(w, "9223372036854775807", values, &which);
		if (rc || count <= 0)
			return rc ? rc : count;
		buf_clear(&table->text);
		buf_printf(&table->text, "DECLARE walk NO SCROLL CURSOR FOR %.*s",
			   STR_ARG(table->sql[which]));
		if (buf_byte(&table->text, '\0'))
			return error_nomem(w->error);
		rc = pg_run(&table->pg, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY",
			    w->error);
		rc = rc ? rc
			: pg_query(&table->pg, table->text.ptr, (struct pg_params){count, values},
				   &none, w->error);
		if (rc)
			return pg_end(&table->pg, rc, w->error);
		PQclear(none);
		table->cursor = true;
	}
	snprintf(fetch, sizeof(fetch), "FETCH %zu FROM walk", limit);
	rc = pg_query(&table->pg, fetch, (struct pg_params){0, NULL}, ret, w->error);
	if (rc)
		table->cursor = false;
	return rc ? rc : 1;
}

/* 1 and a page, 0: there is none. */
static int next_page(struct walking *w, size_t limit, PGresult **ret)
{
	struct pg_table *table = w->table;
	const char *values[CF_KEY_COLUMNS_MAX + 1];
	enum pg_sql which;
	char digits[24];
	int count, rc;

	if (!table->index_order)
		return cursor_page(w, limit, ret);
	snprintf(digits, sizeof(digits), "%zu", limit);
	count = choose(w, digits, values, &which);
	if (count <= 0)
		return count ? error_nomem(w->error) : 0;
	rc = pg_query(&table->pg, table->sql[which].ptr, (struct pg_params){count, values}, ret,
		      w->error);
	return rc ? rc : 1;
}

static int walk_row(struct walking *w, const PGresult *result, int row)
{
	struct pg_table *table = w->table;
	const struct cf_scan *scan = &w->find->scan;
	bool conditions = w->find->condition_count;
	struct rows_in in = {table, result, scan->flags, w->arena, w->error};
	struct cf_record record = {0};
	bool matches = true;
	int rc = read_id(&in, row, &record.id);

	if (rc)
		return rc;
	w->after = record.id;
	if (!str_starts_with(record.id, scan->prefix))
		return 0;
	in.flags |= conditions ? CF_READ_BODIES : 0u;
	rc = read_row(&in, row, &record);
	if (rc)
		return rc;
	if (conditions)
		matches = record.code == 0;
	if (conditions && matches &&
	    find_matches(&table->doc, record.revisions[0].body, w->find, w->values, &matches))
		return error_nomem(w->error);
	if (matches)
		w->records[w->count++] = record;
	return 0;
}

static int walk_pages(struct walking *w)
{
	size_t limit = w->find->scan.limit;
	bool last = false;
	int rc = 0;

	while (rc == 0 && !last && w->count < limit) {
		size_t page = limit - w->count;
		PGresult *result = NULL;

		/* Few may match of many: pages of a fair size. */
		if (w->find->condition_count && page < 256)
			page = 256;
		rc = next_page(w, page, &result);
		if (rc <= 0)
			return rc;
		rc = 0;
		last = (size_t)PQntuples(result) < page;
		for (int i = 0; i < PQntuples(result) && rc == 0 && w->count < limit; i++)
			rc = walk_row(w, result, i);
		PQclear(result);
		buf_clear(&w->table->cursor_at);
		if (rc == 0 && buf_str(&w->table->cursor_at, w->after))
			rc = error_nomem(w->error);
	}
	return rc;
}

int pg_table_find(struct cf_store *store, const struct cf_find *find, struct cf_arena *arena,
		  struct cf_record **ret, size_t *ret_count, struct cf_error *error)
{
	struct pg_table *table = (struct pg_table *)store;
	struct walking w = {.table = table,
			    .find = find,
			    .arena = arena,
			    .after = find->scan.after,
			    .error = error};
	int rc = pg_call(&table->pg, error);

	rc = rc ? rc : find_open(find, arena, &table->mem, &w.values, error);
	if (rc)
		return rc;
	w.records = arena_alloc(arena, find->scan.limit * sizeof(*w.records));
	rc = w.records ? walk_pages(&w) : error_nomem(error);
	/* A page that was not taken whole: the cursor is too far. */
	if (find->condition_count && rc == 0)
		rc = cursor_end(table, error);
	find_close(w.values, find->condition_count);
	if (rc == 0) {
		*ret = w.records;
		*ret_count = w.count;
	}
	return rc;
}

int pg_table_scan(struct cf_store *store, const struct cf_scan *scan, struct cf_arena *arena,
		  struct cf_record **ret, size_t *ret_count, struct cf_error *error)
{
	struct cf_find find = {.scan = *scan};

	return pg_table_find(store, &find, arena, ret, ret_count, error);
}

int pg_table_call(struct pg_table *table, struct cf_error *error)
{
	int rc = cursor_end(table, error);

	return rc ? rc : pg_call(&table->pg, error);
}

int pg_table_info(struct cf_store *store, struct cf_arena *arena, struct cf_store_info *ret,
		  struct cf_error *error)
{
	struct pg_table *table = (struct pg_table *)store;
	struct cf_str sql =
		arena_printf(arena, "SELECT count(*) FROM %.*s", STR_ARG(table->quoted));
	PGresult *result = NULL;
	int rc = sql.ptr ? pg_table_call(table, error) : error_nomem(error);

	rc = rc ? rc : pg_query(&table->pg, sql.ptr, (struct pg_params){0, NULL}, &result, error);
	if (rc)
		return rc;
	*ret = (struct cf_store_info){.records = strtoull(PQgetvalue(result, 0, 0), NULL, 10)};
	PQclear(result);
	return 0;
}
