/* What a plain scalar of YAML means. */
#ifndef JSON_YAML_SCALAR_H
#define JSON_YAML_SCALAR_H

#include "base/base.h"

/* Writes a plain scalar as JSON: null, a boolean, a number or a text. False, and nothing is
 * written, where JSON cannot hold it. */
bool yaml_write_plain(struct cf_str words, struct cf_buf *out);

#endif
