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

#endif
