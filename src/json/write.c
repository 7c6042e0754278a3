/* Writing: spans of the text, without the space between tokens where asked. */
#include "json/read.h"

int json_write(struct json_value v, struct cf_buf *out)
{
	return buf_str(out, json_span(v));
}

/* A run of the tape, token by token; only containers with space come here. */
static int write_spaced(struct json_value v, struct cf_buf *out)
{
	struct json_iter it = json_iter(v);
	bool members = json_kind(v) == JSON_OBJECT, first = true;
	int rc = buf_byte(out, members ? '{' : '[');

	while (rc == 0 && json_next(&it)) {
		if (!first)
			buf_byte(out, ',');
		first = false;
		if (members) {
			buf_str(out, json_span(it.name));
			buf_byte(out, ':');
		}
		rc = json_write_compact(it.value, out);
	}
	return rc ? rc : buf_byte(out, members ? '}' : ']');
}

int json_write_compact(struct json_value v, struct cf_buf *out)
{
	if (json_node(v)->flags & JSON_SPACED && json_kind(v) >= JSON_ARRAY)
		return write_spaced(v, out);
	return buf_str(out, json_span(v));
}

static void write_control(unsigned char c, struct cf_buf *out)
{
	static const char from[] = "\b\f\n\r\t", to[] = "bfnrt";
	const char *at = c ? strchr(from, c) : NULL;

	if (at)
		buf_printf(out, "\\%c", to[at - from]);
	else
		buf_printf(out, "\\u%04x", c);
}

/* Three bytes of a lone surrogate (WTF-8), which JSON can only say escaped. */
static bool is_surrogate(const unsigned char *p, size_t left)
{
	return left >= 3 && p[0] == 0xed && p[1] >= 0xa0;
}

int json_write_string_inner(struct cf_str decoded, struct cf_buf *out)
{
	const unsigned char *p = (const unsigned char *)decoded.ptr;
	size_t plain = 0, i = 0;

	while (i < decoded.len) {
		unsigned char c = p[i];
		bool surrogate = c == 0xed && is_surrogate(p + i, decoded.len - i);

		if (c != '"' && c != '\\' && c >= 0x20 && !surrogate) {
			i++;
			continue;
		}
		buf_append(out, decoded.ptr + plain, i - plain);
		if (surrogate) {
			buf_printf(out, "\\u%04x",
				   (unsigned)(0xd000 | (p[i + 1] & 0x3f) << 6 | (p[i + 2] & 0x3f)));
			i += 3;
		} else {
			if (c < 0x20) {
				write_control(c, out);
			} else {
				buf_byte(out, '\\');
				buf_byte(out, (char)c);
			}
			i++;
		}
		plain = i;
	}
	if (plain < decoded.len)
		buf_append(out, decoded.ptr + plain, decoded.len - plain);
	return out->failed ? CF_ERR_NOMEM : 0;
}

int json_write_string(struct cf_str decoded, struct cf_buf *out)
{
	buf_byte(out, '"');
	json_write_string_inner(decoded, out);
	buf_byte(out, '"');
	return out->failed ? CF_ERR_NOMEM : 0;
}
