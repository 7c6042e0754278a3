/* Opening a table of a PostgreSQL database; see table.h.
 *
 * The URL is libpq's own (https://www.postgresql.org/docs/15/libpq-connect.html), with
 * table= and key= for us: postgres://USER:PASSWORD@HOST:PORT/DATABASE?table=T&key=K. A
 * key of several columns is named with commas between them. */
#include "store/limits.h"
#include "store/postgres/table.h"
#include "store/stores.h"
#include "store/url.h"

static void pg_table_close(struct cf_store *store)
{
	struct pg_table *table = (struct pg_table *)store;
	struct cf_mem mem = table->mem;

	pg_close(&table->pg);
	buf_fini(&table->body);
	buf_fini(&table->text);
	buf_fini(&table->cursor_at);
	json_doc_fini(&table->doc);
	json_doc_fini(&table->id);
	arena_fini(&table->arena);
	mem_free(&mem, table);
}

static int pg_table_set_timeout(struct cf_store *store, unsigned ms, struct cf_error *error)
{
	struct pg *pg = &((struct pg_table *)store)->pg;

	(void)error;
	pg->timeout_changed = pg->timeout_changed || pg->timeout_ms != ms;
	pg->timeout_ms = ms;
	return 0;
}

/* The URL in two: what libpq is to have, in `text`, and our parameters. */
static int split_url(struct pg_table *table, const char *url, struct store_url *ret,
		     struct cf_error *error)
{
	static const char *const ours[] = {"table", "key", "create", "readonly"};
	const char *at = strchr(url, '?');
	struct cf_buf own;
	int rc;

	buf_init(&own, &table->mem);
	buf_clear(&table->text);
	buf_append(&table->text, url, at ? (size_t)(at - url) : strlen(url));
	buf_str(&own, STR("postgres:"));
	for (bool ours_first = true, theirs_first = true; at && at[1];) {
		size_t len = strcspn(at + 1, "&"), name = strcspn(at + 1, "=&");
		bool is_ours = false;

		for (size_t i = 0; i < ARRAY_LEN(ours); i++)
			is_ours = is_ours ||
				  (strlen(ours[i]) == name && strncmp(ours[i], at + 1, name) == 0);
		buf_byte(is_ours ? &own : &table->text,
			 (is_ours ? ours_first : theirs_first) ? '?' : '&');
		buf_append(is_ours ? &own : &table->text, at + 1, len);
		ours_first = ours_first && !is_ours;
		theirs_first = theirs_first && is_ours;
		at = at[1 + len] ? at + 1 + len : NULL;
	}
	rc = buf_byte(&own, '\0') || table->text.failed
		     ? error_nomem(error)
		     : store_url_read(own.ptr, &table->arena, ret, error);
	buf_fini(&own);
	if (rc == 0 && !ret->table.ptr)
		rc = error_set(error, CF_ERR_USAGE, "the table is missing: postgres://...?table=T");
	return rc;
}

/* Where the server says it is: host and port, or the folder of its socket. */
static int name_place(struct pg_table *table, struct cf_error *error)
{
	PGconn *conn = table->pg.conn;
	struct cf_str place =
		arena_printf(&table->arena, "postgres://%s:%s/%s?table=%.*s.%.*s",
			     PQhost(conn) ? PQhost(conn) : "", PQport(conn), PQdb(conn),
			     STR_ARG(table->schema), STR_ARG(table->name));

	table->store.place = place.ptr;
	return place.ptr ? 0 : error_nomem(error);
}

static int pg_table_open(struct cf_store **ret, const char *url, const struct cf_env *env,
			 const struct cf_mem *mem, struct cf_error *error)
{
	struct pg_table *table = mem_calloc(mem, 1, sizeof(*table));
	struct store_url parts = {0};
	int rc;

	if (!table)
		return error_nomem(error);
	table->mem = *mem;
	table->store =
		(struct cf_store){.ops = &postgres_ops, .capabilities = postgres_ops.capabilities};
	arena_init(&table->arena, &table->mem);
	json_doc_init(&table->doc, &table->mem);
	json_doc_init(&table->id, &table->mem);
	buf_init(&table->body, &table->mem);
	buf_init(&table->text, &table->mem);
	buf_init(&table->cursor_at, &table->mem);
	rc = split_url(table, url, &parts, error);
	table->readonly = parts.readonly;
	rc = rc ? rc : pg_open(&table->pg, buf_view(&table->text), env, &table->mem, error);
	rc = rc ? rc : pg_table_shape(table, parts.table, parts.key, error);
	rc = rc ? rc : name_place(table, error);
	/* xmin alone tells revisions apart: a view has none. */
	if (rc == 0 && table->view)
		table->store.capabilities &= ~(unsigned)(CF_STORE_CAS | CF_STORE_FRESH_REVS |
							 CF_STORE_NOTES | CF_STORE_FENCES);
	if (rc == 0 && (table->key_count > 1 || table->store.keys.kinds[0] != CF_KEY_TEXT))
		table->store.capabilities &= ~(unsigned)CF_STORE_ORDERED;
	if (rc == 0)
		*ret = &table->store;
	else
		pg_table_close(&table->store);
	return rc;
}

const struct cf_store_ops postgres_ops = {
	.name = "table of a PostgreSQL database",
	.capabilities = CF_STORE_CAS | CF_STORE_TRANSACTIONS | CF_STORE_ORDERED | CF_STORE_SORTED |
			CF_STORE_FIND | CF_STORE_NOTES | CF_STORE_FENCES | CF_STORE_TIMEOUTS |
			CF_STORE_FRESH_REVS | CF_STORE_CHECK,
	.open = pg_table_open,
	.close = pg_table_close,
	.get = pg_table_get,
	.put = pg_table_put,
	.scan = pg_table_scan,
	.find = pg_table_find,
	.info = pg_table_info,
	.notes = pg_table_notes,
	.forget = pg_table_forget,
	.set_timeout = pg_table_set_timeout,
	.check = pg_table_check,
};
