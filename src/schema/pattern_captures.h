/* Back references that PCRE2 and ECMA-262 read otherwise. */
#ifndef SCHEMA_PATTERN_CAPTURES_H
#define SCHEMA_PATTERN_CAPTURES_H

#include "base/base.h"

/* SCHEMA where a back reference may meet what an earlier round of a quantifier left in
 * its group; NOMEM. What is no pattern at all is let pass. */
int pattern_check_captures(struct cf_str text, const struct cf_mem *mem, struct cf_error *error);

#endif
