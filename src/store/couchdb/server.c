/* Requests to one server and what their answers mean; see couchdb.h. */
#include "store/couchdb/couchdb.h"

#include <stdarg.h>

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

int couch_call(struct couch_store *store, const struct couch_request *request, long *ret_status,
	       struct cf_error *error)
{
	struct http_request http = {.method = request->method,
				    .body = request->body,
				    .answer_max = request->answer_max,
				    .wait_ms = request->wait_ms,
				    .give_up_ms = request->give_up_ms};
	struct http_answer own = {0}, *answer = request->answer ? request->answer : &own;
	struct split split;
	struct cf_buf path;
	int rc;

	buf_init(&path, &store->mem);
	http_answer_init(&own, &store->mem);
	split_init(&split, request->element, request->ctx, &store->mem);
	if (request->element) {
		http.sink = split_feed;
		http.ctx = &split;
	}
	rc = full_path(store, request->root, &path, error);
	http.path = buf_view(&path);
	rc = rc ? rc : http_send(store->server->http, &http, answer, error);
	rc = rc ? rc : judge(store, request, &http, answer, &split, error);
	if (rc == 0 && ret_status)
		*ret_status = answer->status;
	split_fini(&split);
	http_answer_fini(&own);
	buf_fini(&path);
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

int couch_server_probe(struct couch_store *store, struct cf_error *error)
{
	static const long none[] = {400, 404, 405, 500, 501, 0};
	struct couch_server *server = store->server;
	/* CouchDB says of a document that is not there that it is not found; who answers
	 * nothing about it reads winners only. */
	struct couch_request request = {.method = "POST",
					.body = STR("{\"docs\":[{\"id\":\"chesterfield-probe\"}]}"),
					.element = take_probe,
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
