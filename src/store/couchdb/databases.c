/* The databases of one server: their names, what the server says of many at once, and its
 * feed of who changed. What a server cannot do, or does not let this user do, is found out by
 * asking: then each database is asked for by itself. */
#include "store/couchdb/couchdb.h"

#include <stdlib.h>

/* As many as _dbs_info takes in its default configuration. */
#define INFOS_AT_ONCE 100

struct store_server {
	struct couch_store *store; /* of no database */
	bool one_by_one;           /* _dbs_info is not there for us */
	struct cf_mem mem;
};

/* --- opening ------------------------------------------------------------------------- */

/* The URL with a database, which is never asked for. */
static int read_address(struct couch_store *store, const char *url, struct cf_error *error)
{
	const char *query = strchr(url, '?');
	int path = query ? (int)(query - url) : (int)strlen(url);
	struct cf_str full = arena_printf(&store->arena, "%.*s/-%s", path, url, query ? query : "");

	if (!full.ptr)
		return error_nomem(error);
	return couch_address_read(full.ptr, &store->arena, &store->address, error);
}

int store_server_open(struct store_server **ret, const char *url, const struct cf_env *env,
		      const struct cf_mem *mem, struct cf_error *error)
{
	struct store_server *server;
	int rc = 0;

	if (strncmp(url, "http:", 5) != 0 && strncmp(url, "https:", 6) != 0)
		return error_set(error, CF_ERR_UNSUPPORTED_OP,
				 "many databases are followed on a CouchDB alone: "
				 "http://HOST:PORT");
	server = mem_calloc(mem, 1, sizeof(*server));
	if (!server)
		return error_nomem(error);
	server->mem = *mem;
	server->store = couch_store_new(env, mem);
	rc = server->store ? read_address(server->store, url, error) : error_nomem(error);
	rc = rc ? rc : couch_store_connect(server->store, NULL, error);
	if (rc) {
		store_server_close(server);
		return rc;
	}
	*ret = server;
	return 0;
}

struct store_server *store_server_close(struct store_server *server)
{
	struct cf_mem mem;

	if (!server)
		return NULL;
	mem = server->mem;
	if (server->store)
		couch_store_free(server->store);
	mem_free(&mem, server);
	return NULL;
}

bool store_server_is(const char *url)
{
	const char *at = strstr(url, "://");

	if (!at || (strncmp(url, "http:", 5) != 0 && strncmp(url, "https:", 6) != 0))
		return false;
	at += 3;
	at += strcspn(at, "/?");
	at += strspn(at, "/");
	return *at == '\0' || *at == '?';
}

int store_server_url(const char *url, struct cf_str database, struct cf_buf *out)
{
	const char *query = strchr(url, '?');
	size_t path = query ? (size_t)(query - url) : strlen(url);
	int rc;

	while (path && url[path - 1] == '/')
		path--;
	rc = buf_append(out, url, path);
	rc = rc ? rc : buf_byte(out, '/');
	rc = rc ? rc : couch_encode(database, out);
	return rc || !query ? rc : buf_str(out, str_of(query));
}

/* --- names ------------------------------------------------------------------------------ */

struct listing {
	struct store_names *page;
	struct cf_arena *arena;
	struct json_doc *row;
	size_t cap;
	struct cf_error *error;
};

static int take_name(void *ctx, struct cf_str text)
{
	struct listing *l = ctx;
	struct store_names *page = l->page;
	struct cf_str kept = arena_dup(l->arena, text), name;

	if (!kept.ptr)
		return error_nomem(l->error);
	if (json_read(l->row, kept.ptr, kept.len, JSON_READ_DUPLICATE_NAMES, NULL) ||
	    json_kind(json_root(l->row)) != JSON_STRING)
		return error_set(l->error, CF_ERR_UNAVAILABLE, "_all_dbs: no name of a database");
	if (json_decode(json_root(l->row), l->arena, &name))
		return error_nomem(l->error);
	if (page->after.len && str_compare(name, page->after) <= 0)
		return 0;
	if (page->count == l->cap) {
		size_t cap = l->cap ? l->cap * 2 : page->limit + 1;
		struct cf_str *grown = arena_alloc(l->arena, cap * sizeof(*grown));

		if (!grown)
			return error_nomem(l->error);
		if (page->count)
			memcpy(grown, page->names, page->count * sizeof(*grown));
		page->names = grown;
		l->cap = cap;
	}
	page->names[page->count++] = arena_dup(l->arena, name);
	return page->names[page->count - 1].ptr ? 0 : error_nomem(l->error);
}

static void forget_names(void *ctx)
{
	((struct listing *)ctx)->page->count = 0;
}

static int by_name(const void *a, const void *b)
{
	return str_compare(*(const struct cf_str *)a, *(const struct cf_str *)b);
}

/* A server that knows no limit answers all of them, in an order of its own. */
int store_server_names(struct store_server *server, struct store_names *page,
		       struct cf_arena *arena, struct cf_error *error)
{
	struct couch_store *store = server->store;
	struct listing listing = {.page = page, .arena = arena, .row = &store->row, .error = error};
	struct couch_request request = {.method = "GET",
					.root = true,
					.element = take_name,
					.restart = forget_names,
					.ctx = &listing};
	struct cf_buf key;
	int rc;

	page->names = NULL;
	page->count = 0;
	couch_path(store, "/_all_dbs?limit=%zu", page->limit + 1);
	buf_init(&key, &store->mem);
	if (page->after.len) {
		json_write_string(page->after, &key);
		couch_parameter(store, "start_key", buf_view(&key));
	}
	rc = key.failed ? error_nomem(error) : couch_call(store, &request, NULL, error);
	buf_fini(&key);
	if (rc == 0 && page->count)
		qsort(page->names, page->count, sizeof(*page->names), by_name);
	if (page->count > page->limit)
		page->count = page->limit;
	return rc;
}

/* --- what is said of each ----------------------------------------------------------------- */

struct looking {
	struct store_server *server;
	struct store_database *at;
	size_t count, answered;
	struct cf_arena *arena;
	struct cf_error *error;
};

static int take_info(struct looking *l, struct store_database *ret, struct json_value info)
{
	struct couch_store *store = l->server->store;
	struct cf_buf *life = &store->life;

	if (couch_read_token(json_member(info, STR("update_seq")), l->arena, &ret->token) ||
	    couch_read_life(store, info, life))
		return error_nomem(l->error);
	ret->life = arena_dup(l->arena, (struct cf_str){life->ptr, life->len ? life->len - 1 : 0});
	return ret->life.ptr ? 0 : error_nomem(l->error);
}

/* {"key":NAME,"info":{…}} or {"key":NAME,"error":"not_found"}, in the order they were asked
 * for. */
static int take_row(void *ctx, struct cf_str text)
{
	struct looking *l = ctx;
	struct json_doc *doc = &l->server->store->row;
	struct cf_str kept = arena_dup(l->arena, text);
	struct json_value row, info;

	if (!kept.ptr)
		return error_nomem(l->error);
	if (json_read(doc, kept.ptr, kept.len, JSON_READ_DUPLICATE_NAMES, NULL))
		return error_set(l->error, CF_ERR_UNAVAILABLE, "_dbs_info: a row is no JSON");
	row = json_root(doc);
	info = json_member(row, STR("info"));
	if (l->answered == l->count || json_kind(json_member(row, STR("key"))) != JSON_STRING ||
	    !json_name_is(json_member(row, STR("key")), l->at[l->answered].name))
		return error_set(l->error, CF_ERR_UNAVAILABLE,
				 "_dbs_info answered for a database that was not asked for");
	l->answered++;
	return json_kind(info) == JSON_OBJECT ? take_info(l, &l->at[l->answered - 1], info) : 0;
}

static void forget_rows(void *ctx)
{
	((struct looking *)ctx)->answered = 0;
}

static int look_at_many(struct looking *l, bool *ret_denied)
{
	static const long denied[] = {400, 401, 403, 404, 405, 501, 0};
	struct couch_store *store = l->server->store;
	struct cf_buf *text = &store->text;
	struct couch_request request = {.method = "POST",
					.root = true,
					.element = take_row,
					.restart = forget_rows,
					.ctx = l,
					.let = denied};
	long status = 0;
	int rc;

	buf_clear(text);
	buf_str(text, STR("{\"keys\":["));
	for (size_t i = 0; i < l->count; i++) {
		if (i)
			buf_byte(text, ',');
		json_write_string(l->at[i].name, text);
	}
	if (buf_str(text, STR("]}")))
		return error_nomem(l->error);
	request.body = buf_view(text);
	couch_path(store, "/_dbs_info");
	rc = couch_call(store, &request, &status, l->error);
	*ret_denied = rc == 0 && status >= 400;
	if (rc == 0 && !*ret_denied && l->answered != l->count)
		rc = error_set(l->error, CF_ERR_UNAVAILABLE,
			       "_dbs_info answered for %zu of %zu databases", l->answered,
			       l->count);
	return rc;
}

static int look_at_one(struct looking *l, struct store_database *ret)
{
	static const long missing[] = {404, 0};
	struct couch_store *store = l->server->store;
	struct http_answer answer;
	struct couch_request request = {.method = "GET",
					.root = true,
					.answer = &answer,
					.let = missing,
					.repeatable = true};
	long status = 0;
	int rc;

	http_answer_init(&answer, &store->mem);
	couch_path(store, "/");
	rc = couch_encode(ret->name, &store->path) ? error_nomem(l->error)
						   : couch_call(store, &request, &status, l->error);
	if (rc == 0 && status != 404 &&
	    json_read(&store->row, answer.body.ptr, answer.body.len, JSON_READ_DUPLICATE_NAMES,
		      NULL))
		rc = error_set(l->error, CF_ERR_UNAVAILABLE, "GET /%.*s: the answer is no JSON",
			       STR_ARG(ret->name));
	if (rc == 0 && status != 404)
		rc = take_info(l, ret, json_root(&store->row));
	http_answer_fini(&answer);
	return rc;
}

int store_server_look(struct store_server *server, struct store_database *databases, size_t count,
		      struct cf_arena *arena, struct cf_error *error)
{
	struct looking l = {.server = server, .arena = arena, .error = error};
	int rc = 0;

	for (size_t i = 0; i < count; i++)
		databases[i] = (struct store_database){.name = databases[i].name};
	for (size_t i = 0; i < count && rc == 0; i += l.count) {
		l.at = databases + i;
		l.count = count - i < INFOS_AT_ONCE ? count - i : INFOS_AT_ONCE;
		l.answered = 0;
		if (!server->one_by_one)
			rc = look_at_many(&l, &server->one_by_one);
		for (size_t k = 0; k < l.count && rc == 0 && server->one_by_one; k++)
			rc = look_at_one(&l, &l.at[k]);
	}
	return rc;
}

/* --- who changed ------------------------------------------------------------------------------ */

/* Rows come once for each kind of event, and in an order that may mislead: a row says no more
 * than a name. */
static int take_update(void *ctx, struct cf_str text)
{
	struct listing *l = ctx;
	struct json_value name;
	struct cf_str kept = arena_dup(l->arena, text);
	struct cf_str decoded;

	if (!kept.ptr)
		return error_nomem(l->error);
	if (json_read(l->row, kept.ptr, kept.len, JSON_READ_DUPLICATE_NAMES, NULL))
		return error_set(l->error, CF_ERR_UNAVAILABLE, "_db_updates: a row is no JSON");
	name = json_member(json_root(l->row), STR("db_name"));
	if (json_kind(name) != JSON_STRING || l->page->count == l->page->limit)
		return 0;
	if (json_decode(name, l->arena, &decoded))
		return error_nomem(l->error);
	l->page->names[l->page->count++] = arena_dup(l->arena, decoded);
	return l->page->names[l->page->count - 1].ptr ? 0 : error_nomem(l->error);
}

int store_server_updates(struct store_server *server, struct store_updates *updates,
			 struct cf_arena *arena, struct cf_error *error)
{
	static const long denied[] = {400, 401, 403, 404, 405, 501, 0};
	struct couch_store *store = server->store;
	struct store_names page = {.limit = STORE_UPDATES_MAX};
	struct listing listing = {
		.page = &page, .arena = arena, .row = &store->row, .error = error};
	struct http_answer answer;
	struct couch_request request = {.method = "GET",
					.root = true,
					.element = take_update,
					.restart = forget_names,
					.ctx = &listing,
					.answer = &answer,
					.let = denied,
					.rest = &store->doc,
					.wait_ms = updates->wait_ms};
	long status = 0;
	int rc;

	page.names = arena_alloc(arena, page.limit * sizeof(*page.names));
	if (!page.names)
		return error_nomem(error);
	couch_path(store, "/_db_updates?limit=%d&feed=longpoll&timeout=%u", STORE_UPDATES_MAX,
		   updates->wait_ms);
	couch_parameter(store, "since", updates->since.len ? updates->since : STR("now"));
	http_answer_init(&answer, &store->mem);
	rc = couch_call(store, &request, &status, error);
	if (rc == 0 && status >= 400)
		rc = error_set(error, CF_ERR_UNSUPPORTED_OP,
			       "no feed of changed databases (_db_updates: %ld): it needs the "
			       "database _global_changes and a server admin",
			       status);
	if (rc == 0 && couch_read_token(json_member(json_root(&store->doc), STR("last_seq")), arena,
					&updates->token))
		rc = error_nomem(error);
	http_answer_fini(&answer);
	updates->names = page.names;
	updates->count = rc ? 0 : page.count;
	return rc;
}
