/* Looking into a tape: counting, finding members, decoding strings, pointers. */
#include "json/read.h"

uint32_t json_count(struct json_value container)
{
	struct json_iter it = json_iter(container);
	uint32_t count = 0;

	while (json_next(&it))
		count++;
	return count;
}

uint16_t json_name_hash(struct cf_str decoded)
{
	return name_hash(decoded.ptr, decoded.len);
}

/* --- escapes ------------------------------------------------------------------ */

static unsigned hex_value(char c)
{
	return c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a' + 10);
}

static unsigned hex4(const char *p)
{
	return hex_value(p[0]) << 12 | hex_value(p[1]) << 8 | hex_value(p[2]) << 4 |
	       hex_value(p[3]);
}

static size_t put_utf8(uint32_t c, char *out)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 63));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 63));
		out[2] = (char)(0x80 | (c & 63));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 63));
	out[2] = (char)(0x80 | (c >> 6 & 63));
	out[3] = (char)(0x80 | (c & 63));
	return 4;
}

/* One escape at p (a backslash, known to be well-formed): over it. */
static const char *decode_escape(const char *p, const char *end, char *out, size_t *ret_len)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	uint32_t c;

	if (p[1] != 'u') {
		*out = to[strchr(from, p[1]) - from];
		*ret_len = 1;
		return p + 2;
	}
	c = hex4(p + 2);
	p += 6;
	if (c >= 0xd800 && c < 0xdc00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u') {
		uint32_t low = hex4(p + 2);

		if (low >= 0xdc00 && low < 0xe000) {
			c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
			p += 6;
		}
	}
	*ret_len = put_utf8(c, out);
	return p;
}

int json_decode(struct json_value string, struct cf_arena *arena, struct cf_str *ret)
{
	struct cf_str inner = json_inner(string);
	const char *p = inner.ptr, *end = inner.ptr + inner.len;
	char *out;
	size_t len = 0;

	if (!(json_node(string)->flags & JSON_ESCAPED)) {
		*ret = inner;
		return 0;
	}
	out = arena_alloc(arena, inner.len + 1);
	if (!out)
		return CF_ERR_NOMEM;
	while (p < end) {
		size_t added = 1;

		if (*p == '\\')
			p = decode_escape(p, end, out + len, &added);
		else
			out[len] = *p++;
		len += added;
	}
	out[len] = '\0';
	*ret = (struct cf_str){out, len};
	return 0;
}

/* Compares an escaped string with decoded bytes, without memory. */
static bool escaped_equals(struct cf_str inner, struct cf_str decoded)
{
	const char *p = inner.ptr, *end = inner.ptr + inner.len;
	size_t at = 0;
	char bytes[4];

	while (p < end) {
		size_t len = 1;

		bytes[0] = *p;
		p = *p == '\\' ? decode_escape(p, end, bytes, &len) : p + 1;
		if (decoded.len - at < len || memcmp(decoded.ptr + at, bytes, len) != 0)
			return false;
		at += len;
	}
	return at == decoded.len;
}

bool json_escaped_is(struct json_value name, struct cf_str decoded)
{
	return escaped_equals(json_inner(name), decoded);
}

struct json_value json_member(struct json_value object, struct cf_str name)
{
	uint16_t hash;
	const struct json_node *nodes;
	uint32_t end;

	if (json_kind(object) != JSON_OBJECT)
		return JSON_ABSENT;
	nodes = object.doc->nodes;
	end = nodes[object.node].next;
	hash = name_hash(name.ptr, name.len);
	for (uint32_t key = object.node + 1; key < end; key = nodes[key].next)
		if (nodes[key].hash == hash &&
		    json_name_is((struct json_value){object.doc, key}, name))
			return (struct json_value){object.doc, key + 1};
	return JSON_ABSENT;
}

void json_members(struct json_value object, const struct json_wanted *wanted, size_t count,
		  struct json_value *ret)
{
	const struct json_node *nodes;
	uint32_t end;

	for (size_t i = 0; i < count; i++)
		ret[i] = JSON_ABSENT;
	if (json_kind(object) != JSON_OBJECT)
		return;
	nodes = object.doc->nodes;
	end = nodes[object.node].next;
	for (uint32_t key = object.node + 1; key < end; key = nodes[key].next) {
		struct json_value name = {object.doc, key};

		for (size_t i = 0; i < count; i++)
			if (nodes[key].hash == wanted[i].hash && json_is_absent(ret[i]) &&
			    json_name_is(name, wanted[i].name))
				ret[i] = (struct json_value){object.doc, key + 1};
	}
}

struct json_value json_element(struct json_value array, uint32_t index)
{
	struct json_iter it = json_iter(array);

	if (json_kind(array) != JSON_ARRAY)
		return JSON_ABSENT;
	while (json_next(&it))
		if (index-- == 0)
			return it.value;
	return JSON_ABSENT;
}

/* --- pointers (RFC 6901) --------------------------------------------------------- */

static struct json_value pointer_element(struct json_value array, struct cf_str token)
{
	uint32_t index = 0;

	if (token.len == 0 || token.len > 9 || (token.len > 1 && token.ptr[0] == '0'))
		return JSON_ABSENT;
	for (size_t i = 0; i < token.len; i++) {
		if (token.ptr[i] < '0' || token.ptr[i] > '9')
			return JSON_ABSENT;
		index = index * 10 + (uint32_t)(token.ptr[i] - '0');
	}
	return json_element(array, index);
}

/* The next byte of a token, with ~1 and ~0 undone. */
static bool next_of_token(struct cf_str token, size_t *at, char *ret)
{
	if (*at >= token.len)
		return false;
	*ret = token.ptr[(*at)++];
	if (*ret == '~' && *at < token.len)
		*ret = token.ptr[(*at)++] == '1' ? '/' : '~';
	return true;
}

static bool token_is(struct json_value name, struct cf_str token)
{
	struct cf_str inner = json_inner(name);
	const char *p = inner.ptr, *end = inner.ptr + inner.len;
	size_t at = 0;

	while (p < end) {
		char bytes[4] = {*p}, c;
		size_t len = 1;

		p = *p == '\\' ? decode_escape(p, end, bytes, &len) : p + 1;
		for (size_t i = 0; i < len; i++)
			if (!next_of_token(token, &at, &c) || c != bytes[i])
				return false;
	}
	return at == token.len;
}

static struct json_value pointer_member(struct json_value object, struct cf_str token)
{
	struct json_iter it = json_iter(object);

	while (json_next(&it))
		if (token_is(it.name, token))
			return it.value;
	return JSON_ABSENT;
}

struct json_value json_pointer_get(struct json_value root, struct cf_str pointer)
{
	while (pointer.len && !json_is_absent(root)) {
		const char *slash;
		struct cf_str token;

		if (pointer.ptr[0] != '/')
			return JSON_ABSENT;
		slash = memchr(pointer.ptr + 1, '/', pointer.len - 1);
		token.ptr = pointer.ptr + 1;
		token.len = slash ? (size_t)(slash - token.ptr) : pointer.len - 1;
		root = json_kind(root) == JSON_ARRAY    ? pointer_element(root, token)
		       : json_kind(root) == JSON_OBJECT ? pointer_member(root, token)
							: JSON_ABSENT;
		pointer.ptr += token.len + 1;
		pointer.len -= token.len + 1;
	}
	return root;
}

int json_pointer_push(struct cf_buf *pointer, struct cf_str decoded_token)
{
	buf_byte(pointer, '/');
	for (size_t i = 0; i < decoded_token.len; i++) {
		char c = decoded_token.ptr[i];

		if (c == '~')
			buf_str(pointer, STR("~0"));
		else if (c == '/')
			buf_str(pointer, STR("~1"));
		else
			buf_byte(pointer, c);
	}
	return pointer->failed ? CF_ERR_NOMEM : 0;
}

int json_pointer_push_index(struct cf_buf *pointer, size_t index)
{
	return buf_printf(pointer, "/%zu", index) ? CF_ERR_NOMEM : 0;
}

int json_pointer_of(struct json_value v, struct cf_buf *ret)
{
	struct json_value at = json_root(v.doc);
	struct cf_arena arena;
	int rc = 0;

	arena_init(&arena, ret->mem);
	while (rc == 0 && at.node != v.node) {
		struct json_iter it = json_iter(at);
		size_t index = 0;
		bool found = false;

		while (rc == 0 && json_next(&it)) {
			uint32_t from = it.members ? it.name.node : it.value.node;

			if (v.node >= from && v.node < it.at) {
				struct cf_str name = {NULL, 0};

				rc = it.members ? json_decode(it.name, &arena, &name) : 0;
				if (rc == 0)
					rc = it.members ? json_pointer_push(ret, name)
							: json_pointer_push_index(ret, index);
				at = v.node == from ? v : it.value;
				found = true;
				break;
			}
			index++;
		}
		if (!found)
			break;
	}
	arena_fini(&arena);
	return rc;
}
