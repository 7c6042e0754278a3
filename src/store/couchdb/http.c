/* Requests by libcurl; see http.h. */
#include "store/couchdb/http.h"

#include "store/couchdb/limits.h"
#include "json/json.h"

#include <curl/curl.h>
#include <zlib.h>

struct http {
	CURL *curl;
	struct curl_slist *headers; /* of each request */
	struct cf_arena arena;      /* the address's strings */
	struct couch_address address;
	struct cf_buf url;
	struct cf_buf packed;
	bool local;     /* on this machine: packing saves nothing */
	bool logged_in; /* by cookie */
	struct cf_mem mem;
	char reason[CURL_ERROR_SIZE];
};

/* What the callbacks of one request share. */
struct flow {
	struct http *http;
	const struct http_request *request;
	struct http_answer *answer;
	int code;     /* of the sink, or LIMIT */
	bool sinking; /* the sink has had bytes */
};

void http_answer_init(struct http_answer *answer, const struct cf_mem *mem)
{
	*answer = (struct http_answer){0};
	buf_init(&answer->body, mem);
}

void http_answer_fini(struct http_answer *answer)
{
	buf_fini(&answer->body);
}

/* --- opening -------------------------------------------------------------------- */

static int add_header(struct http *http, const char *name, struct cf_str value)
{
	struct cf_str line = arena_printf(&http->arena, "%s: %.*s", name, STR_ARG(value));
	struct curl_slist *list = line.ptr ? curl_slist_append(http->headers, line.ptr) : NULL;

	if (!list)
		return CF_ERR_NOMEM;
	http->headers = list;
	return 0;
}

static int add_headers(struct http *http)
{
	const struct couch_address *address = &http->address;
	int rc = add_header(http, "Accept", STR("application/json"));

	rc = rc ? rc : add_header(http, "Content-Type", STR("application/json"));
	/* curl waits a second for a "100 Continue" that proxies may swallow. */
	rc = rc ? rc : add_header(http, "Expect", STR(""));
	if (address->auth != COUCH_AUTH_PROXY)
		return rc;
	rc = rc ? rc : add_header(http, "X-Auth-CouchDB-UserName", address->user);
	rc = rc ? rc : add_header(http, "X-Auth-CouchDB-Roles", address->roles);
	return rc ? rc : add_header(http, "X-Auth-CouchDB-Token", address->password);
}

static bool is_local(struct cf_str origin)
{
	const char *host = strstr(origin.ptr, "://") + 3;

	return strncmp(host, "localhost:", 10) == 0 || strncmp(host, "127.", 4) == 0 ||
	       strncmp(host, "[::1]:", 6) == 0;
}

int http_open(struct http **ret, const struct couch_address *address, const struct cf_mem *mem,
	      struct cf_error *error)
{
	struct http *http = mem_calloc(mem, 1, sizeof(*http));
	struct couch_address *own;
	bool copied = true;

	if (!http)
		return error_nomem(error);
	http->mem = *mem;
	arena_init(&http->arena, &http->mem);
	buf_init(&http->url, &http->mem);
	buf_init(&http->packed, &http->mem);
	own = &http->address;
	*own = *address;
	for (struct cf_str *const *s =
		     (struct cf_str *const[]){&own->origin, &own->prefix, &own->user,
					      &own->password, &own->roles, &own->ca, NULL};
	     *s; s++) {
		**s = arena_dup(&http->arena, **s);
		copied = copied && (*s)->ptr;
	}
	http->curl = curl_easy_init();
	if (!copied || !http->curl || add_headers(http)) {
		http_close(http);
		return error_nomem(error);
	}
	http->local = is_local(own->origin);
	/* Any cookie starts the keeping of cookies, which then outlives each reset; what
	 * CURLOPT_COOKIEFILE keeps is lost, and leaks, with it. */
	if (own->auth == COUCH_AUTH_COOKIE)
		curl_easy_setopt(http->curl, CURLOPT_COOKIELIST,
				 "Set-Cookie: chesterfield=; Max-Age=0; Domain=invalid");
	*ret = http;
	return 0;
}

struct http *http_close(struct http *http)
{
	struct cf_mem mem;

	if (!http)
		return NULL;
	mem = http->mem;
	curl_easy_cleanup(http->curl);
	curl_slist_free_all(http->headers);
	buf_fini(&http->url);
	buf_fini(&http->packed);
	arena_fini(&http->arena);
	mem_free(&mem, http);
	return NULL;
}

/* --- one exchange ------------------------------------------------------------------ */

static size_t take_bytes(char *bytes, size_t size, size_t count, void *ctx)
{
	struct flow *flow = ctx;
	struct cf_buf *body = &flow->answer->body;
	size_t len = size * count, max = flow->request->answer_max;
	long status = 0;

	curl_easy_getinfo(flow->http->curl, CURLINFO_RESPONSE_CODE, &status);
	if (status >= 200 && status < 300 && flow->request->sink) {
		flow->sinking = true;
		flow->code = flow->request->sink(flow->request->ctx, bytes, len);
		return flow->code ? 0 : len;
	}
	if (status >= 300) {
		/* The rest of a long page of a proxy is of no interest. */
		size_t room = LIMIT_REFUSAL_BYTES - body->len;

		flow->code = buf_append(body, bytes, len < room ? len : room);
	} else if (body->len + len > (max ? max : LIMIT_ANSWER_BYTES)) {
		flow->code = CF_ERR_LIMIT;
	} else {
		flow->code = buf_append(body, bytes, len);
	}
	return flow->code ? 0 : len;
}

/* Packs the body, where that is worth it. */
static int pack(struct http *http, struct cf_str body, struct cf_str *ret)
{
	z_stream stream = {0};
	int code;

	*ret = body;
	if (http->local || body.len < COUCH_GZIP_BYTES)
		return 0;
	if (deflateInit2(&stream, 3, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		return CF_ERR_NOMEM;
	buf_clear(&http->packed);
	if (buf_reserve(&http->packed, deflateBound(&stream, body.len))) {
		deflateEnd(&stream);
		return CF_ERR_NOMEM;
	}
	stream.next_in = (Bytef *)body.ptr;
	stream.avail_in = (uInt)body.len;
	stream.next_out = (Bytef *)http->packed.ptr;
	stream.avail_out = (uInt)http->packed.cap;
	code = deflate(&stream, Z_FINISH);
	*ret = (struct cf_str){http->packed.ptr, stream.total_out};
	deflateEnd(&stream);
	return code == Z_STREAM_END ? 0 : CF_ERR_BUG;
}

static void set_auth(struct http *http)
{
	const struct couch_address *address = &http->address;

	if (address->auth != COUCH_AUTH_BASIC)
		return;
	curl_easy_setopt(http->curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
	curl_easy_setopt(http->curl, CURLOPT_USERNAME, address->user.ptr);
	curl_easy_setopt(http->curl, CURLOPT_PASSWORD, address->password.ptr);
}

/* Silence is counted in whole seconds. */
static void set_times(struct http *http, const struct http_request *request)
{
	long silence = (long)http->address.timeout_s + request->wait_ms / 1000;
	unsigned end_ms = request->give_up_ms;

	if (request->limit_ms && (!end_ms || request->limit_ms < end_ms))
		end_ms = request->limit_ms;
	curl_easy_setopt(http->curl, CURLOPT_CONNECTTIMEOUT, (long)COUCH_CONNECT_S);
	curl_easy_setopt(http->curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
	curl_easy_setopt(http->curl, CURLOPT_LOW_SPEED_TIME, silence);
	curl_easy_setopt(http->curl, CURLOPT_TIMEOUT_MS, (long)end_ms);
}

static void set_options(struct flow *flow)
{
	struct http *http = flow->http;
	CURL *curl = http->curl;

	/* Keeps connections, cookies and what is known of names. */
	curl_easy_reset(curl);
	curl_easy_setopt(curl, CURLOPT_URL, http->url.ptr);
	curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, flow->request->method);
	if (strcmp(flow->request->method, "HEAD") == 0)
		curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
	curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, http->reason);
	curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(curl, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "");
	curl_easy_setopt(curl, CURLOPT_USERAGENT, "chesterfield/" CHESTERFIELD_VERSION);
	curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_bytes);
	curl_easy_setopt(curl, CURLOPT_WRITEDATA, flow);
	if (http->address.ca.len)
		curl_easy_setopt(curl, CURLOPT_CAINFO, http->address.ca.ptr);
	set_auth(http);
	set_times(http, flow->request);
}

static int curl_failed(struct flow *flow, CURLcode code, struct cf_error *error)
{
	const struct http_request *request = flow->request;
	const char *reason = flow->http->reason[0] ? flow->http->reason : curl_easy_strerror(code);
	int rc = CF_ERR_UNAVAILABLE;

	if (flow->code == CF_ERR_NOMEM || code == CURLE_OUT_OF_MEMORY)
		return error_nomem(error);
	if (flow->sinking && flow->code)
		return flow->code; /* the sink has said why */
	if (flow->code == CF_ERR_LIMIT)
		return error_set(error, CF_ERR_LIMIT, "%s %s: the answer is too large",
				 request->method, request->path.ptr);
	if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CACERT_BADFILE)
		rc = CF_ERR_NOT_A_STORE;
	return error_set(error, rc, "%s %s: %s%s", request->method, request->path.ptr, reason,
			 rc == CF_ERR_NOT_A_STORE
				 ? " (ca=FILE names who is trusted to vouch for a server)"
				 : "");
}

static int perform(struct flow *flow, struct cf_str body, struct cf_error *error)
{
	struct http *http = flow->http;
	struct curl_slist packed = {(char *)"Content-Encoding: gzip", http->headers};
	CURL *curl = http->curl;
	CURLcode code;
	struct cf_str sent;
	const char *type = NULL;
	long request_bytes = 0;
	int rc = pack(http, body, &sent);

	if (rc)
		return error_set(error, rc, "%s", cf_error_text(rc));
	set_options(flow);
	curl_easy_setopt(curl, CURLOPT_HTTPHEADER, sent.ptr != body.ptr ? &packed : http->headers);
	if (body.ptr) {
		curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)sent.len);
		curl_easy_setopt(curl, CURLOPT_POSTFIELDS, sent.ptr);
	}
	buf_clear(&flow->answer->body);
	flow->answer->status = 0;
	flow->answer->type[0] = '\0';
	http->reason[0] = '\0';
	code = curl_easy_perform(curl);
	curl_easy_getinfo(curl, CURLINFO_REQUEST_SIZE, &request_bytes);
	flow->answer->sent = flow->answer->sent || request_bytes > 0;
	if (code == CURLE_OPERATION_TIMEDOUT && flow->request->give_up_ms && !flow->code) {
		double took = 0;

		/* Our own end of the wait; else it was the server's silence. */
		curl_easy_getinfo(curl, CURLINFO_TOTAL_TIME, &took);
		if (took * 1000 >= flow->request->give_up_ms)
			return 0;
	}
	if (code)
		return curl_failed(flow, code, error);
	curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &flow->answer->status);
	curl_easy_getinfo(curl, CURLINFO_CONTENT_TYPE, &type);
	if (type)
		snprintf(flow->answer->type, sizeof(flow->answer->type), "%s", type);
	return 0;
}

/* --- within the server ---------------------------------------------------------------- */

static int make_url(struct http *http, const struct http_request *request, struct cf_error *error)
{
	int rc;

	buf_clear(&http->url);
	rc = buf_str(&http->url, http->address.origin);
	rc = rc ? rc : buf_str(&http->url, http->address.prefix);
	rc = rc ? rc : buf_str(&http->url, request->path);
	rc = rc ? rc : buf_byte(&http->url, '\0');
	return rc ? error_nomem(error) : 0;
}

/* Scheme, host and port as text; "" where it is no URL. */
static struct cf_str url_origin(const char *url, struct cf_arena *arena)
{
	struct cf_str with_path = arena_printf(arena, "%s", url);
	struct couch_address address;

	if (!with_path.ptr || strncmp(url, "http", 4) != 0)
		return STR("");
	/* Any path will do for a database here. */
	with_path.len = strcspn(with_path.ptr, "?#");
	((char *)with_path.ptr)[with_path.len] = '\0';
	if (couch_address_read(arena_printf(arena, "%s/x", with_path.ptr).ptr, arena, &address,
			       NULL))
		return STR("");
	return address.origin;
}

/* Goes on at the URL of the answer, if that is of the same server. */
static int redirect(struct flow *flow, struct cf_error *error)
{
	struct http *http = flow->http;
	const struct http_request *request = flow->request;
	char *url = NULL;
	struct cf_arena arena;
	struct cf_str origin;
	int rc = 0;

	curl_easy_getinfo(http->curl, CURLINFO_REDIRECT_URL, &url);
	if (!url)
		return error_set(error, CF_ERR_NOT_A_STORE, "%s %s: redirected to nowhere",
				 request->method, request->path.ptr);
	arena_init(&arena, &http->mem);
	origin = url_origin(url, &arena);
	if (!str_equal(origin, http->address.origin)) {
		rc = error_set(error, CF_ERR_NOT_A_STORE,
			       "%s %s: redirected to another server, %.*s; name that one if it is "
			       "meant",
			       request->method, request->path.ptr, STR_ARG(origin));
	} else {
		buf_clear(&http->url);
		if (buf_str(&http->url, str_of(url)) || buf_byte(&http->url, '\0'))
			rc = error_nomem(error);
	}
	arena_fini(&arena);
	return rc;
}

static bool is_redirect(long status)
{
	return status == 301 || status == 302 || status == 307 || status == 308;
}

static int exchange(struct flow *flow, struct cf_error *error)
{
	int rc = make_url(flow->http, flow->request, error);

	rc = rc ? rc : perform(flow, flow->request->body, error);
	for (int i = 0; rc == 0 && is_redirect(flow->answer->status); i++) {
		if (i == LIMIT_REDIRECTS)
			return error_set(error, CF_ERR_NOT_A_STORE, "%s %s: too many redirections",
					 flow->request->method, flow->request->path.ptr);
		rc = redirect(flow, error);
		rc = rc ? rc : perform(flow, flow->request->body, error);
	}
	return rc;
}

/* Shows the password once; from then on the server renews the cookie with its answers. */
static int log_in(struct http *http, struct cf_error *error)
{
	struct http_request request = {.method = "POST", .path = STR("/_session")};
	struct http_answer answer;
	struct flow flow = {.http = http, .request = &request, .answer = &answer};
	struct cf_buf body;
	int rc;

	buf_init(&body, &http->mem);
	http_answer_init(&answer, &http->mem);
	buf_str(&body, STR("{\"name\":"));
	json_write_string(http->address.user, &body);
	buf_str(&body, STR(",\"password\":"));
	json_write_string(http->address.password, &body);
	buf_byte(&body, '}');
	request.body = buf_view(&body);
	rc = body.failed ? error_nomem(error) : exchange(&flow, error);
	if (rc == 0 && answer.status != 200)
		rc = http_refusal(&request, &answer, error);
	if (body.ptr)
		memset(body.ptr, 0, body.len);
	buf_fini(&body);
	http_answer_fini(&answer);
	http->logged_in = rc == 0;
	return rc;
}

int http_send(struct http *http, const struct http_request *request, struct http_answer *answer,
	      struct cf_error *error)
{
	struct flow flow = {.http = http, .request = request, .answer = answer};
	bool cookie = http->address.auth == COUCH_AUTH_COOKIE, fresh = !http->logged_in;
	int rc = cookie && fresh ? log_in(http, error) : 0;

	rc = rc ? rc : exchange(&flow, error);
	/* A cookie that ran out makes us nobody; one that is not understood is a 400 that
	 * says so. */
	if (rc || !cookie || fresh || (answer->status != 401 && answer->status != 400))
		return rc;
	if (answer->status == 400 &&
	    !(answer->body.len &&
	      memmem(answer->body.ptr, answer->body.len, "AuthSession", strlen("AuthSession"))))
		return 0;
	rc = log_in(http, error);
	return rc ? rc : exchange(&flow, error);
}
