#ifndef SCHEMA_PATTERN_TRANSLATE_H
#define SCHEMA_PATTERN_TRANSLATE_H

#include "base/base.h"

/* Appends the ECMA-262 pattern `text` as PCRE2 reads it. SCHEMA, NOMEM. */
int pattern_translate(struct cf_str text, struct cf_buf *out, struct cf_error *error);

#endif
