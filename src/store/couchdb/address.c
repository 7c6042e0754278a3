/* URLs of CouchDB; see address.h. What RFC 3986 says of them is libcurl's affair. */
#include "store/couchdb/address.h"

#include "store/couchdb/limits.h"
#include "store/limits.h"
#include "store/url.h"

#include <curl/curl.h>

int couch_encode(struct cf_str text, struct cf_buf *out)
{
	static const char digits[] = "0123456789ABCDEF";
	int rc = 0;

	for (size_t i = 0; i < text.len && rc == 0; i++) {
		unsigned char c = (unsigned char)text.ptr[i];
		char escaped[3] = {'%', digits[c >> 4], digits[c & 15]};
		bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			     (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.' || c == '~';

		rc = plain ? buf_byte(out, (char)c) : buf_append(out, escaped, 3);
	}
	return rc;
}

static int read_auth(struct cf_str value, struct couch_address *ret, struct cf_error *error)
{
	ret->auth = str_equal(value, STR("basic"))    ? COUCH_AUTH_BASIC
		    : str_equal(value, STR("cookie")) ? COUCH_AUTH_COOKIE
		    : str_equal(value, STR("proxy"))  ? COUCH_AUTH_PROXY
						      : COUCH_AUTH_NONE;
	return ret->auth ? 0
			 : error_set(error, CF_ERR_USAGE,
				     "auth=%.*s: must be basic, cookie or proxy", STR_ARG(value));
}

static int read_timeout(struct cf_str value, struct couch_address *ret, struct cf_error *error)
{
	uint64_t number = 0;

	for (size_t i = 0; i < value.len && number <= LIMIT_TIMEOUT_S; i++) {
		bool digit = value.ptr[i] >= '0' && value.ptr[i] <= '9';

		number = digit ? number * 10 + (uint64_t)(value.ptr[i] - '0') : LIMIT_TIMEOUT_S + 1;
	}
	if (number == 0 || number > LIMIT_TIMEOUT_S)
		return error_set(error, CF_ERR_USAGE, "timeout=%.*s: must be from 1 to %d seconds",
				 STR_ARG(value), LIMIT_TIMEOUT_S);
	ret->timeout_s = (unsigned)number;
	return 0;
}

static int read_parameter(struct cf_str name, struct cf_str value, struct cf_arena *arena,
			  struct couch_address *ret, struct cf_error *error)
{
	if (str_equal(name, STR("create")))
		return store_url_bool(name, value, &ret->create, error);
	if (str_equal(name, STR("readonly")))
		return store_url_bool(name, value, &ret->readonly, error);
	if (str_equal(name, STR("revs")))
		return store_url_revs(value, &ret->revs, error);
	if (str_equal(name, STR("auth")))
		return read_auth(value, ret, error);
	if (str_equal(name, STR("timeout")))
		return read_timeout(value, ret, error);
	if (str_equal(name, STR("roles")))
		return store_url_decode(value, arena, &ret->roles, error);
	if (str_equal(name, STR("ca")))
		return store_url_decode(value, arena, &ret->ca, error);
	return error_set(error, CF_ERR_USAGE,
			 "unknown parameter \"%.*s\" (auth, ca, create, readonly, revs, roles, "
			 "timeout)",
			 STR_ARG(name));
}

/* A part of the URL into the arena; absent parts are empty. */
static int get_part(CURLU *parsed, CURLUPart part, unsigned flags, struct cf_arena *arena,
		    struct cf_str *ret, struct cf_error *error)
{
	char *text = NULL;
	CURLUcode code = curl_url_get(parsed, part, &text, flags);

	*ret = code ? STR("") : arena_dup(arena, str_of(text));
	curl_free(text);
	if (code == CURLUE_OUT_OF_MEMORY || !ret->ptr)
		return error_nomem(error);
	return code == CURLUE_URLDECODE
		       ? error_set(error, CF_ERR_USAGE, "the user or password holds a wrong %%")
		       : 0;
}

/* Takes the path apart: the prefix, and the database behind the last "/". */
static int split_path(struct cf_str path, struct cf_arena *arena, struct couch_address *ret,
		      struct cf_error *error)
{
	struct cf_buf encoded;
	size_t last;
	int rc;

	while (path.len && path.ptr[path.len - 1] == '/')
		path.len--;
	for (last = path.len; last > 0 && path.ptr[last - 1] != '/';)
		last--;
	if (last == path.len)
		return error_set(error, CF_ERR_USAGE,
				 "names no database: http://HOST:PORT/DATABASE");
	rc = store_url_decode((struct cf_str){path.ptr + last, path.len - last}, arena,
			      &ret->database, error);
	if (rc)
		return rc;
	ret->prefix = arena_dup(arena, (struct cf_str){path.ptr, last - 1});
	buf_init(&encoded, arena->mem);
	if (buf_byte(&encoded, '/') || couch_encode(ret->database, &encoded))
		rc = error_nomem(error);
	else
		ret->path = arena_dup(arena, buf_view(&encoded));
	buf_fini(&encoded);
	return rc || !ret->path.ptr || !ret->prefix.ptr ? error_nomem(error) : 0;
}

static int split_origin(CURLU *parsed, struct cf_arena *arena, struct couch_address *ret,
			struct cf_error *error)
{
	struct cf_str scheme, host, port, path;
	int rc = get_part(parsed, CURLUPART_SCHEME, 0, arena, &scheme, error);

	rc = rc ? rc : get_part(parsed, CURLUPART_HOST, 0, arena, &host, error);
	rc = rc ? rc : get_part(parsed, CURLUPART_PORT, CURLU_DEFAULT_PORT, arena, &port, error);
	rc = rc ? rc : get_part(parsed, CURLUPART_USER, CURLU_URLDECODE, arena, &ret->user, error);
	rc = rc ? rc
		: get_part(parsed, CURLUPART_PASSWORD, CURLU_URLDECODE, arena, &ret->password,
			   error);
	rc = rc ? rc : get_part(parsed, CURLUPART_PATH, 0, arena, &path, error);
	if (rc)
		return rc;
	for (char *c = (char *)host.ptr; *c; c++)
		if (*c >= 'A' && *c <= 'Z')
			*c |= 0x20;
	ret->origin = arena_printf(arena, "%.*s://%.*s:%.*s", STR_ARG(scheme), STR_ARG(host),
				   STR_ARG(port));
	return ret->origin.ptr ? split_path(path, arena, ret, error) : error_nomem(error);
}

int couch_address_read(const char *url, struct cf_arena *arena, struct couch_address *ret,
		       struct cf_error *error)
{
	struct couch_address address = {
		.create = true, .timeout_s = COUCH_TIMEOUT_S, .roles = STR(""), .ca = STR("")};
	const char *query = strchr(url, '?');
	struct cf_str name, value;
	struct cf_str bare =
		arena_dup(arena, (struct cf_str){url, query ? (size_t)(query - url) : strlen(url)});
	CURLU *parsed = curl_url();
	CURLUcode code;
	int rc;

	if (!bare.ptr || !parsed) {
		curl_url_cleanup(parsed);
		return error_nomem(error);
	}
	code = curl_url_set(parsed, CURLUPART_URL, bare.ptr, 0);
	rc = code ? error_set(error, CF_ERR_USAGE, "%s", curl_url_strerror(code))
		  : split_origin(parsed, arena, &address, error);
	curl_url_cleanup(parsed);
	while (rc == 0 && store_url_parameter(&query, &name, &value))
		rc = read_parameter(name, value, arena, &address, error);
	if (rc == 0 && address.auth && address.user.len == 0)
		rc = error_set(error, CF_ERR_USAGE,
			       "auth= without a user: http://USER:PASSWORD@...");
	if (rc == 0 && !address.auth && address.user.len)
		address.auth = COUCH_AUTH_BASIC;
	if (rc == 0)
		*ret = address;
	return rc;
}

bool couch_address_same_server(const struct couch_address *a, const struct couch_address *b)
{
	return str_equal(a->origin, b->origin) && str_equal(a->prefix, b->prefix) &&
	       str_equal(a->user, b->user) && str_equal(a->password, b->password) &&
	       a->auth == b->auth && str_equal(a->roles, b->roles) && str_equal(a->ca, b->ca) &&
	       a->timeout_s == b->timeout_s;
}
