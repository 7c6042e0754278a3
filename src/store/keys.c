/* The order of ids that a store declares; see cf_keys in store_ops.h.
 *
 * Ids are compared as they are written, without an encoding on the way: numbers as
 * exact decimals, texts bytewise, arrays column by column. */
#include "json/json.h"

#include <chesterfield/store_ops.h>

/* One column's value in an id: what stands between the quotes of a string, or a
 * number's digits. */
struct column {
	struct cf_str text;
	bool string;
};

/* As RFC 8259 writes a number, and with nothing behind it. */
static bool is_number(struct cf_str s)
{
	size_t at = 0, digits;

	if (at < s.len && s.ptr[at] == '-')
		at++;
	for (digits = at; at < s.len && s.ptr[at] >= '0' && s.ptr[at] <= '9';)
		at++;
	if (at == digits || (s.ptr[digits] == '0' && at - digits > 1))
		return false;
	if (at < s.len && s.ptr[at] == '.') {
		for (digits = ++at; at < s.len && s.ptr[at] >= '0' && s.ptr[at] <= '9';)
			at++;
		if (at == digits)
			return false;
	}
	if (at < s.len && (s.ptr[at] | 0x20) == 'e') {
		at++;
		if (at < s.len && (s.ptr[at] == '-' || s.ptr[at] == '+'))
			at++;
		for (digits = at; at < s.len && s.ptr[at] >= '0' && s.ptr[at] <= '9';)
			at++;
		if (at == digits)
			return false;
	}
	return at == s.len;
}

static int compare_number(struct cf_str a, struct cf_str b)
{
	bool x = is_number(a), y = is_number(b);

	if (x != y)
		return x ? -1 : 1;
	if (x) {
		int order = json_number_compare(a, b);

		if (order)
			return order;
	}
	return str_compare(a, b);
}

/* The next byte of what is escaped in a JSON string; -1 at its end. Ids are written by
 * this library: escapes are \" \\ and \u00XX. */
static int next_byte(struct cf_str s, size_t *at)
{
	static const char shorts[] = "b\bf\fn\nr\rt\t";
	char c;

	if (*at >= s.len)
		return -1;
	c = s.ptr[(*at)++];
	if (c != '\\' || *at >= s.len)
		return (unsigned char)c;
	c = s.ptr[(*at)++];
	if (c == 'u' && *at + 4 <= s.len) {
		int value = 0;

		for (size_t i = 2; i < 4; i++) {
			char digit = s.ptr[*at + i];

			value = value * 16 +
				(digit <= '9' ? digit - '0' : (digit | 0x20) - 'a' + 10);
		}
		*at += 4;
		return value & 0xff;
	}
	for (const char *pair = shorts; *pair; pair += 2)
		if (*pair == c)
			return pair[1];
	return (unsigned char)c;
}

static int compare_escaped(struct cf_str a, struct cf_str b)
{
	size_t i = 0, k = 0;
	int x, y;

	do {
		x = next_byte(a, &i);
		y = next_byte(b, &k);
	} while (x == y && x >= 0);
	return (x > y) - (x < y);
}

/* The column that begins at *at, and *at behind it and its comma; false: no column. */
static bool next_column(struct cf_str id, size_t *at, struct column *ret)
{
	size_t end = *at;

	ret->string = end < id.len && id.ptr[end] == '"';
	if (ret->string) {
		for (end++; end < id.len && id.ptr[end] != '"'; end++)
			end += id.ptr[end] == '\\';
		if (end >= id.len)
			return false;
		ret->text = (struct cf_str){id.ptr + *at + 1, end - *at - 1};
		end++;
	} else {
		while (end < id.len && id.ptr[end] != ',' && id.ptr[end] != ']')
			end++;
		ret->text = (struct cf_str){id.ptr + *at, end - *at};
		if (!is_number(ret->text))
			return false;
	}
	if (end >= id.len || (id.ptr[end] != ',' && id.ptr[end] != ']'))
		return false;
	*at = end + 1;
	return true;
}

static bool is_composite(const struct cf_keys *keys, struct cf_str id)
{
	struct column column;
	size_t at = 1;

	if (id.len == 0 || id.ptr[0] != '[')
		return false;
	for (size_t i = 0; i < keys->count; i++)
		if (!next_column(id, &at, &column) ||
		    (id.ptr[at - 1] == ']') != (i + 1 == keys->count))
			return false;
	return at == id.len;
}

static int compare_column(enum cf_key_kind kind, struct column a, struct column b)
{
	if (kind == CF_KEY_NUMBER && a.string != b.string)
		return a.string ? 1 : -1;
	if (kind == CF_KEY_NUMBER && !a.string)
		return compare_number(a.text, b.text);
	return compare_escaped(a.text, b.text);
}

int cf_keys_compare(const struct cf_keys *keys, struct cf_str a, struct cf_str b)
{
	bool x, y;
	size_t i = 1, k = 1;
	int order = 0;

	if (keys->count < 2)
		return keys->count && keys->kinds[0] == CF_KEY_NUMBER ? compare_number(a, b)
								      : str_compare(a, b);
	x = is_composite(keys, a);
	y = is_composite(keys, b);
	if (x != y)
		return x ? -1 : 1;
	for (size_t at = 0; x && at < keys->count && order == 0; at++) {
		struct column left, right;

		next_column(a, &i, &left);
		next_column(b, &k, &right);
		order = compare_column(keys->kinds[at], left, right);
	}
	return order ? order : str_compare(a, b);
}
