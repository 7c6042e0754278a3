/* Requests to one server and what their answers mean; see couchdb.h. */
#include "store/couchdb/couchdb.h"

#include "store/couchdb/limits.h"

#include <stdarg.h>
#include <time.h>

int couch_path(struct couch_store *store, const char *format, ...)
{
	va_list args;
	int rc;

	buf_clear(&store->path);
	va_start(args, format);
	rc = buf_vprintf(&store->path, format, args);
	va_end(args);
	return rc;
}

int couch_parameter(struct couch_store *store, const char *name, struct cf_str value)
{
	bool first = !memchr(store->path.ptr ? store->path.ptr : "", '?', store->path.len);
	int rc = buf_printf(&store->path, "%c%s=", first ? '?' : '&', name);

	return rc ? rc : couch_encode(value, &store->path);
}

/* The path in full, ended by a NUL. */
static int full_path(struct couch_store *store, bool root, struct cf_buf *out,
		     struct cf_error *error)
{
	int rc = root ? 0 : buf_str(out, store->address.path);

	rc = rc ? rc : buf_str(out, buf_view(&store->path));
	return rc || store->path.failed || buf_byte(out, '\0') ? error_nomem(error) : 0;
}

static bool is_let(const long *let, long status)
{
	for (; let && *let; let++)
		if (*let == status)
			return true;
	return false;
}

/* A good answer must be JSON, and all of it. */
static int check_answer(const struct http_request *http, const struct http_answer *answer,
			const struct split *split, struct cf_error *error)
{
	struct http_answer seen = {.status = answer->status,
				   .body = http->sink ? split->rest : answer->body};

	memcpy(seen.type, answer->type, sizeof(seen.type));
	if (seen.body.len == 0 || (seen.body.ptr[0] != '{' && seen.body.ptr[0] != '['))
		return http_refusal(http, &seen, error);
	if (http->sink && !split_complete(split))
		return error_set(error, CF_ERR_UNAVAILABLE, "%s %s: the answer ends in the middle",
				 http->method, http->path.ptr);
	return 0;
}

static int read_rest(const struct http_request *http, struct cf_str text, struct json_doc *rest,
		     struct cf_error *error)
{
	int rc = json_read(rest, text.ptr, text.len, JSON_READ_DUPLICATE_NAMES, NULL);

	return rc ? error_set(error, CF_ERR_UNAVAILABLE, "%s %s: the answer is no JSON",
			      http->method, http->path.ptr)
		  : 0;
}

static int judge(struct couch_store *store, const struct couch_request *request,
		 const struct http_request *http, const struct http_answer *answer,
		 struct split *split, struct cf_error *error)
{
	int rc;

	if (answer->status == 0 || is_let(request->let, answer->status))
		return 0;
	if (answer->status >= 300 || answer->status < 200) {
		rc = http_refusal(http, answer, error);
		/* The path is one of ours: what is missing is the database. */
		if (rc == CF_ERR_NOT_FOUND && !request->root && error)
			rc = error->code = CF_ERR_NO_DATABASE;
		return rc == CF_ERR_NOT_FOUND && !request->root ? CF_ERR_NO_DATABASE : rc;
	}
	if (request->raw)
		return 0;
	rc = check_answer(http, answer, split, error);
	if (rc == 0 && request->rest) {
		/* The tape stands on the text, which must outlive this call. */
		struct cf_buf swap = store->rest;

		store->rest = split->rest;
		split->rest = swap;
		rc = read_rest(http, buf_view(&store->rest), request->rest, error);
	}
	return rc;
}

static int call_once(struct couch_store *store, const struct couch_request *request,
		     const struct http_request *http, long *ret_status, struct cf_error *error)
{
	struct http_request once = *http;
	struct http_answer own = {0}, *answer = request->answer ? request->answer : &own;
	struct split split;
	int rc;

	http_answer_init(&own, &store->mem);
	split_init(&split, request->element, request->ctx, &store->mem);
	if (request->element) {
		once.sink = split_feed;
		once.ctx = &split;
	}
	rc = http_send(store->server->http, &once, answer, error);
	rc = rc ? rc : judge(store, request, &once, answer, &split, error);
	if (rc == 0 && ret_status)
		*ret_status = answer->status;
	split_fini(&split);
	http_answer_fini(&own);
	return rc;
}

void couch_begin(struct cf_store *base, unsigned wait_ms)
{
	struct couch_store *store = (struct couch_store *)base;
	uint64_t ms = store->timeout_ms + wait_ms;

	store->deadline_ns =
		store->timeout_ms ? store->env->monotonic_ns(store->env->ctx) + ms * 1000000 : 0;
}

static bool is_late(const struct couch_store *store)
{
	return store->deadline_ns &&
	       store->env->monotonic_ns(store->env->ctx) >= store->deadline_ns;
}

/* What is left of the call's time is the request's. */
static int call_in_time(struct couch_store *store, const struct couch_request *request,
			struct http_request *http, long *ret_status, struct cf_error *error)
{
	uint64_t now_ns;

	if (!store->deadline_ns)
		return call_once(store, request, http, ret_status, error);
	now_ns = store->env->monotonic_ns(store->env->ctx);
	if (now_ns >= store->deadline_ns)
		return error_set(error, CF_ERR_UNAVAILABLE, "%s %s: no answer within %llu ms",
				 http->method, http->path.ptr,
				 (unsigned long long)store->timeout_ms);
	http->limit_ms = (unsigned)((store->deadline_ns - now_ns) / 1000000 + 1);
	return call_once(store, request, http, ret_status, error);
}

/* Longer each time, with a third of chance in it, so that many do not come back at once. */
static void pause_between(const struct couch_store *store, int tries)
{
	uint64_t ms = (uint64_t)COUCH_PAUSE_MS << (2 * tries);
	struct timespec time;

	ms -= store->env->random(store->env->ctx) % (ms / 3 + 1);
	time = (struct timespec){.tv_nsec = (long)ms * 1000000};
	nanosleep(&time, NULL);
}

int couch_call(struct couch_store *store, const struct couch_request *request, long *ret_status,
	       struct cf_error *error)
{
	struct http_request http = {.method = request->method,
				    .body = request->body,
				    .answer_max = request->answer_max,
				    .wait_ms = request->wait_ms,
				    .give_up_ms = request->give_up_ms};
	bool repeatable = request->repeatable || request->restart;
	struct cf_buf path;
	int rc;

	buf_init(&path, &store->mem);
	rc = full_path(store, request->root, &path, error);
	http.path = buf_view(&path);
	rc = rc ? rc : call_in_time(store, request, &http, ret_status, error);
	for (int tries = 1;
	     rc == CF_ERR_UNAVAILABLE && repeatable && tries < COUCH_TRIES && !is_late(store);
	     tries++) {
		pause_between(store, tries - 1);
		if (request->restart)
			request->restart(request->ctx);
		rc = call_in_time(store, request, &http, ret_status, error);
	}
	buf_fini(&path);
	return rc;
}

/* --- what is asked everywhere ---------------------------------------------------------- */

int couch_read_token(struct json_value seq, struct cf_arena *arena, struct cf_str *ret)
{
	struct cf_str text = STR("");

	if (json_kind(seq) == JSON_STRING && json_decode(seq, arena, &text))
		return CF_ERR_NOMEM;
	if (json_kind(seq) == JSON_NUMBER)
		text = json_span(seq);
	*ret = arena_dup(arena, text);
	return ret->ptr ? 0 : CF_ERR_NOMEM;
}

int couch_database_info(struct couch_store *store, struct http_answer *answer, struct json_doc *doc,
			struct cf_error *error)
{
	struct couch_request request = {.method = "GET", .answer = answer, .repeatable = true};
	int rc;

	couch_path(store, "%s", "");
	rc = couch_call(store, &request, NULL, error);
	if (rc == 0 &&
	    json_read(doc, answer->body.ptr, answer->body.len, JSON_READ_DUPLICATE_NAMES, NULL))
		rc = error_set(error, CF_ERR_UNAVAILABLE, "GET %s: the answer is no JSON",
			       store->address.path.ptr);
	return rc;
}

int couch_read_life(const struct couch_store *store, struct json_value info, struct cf_buf *out)
{
	struct json_value start = json_member(info, STR("instance_start_time"));

	buf_clear(out);
	if (store->server->numbers == COUCH_YES || json_kind(start) != JSON_STRING ||
	    str_equal(json_inner(start), STR("0")))
		return 0;
	buf_str(out, json_inner(start));
	return buf_byte(out, '\0');
}

int couch_check_life(struct couch_store *store, struct cf_error *error)
{
	struct http_answer answer;
	struct cf_buf now;
	int rc;

	if (!store->life.len)
		return 0;
	http_answer_init(&answer, &store->mem);
	buf_init(&now, &store->mem);
	rc = couch_database_info(store, &answer, &store->row, error);
	if (rc == 0 && couch_read_life(store, json_root(&store->row), &now))
		rc = error_nomem(error);
	if (rc == 0 && !str_equal(buf_view(&now), buf_view(&store->life)))
		rc = error_set(error, CF_ERR_PRECONDITION,
			       "the database was deleted and made anew meanwhile");
	buf_fini(&now);
	http_answer_fini(&answer);
	return rc;
}

/* --- servers -------------------------------------------------------------------------- */

int couch_server_open(struct couch_server **ret, const struct couch_address *address,
		      const struct cf_mem *mem, struct cf_error *error)
{
	struct couch_server *server = mem_calloc(mem, 1, sizeof(*server));
	int rc;

	if (!server)
		return error_nomem(error);
	server->mem = *mem;
	server->handles = 1;
	rc = http_open(&server->http, address, &server->mem, error);
	if (rc) {
		mem_free(mem, server);
		return rc;
	}
	*ret = server;
	return 0;
}

void couch_server_drop(struct couch_server *server)
{
	struct cf_mem mem = server->mem;

	if (--server->handles)
		return;
	http_close(server->http);
	mem_free(&mem, server);
}

static int take_probe(void *ctx, struct cf_str text)
{
	struct couch_server *server = ctx;

	server->bulk_leaves =
		text.ptr && memmem(text.ptr, text.len, "\"not_found\"", 11) ? COUCH_YES : COUCH_NO;
	return 0;
}

static void forget_probe(void *ctx)
{
	((struct couch_server *)ctx)->bulk_leaves = COUCH_UNKNOWN;
}

int couch_server_probe(struct couch_store *store, struct cf_error *error)
{
	static const long none[] = {404, 405, 501, 0};
	struct couch_server *server = store->server;
	/* CouchDB says of a document that is not there that it is not found; who answers
	 * nothing about it reads winners only. */
	struct couch_request request = {.method = "POST",
					.body = STR("{\"docs\":[{\"id\":\"chesterfield-probe\"}]}"),
					.element = take_probe,
					.restart = forget_probe,
					.ctx = server,
					.let = none};
	int rc;

	if (server->bulk_leaves)
		return 0;
	couch_path(store, "/_bulk_get");
	rc = couch_call(store, &request, NULL, error);
	if (rc == 0 && !server->bulk_leaves)
		server->bulk_leaves = COUCH_NO;
	return rc;
}
