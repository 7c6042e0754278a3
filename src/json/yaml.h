/* YAML into JSON text. */
#ifndef JSON_YAML_H
#define JSON_YAML_H

#include "json/json.h"

/* Fills text and node_lines of a file whose path is set. SYNTAX, LIMIT (with file, line and
 * column), NOMEM. A member name that stands twice is let through: reading the text as JSON
 * finds it. */
int yaml_convert(struct json_file *file, struct cf_str bytes, struct cf_error *error);

#endif
