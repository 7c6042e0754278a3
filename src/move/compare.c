/* Whether the new store holds what it should: equal by value, or by a rule that is named.
 *
 *   always       a number and a boolean of the same truth (stores without booleans), and
 *                one moment in two spellings (RFC 3339, any zone)
 *   float_digits, timestamp_digits, absent_is_null    as the configuration says
 *
 * What is equal by a rule only is counted apart. */
#include "move/inside.h"

#include <stdio.h>
#include <stdlib.h>

struct comparing {
	struct cf_move *m;
	struct cf_arena *arena;
	struct cf_buf pointer;
	bool tolerated;
	struct cf_difference where;
};

/* --- moments ---------------------------------------------------------------------------- */

static bool digits(struct cf_str s, size_t at, size_t count, long *ret)
{
	*ret = 0;
	if (at + count > s.len)
		return false;
	for (size_t i = at; i < at + count; i++) {
		if (s.ptr[i] < '0' || s.ptr[i] > '9')
			return false;
		*ret = *ret * 10 + (s.ptr[i] - '0');
	}
	return true;
}

/* Days since 1970-01-01 of the Gregorian calendar, by eras of 400 years (Howard Hinnant,
 * chrono-Compatible Low-Level Date Algorithms). */
static int64_t days_of(long year, long month, long day)
{
	long era, of_era, of_year;

	year -= month <= 2;
	era = (year >= 0 ? year : year - 399) / 400;
	of_era = year - era * 400;
	of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	return (int64_t)era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* "Z", "+02:00", "+0200", "+02", or nothing: UTC. */
static bool read_zone(struct cf_str s, size_t at, long *ret_minutes)
{
	long hours, minutes = 0;
	bool minus;

	*ret_minutes = 0;
	if (at == s.len || (at + 1 == s.len && (s.ptr[at] | 0x20) == 'z'))
		return true;
	minus = s.ptr[at] == '-';
	if ((!minus && s.ptr[at] != '+') || !digits(s, at + 1, 2, &hours))
		return false;
	at += 3;
	at += at < s.len && s.ptr[at] == ':';
	if (at < s.len && (!digits(s, at, 2, &minutes) || at + 2 != s.len))
		return false;
	*ret_minutes = (minus ? -1 : 1) * (hours * 60 + minutes);
	return true;
}

/* Seconds since 1970 and nanoseconds, cut to so many digits. */
static bool read_moment(struct cf_str s, unsigned kept, int64_t *ret_seconds, long *ret_ns)
{
	long year, month, day, hour, minute, second, zone;
	size_t at = 19;
	unsigned count = 0;

	*ret_ns = 0;
	if (s.len < 19 || !digits(s, 0, 4, &year) || s.ptr[4] != '-' || !digits(s, 5, 2, &month) ||
	    s.ptr[7] != '-' || !digits(s, 8, 2, &day) || !strchr("Tt ", s.ptr[10]) ||
	    !digits(s, 11, 2, &hour) || s.ptr[13] != ':' || !digits(s, 14, 2, &minute) ||
	    s.ptr[16] != ':' || !digits(s, 17, 2, &second))
		return false;
	if (at < s.len && s.ptr[at] == '.') {
		for (at++; at < s.len && s.ptr[at] >= '0' && s.ptr[at] <= '9'; at++, count++)
			if (count < kept && count < 9)
				*ret_ns = *ret_ns * 10 + (s.ptr[at] - '0');
		for (unsigned i = count < kept ? count : kept; i < 9; i++)
			*ret_ns *= 10;
	}
	if (!read_zone(s, at, &zone))
		return false;
	*ret_seconds = days_of(year, month, day) * 86400 + hour * 3600L + minute * 60L + second -
		       zone * 60L;
	return true;
}

static bool same_moment(struct comparing *c, struct json_value a, struct json_value b)
{
	unsigned kept = c->m->config->tolerances.timestamp_digits;
	int64_t x, y;
	long p, q;

	return read_moment(json_inner(a), kept, &x, &p) &&
	       read_moment(json_inner(b), kept, &y, &q) && x == y && p == q;
}

/* --- values ------------------------------------------------------------------------------ */

static bool same_rounded(struct comparing *c, struct json_value a, struct json_value b)
{
	unsigned kept = c->m->config->tolerances.float_digits;
	struct cf_str x = arena_dup(c->arena, json_span(a)), y = arena_dup(c->arena, json_span(b));
	char left[48], right[48];

	if (kept == 0 || !x.ptr || !y.ptr)
		return false;
	snprintf(left, sizeof(left), "%.*g", (int)kept, strtod(x.ptr, NULL));
	snprintf(right, sizeof(right), "%.*g", (int)kept, strtod(y.ptr, NULL));
	return strcmp(left, right) == 0;
}

static bool same_truth(struct json_value a, struct json_value b)
{
	enum json_kind kind = json_kind(b);

	return json_kind(a) == JSON_NUMBER && (kind == JSON_TRUE || kind == JSON_FALSE) &&
	       str_equal(json_span(a), kind == JSON_TRUE ? STR("1") : STR("0"));
}

static bool is_nothing(struct json_value v)
{
	return json_is_absent(v) || json_kind(v) == JSON_NULL;
}

/* Whether a rule makes two values equal that are not. */
static bool tolerate(struct comparing *c, struct json_value a, struct json_value b)
{
	if (c->m->config->tolerances.absent_is_null && is_nothing(a) && is_nothing(b))
		return true;
	if (json_is_absent(a) || json_is_absent(b))
		return false;
	if (json_kind(a) == JSON_STRING && json_kind(b) == JSON_STRING)
		return same_moment(c, a, b);
	if (json_kind(a) == JSON_NUMBER && json_kind(b) == JSON_NUMBER)
		return same_rounded(c, a, b);
	return same_truth(a, b) || same_truth(b, a);
}

static struct cf_str span_of(struct json_value v)
{
	return json_is_absent(v) ? (struct cf_str){NULL, 0} : json_span(v);
}

static int different(struct comparing *c, struct json_value a, struct json_value b, bool *ret)
{
	*ret = false;
	c->where.field = arena_dup(c->arena, buf_view(&c->pointer));
	c->where.old_value = span_of(a);
	c->where.new_value = span_of(b);
	return c->where.field.ptr || c->pointer.len == 0 ? 0 : CF_ERR_NOMEM;
}

static int compare(struct comparing *c, struct json_value a, struct json_value b, bool *ret);

static int compare_members(struct comparing *c, struct json_value a, struct json_value b, bool *ret)
{
	struct json_iter it = json_iter(a), back = json_iter(b);
	size_t before = c->pointer.len;
	struct cf_str name;
	int rc = 0;

	*ret = true;
	while (rc == 0 && *ret && json_next(&it)) {
		rc = json_decode(it.name, c->arena, &name);
		rc = rc ? rc : json_pointer_push(&c->pointer, name);
		rc = rc ? rc : compare(c, it.value, json_member(b, name), ret);
		c->pointer.len = before;
	}
	while (rc == 0 && *ret && json_next(&back)) {
		rc = json_decode(back.name, c->arena, &name);
		if (rc || !json_is_absent(json_member(a, name)))
			continue;
		rc = json_pointer_push(&c->pointer, name);
		rc = rc ? rc : compare(c, JSON_ABSENT, back.value, ret);
		c->pointer.len = before;
	}
	return rc;
}

static int compare_elements(struct comparing *c, struct json_value a, struct json_value b,
			    bool *ret)
{
	struct json_iter x = json_iter(a), y = json_iter(b);
	size_t before = c->pointer.len, index = 0;
	int rc = 0;

	*ret = true;
	while (rc == 0 && *ret && json_next(&x) && json_next(&y)) {
		rc = json_pointer_push_index(&c->pointer, index++);
		rc = rc ? rc : compare(c, x.value, y.value, ret);
		c->pointer.len = before;
	}
	return rc;
}

static int compare(struct comparing *c, struct json_value a, struct json_value b, bool *ret)
{
	enum json_kind kind = json_kind(a);

	if (!json_is_absent(a) && !json_is_absent(b) && json_equal(a, b)) {
		*ret = true;
		return 0;
	}
	if (kind == JSON_OBJECT && json_kind(b) == JSON_OBJECT)
		return compare_members(c, a, b, ret);
	if (kind == JSON_ARRAY && json_kind(b) == JSON_ARRAY && json_count(a) == json_count(b))
		return compare_elements(c, a, b, ret);
	if (tolerate(c, a, b)) {
		*ret = c->tolerated = true;
		return 0;
	}
	return different(c, a, b, ret);
}

int move_compare(struct cf_move *m, struct cf_str wanted, struct cf_str found, enum move_equal *ret,
		 struct cf_difference *ret_where)
{
	struct comparing c = {.m = m, .arena = &m->arena};
	bool equal = true;
	int rc;

	*ret = MOVE_SAME;
	if (str_equal(wanted, found))
		return 0;
	rc = json_read(&m->doc, wanted.ptr, wanted.len, JSON_READ_DOCUMENT, NULL);
	rc = rc ? rc : json_read(&m->other, found.ptr, found.len, JSON_READ_DOCUMENT, NULL);
	if (rc) {
		*ret = MOVE_DIFFERENT;
		*ret_where = (struct cf_difference){.kind = CF_CONTENT};
		return rc == CF_ERR_NOMEM ? rc : 0;
	}
	buf_init(&c.pointer, &m->mem);
	rc = compare(&c, json_root(&m->doc), json_root(&m->other), &equal);
	buf_fini(&c.pointer);
	c.where.kind = CF_CONTENT;
	*ret_where = c.where;
	*ret = !equal ? MOVE_DIFFERENT : c.tolerated ? MOVE_SAME_BY_TOLERANCE : MOVE_SAME;
	return rc;
}
