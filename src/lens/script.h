/* Private to lens/: scripts. */
#ifndef LENS_SCRIPT_H
#define LENS_SCRIPT_H

#include "base/base.h"

struct script_engine;
struct script_engine *script_engine_new(const struct cf_mem *mem); /* NULL: no memory */
struct script_engine *script_engine_free(struct script_engine *engine);

/* Calls `function` (the text of a JavaScript function) with (source, base), both
 * JSON objects (`base` may be empty: undefined), and appends the JSON object that
 * it returns. SCRIPT where it throws, is stopped, or returns no object. */
int script_call(struct script_engine *engine, struct cf_str function, struct cf_str source,
		struct cf_str base, struct cf_buf *out, struct cf_error *error);
/* Whether it is a function at all. */
int script_check(struct script_engine *engine, struct cf_str function, struct cf_error *error);

#endif
