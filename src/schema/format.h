/* The formats that more than a few lines check. All take decoded text. */
#ifndef SCHEMA_FORMAT_H
#define SCHEMA_FORMAT_H

#include "base/base.h"

bool format_is_date(struct cf_str s);
bool format_is_time(struct cf_str s);
bool format_is_date_time(struct cf_str s);
bool format_is_duration(struct cf_str s);
bool format_is_ipv4(struct cf_str s);
bool format_is_ipv6(struct cf_str s);
bool format_is_hostname(struct cf_str s);
bool format_is_uri(struct cf_str s);
bool format_is_uri_reference(struct cf_str s);

static inline bool format_digit(char c)
{
	return c >= '0' && c <= '9';
}
static inline bool format_hex(char c)
{
	return format_digit(c) || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}
static inline bool format_letter(char c)
{
	return (c | 0x20) >= 'a' && (c | 0x20) <= 'z';
}

#endif
