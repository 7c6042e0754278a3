/* Private to lens/: makes the text of a script safe to run. */
#ifndef LENS_SCRIPT_GUARD_H
#define LENS_SCRIPT_GUARD_H

#include "base/base.h"

/* Appends `function` to `out` with a call of __step() in every loop and function.
 * SCRIPT, with the line within the script, where the text is not one function
 * expression and nothing else, or uses what is not allowed (see script.c). */
int script_guard(struct cf_str function, struct cf_buf *out, struct cf_error *error);

#endif
