/* What the files that run scripts share. */
#ifndef LENS_SCRIPT_INSIDE_H
#define LENS_SCRIPT_INSIDE_H

#include "lens/script.h"

#include <duktape.h>

struct script_engine *script_engine_of(duk_context *duk);
const struct cf_mem *script_engine_mem(const struct script_engine *engine);
/* Whether it is the prototype of numbers, texts or booleans that are objects. */
bool script_engine_is_boxed(const struct script_engine *engine, const void *prototype);
/* Takes steps off the call at hand; does not return where there are none left. */
void script_spend(struct script_engine *engine, double steps);
/* Puts a copy in the place of the value on top; throws where JSON cannot say it. */
void script_copy_answer(duk_context *duk);

/* script_text.c: 0 or NOMEM. A character beyond U+FFFF goes in as two escapes, and comes out
 * as two surrogates of three bytes each. */
int script_write_escaped(struct cf_str text, struct cf_buf *out);
int script_write_utf8(const char *text, size_t len, struct cf_buf *out);
/* SCRIPT, with its pointer, where a number of the JSON text would change in a double. */
int script_check_numbers(struct cf_str text, const struct cf_mem *mem, struct cf_error *error);

#endif
