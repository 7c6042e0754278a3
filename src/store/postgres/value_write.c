/* From the server's texts to JSON; see table.h for what becomes what. */
#include "store/base64.h"
#include "store/postgres/table.h"

static int hex_value(char c)
{
	return c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10;
}

/* \x and hex digits, as bytea_output = hex gives them. */
static int write_bytea(struct cf_str text, struct cf_arena *arena, struct cf_buf *out)
{
	size_t len = text.len >= 2 ? text.len / 2 - 1 : 0;
	char *bytes = arena_alloc(arena, len + 1);
	int rc;

	if (!bytes)
		return CF_ERR_NOMEM;
	for (size_t i = 0; i < len; i++)
		bytes[i] = (char)(hex_value(text.ptr[2 + 2 * i]) << 4 |
				  hex_value(text.ptr[3 + 2 * i]));
	rc = buf_str(out, STR("{\"$base64\":\""));
	rc = rc ? rc : base64_write((struct cf_str){bytes, len}, out);
	return rc ? rc : buf_str(out, STR("\"}"));
}

/* "2020-01-02 03:04:05.6+00" as RFC 3339 has it; infinity and years before Christ have no
 * such form and stay. */
static int write_timestamp(struct cf_str text, bool zone, struct cf_buf *out)
{
	bool plain = text.len > 10 && text.ptr[10] == ' ' && text.ptr[text.len - 1] != 'C';
	int rc;

	if (!plain)
		return json_write_string(text, out);
	buf_byte(out, '"');
	buf_append(out, text.ptr, 10);
	buf_byte(out, 'T');
	rc = buf_append(out, text.ptr + 11, text.len - 11);
	if (zone)
		rc = buf_str(out, STR(":00"));
	return rc ? rc : buf_byte(out, '"');
}

/* NaN and the infinities are strings. */
static int write_number(struct cf_str text, struct cf_buf *out)
{
	char last = text.len ? text.ptr[text.len - 1] : 'N';

	return last == 'N' || last == 'y' ? json_write_string(text, out) : buf_str(out, text);
}

static int write_one(const struct pg_column *column, struct cf_str text, struct cf_arena *arena,
		     struct cf_buf *out)
{
	switch (column->kind) {
	case PG_INTEGER:
	case PG_JSON:
		return buf_str(out, text);
	case PG_NUMERIC:
	case PG_REAL:
	case PG_DOUBLE:
		return write_number(text, out);
	case PG_BOOLEAN:
		return buf_str(out, text.ptr[0] == 't' ? STR("true") : STR("false"));
	case PG_BYTEA:
		return write_bytea(text, arena, out);
	case PG_TIMESTAMP:
	case PG_TIMESTAMPTZ:
		return write_timestamp(text, column->kind == PG_TIMESTAMPTZ, out);
	case PG_PADDED:
		while (text.len && text.ptr[text.len - 1] == ' ')
			text.len--;
		return json_write_string(text, out);
	default:
		return json_write_string(text, out);
	}
}

/* --- arrays: https://www.postgresql.org/docs/15/arrays.html#ARRAYS-IO -------------- */

/* One element, quoted or not; *at behind it. */
static int write_element(const struct pg_column *column, struct cf_str text, size_t *at,
			 struct cf_arena *arena, struct cf_buf *out)
{
	char *plain = arena_alloc(arena, text.len - *at + 1);
	bool quoted = text.ptr[*at] == '"';
	size_t len = 0;

	if (!plain)
		return CF_ERR_NOMEM;
	*at += quoted;
	while (*at < text.len &&
	       (quoted ? text.ptr[*at] != '"' : text.ptr[*at] != ',' && text.ptr[*at] != '}')) {
		*at += text.ptr[*at] == '\\';
		plain[len++] = text.ptr[(*at)++];
	}
	plain[len] = '\0';
	*at += quoted;
	if (!quoted && len == 4 && memcmp(plain, "NULL", 4) == 0)
		return buf_str(out, STR("null"));
	return write_one(column, (struct cf_str){plain, len}, arena, out);
}

static int write_array(const struct pg_column *column, struct cf_str text, struct cf_arena *arena,
		       struct cf_buf *out)
{
	const char *open = memchr(text.ptr, '{', text.len);
	size_t at = open ? (size_t)(open - text.ptr) : text.len;
	int rc = 0;

	/* Braces and commas of the text are those of JSON, between the elements. */
	while (at < text.len && rc == 0) {
		char c = text.ptr[at];

		if (c == '{' || c == '}' || c == ',') {
			rc = buf_byte(out, c == '{' ? '[' : c == '}' ? ']' : ',');
			at++;
		} else {
			rc = write_element(column, text, &at, arena, out);
		}
	}
	return rc;
}

int pg_value_write(const struct pg_column *column, struct cf_str text, struct cf_arena *arena,
		   struct cf_buf *out)
{
	return column->array ? write_array(column, text, arena, out)
			     : write_one(column, text, arena, out);
}
