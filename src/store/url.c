/* Store URLs; see url.h. Passwords stand between the first ":" and the last "@" before the
 * query, or behind their name in it. People write them as they are: with spaces, slashes and
 * @ in them. What may be a password is not shown. */
#include "store/url.h"

#include "store/limits.h"
#include "store/store.h"

#include <stdlib.h>

size_t store_url_scheme(const char *url)
{
	size_t len = 0;

	while ((url[len] >= 'a' && url[len] <= 'z') ||
	       (len && url[len] >= '0' && url[len] <= '9') ||
	       (len && (url[len] == '+' || url[len] == '-' || url[len] == '.')))
		len++;
	return url[len] == ':' ? len : 0;
}

/* How much of `text` says the word, letters in any case, each perhaps percent-encoded;
 * 0: it does not. */
static size_t says(const char *text, const char *word)
{
	size_t at = 0;

	for (; *word; word++) {
		char hex[3] = {0};
		int c = (unsigned char)text[at];

		if (c == '%' && text[at + 1] && text[at + 2]) {
			memcpy(hex, text + at + 1, 2);
			c = (int)strtol(hex, NULL, 16);
			at += 2;
		}
		if ((c | 0x20) != *word)
			return 0;
		at++;
	}
	return at;
}

size_t store_url_secret_name(const char *text)
{
	static const char *const names[] = {"password", "passwd", "passphrase", "pwd", "secret"};
	size_t len = 0;

	for (size_t i = 0; i < ARRAY_LEN(names) && len == 0; i++)
		len = says(text, names[i]);
	return len;
}

/* Where the password before the host ends: at the last @ before the query, or where there
 * is none, at the last of all; NULL: it has none. What begins as a port does is one. */
static const char *userinfo_end(const char *colon)
{
	const char *query = colon + strcspn(colon, "?"), *at;
	size_t digits = strspn(colon + 1, "0123456789");

	if (!colon[1 + digits] || strchr("/?#", colon[1 + digits]))
		return NULL;
	at = memrchr(colon, '@', (size_t)(query - colon));
	return at ? at : strrchr(colon, '@');
}

static int redact_query(const char *query, struct cf_buf *out)
{
	int rc = 0;

	while (*query && rc == 0) {
		size_t len = store_url_secret_name(query);

		if (len == 0 || query[len] != '=') {
			rc = buf_byte(out, *query++);
			continue;
		}
		rc = buf_append(out, query, len + 1);
		rc = rc ? rc : buf_str(out, STR("***"));
		query += len + strcspn(query + len, "&");
	}
	return rc;
}

/* Where user and host stand, by however many slashes: who forgets one or types one too many is
 * told of it with the URL. NULL: it is a file. */
static const char *find_authority(const char *url)
{
	const char *at = strstr(url, "://");

	if (!at && (strncmp(url, "sqlite:", 7) == 0 || strncmp(url, "memory:", 7) == 0))
		return NULL;
	at = at ? at : strchr(url, ':');
	return at ? at + 1 + strspn(at + 1, "/\\") : NULL;
}

int store_url_redact(const char *url, struct cf_buf *out)
{
	const char *authority = find_authority(url), *colon, *at;
	int rc;

	if (!authority)
		return redact_query(url, out);
	colon = authority + strcspn(authority, ":/?#");
	at = *colon == ':' ? userinfo_end(colon) : NULL;
	if (!at)
		return redact_query(url, out);
	rc = buf_append(out, url, (size_t)(colon + 1 - url));
	rc = rc ? rc : buf_str(out, STR("***"));
	return rc ? rc : redact_query(at, out);
}

/* --- parameters ------------------------------------------------------------------ */

static int hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

int store_url_decode(struct cf_str text, struct cf_arena *arena, struct cf_str *ret,
		     struct cf_error *error)
{
	char *out = arena_alloc(arena, text.len + 1);
	size_t len = 0;

	if (!out)
		return error_nomem(error);
	for (size_t i = 0; i < text.len; i++) {
		int high = -1, low = -1;

		if (text.ptr[i] != '%') {
			out[len++] = text.ptr[i];
			continue;
		}
		if (i + 2 < text.len) {
			high = hex_value(text.ptr[i + 1]);
			low = hex_value(text.ptr[i + 2]);
		}
		if (high < 0 || low < 0 || high + low == 0)
			return error_set(error, CF_ERR_USAGE,
					 "\"%.*s\": %% must be followed by two "
					 "hex digits (%%25 for itself)",
					 STR_ARG(text));
		out[len++] = (char)(high << 4 | low);
		i += 2;
	}
	out[len] = '\0';
	*ret = (struct cf_str){out, len};
	return 0;
}

bool store_url_parameter(const char **query, struct cf_str *ret_name, struct cf_str *ret_value)
{
	const char *begin, *end, *equals;

	if (!*query || !(*query)[1])
		return false;
	begin = *query + 1;
	end = begin + strcspn(begin, "&");
	equals = memchr(begin, '=', (size_t)(end - begin));
	*ret_name = (struct cf_str){begin, (size_t)((equals ? equals : end) - begin)};
	*ret_value = (struct cf_str){equals ? equals + 1 : end, 0};
	ret_value->len = (size_t)(end - ret_value->ptr);
	*query = *end ? end : NULL;
	return true;
}

int store_url_bool(struct cf_str name, struct cf_str value, bool *ret, struct cf_error *error)
{
	if (value.len != 1 || (value.ptr[0] != '0' && value.ptr[0] != '1'))
		return error_set(error, CF_ERR_USAGE, "%.*s=%.*s: must be 0 or 1", STR_ARG(name),
				 STR_ARG(value));
	*ret = value.ptr[0] == '1';
	return 0;
}

int store_url_revs(struct cf_str value, uint64_t *ret, struct cf_error *error)
{
	uint64_t number = 0;

	for (size_t i = 0; i < value.len && number <= LIMIT_REVS; i++) {
		if (value.ptr[i] < '0' || value.ptr[i] > '9')
			number = LIMIT_REVS;
		number = number * 10 + (uint64_t)(value.ptr[i] - '0');
	}
	if (number == 0 || number > LIMIT_REVS)
		return error_set(error, CF_ERR_USAGE, "revs=%.*s: must be from 1 to %d",
				 STR_ARG(value), LIMIT_REVS);
	*ret = number;
	return 0;
}

static int read_parameter(struct cf_str name, struct cf_str value, struct cf_arena *arena,
			  struct store_url *url, struct cf_error *error)
{
	struct cf_str *text = str_equal(name, STR("table")) ? &url->table
			      : str_equal(name, STR("key")) ? &url->key
							    : NULL;

	if (text) {
		int rc = store_url_decode(value, arena, text, error);

		if (rc == 0 && (text->len == 0 || text->len > LIMIT_TABLE_BYTES))
			rc = error_set(error, CF_ERR_USAGE, "%.*s=: must have from 1 to %d bytes",
				       STR_ARG(name), LIMIT_TABLE_BYTES);
		return rc;
	}
	if (str_equal(name, STR("create")))
		return store_url_bool(name, value, &url->create, error);
	if (str_equal(name, STR("readonly")))
		return store_url_bool(name, value, &url->readonly, error);
	if (str_equal(name, STR("revs")))
		return store_url_revs(value, &url->revs, error);
	if (str_equal(name, STR("form")) && str_equal(value, STR("couchdb"))) {
		url->couchdb_form = true;
		return 0;
	}
	return error_set(error, CF_ERR_USAGE,
			 "unknown parameter \"%.*s\" (table, key, create, readonly, revs)",
			 STR_ARG(name));
}

int store_url_read(const char *url, struct cf_arena *arena, struct store_url *ret,
		   struct cf_error *error)
{
	const char *path = url + store_url_scheme(url) + 1;
	const char *query = strchr(path, '?');
	struct store_url read = {.create = true};
	struct cf_str name, value;
	int rc = store_url_decode(
		(struct cf_str){path, query ? (size_t)(query - path) : strlen(path)}, arena,
		&read.path, error);

	while (rc == 0 && store_url_parameter(&query, &name, &value))
		rc = read_parameter(name, value, arena, &read, error);
	if (rc == 0)
		*ret = read;
	return rc;
}

/* --- the state store's URL ---------------------------------------------------------- */

/* Parameters of the first URL that are kept for the second. */
static int copy_parameters(const char *query, const char *drop, struct cf_buf *out)
{
	int rc = 0;

	while (rc == 0 && query && query[1]) {
		const char *begin = query + 1;
		size_t len = strcspn(begin, "&");
		size_t name = strcspn(begin, "=&");
		bool dropped = false;

		for (const char *d = drop; *d && !dropped; d += strlen(d) + 1)
			dropped = strlen(d) == name && strncmp(d, begin, name) == 0;
		if (!dropped) {
			rc = buf_byte(out, '&');
			rc = rc ? rc : buf_append(out, begin, len);
		}
		query = begin[len] ? begin + len : NULL;
	}
	return rc;
}

#define STATE_NAME "chesterfield-state"

/* One file may hold several tables of documents, and each has a state of its own. */
static int write_state_table(const char *query, struct cf_buf *out)
{
	static const char name[] = "table=";
	const char *at = query;
	int rc = buf_str(out, STR("?table=" STATE_NAME));

	while (at && strncmp(at + 1, name, strlen(name)) != 0)
		at = strchr(at + 1, '&');
	if (at) {
		const char *table = at + 1 + strlen(name);
		size_t len = strcspn(table, "&");

		if (len != strlen("documents") || strncmp(table, "documents", len) != 0) {
			rc = rc ? rc : buf_byte(out, '-');
			rc = rc ? rc : buf_append(out, table, len);
		}
	}
	return rc ? rc : buf_str(out, STR("&revs=1"));
}

int store_url_state(const char *url, struct cf_buf *out, struct cf_error *error)
{
	size_t scheme = store_url_scheme(url);
	const char *query = strchr(url, '?');
	size_t path = query ? (size_t)(query - url) : strlen(url);
	size_t last = path;
	int rc = 0;

	if (scheme == 0)
		return error_set(error, CF_ERR_USAGE,
				 "a store is named by a URL, such as "
				 "sqlite:FILE");
	if (strncmp(url, "memory:", 7) == 0) {
		rc = buf_append(out, url, path);
		rc = rc ? rc : buf_str(out, STR("/" STATE_NAME "?revs=1"));
	} else if (strncmp(url, "http:", 5) == 0 || strncmp(url, "https:", 6) == 0) {
		/* A database beside this one, on the same server. */
		while (last > scheme && url[last - 1] == '/')
			last--;
		while (last > scheme + 3 && url[last - 1] != '/')
			last--;
		rc = buf_append(out, url, last);
		rc = rc ? rc : buf_str(out, STR(STATE_NAME));
		return rc ? error_set(error, rc, "%s", cf_error_text(rc))
			  : (query ? buf_str(out, str_of(query)) : 0);
	} else if (strncmp(url, "redis:", 6) == 0 || strncmp(url, "rediss:", 7) == 0) {
		rc = buf_append(out, url, path);
		rc = rc ? rc : buf_str(out, STR("?prefix=" STATE_NAME ":"));
	} else if (strncmp(url, "sqlite:", 7) == 0) {
		rc = buf_append(out, url, path);
		rc = rc ? rc : write_state_table(query, out);
	} else {
		rc = buf_append(out, url, path);
		rc = rc ? rc : buf_str(out, STR("?table=" STATE_NAME));
	}
	rc = rc ? rc : copy_parameters(query, "table\0key\0revs\0prefix\0", out);
	return rc ? error_set(error, rc, "%s", cf_error_text(rc)) : 0;
}
