/* Semantic versions, semver 2.0.0 with node-semver's limits: each number at most
 * 2^53-1, the text at most LIMIT_SEMVER_BYTES. Parts of a version are borrowed
 * from its text. Leaves out node-semver's loose mode. */
#include "schema/semver_read.h"

static const uint64_t semver_number_max = (UINT64_C(1) << 53) - 1;

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_identifier_byte(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-';
}

bool semver_read_number(struct cf_str *rest, uint64_t *ret)
{
	uint64_t value = 0;
	size_t i = 0;

	for (; i < rest->len && is_digit(rest->ptr[i]); i++) {
		if (i == 1 && rest->ptr[0] == '0')
			return false;
		value = value * 10 + (uint64_t)(rest->ptr[i] - '0');
		if (value > semver_number_max)
			return false;
	}
	if (i == 0)
		return false;
	*ret = value;
	*rest = (struct cf_str){rest->ptr + i, rest->len - i};
	return true;
}

static bool is_number(struct cf_str s)
{
	for (size_t i = 0; i < s.len; i++)
		if (!is_digit(s.ptr[i]))
			return false;
	return s.len > 0;
}

bool semver_read_identifiers(struct cf_str *rest, bool is_prerelease, struct cf_str *ret)
{
	size_t start = 0, i = 0;

	for (;; i++) {
		if (i < rest->len && is_identifier_byte(rest->ptr[i]))
			continue;
		if (i == start)
			return false;
		if (is_prerelease && i - start > 1 && rest->ptr[start] == '0' &&
		    is_number((struct cf_str){rest->ptr + start, i - start}))
			return false;
		if (i == rest->len || rest->ptr[i] != '.')
			break;
		start = i + 1;
	}
	*ret = (struct cf_str){rest->ptr, i};
	*rest = (struct cf_str){rest->ptr + i, rest->len - i};
	return true;
}

bool semver_skip_byte(struct cf_str *rest, char byte)
{
	if (rest->len == 0 || rest->ptr[0] != byte)
		return false;
	*rest = (struct cf_str){rest->ptr + 1, rest->len - 1};
	return true;
}

static bool read_version(struct semver *version, struct cf_str rest)
{
	semver_skip_byte(&rest, '=');
	semver_skip_byte(&rest, 'v');
	if (!semver_read_number(&rest, &version->major) || !semver_skip_byte(&rest, '.') ||
	    !semver_read_number(&rest, &version->minor) || !semver_skip_byte(&rest, '.') ||
	    !semver_read_number(&rest, &version->patch))
		return false;
	if (semver_skip_byte(&rest, '-') &&
	    !semver_read_identifiers(&rest, true, &version->prerelease))
		return false;
	if (semver_skip_byte(&rest, '+') && !semver_read_identifiers(&rest, false, &version->build))
		return false;
	return rest.len == 0;
}

int semver_parse(struct semver *ret, struct cf_str text, struct cf_error *error)
{
	struct semver version = {0};

	if (text.len > LIMIT_SEMVER_BYTES)
		return error_set(error, CF_ERR_SYNTAX, "a version is at most %d bytes long",
				 LIMIT_SEMVER_BYTES);
	if (!read_version(&version, text))
		return error_set(error, CF_ERR_SYNTAX, "\"%.*s\" is not a version like 1.2.3",
				 STR_ARG(text));
	*ret = version;
	return 0;
}

static int compare_numbers(uint64_t a, uint64_t b)
{
	return (a > b) - (a < b);
}

/* Cuts the identifier before the next dot off `rest`. */
static struct cf_str cut_identifier(struct cf_str *rest)
{
	const char *dot = memchr(rest->ptr, '.', rest->len);
	struct cf_str first = *rest;

	if (dot)
		first.len = (size_t)(dot - rest->ptr);
	*rest = (struct cf_str){rest->ptr + first.len, rest->len - first.len};
	semver_skip_byte(rest, '.');
	return first;
}

static int compare_identifiers(struct cf_str a, struct cf_str b)
{
	bool a_number = is_number(a), b_number = is_number(b);

	if (a_number != b_number)
		return a_number ? -1 : 1;
	/* Numbers have no leading zeros, so the longer one is the greater. */
	if (a_number && a.len != b.len)
		return a.len < b.len ? -1 : 1;
	return str_compare(a, b);
}

static int compare_prereleases(struct cf_str a, struct cf_str b)
{
	if (a.len == 0 || b.len == 0)
		return (a.len == 0) - (b.len == 0);
	while (a.len && b.len) {
		struct cf_str a_first = cut_identifier(&a);
		struct cf_str b_first = cut_identifier(&b);
		int order = compare_identifiers(a_first, b_first);

		if (order)
			return order;
	}
	return (a.len > 0) - (b.len > 0);
}

int semver_compare(const struct semver *a, const struct semver *b)
{
	int order = compare_numbers(a->major, b->major);

	if (!order)
		order = compare_numbers(a->minor, b->minor);
	if (!order)
		order = compare_numbers(a->patch, b->patch);
	if (!order)
		order = compare_prereleases(a->prerelease, b->prerelease);
	return order;
}

int semver_format(const struct semver *version, struct cf_buf *out)
{
	buf_printf(out, "%llu.%llu.%llu", (unsigned long long)version->major,
		   (unsigned long long)version->minor, (unsigned long long)version->patch);
	if (version->prerelease.len) {
		buf_byte(out, '-');
		buf_str(out, version->prerelease);
	}
	if (version->build.len) {
		buf_byte(out, '+');
		buf_str(out, version->build);
	}
	return out->failed ? CF_ERR_NOMEM : 0;
}
