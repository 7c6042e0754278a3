/* From JSON values to values of columns, and what a column would make of them. Nothing
 * may be changed on the way: what SQLite would round, or turn from text to number or
 * back, is refused. */
#include "store/sqlite/rows.h"

#include "store/base64.h"
#include "store/limits.h"
#include "store/real.h"

#include <inttypes.h>
#include <stdio.h>

int rows_refuse(struct cf_answer *answer, struct cf_arena *arena, const struct rows_column *column,
		const char *reason)
{
	*answer = (struct cf_answer){.code = CF_ERR_INVALID};
	answer->message = arena_printf(arena, "column \"%.*s\"%s%.*s%s: %s", STR_ARG(column->name),
				       column->type.len ? " (" : "", STR_ARG(column->type),
				       column->type.len ? ")" : "", reason);
	return answer->message.ptr ? 0 : CF_ERR_NOMEM;
}

static size_t count_digits(struct cf_str s, size_t from)
{
	size_t at = from;

	while (at < s.len && s.ptr[at] >= '0' && s.ptr[at] <= '9')
		at++;
	return at - from;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* Whether SQLite reads the whole text as a number, as a column of numbers does. */
static bool looks_numeric(struct cf_str s)
{
	size_t at = 0, digits;

	while (s.len && is_space(s.ptr[s.len - 1]))
		s.len--;
	while (at < s.len && is_space(s.ptr[at]))
		at++;
	if (at < s.len && (s.ptr[at] == '-' || s.ptr[at] == '+'))
		at++;
	digits = count_digits(s, at);
	at += digits;
	if (at < s.len && s.ptr[at] == '.') {
		size_t more = count_digits(s, at + 1);

		digits += more;
		at += 1 + more;
	}
	if (digits && at < s.len && (s.ptr[at] | 0x20) == 'e') {
		at++;
		if (at < s.len && (s.ptr[at] == '-' || s.ptr[at] == '+'))
			at++;
		digits = count_digits(s, at);
		at += digits;
	}
	return digits && at == s.len;
}

static bool is_number_column(enum rows_affinity affinity)
{
	return affinity == ROWS_INTEGER || affinity == ROWS_REAL || affinity == ROWS_NUMERIC;
}

bool rows_key_changes(enum rows_affinity affinity, struct cf_str id)
{
	int64_t integer;
	char text[32];
	double real;

	if (!is_number_column(affinity) || !looks_numeric(id))
		return false;
	if (!strchr("-0123456789", id.ptr[0]) || !strchr("0123456789", id.ptr[id.len - 1]))
		return true;
	if (affinity != ROWS_REAL && json_number_int64(id, &integer)) {
		snprintf(text, sizeof(text), "%" PRId64, integer);
		return !str_equal(str_of(text), id);
	}
	return !real_exact(id, &real) || !real_write(real, text) || !str_equal(str_of(text), id);
}

static int number_cell(const struct rows_column *column, struct cf_str number,
		       struct cf_arena *arena, struct rows_cell *ret, struct cf_answer *answer)
{
	bool point = memchr(number.ptr, '.', number.len) || memchr(number.ptr, 'e', number.len) ||
		     memchr(number.ptr, 'E', number.len);
	double real;

	if (column->affinity == ROWS_TEXT)
		return rows_refuse(answer, arena, column, "would make a text of the number");
	/* 1.0 stays a REAL where the column leaves the choice. */
	if (point && real_exact(number, &ret->real)) {
		ret->kind = CELL_REAL;
		return 0;
	}
	if (json_number_int64(number, &ret->integer)) {
		ret->kind = CELL_INTEGER;
		/* A column of reals rounds what needs more than 53 bits. */
		if (column->affinity != ROWS_REAL || real_exact(number, &real))
			return 0;
	} else if (!point && real_exact(number, &ret->real)) {
		/* An integer of more than 64 bits that is a double all the same. */
		ret->kind = CELL_REAL;
		return 0;
	}
	return rows_refuse(answer, arena, column,
			   "the number has more digits, or is larger, than SQLite can hold");
}

/* {"$base64": "..."} and nothing else. */
static bool is_blob(struct json_value value)
{
	return json_kind(value) == JSON_OBJECT && json_count(value) == 1 &&
	       json_kind(json_member(value, STR("$base64"))) == JSON_STRING;
}

static int blob_cell(const struct rows_column *column, struct json_value value,
		     struct cf_arena *arena, struct rows_cell *ret, struct cf_answer *answer)
{
	struct cf_str text;
	int rc = json_decode(json_member(value, STR("$base64")), arena, &text);

	rc = rc ? rc : base64_read(text, arena, &ret->text);
	if (rc == 0)
		ret->kind = CELL_BLOB;
	return rc == CF_ERR_INVALID ? rows_refuse(answer, arena, column, "$base64: not base64")
				    : rc;
}

static int string_cell(const struct rows_column *column, struct json_value value,
		       struct cf_arena *arena, struct rows_cell *ret, struct cf_answer *answer)
{
	int rc = json_decode(value, arena, &ret->text);

	if (rc)
		return rc;
	if (is_number_column(column->affinity) && looks_numeric(ret->text))
		return rows_refuse(answer, arena, column, "would make a number of the text");
	if (!text_is_utf8(ret->text, true))
		return rows_refuse(answer, arena, column, "half a surrogate pair is no text");
	ret->kind = CELL_TEXT;
	return 0;
}

/* Columns declared JSON hold the value's own text, but numbers and null as SQLite has
 * them. */
static int json_cell(struct json_value value, struct rows_cell *ret)
{
	ret->kind = CELL_TEXT;
	ret->text = json_span(value);
	return 0;
}

int rows_cell(const struct rows_column *column, struct json_value value, struct cf_arena *arena,
	      struct rows_cell *ret, struct cf_answer *answer)
{
	enum json_kind kind = json_kind(value);

	*ret = (struct rows_cell){.kind = CELL_NULL};
	if (kind == JSON_NULL)
		return 0;
	if (kind == JSON_NUMBER)
		return number_cell(column, json_span(value), arena, ret, answer);
	if (column->json)
		return json_cell(value, ret);
	if (kind == JSON_STRING)
		return string_cell(column, value, arena, ret, answer);
	if (is_blob(value))
		return blob_cell(column, value, arena, ret, answer);
	if (kind == JSON_ARRAY || kind == JSON_OBJECT)
		return rows_refuse(answer, arena, column,
				   "takes no array or object; only columns declared JSON do");
	if (column->affinity == ROWS_TEXT)
		return rows_refuse(answer, arena, column, "would make a text of true or false");
	ret->kind = CELL_INTEGER;
	ret->integer = kind == JSON_TRUE;
	return 0;
}
