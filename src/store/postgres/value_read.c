/* From JSON to the texts that the server reads. Nothing may be changed on the way: what
 * the column would round, cut or turn into another type is refused. */
#include "store/base64.h"
#include "store/postgres/table.h"
#include "store/real.h"

#include <inttypes.h>
#include <stdlib.h>

int pg_refuse(struct cf_answer *answer, struct cf_arena *arena, const struct pg_column *column,
	      const char *reason)
{
	*answer = (struct cf_answer){.code = CF_ERR_INVALID};
	answer->message = arena_printf(arena, "column \"%.*s\" (%.*s): %s", STR_ARG(column->name),
				       STR_ARG(column->type), reason);
	return answer->message.ptr ? 0 : CF_ERR_NOMEM;
}

struct reading {
	const struct pg_column *column;
	struct cf_arena *arena;
	struct cf_answer *answer;
};

static int refuse(struct reading *r, const char *reason)
{
	return pg_refuse(r->answer, r->arena, r->column, reason);
}

/* --- numbers ------------------------------------------------------------------------ */

/* Digits behind the point that are not zeros at the end, exponent and all. */
static long decimals_of(struct cf_str number)
{
	const char *end = number.ptr + number.len, *at = number.ptr;
	long behind = 0, kept = 0, exponent = 0;
	bool point = false;

	for (; at < end && (*at | 0x20) != 'e'; at++) {
		point = point || *at == '.';
		behind += point && *at != '.';
		if (*at >= '1' && *at <= '9')
			kept = behind;
	}
	if (at < end)
		exponent = strtol(at + 1, NULL, 10);
	return kept - exponent;
}

static int integer_text(struct reading *r, struct cf_str number, struct cf_str *ret)
{
	int64_t value = 0, limit = r->column->bytes == 8   ? INT64_MAX
				   : r->column->bytes == 4 ? INT32_MAX
							   : INT16_MAX;

	if (!json_number_int64(number, &value) || value > limit || value < -limit - 1)
		return refuse(r, "the number is no integer, or too large");
	*ret = arena_printf(r->arena, "%" PRId64, value);
	return ret->ptr ? 0 : CF_ERR_NOMEM;
}

static int number_text(struct reading *r, struct cf_str number, struct cf_str *ret)
{
	double real;

	switch (r->column->kind) {
	case PG_INTEGER:
		return integer_text(r, number, ret);
	case PG_NUMERIC:
		if (r->column->decimals >= 0 && decimals_of(number) > r->column->decimals)
			return refuse(r, "the number has more digits behind the point");
		break;
	case PG_DOUBLE:
		if (!real_exact(number, &real))
			return refuse(r, "the number has more digits than a double can hold");
		break;
	case PG_REAL:
		if (!real_exact_single(number))
			return refuse(r, "the number has more digits than a real can hold");
		break;
	case PG_BOOLEAN:
		/* What stores without booleans write for them. */
		if (!str_equal(number, STR("0")) && !str_equal(number, STR("1")))
			return refuse(r, "a number that is neither 0 nor 1");
		break;
	default:
		return refuse(r, "takes no number");
	}
	*ret = arena_dup(r->arena, number);
	return ret->ptr ? 0 : CF_ERR_NOMEM;
}

/* --- strings -------------------------------------------------------------------------- */

static bool is_number_kind(enum pg_kind kind)
{
	return kind == PG_INTEGER || kind == PG_NUMERIC || kind == PG_REAL || kind == PG_DOUBLE;
}

static bool is_infinite(struct cf_str text)
{
	return str_equal(text, STR("NaN")) || str_equal(text, STR("Infinity")) ||
	       str_equal(text, STR("-Infinity"));
}

/* Digits of a second that the column would round away. */
static bool loses_digits(const struct pg_column *column, struct cf_str text)
{
	const char *point = memchr(text.ptr, '.', text.len);
	int digits = 0, kept = 0;

	for (const char *c = point ? point + 1 : NULL; c && c < text.ptr + text.len; c++) {
		if (*c < '0' || *c > '9')
			break;
		digits++;
		if (*c != '0')
			kept = digits;
	}
	return kept > column->decimals;
}

static int string_text(struct reading *r, struct json_value value, struct cf_str *ret)
{
	struct cf_str text;
	int rc = json_decode(value, r->arena, &text);

	if (rc)
		return rc;
	if (is_number_kind(r->column->kind) &&
	    (r->column->kind == PG_INTEGER || !is_infinite(text)))
		return refuse(r, "would make a number of the text");
	if (r->column->kind == PG_BOOLEAN || r->column->kind == PG_BYTEA)
		return refuse(r, "takes no string");
	if (!text_is_utf8(text, false))
		return refuse(r, text_is_utf8(text, true) ? "the text holds U+0000"
							  : "half a surrogate pair is no text");
	if ((r->column->kind == PG_TIMESTAMP || r->column->kind == PG_TIMESTAMPTZ) &&
	    loses_digits(r->column, text))
		return refuse(r, "the time has more digits than are kept");
	*ret = arena_dup(r->arena, text);
	return ret->ptr ? 0 : CF_ERR_NOMEM;
}

static int bytea_text(struct reading *r, struct json_value value, struct cf_str *ret)
{
	static const char digits[] = "0123456789abcdef";
	struct json_value member = json_member(value, STR("$base64"));
	struct cf_str bytes = {NULL, 0}, text;
	char *out;
	int rc;

	if (json_kind(member) != JSON_STRING || json_count(value) != 1)
		return refuse(r, "takes {\"$base64\": \"...\"} only");
	rc = json_decode(member, r->arena, &text);
	rc = rc ? rc : base64_read(text, r->arena, &bytes);
	if (rc)
		return rc == CF_ERR_INVALID ? refuse(r, "$base64: not base64") : rc;
	out = arena_alloc(r->arena, bytes.len * 2 + 3);
	if (!out)
		return CF_ERR_NOMEM;
	*ret = (struct cf_str){out, bytes.len * 2 + 2};
	memcpy(out, "\\x", 2);
	for (size_t i = 0; i < bytes.len; i++) {
		out[2 + 2 * i] = digits[(unsigned char)bytes.ptr[i] >> 4];
		out[3 + 2 * i] = digits[bytes.ptr[i] & 15];
	}
	out[ret->len] = '\0';
	return 0;
}

/* --- one value, and arrays of them ---------------------------------------------------- */

static int one_text(struct reading *r, struct json_value value, struct cf_str *ret)
{
	enum json_kind kind = json_kind(value);

	if (r->column->kind == PG_JSON) {
		*ret = arena_dup(r->arena, json_span(value));
		return ret->ptr ? 0 : CF_ERR_NOMEM;
	}
	if (r->column->kind == PG_BYTEA)
		return bytea_text(r, value, ret);
	if (kind == JSON_NUMBER)
		return number_text(r, json_span(value), ret);
	if (kind == JSON_STRING)
		return string_text(r, value, ret);
	if ((kind == JSON_TRUE || kind == JSON_FALSE) && r->column->kind == PG_BOOLEAN) {
		*ret = kind == JSON_TRUE ? STR("true") : STR("false");
		return 0;
	}
	return refuse(r, kind == JSON_TRUE || kind == JSON_FALSE ? "takes no true or false"
								 : "takes no array or object");
}

static int put_quoted(struct cf_str text, struct cf_buf *out)
{
	buf_byte(out, '"');
	for (size_t i = 0; i < text.len; i++) {
		if (text.ptr[i] == '"' || text.ptr[i] == '\\')
			buf_byte(out, '\\');
		buf_byte(out, text.ptr[i]);
	}
	return buf_byte(out, '"');
}

static int put_element(struct reading *r, struct json_value value, struct cf_buf *out);

/* JSON is read to a limited depth. */
static int put_array(struct reading *r, struct json_value value, struct cf_buf *out)
{
	struct json_iter it = json_iter(value);
	size_t count = 0;
	int rc = buf_byte(out, '{');

	while (rc == 0 && r->answer->code == 0 && json_next(&it)) {
		if (count++)
			buf_byte(out, ',');
		rc = put_element(r, it.value, out);
	}
	return rc ? rc : buf_byte(out, '}');
}

static int put_element(struct reading *r, struct json_value value, struct cf_buf *out)
{
	struct cf_str text = {NULL, 0};
	int rc;

	if (json_kind(value) == JSON_ARRAY && r->column->kind != PG_JSON)
		return put_array(r, value, out);
	if (json_kind(value) == JSON_NULL)
		return buf_str(out, STR("NULL"));
	rc = one_text(r, value, &text);
	return rc || r->answer->code ? rc : put_quoted(text, out);
}

static int array_text(struct reading *r, struct json_value value, struct cf_str *ret)
{
	struct cf_buf out;
	int rc;

	if (json_kind(value) != JSON_ARRAY)
		return refuse(r, "takes an array only");
	buf_init(&out, r->arena->mem);
	rc = put_array(r, value, &out);
	if (rc == 0) {
		*ret = arena_dup(r->arena, buf_view(&out));
		rc = ret->ptr ? 0 : CF_ERR_NOMEM;
	}
	buf_fini(&out);
	return rc;
}

int pg_value_read(const struct pg_column *column, struct json_value value, struct cf_arena *arena,
		  struct cf_str *ret, struct cf_answer *answer)
{
	struct reading r = {column, arena, answer};

	*ret = (struct cf_str){NULL, 0};
	if (json_kind(value) == JSON_NULL)
		return 0;
	return column->array ? array_text(&r, value, ret) : one_text(&r, value, ret);
}
