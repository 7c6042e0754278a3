/* What CouchDB and pouchdb-server do to a document, measured on CouchDB 3.5.0 and
 * pouchdb-server 4.2.0.
 *
 * CouchDB keeps whole numbers as they are, digit by digit; what has a point or an exponent
 * becomes a double and is written as double-conversion's ToShortest writes it. A number
 * with an exponent and no point that is long, or too small for a normal double, is made by
 * multiplying (jiffy's bignum_e), which may lose digits or all of it: 4.9e-324 becomes
 * 5e-324, and 5e-324 becomes 0.0. So it is done here until nothing changes any more, or a
 * document would change each time it is read and written. JavaScript makes a double of every
 * number. Escapes and white space change too, but not the value, which is all that counts here.
 */
#include "store/form.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Whole numbers of less digits are doubles, too: larger ones CouchDB answers with
 * "badarith". */
#define DOUBLE_DIGITS 309
/* jiffy reads longer numbers in another way. */
#define JIFFY_NUMBER_BYTES 32
/* Longer numbers are rounded by strtod all the same, but a text of megabytes is none. */
#define LIMIT_NUMBER_BYTES 4096

struct forming {
	enum form_kind kind;
	struct cf_buf out;
	const char *from; /* what was not copied yet */
	locale_t c;       /* decimal points are points, wherever we are */
	struct cf_error *error;
	struct json_value at; /* what is refused */
};

static int refuse(struct forming *f, struct json_value value, int code, const char *reason)
{
	f->at = value;
	return error_set(f->error, code, "%s", reason);
}

/* --- numbers -------------------------------------------------------------------------- */

/* The least digits that read back as the same double, "d.ddde+XX" cut into digits and
 * exponent. */
static int shortest_digits(double value, locale_t c, char digits[20], int *ret_exponent)
{
	char text[40];
	int count = 0;

	for (int more = 0; more < 17; more++) {
		snprintf(text, sizeof(text), "%.*e", more, value);
		/* The point is that of the locale the program is in. */
		if (more && text[1] != '.')
			text[1] = '.';
		if (strtod_l(text, NULL, c) == value)
			break;
	}
	for (const char *at = text; *at && *at != 'e'; at++)
		if (*at >= '0' && *at <= '9')
			digits[count++] = *at;
	*ret_exponent = (int)strtol(strchr(text, 'e') + 1, NULL, 10);
	while (count > 1 && digits[count - 1] == '0')
		count--;
	digits[count] = '\0';
	return count;
}

/* ECMA-262, Number::toString; CouchDB puts ".0" behind what would look whole. */
static int write_double(struct forming *f, double value, struct cf_buf *out)
{
	bool point = f->kind == FORM_COUCHDB;
	char digits[20];
	int exponent, count, rc = 0;

	if (value == 0)
		return buf_str(out, point ? STR("0.0") : STR("0"));
	if (value < 0)
		rc = buf_byte(out, '-');
	count = shortest_digits(fabs(value), f->c, digits, &exponent);
	if (rc)
		return rc;
	if (exponent >= 21 || exponent < -6)
		return buf_printf(out, "%c%s%.*se%+d", digits[0], count > 1 ? "." : "", count - 1,
				  digits + 1, exponent);
	if (exponent < 0)
		return buf_printf(out, "0.%.*s%s", -exponent - 1, "00000", digits);
	for (int i = 0; i <= exponent && rc == 0; i++)
		rc = buf_byte(out, i < count ? digits[i] : '0');
	if (count > exponent + 1)
		return rc ? rc : buf_printf(out, ".%s", digits + exponent + 1);
	return rc ? rc : point ? buf_str(out, STR(".0")) : 0;
}

static bool is_whole(struct cf_str number)
{
	for (size_t i = 0; i < number.len; i++)
		if (number.ptr[i] == '.' || number.ptr[i] == 'e' || number.ptr[i] == 'E')
			return false;
	return true;
}

/* As the store makes a double of it. */
static double parse_double(const struct forming *f, const char *text)
{
	const char *exponent = strpbrk(text, "eE");
	char mantissa[LIMIT_NUMBER_BYTES + 1];
	double value;

	errno = 0;
	value = strtod_l(text, NULL, f->c);
	if (f->kind != FORM_COUCHDB || !exponent || strchr(text, '.') || isinf(value) ||
	    (errno != ERANGE && strlen(text) < JIFFY_NUMBER_BYTES))
		return value;
	snprintf(mantissa, sizeof(mantissa), "%.*s", (int)(exponent - text), text);
	return strtod_l(mantissa, NULL, f->c) * pow(10, (double)strtol(exponent + 1, NULL, 10));
}

/* Writes it as it stays when it is read again. */
static int write_settled(struct forming *f, double value)
{
	char text[40];

	for (int turn = 0; turn < 4; turn++) {
		size_t start = f->out.len;
		double again;
		int rc = write_double(f, value, &f->out);

		if (rc)
			return rc;
		snprintf(text, sizeof(text), "%.*s", (int)(f->out.len - start), f->out.ptr + start);
		again = parse_double(f, text);
		if (again == value)
			return 0;
		f->out.len = start;
		value = again;
	}
	return write_double(f, 0, &f->out);
}

static int form_double(struct forming *f, struct json_value value, struct cf_str number,
		       bool only_check)
{
	char text[LIMIT_NUMBER_BYTES + 1];
	double parsed;

	if (number.len > LIMIT_NUMBER_BYTES)
		return refuse(f, value, CF_ERR_LIMIT, "a number of more than 4096 characters");
	memcpy(text, number.ptr, number.len);
	text[number.len] = '\0';
	parsed = parse_double(f, text);
	if (isinf(parsed))
		return refuse(f, value, CF_ERR_INVALID, "the number is too large for the store");
	if (only_check)
		return 0;
	if (buf_append(&f->out, f->from, (size_t)(number.ptr - f->from)) ||
	    write_settled(f, parsed))
		return error_nomem(f->error);
	f->from = number.ptr + number.len;
	return 0;
}

static int form_number(struct forming *f, struct json_value value)
{
	struct cf_str number = json_span(value);
	size_t digits = number.len - (number.ptr[0] == '-');
	bool whole = is_whole(number);

	if (whole && digits <= 15 && !str_equal(number, STR("-0")))
		return 0;
	if (whole && f->kind == FORM_COUCHDB && !str_equal(number, STR("-0")))
		return digits < DOUBLE_DIGITS ? 0 : form_double(f, value, number, true);
	if (!whole || f->kind == FORM_JAVASCRIPT)
		return form_double(f, value, number, false);
	if (buf_append(&f->out, f->from, (size_t)(number.ptr - f->from)) || buf_byte(&f->out, '0'))
		return error_nomem(f->error);
	f->from = number.ptr + number.len;
	return 0;
}

/* --- names and strings ------------------------------------------------------------------ */

/* CouchDB drops these without a word, and refuses all others that begin so, but for those
 * that it keeps for its replicator. */
static int check_member(struct forming *f, struct json_value name)
{
	static const char *const kept[] = {"_access",
					   "_replication_id",
					   "_replication_state",
					   "_replication_state_reason",
					   "_replication_state_time",
					   "_replication_stats"};
	struct cf_str text = json_inner(name);

	/* An escaped "_" is one, too. */
	if (text.len == 0 || (text.ptr[0] != '_' && strncmp(text.ptr, "\\u005", 5) != 0))
		return 0;
	for (size_t i = 0; i < ARRAY_LEN(kept) && f->kind == FORM_COUCHDB; i++)
		if (json_name_is(name, str_of(kept[i])))
			return 0;
	if (text.ptr[0] == '\\' && (text.len < 6 || (text.ptr[5] | 0x20) != 'f'))
		return 0;
	return refuse(f, name, CF_ERR_INVALID,
		      "members that begin with _ are the store's own: it would refuse or drop it");
}

static int hex4(const char *digits)
{
	char text[5] = {digits[0], digits[1], digits[2], digits[3], '\0'};

	return (int)strtol(text, NULL, 16);
}

/* Half of a surrogate pair, which is no character. */
static bool has_lone_surrogate(struct cf_str escaped)
{
	for (size_t i = 0; i + 1 < escaped.len; i++) {
		int code;

		if (escaped.ptr[i] != '\\')
			continue;
		i++;
		if (escaped.ptr[i] != 'u')
			continue;
		code = hex4(escaped.ptr + i + 1);
		i += 4;
		if (code < 0xd800 || code > 0xdfff)
			continue;
		if (code >= 0xdc00 || i + 6 >= escaped.len || escaped.ptr[i + 1] != '\\' ||
		    escaped.ptr[i + 2] != 'u')
			return true;
		code = hex4(escaped.ptr + i + 3);
		if (code < 0xdc00 || code > 0xdfff)
			return true;
		i += 6;
	}
	return false;
}

static int form_node(struct forming *f, struct json_value value)
{
	const struct json_node *node = json_node(value);

	if (node->kind == JSON_NUMBER)
		return form_number(f, value);
	if (node->kind == JSON_KEY && f->kind == FORM_JAVASCRIPT &&
	    json_name_is(value, STR("__proto__")))
		return refuse(f, value, CF_ERR_INVALID, "the store drops a member __proto__");
	if ((node->kind == JSON_STRING || node->kind == JSON_KEY) && node->flags & JSON_ESCAPED &&
	    f->kind == FORM_COUCHDB && has_lone_surrogate(json_inner(value)))
		return refuse(f, value, CF_ERR_INVALID,
			      "half of a surrogate pair, which the store refuses");
	return 0;
}

static void blame(struct forming *f)
{
	struct json_value at = f->at;
	struct cf_buf pointer;

	if (json_is_absent(at) || !f->error)
		return;
	/* A name stands for its member. */
	if (json_node(at)->kind == JSON_KEY)
		at.node++;
	buf_init(&pointer, at.doc->mem);
	if (json_pointer_of(at, &pointer) == 0)
		error_at_pointer(f->error, buf_view(&pointer));
	buf_fini(&pointer);
}

int form_of(enum form_kind kind, struct json_value body, struct cf_arena *arena, struct cf_str *ret,
	    struct cf_error *error)
{
	struct forming f = {.kind = kind, .from = json_span(body).ptr, .error = error};
	const char *end = f.from + json_span(body).len;
	struct json_iter it = json_iter(body);
	int rc = 0;

	*ret = json_span(body);
	if (kind == FORM_NONE)
		return 0;
	f.c = newlocale(LC_ALL_MASK, "C", NULL);
	if (!f.c)
		return error_nomem(error);
	buf_init(&f.out, arena->mem);
	while (rc == 0 && json_next(&it))
		rc = check_member(&f, it.name);
	for (uint32_t i = body.node; rc == 0 && i < json_node(body)->next; i++)
		rc = form_node(&f, (struct json_value){body.doc, i});
	if (rc == 0 && f.out.len) {
		rc = buf_append(&f.out, f.from, (size_t)(end - f.from));
		*ret = arena_dup(arena, buf_view(&f.out));
		if (rc || !ret->ptr)
			rc = error_nomem(error);
	}
	if (rc)
		blame(&f);
	buf_fini(&f.out);
	freelocale(f.c);
	return rc;
}
