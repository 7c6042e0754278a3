/* Exact decimal arithmetic on the text of JSON numbers. Exponents beyond any use
 * are held at +-EXPONENT_MAX, where the digits still decide. */
#include "json/number.h"

static const int64_t EXPONENT_MAX = (int64_t)1 << 60;

static int64_t read_exponent(struct cf_str text)
{
	int64_t value = 0;
	bool negative = text.len && text.ptr[0] == '-';
	size_t i = text.len && (text.ptr[0] == '-' || text.ptr[0] == '+') ? 1 : 0;

	for (; i < text.len; i++)
		if (value < EXPONENT_MAX / 10)
			value = value * 10 + (text.ptr[i] - '0');
		else
			value = EXPONENT_MAX;
	return negative ? -value : value;
}

struct decimal decimal_of(struct cf_str number)
{
	struct decimal d = {.negative = number.len && number.ptr[0] == '-'};
	size_t i = d.negative ? 1 : 0, first = SIZE_MAX, last = 0, point = SIZE_MAX, end;

	for (end = i; end < number.len && (number.ptr[end] | 0x20) != 'e'; end++) {
		if (number.ptr[end] == '.') {
			point = end;
		} else if (number.ptr[end] != '0') {
			first = first == SIZE_MAX ? end : first;
			last = end;
		}
	}
	if (first == SIZE_MAX)
		return (struct decimal){.negative = false};
	if (end < number.len)
		d.exponent =
			read_exponent((struct cf_str){number.ptr + end + 1, number.len - end - 1});
	if (point == SIZE_MAX)
		point = end;
	d.exponent += first < point ? (int64_t)(point - first) : -(int64_t)(first - point - 1);
	d.digits = (struct cf_str){number.ptr + first, last - first + 1};
	d.count = d.digits.len - (point > first && point < last ? 1 : 0);
	return d;
}

/* Walks the digits, passing over the point. */
static bool next_digit(const struct decimal *d, size_t *at, int *ret)
{
	while (*at < d->digits.len && d->digits.ptr[*at] == '.')
		(*at)++;
	if (*at >= d->digits.len)
		return false;
	*ret = d->digits.ptr[(*at)++] - '0';
	return true;
}

static int compare_magnitude(const struct decimal *a, const struct decimal *b)
{
	size_t ia = 0, ib = 0;

	if (a->count == 0 || b->count == 0)
		return (a->count > 0) - (b->count > 0);
	if (a->exponent != b->exponent)
		return a->exponent < b->exponent ? -1 : 1;
	for (;;) {
		int da = 0, db = 0;
		bool more_a = next_digit(a, &ia, &da), more_b = next_digit(b, &ib, &db);

		if (!more_a && !more_b)
			return 0;
		if (da != db || more_a != more_b)
			return da != db ? da - db : more_a - more_b;
	}
}

int json_number_compare(struct cf_str a, struct cf_str b)
{
	struct decimal da = decimal_of(a), db = decimal_of(b);
	int order;

	if (da.negative != db.negative)
		return da.negative ? -1 : 1;
	order = compare_magnitude(&da, &db);
	return da.negative ? -order : order;
}

bool json_number_is_integer(struct cf_str number)
{
	struct decimal d = decimal_of(number);

	return d.count == 0 || d.exponent >= (int64_t)d.count;
}

/* Digits only, and few: most integers. */
static bool read_plain(struct cf_str number, int64_t *ret)
{
	int64_t value = 0;

	if (number.len > 18)
		return false;
	for (size_t i = 0; i < number.len; i++) {
		if ((uint8_t)(number.ptr[i] - '0') > 9)
			return false;
		value = value * 10 + (number.ptr[i] - '0');
	}
	*ret = value;
	return true;
}

bool json_number_int64(struct cf_str number, int64_t *ret)
{
	struct decimal d;
	uint64_t value = 0;
	size_t at = 0;
	int digit;

	if (read_plain(number, ret))
		return true;
	d = decimal_of(number);
	if (d.count == 0) {
		*ret = 0;
		return true;
	}
	if (d.exponent < (int64_t)d.count || d.exponent > 19)
		return false;
	for (int64_t i = 0; i < d.exponent; i++) {
		if (!next_digit(&d, &at, &digit))
			digit = 0;
		if (__builtin_mul_overflow(value, 10, &value) ||
		    __builtin_add_overflow(value, (uint64_t)digit, &value))
			return false;
	}
	if (value > (uint64_t)INT64_MAX + d.negative)
		return false;
	*ret = d.negative ? (int64_t)(0 - value) : (int64_t)value;
	return true;
}

uint64_t decimal_hash(struct cf_str number)
{
	struct decimal d = decimal_of(number);
	uint64_t hash = hash64(STR("number"), (uint64_t)d.exponent * 2 + d.negative);
	char digits[64];
	size_t at = 0, len = 0;
	int digit;

	if (d.count == 0)
		return hash64(STR("number"), 0);
	while (next_digit(&d, &at, &digit)) {
		digits[len++] = (char)digit;
		if (len == sizeof(digits)) {
			hash = hash64((struct cf_str){digits, len}, hash);
			len = 0;
		}
	}
	return len ? hash64((struct cf_str){digits, len}, hash) : hash;
}

/* --- multiples --------------------------------------------------------------------- */

enum { MULTIPLE_EXPONENT_MAX = 10000 };

/* remainder = (remainder * 10 + digit) mod divisor, on arrays of decimal digits
 * (most significant first, `len` + 1 long). */
static void step_remainder(uint8_t *remainder, const uint8_t *divisor, size_t len, int digit)
{
	memmove(remainder, remainder + 1, len);
	remainder[len] = (uint8_t)digit;
	while (memcmp(remainder, divisor, len + 1) >= 0) {
		int borrow = 0;

		for (size_t i = len + 1; i-- > 0;) {
			int value = remainder[i] - divisor[i] - borrow;

			borrow = value < 0;
			remainder[i] = (uint8_t)(value + (borrow ? 10 : 0));
		}
	}
}

static bool divides_long(const struct decimal *a, const struct decimal *b, int64_t zeros,
			 uint8_t *work)
{
	size_t len = b->count, at = 0;
	uint8_t *remainder = work, *divisor = work + len + 1;
	int digit;

	memset(work, 0, 2 * (len + 1));
	for (size_t i = 1; i <= len && next_digit(b, &at, &digit); i++)
		divisor[i] = (uint8_t)digit;
	at = 0;
	while (next_digit(a, &at, &digit))
		step_remainder(remainder, divisor, len, digit);
	while (zeros-- > 0)
		step_remainder(remainder, divisor, len, 0);
	for (size_t i = 0; i <= len; i++)
		if (remainder[i])
			return false;
	return true;
}

static bool divides_short(const struct decimal *a, const struct decimal *b, int64_t zeros)
{
	uint64_t divisor = 0, remainder = 0;
	size_t at = 0;
	int digit;

	while (next_digit(b, &at, &digit))
		divisor = divisor * 10 + (uint64_t)digit;
	at = 0;
	while (next_digit(a, &at, &digit))
		remainder = (remainder * 10 + (uint64_t)digit) % divisor;
	while (zeros-- > 0 && remainder)
		remainder = remainder * 10 % divisor;
	return remainder == 0;
}

int json_number_is_multiple(struct cf_str a, struct cf_str b, bool *ret)
{
	struct decimal da = decimal_of(a), db = decimal_of(b);
	/* As integers: digits * 10^(exponent - count). */
	int64_t zeros = (da.exponent - (int64_t)da.count) - (db.exponent - (int64_t)db.count);

	if (da.count == 0 || db.count == 0) {
		*ret = da.count == 0;
		return 0;
	}
	if (zeros < 0) {
		/* The last digit of a stands behind that of b, and is not 0... */
		if (zeros < -MULTIPLE_EXPONENT_MAX) {
			*ret = false;
			return 0;
		}
		/* ...so b would have to end in that many zeros, which it does not. */
		*ret = false;
		return 0;
	}
	if (zeros > MULTIPLE_EXPONENT_MAX)
		return CF_ERR_LIMIT;
	if (db.count <= 17) {
		*ret = divides_short(&da, &db, zeros);
	} else {
		uint8_t *work = mem_alloc(&mem_heap, 2 * (db.count + 1));

		if (!work)
			return CF_ERR_NOMEM;
		*ret = divides_long(&da, &db, zeros, work);
		mem_free(&mem_heap, work);
	}
	return 0;
}
