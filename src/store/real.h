/* Doubles as decimals, without loss: what SQL stores and texts have in common. */
#ifndef STORE_REAL_H
#define STORE_REAL_H

#include "base/base.h"

/* The shortest that reads back, with a point or an exponent; false: not finite. */
bool real_write(double value, char out[32]);
/* The double that is exactly this decimal as it is written shortest. */
bool real_exact(struct cf_str number, double *ret);
/* The same of single precision. */
bool real_exact_single(struct cf_str number);

#endif
