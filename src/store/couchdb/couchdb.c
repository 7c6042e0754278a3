/* CouchDB and whoever speaks its protocol as a store: opening, and the table.
 *
 * http://USER:PASSWORD@HOST:PORT/DATABASE; parameters stand in address.h. What a server
 * can do is found out by asking, never by its version. */
#include "store/couchdb/couchdb.h"
#include "store/stores.h"

/* --- opening ---------------------------------------------------------------------------- */

static int is_server(struct couch_store *store, struct cf_error *error)
{
	struct http_answer answer;
	struct couch_request request = {
		.method = "GET", .root = true, .answer = &answer, .repeatable = true};
	int rc;

	http_answer_init(&answer, &store->mem);
	couch_path(store, "/");
	rc = couch_call(store, &request, NULL, error);
	/* Whoever answers, and not as a CouchDB, will not become one. */
	if (rc == CF_ERR_UNAVAILABLE && answer.status >= 200 && answer.status < 300 && error)
		error->code = CF_ERR_NOT_A_STORE;
	if (rc == CF_ERR_UNAVAILABLE && answer.status >= 200 && answer.status < 300)
		rc = CF_ERR_NOT_A_STORE;
	if (rc == CF_ERR_NOT_FOUND)
		rc = error_set(error, CF_ERR_NOT_A_STORE, "GET /: 404: no CouchDB answers there");
	store->server->form = FORM_COUCHDB;
	if (rc == 0 && memmem(answer.body.ptr, answer.body.len, "\"express-pouchdb\"", 17))
		store->server->form = FORM_JAVASCRIPT;
	http_answer_fini(&answer);
	return rc;
}

static int set_revs(struct couch_store *store, struct cf_error *error)
{
	static const long none[] = {400, 404, 405, 0}; /* servers without this setting */
	struct http_answer answer;
	struct couch_request request = {.method = "PUT", .answer = &answer, .let = none};
	struct cf_buf *text = &store->text;
	int rc;

	buf_clear(text);
	if (buf_printf(text, "%llu", (unsigned long long)store->address.revs))
		return error_nomem(error);
	request.body = buf_view(text);
	http_answer_init(&answer, &store->mem);
	couch_path(store, "/_revs_limit");
	rc = couch_call(store, &request, NULL, error);
	http_answer_fini(&answer);
	return rc ? error_prefix(error, rc, "revs=%llu", (unsigned long long)store->address.revs)
		  : 0;
}

/* Somebody else may make it at the same time. */
static int create(struct couch_store *store, struct cf_error *error)
{
	static const long exists[] = {412, 0};
	struct http_answer answer;
	struct couch_request request = {.method = "PUT", .answer = &answer, .let = exists};
	long status = 0;
	int rc;

	http_answer_init(&answer, &store->mem);
	couch_path(store, "%s", "");
	rc = couch_call(store, &request, &status, error);
	http_answer_fini(&answer);
	if (rc == 0 && status < 300 && store->address.revs)
		rc = set_revs(store, error);
	return rc;
}

static int open_database(struct couch_store *store, struct cf_error *error)
{
	struct http_answer answer;
	struct couch_server *server = store->server;
	int rc;

	http_answer_init(&answer, &store->mem);
	rc = couch_database_info(store, &answer, &store->row, error);
	if (rc == CF_ERR_NO_DATABASE && store->address.create) {
		rc = create(store, error);
		rc = rc ? rc : couch_database_info(store, &answer, &store->row, error);
	} else if (rc == CF_ERR_NO_DATABASE) {
		rc = error_set(error, rc, "no such database");
	}
	if (rc == 0 && !server->numbers)
		server->numbers = json_kind(json_member(json_root(&store->row),
							STR("update_seq"))) == JSON_NUMBER
					  ? COUCH_YES
					  : COUCH_NO;
	if (rc == 0 && couch_read_life(store, json_root(&store->row), &store->life))
		rc = error_nomem(error);
	if (rc == 0 && store->life.len)
		store->store.life = store->life.ptr;
	http_answer_fini(&answer);
	return rc;
}

struct couch_store *couch_store_new(const struct cf_env *env, const struct cf_mem *mem)
{
	struct couch_store *store = mem_calloc(mem, 1, sizeof(*store));

	if (!store)
		return NULL;
	store->store = (struct cf_store){.ops = &couchdb_ops,
					 .capabilities = couchdb_ops.capabilities,
					 .keys = {.count = 1}};
	store->mem = *mem;
	store->env = env;
	arena_init(&store->arena, &store->mem);
	json_doc_init(&store->doc, &store->mem);
	json_doc_init(&store->row, &store->mem);
	buf_init(&store->text, &store->mem);
	buf_init(&store->path, &store->mem);
	buf_init(&store->rest, &store->mem);
	buf_init(&store->place, &store->mem);
	buf_init(&store->checked, &store->mem);
	buf_init(&store->life, &store->mem);
	return store;
}

void couch_store_free(struct couch_store *store)
{
	struct cf_mem mem = store->mem;

	if (store->server)
		couch_server_drop(store->server);
	json_doc_fini(&store->doc);
	json_doc_fini(&store->row);
	buf_fini(&store->text);
	buf_fini(&store->path);
	buf_fini(&store->rest);
	buf_fini(&store->place);
	buf_fini(&store->checked);
	buf_fini(&store->life);
	arena_fini(&store->arena);
	mem_free(&mem, store);
}

static void couch_close(struct cf_store *base)
{
	couch_store_free((struct couch_store *)base);
}

static int name_place(struct couch_store *store, struct cf_error *error)
{
	int rc = buf_printf(&store->place, "%s%s?%s", store->address.origin.ptr,
			    store->address.prefix.ptr, store->address.database.ptr);

	if (rc || buf_byte(&store->place, '\0'))
		return error_nomem(error);
	store->store.place = store->place.ptr;
	return 0;
}

int couch_store_connect(struct couch_store *store, struct couch_store *beside,
			struct cf_error *error)
{
	int rc;

	if (beside) {
		store->server = beside->server;
		store->server->handles++;
		return 0;
	}
	rc = couch_server_open(&store->server, &store->address, &store->mem, error);
	return rc ? rc : is_server(store, error);
}

/* `beside` is NULL, or a store whose connection is taken where it goes to the same server;
 * where it does not, *ret is NULL. */
static int open_store(struct cf_store **ret, struct couch_store *beside, const char *url,
		      const struct cf_env *env, const struct cf_mem *mem, struct cf_error *error)
{
	struct couch_store *store = couch_store_new(env, mem);
	int rc;

	if (!store)
		return error_nomem(error);
	rc = couch_address_read(url, &store->arena, &store->address, error);
	if (rc == 0 && beside && !couch_address_same_server(&beside->address, &store->address)) {
		couch_close(&store->store);
		*ret = NULL;
		return 0;
	}
	rc = rc ? rc : couch_store_connect(store, beside, error);
	rc = rc ? rc : name_place(store, error);
	rc = rc ? rc : open_database(store, error);
	if (rc)
		couch_close(&store->store);
	else
		*ret = &store->store;
	return rc;
}

static int couch_open(struct cf_store **ret, const char *url, const struct cf_env *env,
		      const struct cf_mem *mem, struct cf_error *error)
{
	return open_store(ret, NULL, url, env, mem, error);
}

static int couch_open_beside(struct cf_store **ret, struct cf_store *store, const char *url,
			     const struct cf_env *env, const struct cf_mem *mem,
			     struct cf_error *error)
{
	return open_store(ret, (struct couch_store *)store, url, env, mem, error);
}

static int couch_form(struct cf_store *base, struct cf_str body, struct cf_arena *arena,
		      struct cf_str *ret, struct cf_error *error)
{
	struct couch_store *store = (struct couch_store *)base;
	int rc = json_read(&store->doc, body.ptr, body.len, JSON_READ_DOCUMENT, error);

	return rc ? rc : form_of(store->server->form, json_root(&store->doc), arena, ret, error);
}

static int couch_set_timeout(struct cf_store *base, unsigned ms, struct cf_error *error)
{
	(void)error;
	((struct couch_store *)base)->timeout_ms = ms;
	return 0;
}

const struct cf_store_ops couchdb_ops = {
	.name = "http",
	/* No notes: nothing but one document is written in one step. */
	.capabilities = CF_STORE_CHANGES | CF_STORE_CAS | CF_STORE_HISTORIES | CF_STORE_ORDERED |
			CF_STORE_ATTACHMENTS | CF_STORE_FIND | CF_STORE_TIMEOUTS,
	.lanes = 4,
	.open = couch_open,
	.close = couch_close,
	.open_beside = couch_open_beside,
	.get = couch_get,
	.put = couch_put,
	.scan = couch_scan,
	.changes = couch_changes,
	.find = couch_find,
	.behind = couch_behind,
	.info = couch_info,
	.form = couch_form,
	.set_timeout = couch_set_timeout,
};
