/* Addresses, host names and URIs: RFC 2673, 4291, 1123, 3986. */
#include "schema/format.h"

bool format_is_ipv4(struct cf_str s)
{
	size_t i = 0;

	for (int part = 0; part < 4; part++) {
		size_t start = i;
		int value = 0;

		for (; i < s.len && format_digit(s.ptr[i]) && i - start < 3; i++)
			value = value * 10 + s.ptr[i] - '0';
		if (i == start || value > 255 || (i - start > 1 && s.ptr[start] == '0'))
			return false;
		if (part < 3 && (i == s.len || s.ptr[i++] != '.'))
			return false;
	}
	return i == s.len;
}

bool format_is_ipv6(struct cf_str s)
{
	size_t i = 0;
	int groups = 0;
	bool gap = false;

	if (str_starts_with(s, STR("::"))) {
		gap = true;
		i = 2;
	}
	while (i < s.len) {
		size_t start = i;

		while (i < s.len && format_hex(s.ptr[i]))
			i++;
		if (i < s.len && s.ptr[i] == '.') {
			groups += 2;
			if (!format_is_ipv4((struct cf_str){s.ptr + start, s.len - start}))
				return false;
			i = s.len;
			break;
		}
		if (i == start || i - start > 4)
			return false;
		groups++;
		if (i == s.len)
			break;
		if (s.ptr[i++] != ':' || i == s.len)
			return false;
		if (s.ptr[i] == ':') {
			if (gap)
				return false;
			gap = true;
			i++;
		}
	}
	return gap ? groups < 8 : groups == 8;
}

bool format_is_hostname(struct cf_str s)
{
	size_t start = 0;

	if (s.len == 0 || s.len > 253)
		return false;
	for (size_t i = 0; i <= s.len; i++) {
		if (i < s.len && s.ptr[i] != '.') {
			if (!format_letter(s.ptr[i]) && !format_digit(s.ptr[i]) && s.ptr[i] != '-')
				return false;
			continue;
		}
		if (i == start || i - start > 63 || s.ptr[start] == '-' || s.ptr[i - 1] == '-')
			return false;
		start = i + 1;
	}
	return true;
}

static bool is_uri_bytes(struct cf_str s, const char *more)
{
	for (size_t i = 0; i < s.len; i++) {
		char c = s.ptr[i];

		if (c == '%') {
			if (i + 2 >= s.len || !format_hex(s.ptr[i + 1]) ||
			    !format_hex(s.ptr[i + 2]))
				return false;
			i += 2;
		} else if (!format_letter(c) && !format_digit(c) &&
			   !(c && (strchr("-._~!$&'()*+,;=", c) || strchr(more, c)))) {
			return false;
		}
	}
	return true;
}

static struct cf_str cut_until(struct cf_str *rest, const char *stops)
{
	size_t i = 0;

	while (i < rest->len && !(rest->ptr[i] && strchr(stops, rest->ptr[i])))
		i++;
	*rest = (struct cf_str){rest->ptr + i, rest->len - i};
	return (struct cf_str){rest->ptr - i, i};
}

static bool is_authority(struct cf_str s)
{
	const char *at = s.len ? memrchr(s.ptr, '@', s.len) : NULL;
	const char *close;
	struct cf_str host;

	if (at) {
		struct cf_str user = {s.ptr, (size_t)(at - s.ptr)};

		if (!is_uri_bytes(user, ":"))
			return false;
		s = (struct cf_str){at + 1, s.len - user.len - 1};
	}
	if (s.len && s.ptr[0] == '[') {
		close = memchr(s.ptr, ']', s.len);
		if (!close)
			return false;
		host = (struct cf_str){s.ptr + 1, (size_t)(close - s.ptr) - 1};
		if (!format_is_ipv6(host) &&
		    !(host.len && (host.ptr[0] | 0x20) == 'v' && is_uri_bytes(host, ":")))
			return false;
		s = (struct cf_str){close + 1, s.len - host.len - 2};
	} else if (!is_uri_bytes(cut_until(&s, ":"), "")) {
		return false;
	}
	if (s.len && s.ptr[0] != ':')
		return false;
	for (size_t i = 1; i < s.len; i++)
		if (!format_digit(s.ptr[i]))
			return false;
	return true;
}

bool format_is_uri_reference(struct cf_str s)
{
	struct cf_str before = cut_until(&s, "#");
	struct cf_str fragment = s, path = cut_until(&before, "?"), query = before;

	if (fragment.len &&
	    !is_uri_bytes((struct cf_str){fragment.ptr + 1, fragment.len - 1}, ":@/?"))
		return false;
	if (query.len && !is_uri_bytes((struct cf_str){query.ptr + 1, query.len - 1}, ":@/?"))
		return false;
	if (path.len) {
		struct cf_str rest = path, scheme = cut_until(&rest, ":/");

		if (rest.len && rest.ptr[0] == ':') {
			if (!scheme.len || !format_letter(scheme.ptr[0]))
				return false;
			for (size_t i = 0; i < scheme.len; i++)
				if (!format_letter(scheme.ptr[i]) && !format_digit(scheme.ptr[i]) &&
				    !strchr("+-.", scheme.ptr[i]))
					return false;
			path = (struct cf_str){rest.ptr + 1, rest.len - 1};
		}
	}
	if (str_starts_with(path, STR("//"))) {
		path = (struct cf_str){path.ptr + 2, path.len - 2};
		if (!is_authority(cut_until(&path, "/")))
			return false;
	}
	return is_uri_bytes(path, ":@/");
}

bool format_is_uri(struct cf_str s)
{
	size_t i = 0;

	while (i < s.len && s.ptr[i] && !strchr(":/?#", s.ptr[i]))
		i++;
	return i > 0 && i < s.len && s.ptr[i] == ':' && format_is_uri_reference(s);
}
