/* `format`: names, and the formats that are a few lines each. An unknown format
 * holds for everything, as the specification has it. */
#include "schema/format.h"
#include "schema/node.h"

static const char *const format_names[] = {
	[FORMAT_DATE_TIME] = "date-time",
	[FORMAT_DATE] = "date",
	[FORMAT_TIME] = "time",
	[FORMAT_DURATION] = "duration",
	[FORMAT_EMAIL] = "email",
	[FORMAT_HOSTNAME] = "hostname",
	[FORMAT_IPV4] = "ipv4",
	[FORMAT_IPV6] = "ipv6",
	[FORMAT_URI] = "uri",
	[FORMAT_URI_REFERENCE] = "uri-reference",
	[FORMAT_UUID] = "uuid",
	[FORMAT_JSON_POINTER] = "json-pointer",
	[FORMAT_RELATIVE_JSON_POINTER] = "relative-json-pointer",
	[FORMAT_REGEX] = "regex",
};

enum schema_format format_by_name(struct cf_str name)
{
	for (size_t i = 1; i < ARRAY_LEN(format_names); i++)
		if (str_equal(name, str_of(format_names[i])))
			return (enum schema_format)i;
	return FORMAT_NONE;
}

const char *format_name(enum schema_format format)
{
	return format_names[format] ? format_names[format] : "";
}

static bool is_uuid(struct cf_str s)
{
	if (s.len != 36)
		return false;
	for (size_t i = 0; i < s.len; i++) {
		bool dash = i == 8 || i == 13 || i == 18 || i == 23;

		if (dash ? s.ptr[i] != '-' : !format_hex(s.ptr[i]))
			return false;
	}
	return true;
}

static bool is_json_pointer(struct cf_str s)
{
	if (s.len && s.ptr[0] != '/')
		return false;
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] == '~' &&
		    (i + 1 == s.len || (s.ptr[i + 1] != '0' && s.ptr[i + 1] != '1')))
			return false;
	return true;
}

static bool is_relative_json_pointer(struct cf_str s)
{
	size_t i = 0;

	while (i < s.len && format_digit(s.ptr[i]))
		i++;
	if (i == 0 || (i > 1 && s.ptr[0] == '0'))
		return false;
	if (i + 1 == s.len && s.ptr[i] == '#')
		return true;
	return is_json_pointer((struct cf_str){s.ptr + i, s.len - i});
}

/* The local part's characters, RFC 5321 section 4.1.2 (atext). */
static bool is_atom_byte(char c)
{
	return format_letter(c) || format_digit(c) || (c && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

static bool is_local_part(struct cf_str s)
{
	if (s.len >= 2 && s.ptr[0] == '"' && s.ptr[s.len - 1] == '"') {
		for (size_t i = 1; i + 1 < s.len; i++) {
			if (s.ptr[i] == '\\' && ++i + 1 == s.len)
				return false;
			else if (s.ptr[i] == '"' && s.ptr[i - 1] != '\\')
				return false;
		}
		return true;
	}
	for (size_t i = 0; i < s.len; i++)
		if (s.ptr[i] == '.' ? i == 0 || i + 1 == s.len || s.ptr[i - 1] == '.'
				    : !is_atom_byte(s.ptr[i]))
			return false;
	return s.len > 0 && s.len <= 64;
}

static bool is_email(struct cf_str s)
{
	const char *at = s.len ? memrchr(s.ptr, '@', s.len) : NULL;
	struct cf_str local, domain;

	if (!at)
		return false;
	local = (struct cf_str){s.ptr, (size_t)(at - s.ptr)};
	domain = (struct cf_str){at + 1, s.len - local.len - 1};
	if (!is_local_part(local))
		return false;
	if (domain.len > 2 && domain.ptr[0] == '[' && domain.ptr[domain.len - 1] == ']') {
		domain = (struct cf_str){domain.ptr + 1, domain.len - 2};
		if (str_starts_with(domain, STR("IPv6:")))
			return format_is_ipv6((struct cf_str){domain.ptr + 5, domain.len - 5});
		return format_is_ipv4(domain);
	}
	return format_is_hostname(domain);
}

static bool is_regex(struct cf_str s, const struct cf_mem *mem)
{
	struct pattern *pattern = NULL;
	bool holds = pattern_compile(&pattern, s, mem, NULL) == 0;

	pattern_free(pattern);
	return holds;
}

bool format_holds(enum schema_format format, struct cf_str s, const struct cf_mem *mem)
{
	switch (format) {
	case FORMAT_DATE_TIME:
		return format_is_date_time(s);
	case FORMAT_DATE:
		return format_is_date(s);
	case FORMAT_TIME:
		return format_is_time(s);
	case FORMAT_DURATION:
		return format_is_duration(s);
	case FORMAT_EMAIL:
		return is_email(s);
	case FORMAT_HOSTNAME:
		return format_is_hostname(s);
	case FORMAT_IPV4:
		return format_is_ipv4(s);
	case FORMAT_IPV6:
		return format_is_ipv6(s);
	case FORMAT_URI:
		return format_is_uri(s);
	case FORMAT_URI_REFERENCE:
		return format_is_uri_reference(s);
	case FORMAT_UUID:
		return is_uuid(s);
	case FORMAT_JSON_POINTER:
		return is_json_pointer(s);
	case FORMAT_RELATIVE_JSON_POINTER:
		return is_relative_json_pointer(s);
	case FORMAT_REGEX:
		return is_regex(s, mem);
	default:
		return true;
	}
}
