/* URI references, RFC 3986 section 5: resolved by text, without normalising case
 * or percent-encoding. Leaves out checking that the parts are well-formed (that
 * is the format "uri"). */
#include "schema/uri.h"

struct uri_parts {
	struct cf_str scheme;    /* with its ":" */
	struct cf_str authority; /* with its "//" */
	struct cf_str path;
	struct cf_str query; /* with its "?" */
};

static struct cf_str cut(struct cf_str *rest, size_t len)
{
	struct cf_str first = {rest->ptr, len};

	*rest = (struct cf_str){rest->ptr + len, rest->len - len};
	return first;
}

static size_t length_until(struct cf_str s, const char *stops)
{
	size_t i = 0;

	while (i < s.len && (s.ptr[i] == '\0' || !strchr(stops, s.ptr[i])))
		i++;
	return i;
}

static struct uri_parts split(struct cf_str uri)
{
	struct uri_parts parts = {0};
	size_t colon = length_until(uri, ":/?#");

	if (colon > 0 && colon < uri.len && uri.ptr[colon] == ':')
		parts.scheme = cut(&uri, colon + 1);
	if (str_starts_with(uri, STR("//"))) {
		struct cf_str behind = {uri.ptr + 2, uri.len - 2};

		parts.authority = cut(&uri, 2 + length_until(behind, "/?"));
	}
	parts.path = cut(&uri, length_until(uri, "?"));
	parts.query = uri;
	return parts;
}

struct cf_str uri_without_fragment(struct cf_str uri)
{
	return (struct cf_str){uri.ptr, length_until(uri, "#")};
}

/* RFC 3986 section 5.2.4, in place. */
static size_t remove_dot_segments(char *path, size_t len)
{
	size_t in = 0, out = 0;

	while (in < len) {
		struct cf_str rest = {path + in, len - in};
		size_t segment;

		if (str_equal(rest, STR("/.")) || str_equal(rest, STR("/.."))) {
			while (rest.len == 3 && out > 0 && path[--out] != '/')
				;
			path[out++] = '/';
			return out;
		}
		if (str_starts_with(rest, STR("/./"))) {
			in += 2;
			continue;
		}
		if (str_starts_with(rest, STR("/../"))) {
			in += 3;
			while (out > 0 && path[--out] != '/')
				;
			continue;
		}
		segment = 1 + length_until((struct cf_str){rest.ptr + 1, rest.len - 1}, "/");
		memmove(path + out, path + in, segment);
		in += segment;
		out += segment;
	}
	return out;
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c |= 0x20;
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static struct cf_str percent_decode(struct cf_str s, struct cf_arena *arena)
{
	char *out = arena_alloc(arena, s.len + 1);
	size_t len = 0;

	if (!out)
		return (struct cf_str){0};
	for (size_t i = 0; i < s.len; i++) {
		if (s.ptr[i] == '%' && i + 2 < s.len && hex_digit(s.ptr[i + 1]) >= 0 &&
		    hex_digit(s.ptr[i + 2]) >= 0) {
			out[len++] = (char)(hex_digit(s.ptr[i + 1]) * 16 + hex_digit(s.ptr[i + 2]));
			i += 2;
		} else {
			out[len++] = s.ptr[i];
		}
	}
	return (struct cf_str){out, len};
}

static void append(char *out, size_t *len, struct cf_str s)
{
	if (s.len)
		memcpy(out + *len, s.ptr, s.len);
	*len += s.len;
}

/* Section 5.2.3: the reference's path beside the base's last segment. */
static size_t merge_paths(char *out, const struct uri_parts *base, struct cf_str path)
{
	struct cf_str folder = base->path;
	size_t len = 0;

	while (folder.len && folder.ptr[folder.len - 1] != '/')
		folder.len--;
	if (base->authority.len && base->path.len == 0)
		folder = STR("/");
	append(out, &len, folder);
	append(out, &len, path);
	return len;
}

int uri_resolve(struct cf_str base_uri, struct cf_str ref, struct cf_arena *arena,
		struct cf_str *ret, struct cf_str *ret_fragment)
{
	struct cf_str body = uri_without_fragment(ref);
	struct uri_parts base = split(uri_without_fragment(base_uri));
	struct uri_parts to = split(body);
	char *out = arena_alloc(arena, base_uri.len + ref.len + 2);
	size_t len = 0, path_len = 0;

	if (!out)
		return CF_ERR_NOMEM;
	*ret_fragment = (struct cf_str){0};
	if (body.len < ref.len) {
		struct cf_str text = {ref.ptr + body.len + 1, ref.len - body.len - 1};

		*ret_fragment = percent_decode(text, arena);
		if (!ret_fragment->ptr)
			return CF_ERR_NOMEM;
	}
	append(out, &len, to.scheme.len ? to.scheme : base.scheme);
	append(out, &len, to.scheme.len || to.authority.len ? to.authority : base.authority);
	if (to.scheme.len || to.authority.len || str_starts_with(to.path, STR("/"))) {
		append(out + len, &path_len, to.path);
	} else if (to.path.len) {
		path_len = merge_paths(out + len, &base, to.path);
	} else {
		append(out + len, &path_len, base.path);
		to.query = to.query.len ? to.query : base.query;
	}
	if (path_len && out[len] == '/')
		path_len = remove_dot_segments(out + len, path_len);
	len += path_len;
	append(out, &len, to.query);
	*ret = (struct cf_str){out, len};
	return 0;
}
