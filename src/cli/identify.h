/* What a document of the input says it is. */
#ifndef CLI_IDENTIFY_H
#define CLI_IDENTIFY_H

#include "catalog/catalog.h"

/* As catalog_identify_next, also where `_id` is written with escapes: ids are equal by
 * code points. The key is decoded, then in the arena. `hints` NULL: none. */
int cli_identify(const struct catalog *catalog, struct catalog_hints *hints,
		 struct json_value document, struct cf_arena *arena, struct catalog_id *ret,
		 struct cf_error *error);
/* Whether a string is written with escapes. */
static inline bool cli_is_escaped(struct json_value v)
{
	return json_kind(v) == JSON_STRING && json_node(v)->flags & JSON_ESCAPED;
}

#endif
