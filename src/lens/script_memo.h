/* Private to lens/: the latest answers of scripts.
 *
 * The same input gives the same output (script.c), and a document that is brought to
 * agreement crosses the same lens several times: when it is carried, when it is judged, when
 * it is checked both ways. What the interpreter said is kept for that long. Failures are not
 * kept: one may be for want of time.
 */
#ifndef LENS_SCRIPT_MEMO_H
#define LENS_SCRIPT_MEMO_H

#include "base/base.h"

/* Longer calls are not kept, so the memory of all is bounded. */
enum { SCRIPT_MEMO_CALLS = 16, SCRIPT_MEMO_BYTES = 8192 };

struct script_memo {
	const struct cf_mem *mem;
	struct script_memo_call {
		uint64_t function; /* hash of its text: a lens may go and its address return; 0:
				      none */
		char *text;        /* source, base and answer */
		size_t source, base, answer, cap;
	} at[SCRIPT_MEMO_CALLS];
	size_t next; /* the oldest, which goes first */
};

/* A call: the function and what it is given. */
struct script_given {
	uint64_t function;          /* script_memo_function */
	struct cf_str source, base; /* base.ptr NULL: none */
};

void script_memo_init(struct script_memo *memo, const struct cf_mem *mem);
void script_memo_fini(struct script_memo *memo);
uint64_t script_memo_function(struct cf_str text);
/* *ret is the memo's, until the next call is kept. */
bool script_memo_find(const struct script_memo *memo, const struct script_given *given,
		      struct cf_str *ret);
/* Copies all. 0 or NOMEM. */
int script_memo_keep(struct script_memo *memo, const struct script_given *given,
		     struct cf_str answer);

#endif
