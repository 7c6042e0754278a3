/* Private to lens/: numbers scaled exactly in decimal. */
#ifndef LENS_SCALE_H
#define LENS_SCALE_H

#include "lens/op.h"

enum {
	SCALE_FACTOR_DIGITS = 15, /* of by and offset: they fit 64 bits, and a product 128 */
	SCALE_DIGITS_MAX = 30,    /* that may be asked for */
	SCALE_TEXT_MAX = 260,     /* bytes that a result may have */
};

/* False: it has too many digits. */
bool scale_factor(struct cf_str number, struct op_factor *ret);
/* Whether the way down ends for every number: `by` has no prime factors but 2 and 5
 * (those that it shares with no power of ten never end). */
bool scale_ends(const struct op_scale *scale);
/* A JSON number scaled up or down, into `out`; halves are rounded away from zero, and
 * zeros at the end are left out. Returns the length; 0: the number has more digits than
 * can be taken (SCALE_TEXT_MAX, with its exponent written out). */
size_t scale_apply(const struct op_scale *scale, bool down, struct cf_str number,
		   char out[SCALE_TEXT_MAX]);

#endif
