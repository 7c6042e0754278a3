/* Doubles as decimals; see real.h. */
#include "store/real.h"

#include "json/json.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Longer numbers are no doubles. */
enum { NUMBER_BYTES = 400 };

/* Whatever the locale has for the point becomes one; false: there is none, and no
 * exponent. */
static bool plain_point(char *text)
{
	bool point = false;

	for (char *c = text; *c; c++) {
		if ((*c < '0' || *c > '9') && !strchr("+-e", *c))
			*c = '.';
		point = point || *c == '.' || *c == 'e';
	}
	return point;
}

bool real_write(double value, char out[32])
{
	if (!isfinite(value))
		return false;
	/* Read back in the same locale. */
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(out, 30, "%.*g", digits, value);
		if (strtod(out, NULL) == value)
			break;
	}
	if (!plain_point(out))
		memcpy(out + strlen(out), ".0", 3);
	return true;
}

static bool take_text(struct cf_str number, char text[NUMBER_BYTES + 1])
{
	if (number.len > NUMBER_BYTES)
		return false;
	memcpy(text, number.ptr, number.len);
	text[number.len] = '\0';
	return true;
}

bool real_exact(struct cf_str number, double *ret)
{
	char text[NUMBER_BYTES + 1], again[32];

	if (!take_text(number, text))
		return false;
	*ret = strtod(text, NULL);
	return real_write(*ret, again) && json_number_compare(str_of(again), number) == 0;
}

bool real_exact_single(struct cf_str number)
{
	char text[NUMBER_BYTES + 1], again[32];
	float value;

	if (!take_text(number, text))
		return false;
	value = strtof(text, NULL);
	if (!isfinite(value))
		return false;
	for (int digits = 6; digits <= 9; digits++) {
		snprintf(again, sizeof(again), "%.*g", digits, (double)value);
		if (strtof(again, NULL) == value)
			break;
	}
	plain_point(again);
	return json_number_compare(str_of(again), number) == 0;
}
