/* What the files that run scripts share. */
#ifndef LENS_SCRIPT_INSIDE_H
#define LENS_SCRIPT_INSIDE_H

#include "lens/script.h"

#include <duktape.h>
#include <setjmp.h>
#include <time.h>

/* A block of an interpreter's memory: all are in one list, to be freed at once. */
struct script_block {
	_Alignas(16) size_t size;
	struct script_block *next, **link;
};

struct script_engine {
	const struct cf_mem *mem;
	duk_context *duk;
	size_t bytes;
	size_t biggest; /* block that the call at hand asked for */
	int64_t steps_left;
	int64_t began_ms, began_cpu_ms; /* of the call at hand */
	unsigned looks;                 /* not each spending looks at the clock */
	void *boxed[3];                 /* prototypes of numbers, texts and booleans */
	struct cached *cache;
	struct script_block *blocks; /* all of the heap's memory */
	jmp_buf *stop;               /* where a call that must end goes; NULL: none is running */
};

/* script_engine.c: what the interpreter is made with; `udata` is the engine. */
void *script_alloc(void *udata, duk_size_t size);
void *script_realloc(void *udata, void *ptr, duk_size_t size);
void script_free(void *udata, void *ptr);
void script_fatal(void *udata, const char *message);
int64_t script_clock_ms(clockid_t clock);
struct script_engine *script_engine_of(duk_context *duk);
const struct cf_mem *script_engine_mem(const struct script_engine *engine);
/* Whether it is the prototype of numbers, texts or booleans that are objects. */
bool script_engine_is_boxed(const struct script_engine *engine, const void *prototype);
/* Takes steps off the call at hand; does not return where there are none left. */
void script_spend(struct script_engine *engine, double steps);
/* script_answer.c: puts a copy in the place of the value on top; throws where JSON cannot say it.
 */
void script_copy_answer(duk_context *duk);

/* script_text.c: 0 or NOMEM. A character beyond U+FFFF goes in as two escapes, and comes out
 * as two surrogates of three bytes each. */
int script_write_escaped(struct cf_str text, struct cf_buf *out);
int script_write_utf8(const char *text, size_t len, struct cf_buf *out);
/* SCRIPT, with its pointer, where a number of the JSON text would change in a double. */
int script_check_numbers(struct cf_str text, const struct cf_mem *mem, struct cf_error *error);

#endif
