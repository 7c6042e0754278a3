/* Delta debugging over the list of steps: what is not needed for the same law to break
 * is dropped, in halves, quarters, ... and at last one by one. */
#include "sim.h"

static bool still_fails(struct plan_of_run *run, struct shapes *shapes, int law)
{
	struct world *world = malloc(sizeof(*world));
	bool fails;

	cf_assert(world);
	world_play(world, shapes, run, false);
	fails = world->law == law;
	free(world);
	return fails;
}

static void without(const struct plan_of_run *run, size_t from, size_t count,
		    struct plan_of_run *ret)
{
	*ret = *run;
	memmove(&ret->steps[from], &run->steps[from + count],
		(run->count - from - count) * sizeof(run->steps[0]));
	ret->count -= count;
}

static bool drop_steps(struct plan_of_run *run, struct shapes *shapes, int law)
{
	bool dropped = false;

	for (size_t size = run->count / 2 + 1; size > 0; size /= 2) {
		for (size_t from = 0; from + size <= run->count;) {
			struct plan_of_run tried;

			without(run, from, size, &tried);
			if (still_fails(&tried, shapes, law)) {
				*run = tried;
				dropped = true;
			} else {
				from++;
			}
		}
	}
	return dropped;
}

/* Without its fault, on its own, one step of the engine instead of many. */
static void simplify(struct plan_of_run *run, struct shapes *shapes, int law)
{
	for (size_t i = 0; i < run->count; i++) {
		struct plan_of_run tried = *run;

		tried.steps[i].fault = FAULT_NONE;
		if (run->steps[i].fault && still_fails(&tried, shapes, law))
			*run = tried;
		tried = *run;
		tried.steps[i].inside = false;
		if (run->steps[i].inside && still_fails(&tried, shapes, law))
			*run = tried;
		tried = *run;
		tried.steps[i].count = 1;
		if (run->steps[i].count > 1 && still_fails(&tried, shapes, law))
			*run = tried;
	}
}

void run_shrink(struct plan_of_run *run, struct shapes *shapes, int law)
{
	while (drop_steps(run, shapes, law))
		;
	simplify(run, shapes, law);
	drop_steps(run, shapes, law);
}
