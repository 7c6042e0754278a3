/* Patterns read backwards: texts that they match. */
#ifndef SCHEMA_PATTERN_GENERATE_H
#define SCHEMA_PATTERN_GENERATE_H

#include "schema/pattern.h"

/* Appends a random text (UTF-8) that the pattern is likely to match; whether it does
 * is the caller's to find out. Longer with higher `size` (0 to 100). NULL, or why the
 * pattern cannot be read backwards: a literal, with something appended or not. */
const char *pattern_generate(struct cf_str pattern, struct rng *rng, unsigned size,
			     struct cf_buf *out);

#endif
