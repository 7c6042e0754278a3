/* Value-canonical JSON: what keys are hashed from. */
#include "lens/canon.h"

#include <stdlib.h>

struct member {
	struct cf_str name;
	struct json_value value;
};

static int by_name(const void *a, const void *b)
{
	return str_compare(((const struct member *)a)->name, ((const struct member *)b)->name);
}

static int write_object(struct json_value v, struct cf_arena *arena, struct cf_buf *out)
{
	struct json_iter it = json_iter(v);
	struct member *members = arena_calloc(arena, json_count(v) + 1, sizeof(*members));
	size_t count = 0;
	int rc = 0;

	if (!members)
		return CF_ERR_NOMEM;
	while (rc == 0 && json_next(&it)) {
		members[count].value = it.value;
		rc = json_decode(it.name, arena, &members[count++].name);
	}
	qsort(members, count, sizeof(*members), by_name);
	buf_byte(out, '{');
	for (size_t i = 0; rc == 0 && i < count; i++) {
		if (i)
			buf_byte(out, ',');
		json_write_string(members[i].name, out);
		buf_byte(out, ':');
		rc = canon_write(members[i].value, arena, out);
	}
	buf_byte(out, '}');
	return rc;
}

static int write_array(struct json_value v, struct cf_arena *arena, struct cf_buf *out)
{
	struct json_iter it = json_iter(v);
	bool first = true;
	int rc = 0;

	buf_byte(out, '[');
	while (rc == 0 && json_next(&it)) {
		if (!first)
			buf_byte(out, ',');
		first = false;
		rc = canon_write(it.value, arena, out);
	}
	buf_byte(out, ']');
	return rc;
}

/* The exponent a number is written with; one that is absurdly long is cut to what
 * no other number reaches. */
static long written_exponent(struct cf_str number, size_t at)
{
	long exponent = 0;
	bool negative;

	if (at >= number.len)
		return 0;
	negative = number.ptr[++at] == '-';
	if (number.ptr[at] == '-' || number.ptr[at] == '+')
		at++;
	for (; at < number.len && exponent < 1000000000; at++)
		exponent = exponent * 10 + (number.ptr[at] - '0');
	return negative ? -exponent : exponent;
}

static int write_number(struct cf_str number, struct cf_buf *out)
{
	size_t mark = out->len, digits, at = 0;
	bool negative = number.ptr[0] == '-', fraction = false;
	long exponent, places = 0;

	if (negative) {
		buf_byte(out, '-');
		at = 1;
	}
	digits = out->len;
	for (; at < number.len && (number.ptr[at] | 32) != 'e'; at++) {
		if (number.ptr[at] == '.') {
			fraction = true;
			continue;
		}
		places += fraction;
		if (number.ptr[at] != '0' || out->len > digits)
			buf_byte(out, number.ptr[at]);
	}
	exponent = written_exponent(number, at) - places;
	if (out->failed)
		return CF_ERR_NOMEM;
	while (out->len > digits && out->ptr[out->len - 1] == '0') {
		out->len--;
		exponent++;
	}
	if (out->len == digits) {
		out->len = mark;
		return buf_byte(out, '0');
	}
	if (exponent > 0 && exponent <= 20)
		return buf_append(out, "00000000000000000000", (size_t)exponent);
	return exponent ? buf_printf(out, "e%ld", exponent) : 0;
}

int canon_write(struct json_value v, struct cf_arena *arena, struct cf_buf *out)
{
	struct cf_str decoded;
	int rc = 0;

	switch (json_kind(v)) {
	case JSON_OBJECT:
		rc = write_object(v, arena, out);
		break;
	case JSON_ARRAY:
		rc = write_array(v, arena, out);
		break;
	case JSON_NUMBER:
		rc = write_number(json_span(v), out);
		break;
	case JSON_STRING:
		rc = json_decode(v, arena, &decoded);
		if (rc == 0)
			rc = json_write_string(decoded, out);
		break;
	default:
		if (!json_is_absent(v))
			rc = json_write(v, out);
	}
	return rc || out->failed ? CF_ERR_NOMEM : 0;
}
