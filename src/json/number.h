/* Private to json/: numbers as exact decimals. */
#ifndef JSON_NUMBER_H
#define JSON_NUMBER_H

#include "json/json.h"

/* A number as 0.DIGITS * 10^exponent: the first and the last digit are not 0.
 * `digits` still has the decimal point in it where the number had one. */
struct decimal {
	bool negative;
	struct cf_str digits; /* empty: zero */
	size_t count;         /* of digits, without the point */
	int64_t exponent;
};
struct decimal decimal_of(struct cf_str number);
/* The value's hash: equal numbers, equal hashes. */
uint64_t decimal_hash(struct cf_str number);

#endif
