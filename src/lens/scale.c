/* scale: newer = older * by + offset, exact in decimal.
 *
 * A number is its digits, the least first, and how many of them stand after the point.
 * Binary floats would make 0.30000000000000004 of 0.1 * 3, and money wrong. Sizes: what is
 * read has at most DIGITS_READ digits, and each step adds a bounded number to them. */
#include "lens/scale.h"

enum {
	DIGITS_READ = 100,
	DIGITS_MAX = 256,  /* read, times 15 digits, shifted by as many and DIGITS_EXACT */
	DIGITS_EXACT = 50, /* a divisor of 15 digits without other factors than 2 and 5 adds */
};

struct exact {
	bool negative;
	unsigned count; /* of digits; 0: zero */
	unsigned scale; /* after the point */
	uint8_t digits[DIGITS_MAX];
};

/* --- arithmetic ------------------------------------------------------------------- */

static void trim(struct exact *n)
{
	unsigned zeros = 0;

	while (n->count && n->digits[n->count - 1] == 0)
		n->count--;
	while (zeros < n->scale && zeros < n->count && n->digits[zeros] == 0)
		zeros++;
	if (n->count == 0) {
		n->scale = 0;
		n->negative = false;
		return;
	}
	memmove(n->digits, n->digits + zeros, n->count - zeros);
	n->count -= zeros;
	n->scale -= zeros;
}

/* Times a power of ten, its scale too: the value stays. */
static void widen(struct exact *n, unsigned by)
{
	memmove(n->digits + by, n->digits, n->count);
	memset(n->digits, 0, by);
	n->count = n->count ? n->count + by : 0;
	n->scale += by;
}

static void multiply(struct exact *n, uint64_t by)
{
	uint64_t carry = 0;

	for (unsigned i = 0; i < n->count || carry; i++) {
		uint64_t digit = (i < n->count ? n->digits[i] * by : 0) + carry;

		if (i == n->count)
			n->count++;
		n->digits[i] = (uint8_t)(digit % 10);
		carry = digit / 10;
	}
}

/* What is left over goes. */
static void divide(struct exact *n, uint64_t by)
{
	uint64_t rest = 0;

	for (unsigned i = n->count; i-- > 0;) {
		rest = rest * 10 + n->digits[i];
		n->digits[i] = (uint8_t)(rest / by);
		rest %= by;
	}
	while (n->count && n->digits[n->count - 1] == 0)
		n->count--;
}

static int digit_at(const struct exact *n, unsigned i)
{
	return i < n->count ? n->digits[i] : 0;
}

/* Of two of one scale, without their signs. */
static bool is_less(const struct exact *a, const struct exact *b)
{
	for (unsigned i = a->count > b->count ? a->count : b->count; i-- > 0;)
		if (digit_at(a, i) != digit_at(b, i))
			return digit_at(a, i) < digit_at(b, i);
	return false;
}

/* a = a + b; b is spoilt. */
static void add(struct exact *a, struct exact *b)
{
	bool apart = a->negative != b->negative;
	const struct exact *large, *small;
	struct exact sum;
	int carry = 0;

	if (a->scale < b->scale)
		widen(a, b->scale - a->scale);
	else
		widen(b, a->scale - b->scale);
	large = is_less(a, b) ? b : a;
	small = large == a ? b : a;
	sum = (struct exact){.negative = large->negative, .scale = a->scale};
	for (unsigned i = 0; i < large->count || i < small->count || carry > 0; i++) {
		int digit = digit_at(large, i) + carry +
			    (apart ? -digit_at(small, i) : digit_at(small, i));

		carry = digit > 9 ? 1 : digit < 0 ? -1 : 0;
		sum.digits[sum.count++] = (uint8_t)(digit - 10 * carry);
	}
	*a = sum;
	trim(a);
}

/* Halves away from zero. */
static void round_to(struct exact *n, unsigned digits)
{
	unsigned less = n->scale > digits ? n->scale - digits : 0;
	bool up = less && digit_at(n, less - 1) >= 5;

	if (less) {
		n->count = n->count > less ? n->count - less : 0;
		memmove(n->digits, n->digits + less, n->count);
		n->scale = digits;
	}
	for (unsigned i = 0; up; i++) {
		if (i == n->count)
			n->digits[n->count++] = 0;
		up = ++n->digits[i] == 10;
		if (up)
			n->digits[i] = 0;
	}
	trim(n);
}

/* --- texts ------------------------------------------------------------------------ */

static int read_exponent(struct cf_str text)
{
	bool negative = text.len && text.ptr[0] == '-';
	int value = 0;

	for (size_t i = 0; i < text.len; i++)
		if (text.ptr[i] >= '0' && text.ptr[i] <= '9' && value < 10000)
			value = value * 10 + (text.ptr[i] - '0');
	return negative ? -value : value;
}

/* False: too many digits. */
static bool read_number(struct cf_str text, struct exact *n)
{
	int exponent = 0, after = 0;
	bool point = false;
	size_t i, end;

	*n = (struct exact){.negative = text.len && text.ptr[0] == '-'};
	for (i = n->negative; i < text.len && (text.ptr[i] | 0x20) != 'e'; i++) {
		if (text.ptr[i] == '.')
			point = true;
		else
			after += point;
	}
	end = i;
	if (end < text.len)
		exponent = read_exponent((struct cf_str){text.ptr + end + 1, text.len - end - 1});
	for (i = end; i-- > n->negative;) {
		if (text.ptr[i] == '.')
			continue;
		if (n->count == DIGITS_READ)
			return false;
		n->digits[n->count++] = (uint8_t)(text.ptr[i] - '0');
	}
	while (n->count && n->digits[n->count - 1] == 0)
		n->count--;
	after -= exponent;
	if (n->count && (after > DIGITS_READ || (int)n->count - after > DIGITS_READ))
		return false;
	if (n->count && after < 0) {
		widen(n, (unsigned)-after);
		after = 0;
	}
	n->scale = n->count ? (unsigned)after : 0;
	trim(n);
	return true;
}

static size_t write_number(const struct exact *n, char out[SCALE_TEXT_MAX])
{
	unsigned count = n->count > n->scale ? n->count : n->scale + 1;
	size_t at = 0;

	if (count + 2 > SCALE_TEXT_MAX)
		return 0;
	if (n->negative)
		out[at++] = '-';
	for (unsigned i = count; i-- > 0;) {
		out[at++] = (char)('0' + digit_at(n, i));
		if (i == n->scale && i)
			out[at++] = '.';
	}
	return at;
}

/* --- scaling ---------------------------------------------------------------------- */

bool scale_factor(struct cf_str number, struct op_factor *ret)
{
	struct exact n;

	if (!read_number(number, &n) || n.count > SCALE_FACTOR_DIGITS ||
	    n.scale > SCALE_FACTOR_DIGITS)
		return false;
	*ret = (struct op_factor){.negative = n.negative, .scale = n.scale};
	for (unsigned i = n.count; i-- > 0;)
		ret->mantissa = ret->mantissa * 10 + n.digits[i];
	return true;
}

bool scale_ends(const struct op_scale *scale)
{
	uint64_t m = scale->by.mantissa;

	while (m && m % 2 == 0)
		m /= 2;
	while (m && m % 5 == 0)
		m /= 5;
	return m == 1;
}

static struct exact of_factor(const struct op_factor *factor, bool negated)
{
	struct exact n = {.negative = factor->negative != negated, .scale = factor->scale};

	for (uint64_t m = factor->mantissa; m; m /= 10)
		n.digits[n.count++] = (uint8_t)(m % 10);
	return n;
}

static void go_down(struct exact *n, const struct op_scale *scale)
{
	unsigned wanted = scale->digits[1] < 0 ? n->scale + scale->by.scale + DIGITS_EXACT
					       : (unsigned)scale->digits[1] + 1;

	/* One digit more than is kept, to round by. */
	wanted += scale->by.scale;
	if (n->scale < wanted)
		widen(n, wanted - n->scale);
	divide(n, scale->by.mantissa);
	n->scale -= scale->by.scale;
	n->negative = n->negative != scale->by.negative;
}

size_t scale_apply(const struct op_scale *scale, bool down, struct cf_str number,
		   char out[SCALE_TEXT_MAX])
{
	struct exact n, offset = of_factor(&scale->offset, down);

	if (!read_number(number, &n))
		return 0;
	if (down) {
		add(&n, &offset);
		go_down(&n, scale);
	} else {
		multiply(&n, scale->by.mantissa);
		n.scale += scale->by.scale;
		n.negative = n.negative != scale->by.negative;
		add(&n, &offset);
	}
	if (scale->digits[down] >= 0)
		round_to(&n, (unsigned)scale->digits[down]);
	trim(&n);
	return write_number(&n, out);
}
