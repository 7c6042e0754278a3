/* Text on its way into the interpreter and out of it: what JavaScript counts otherwise, or
 * cannot hold. */
#include "lens/script_inside.h"

#include "json/json.h"

#include <stdio.h>
#include <stdlib.h>

/* The interpreter counts in UTF-16 only where it was given surrogates: a character
 * beyond U+FFFF goes in as two escapes. It can stand in a string only. */
int script_write_escaped(struct cf_str text, struct cf_buf *out)
{
	const unsigned char *p = (const unsigned char *)text.ptr;
	const unsigned char *end = text.len ? p + text.len : p;

	while (p < end) {
		const unsigned char *from = p;
		unsigned c;

		while (p < end && *p < 0xf0)
			p++;
		buf_append(out, from, (size_t)(p - from));
		if (end - p < 4)
			continue;
		c = ((p[0] & 7u) << 18 | (p[1] & 63u) << 12 | (p[2] & 63u) << 6 | (p[3] & 63u)) -
		    0x10000;
		buf_printf(out, "\\u%04x\\u%04x", 0xd800 + (c >> 10), 0xdc00 + (c & 0x3ff));
		p += 4;
	}
	return out->failed ? CF_ERR_NOMEM : 0;
}

static bool is_surrogate(const unsigned char *p, const unsigned char *end, unsigned low)
{
	return end - p >= 3 && p[0] == 0xed && p[1] >= 0xa0 + low && p[1] < 0xb0 + low;
}

/* And comes out as two surrogates of three bytes each, or as one that is alone. */
int script_write_utf8(const char *text, size_t len, struct cf_buf *out)
{
	const unsigned char *p = (const unsigned char *)text, *end = p + len;

	while (p < end) {
		const unsigned char *from = p;
		unsigned c;

		while (p < end && !(p[0] == 0xed && end - p >= 3 && p[1] >= 0xa0))
			p++;
		buf_append(out, from, (size_t)(p - from));
		if (p >= end)
			break;
		c = 0xd000u | (p[1] & 63u) << 6 | (p[2] & 63u);
		if (is_surrogate(p, end, 0) && is_surrogate(p + 3, end, 0x10)) {
			c = 0x10000 + ((c & 0x3ff) << 10) + ((p[4] & 15u) << 6 | (p[5] & 63u));
			buf_byte(out, (char)(0xf0 | c >> 18));
			buf_byte(out, (char)(0x80 | (c >> 12 & 63)));
			buf_byte(out, (char)(0x80 | (c >> 6 & 63)));
			buf_byte(out, (char)(0x80 | (c & 63)));
			p += 6;
		} else {
			buf_printf(out, "\\u%04x", c);
			p += 3;
		}
	}
	return out->failed ? CF_ERR_NOMEM : 0;
}

/* Whether one of the short spellings of the double is the number itself. */
static bool survives_double(struct cf_str number)
{
	char copy[400], again[40];

	if (number.len >= sizeof(copy))
		return false;
	memcpy(copy, number.ptr, number.len);
	copy[number.len] = '\0';
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(again, sizeof(again), "%.*g", digits, strtod(copy, NULL));
		if (!strpbrk(again, "in") && json_number_compare(number, str_of(again)) == 0)
			return true;
	}
	return false;
}

/* Numbers must survive the way through a double; those of up to 15 digits do. */
int script_check_numbers(struct cf_str text, const struct cf_mem *mem, struct cf_error *error)
{
	struct json_doc doc;
	struct cf_buf pointer;
	int rc;

	if (text.len == 0)
		return 0;
	json_doc_init(&doc, mem);
	buf_init(&pointer, mem);
	rc = json_read(&doc, text.ptr, text.len, JSON_READ_DOCUMENT, error);
	for (uint32_t i = 0; i < doc.count && rc == 0; i++) {
		struct json_value value = {&doc, i};
		struct cf_str span = json_span(value);

		if (json_kind(value) != JSON_NUMBER ||
		    (span.len <= 15 && !memchr(span.ptr, 'e', span.len) &&
		     !memchr(span.ptr, 'E', span.len)) ||
		    survives_double(span))
			continue;
		rc = error_set(error, CF_ERR_SCRIPT,
			       "JavaScript cannot hold the number %.*s exactly",
			       span.len > 60 ? 60 : (int)span.len, span.ptr);
		if (json_pointer_of(value, &pointer) == 0)
			error_at_pointer(error, buf_view(&pointer));
	}
	buf_fini(&pointer);
	json_doc_fini(&doc);
	return rc;
}
