/* Where two documents differ. */
#ifndef CLI_DIFFER_H
#define CLI_DIFFER_H

#include "json/json.h"

/* Whether they differ by value; `pointer` is then where they do first, as deep as both
 * have objects. 0, NOMEM. */
int cli_differ(struct json_value a, struct json_value b, struct cf_arena *arena,
	       struct cf_buf *pointer, bool *ret);

#endif
