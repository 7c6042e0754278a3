/* Plain scalars by the core schema (YAML 1.2, 10.3.2). */
#include "json/yaml_scalar.h"

#include "json/json.h"

static bool one_of(struct cf_str s, const char *const *words)
{
	for (; *words; words++)
		if (str_equal(s, str_of(*words)))
			return true;
	return false;
}

static size_t span_digits(struct cf_str s, size_t from)
{
	while (from < s.len && s.ptr[from] >= '0' && s.ptr[from] <= '9')
		from++;
	return from;
}

/* [-+]? ( digits ( . digits* )? | . digits ) ( [eE] [-+]? digits )? */
static bool is_number(struct cf_str s, size_t *ret_start)
{
	size_t i = s.len && (s.ptr[0] == '-' || s.ptr[0] == '+') ? 1 : 0, start = i;
	size_t whole = span_digits(s, i), fraction = whole;

	if (whole < s.len && s.ptr[whole] == '.')
		fraction = span_digits(s, whole + 1);
	if (whole == start && fraction <= whole + 1)
		return false;
	i = fraction;
	if (i < s.len && (s.ptr[i] | 0x20) == 'e') {
		size_t sign = i + 1 < s.len && (s.ptr[i + 1] == '-' || s.ptr[i + 1] == '+');
		size_t end = span_digits(s, i + 1 + sign);

		if (end == i + 1 + sign)
			return false;
		i = end;
	}
	*ret_start = start;
	return i == s.len;
}

/* JSON wants no plus, no leading zeros, and digits on both sides of the point. */
static void write_number(struct cf_str s, size_t start, struct cf_buf *out)
{
	size_t i = start;

	if (s.ptr[0] == '-')
		buf_byte(out, '-');
	while (i + 1 < s.len && s.ptr[i] == '0' && s.ptr[i + 1] >= '0' && s.ptr[i + 1] <= '9')
		i++;
	if (s.ptr[i] == '.')
		buf_byte(out, '0');
	for (; i < s.len; i++) {
		bool bare = s.ptr[i] == '.' &&
			    (i + 1 == s.len || s.ptr[i + 1] < '0' || s.ptr[i + 1] > '9');

		if (!bare)
			buf_byte(out, s.ptr[i]);
	}
}

static bool write_based(struct cf_str s, struct cf_buf *out)
{
	unsigned base = s.len > 2 && s.ptr[0] == '0' && s.ptr[1] == 'x'   ? 16
			: s.len > 2 && s.ptr[0] == '0' && s.ptr[1] == 'o' ? 8
									  : 0;
	uint64_t value = 0;

	for (size_t i = 2; base && i < s.len; i++) {
		char c = s.ptr[i];
		unsigned digit = c >= '0' && c <= '9' ? (unsigned)(c - '0')
				 : (c | 0x20) >= 'a' && (c | 0x20) <= 'f'
					 ? (unsigned)((c | 0x20) - 'a') + 10
					 : 99;

		if (digit >= base || __builtin_mul_overflow(value, base, &value) ||
		    __builtin_add_overflow(value, digit, &value))
			return false;
	}
	return base && buf_printf(out, "%llu", (unsigned long long)value) == 0;
}

bool yaml_write_plain(struct cf_str s, struct cf_buf *out)
{
	static const char *const nulls[] = {"", "~", "null", "Null", "NULL", NULL};
	static const char *const trues[] = {"true", "True", "TRUE", NULL};
	static const char *const falses[] = {"false", "False", "FALSE", NULL};
	static const char *const beyond[] = {".nan",  ".NaN",  ".NAN",  ".inf",  ".Inf",
					     ".INF",  "-.inf", "-.Inf", "-.INF", "+.inf",
					     "+.Inf", "+.INF", NULL};
	size_t start;

	if (one_of(s, beyond))
		return false;
	if (one_of(s, nulls))
		(void)buf_str(out, STR("null"));
	else if (one_of(s, trues))
		(void)buf_str(out, STR("true"));
	else if (one_of(s, falses))
		(void)buf_str(out, STR("false"));
	else if (write_based(s, out))
		return true;
	else if (is_number(s, &start))
		write_number(s, start, out);
	else
		(void)json_write_string(s, out);
	return true;
}
