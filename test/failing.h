/* A heap whose n-th allocation fails: that one alone, or it and all later ones. Code that
 * bears the one may trip over the other: alone, what comes after the failure has memory to
 * go wrong with; all later ones, what it does to clean up has none. */
#ifndef TEST_FAILING_H
#define TEST_FAILING_H

#include "check_main.h"

#include <malloc.h>

struct failing {
	struct cf_mem mem; /* give &failing.mem to whoever is tested */
	size_t at;         /* the call that fails, from 0 */
	bool alone;
	size_t calls;
	size_t bytes; /* that were asked for */
	size_t held;  /* bytes that were not freed */
	size_t peak;  /* the most that were held at once */
	long live;    /* blocks that were not freed */
	bool done;    /* of FAILING_EACH */
};

static inline void *failing_resize(void *ctx, void *ptr, size_t size)
{
	struct failing *failing = ctx;
	size_t call = failing->calls, before = ptr ? malloc_usable_size(ptr) : 0;

	failing->calls += size > 0;
	failing->bytes += size;
	if (size && (call == failing->at || (call > failing->at && !failing->alone)))
		return NULL;
	failing->live += (size && !ptr) - (!size && ptr);
	ptr = mem_heap.resize(NULL, ptr, size);
	failing->held += (ptr ? malloc_usable_size(ptr) : 0) - before;
	if (failing->held > failing->peak)
		failing->peak = failing->held;
	return ptr;
}

static inline void failing_init(struct failing *failing, size_t at, bool alone)
{
	*failing = (struct failing){.mem = {failing_resize, failing}, .at = at, .alone = alone};
}

/* Whether a call has failed. */
static inline bool failing_fired(const struct failing *failing)
{
	return failing->calls > failing->at;
}

/* Of FAILING_EACH: nothing leaked; the next one, until none was reached. */
static inline void failing_next(struct failing *failing, size_t step)
{
	ck_assert_int_eq(failing->live, 0);
	ck_assert_uint_lt(failing->at, 1000000);
	if (failing_fired(failing)) {
		failing_init(failing, failing->at + step, failing->alone);
	} else {
		bool was_alone = failing->alone;

		failing_init(failing, 0, true);
		failing->done = was_alone;
	}
}

/* The body is run with each allocation failing in turn, first with all later ones, then
 * alone. It must leave nothing allocated, and say what came out: failing_judge. */
#define FAILING_EACH(failing) \
	for (failing_init(&(failing), 0, false); !(failing).done; failing_next(&(failing), 1))

/* NOMEM, or 0 where nothing failed or what failed could be done without. */
static inline void failing_judge(const struct failing *failing, int rc)
{
	ck_assert_msg(rc == 0 || (rc == CF_ERR_NOMEM && failing_fired(failing)),
		      "allocation %zu (%s): %d", failing->at,
		      failing->alone ? "alone" : "and all later ones", rc);
}

#endif
