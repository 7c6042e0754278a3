/* Dates and times, RFC 3339; durations, its appendix A. */
#include "schema/format.h"

/* `count` digits at `at` as a number, or -1. */
static int digits_at(struct cf_str s, size_t at, size_t count)
{
	int value = 0;

	if (at + count > s.len)
		return -1;
	for (size_t i = at; i < at + count; i++) {
		if (!format_digit(s.ptr[i]))
			return -1;
		value = value * 10 + s.ptr[i] - '0';
	}
	return value;
}

static bool byte_at(struct cf_str s, size_t at, char byte)
{
	return at < s.len && (s.ptr[at] | 0x20) == (byte | 0x20);
}

bool format_is_date(struct cf_str s)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	int year = digits_at(s, 0, 4), month = digits_at(s, 5, 2), day = digits_at(s, 8, 2);
	bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

	if (s.len != 10 || s.ptr[4] != '-' || s.ptr[7] != '-' || year < 0)
		return false;
	return month >= 1 && month <= 12 && day >= 1 &&
	       day <= days[month - 1] + (month == 2 && leap);
}

bool format_is_time(struct cf_str s)
{
	int hour = digits_at(s, 0, 2), minute = digits_at(s, 3, 2), second = digits_at(s, 6, 2);
	int zone_hour = 0, zone_minute = 0, minutes;
	size_t at = 8;

	if (s.len < 9 || s.ptr[2] != ':' || s.ptr[5] != ':' || hour < 0 || hour > 23 ||
	    minute < 0 || minute > 59 || second < 0 || second > 60)
		return false;
	if (s.ptr[at] == '.') {
		for (at++; at < s.len && format_digit(s.ptr[at]); at++)
			;
		if (at == 9)
			return false;
	}
	if (byte_at(s, at, 'z')) {
		if (at + 1 != s.len)
			return false;
	} else {
		if (at + 6 != s.len || (s.ptr[at] != '+' && s.ptr[at] != '-') ||
		    s.ptr[at + 3] != ':')
			return false;
		zone_hour = digits_at(s, at + 1, 2);
		zone_minute = digits_at(s, at + 4, 2);
		if (zone_hour < 0 || zone_hour > 23 || zone_minute < 0 || zone_minute > 59)
			return false;
		if (s.ptr[at] == '+') {
			zone_hour = -zone_hour;
			zone_minute = -zone_minute;
		}
	}
	/* A leap second is the last one of a day in UTC. */
	minutes = (hour + zone_hour) * 60 + minute + zone_minute;
	return second < 60 || (minutes + 2 * 24 * 60) % (24 * 60) == 23 * 60 + 59;
}

bool format_is_date_time(struct cf_str s)
{
	return s.len > 11 && byte_at(s, 10, 't') && format_is_date((struct cf_str){s.ptr, 10}) &&
	       format_is_time((struct cf_str){s.ptr + 11, s.len - 11});
}

/* Numbers with the given units, in this order and without gaps. */
static bool skip_units(struct cf_str s, size_t *at, const char *units)
{
	const char *next = NULL;
	bool any = false;

	while (*at < s.len && format_digit(s.ptr[*at])) {
		const char *unit;

		while (*at < s.len && format_digit(s.ptr[*at]))
			++*at;
		unit = *at < s.len && s.ptr[*at] ? strchr(units, s.ptr[*at]) : NULL;
		if (!unit || (next && unit != next))
			return false;
		next = unit + 1;
		any = true;
		++*at;
	}
	return any;
}

bool format_is_duration(struct cf_str s)
{
	size_t at = 1;

	if (s.len < 3 || s.ptr[0] != 'P')
		return false;
	if (s.ptr[s.len - 1] == 'W')
		return skip_units(s, &at, "W") && at == s.len;
	if (s.ptr[1] != 'T' && !skip_units(s, &at, "YMD"))
		return false;
	if (at == s.len)
		return true;
	if (s.ptr[at++] != 'T')
		return false;
	return skip_units(s, &at, "HMS") && at == s.len;
}
