/* How the caller of long work follows it. */
#include "move/inside.h"

bool move_stopped(const struct cf_move_watch *watch)
{
	return watch && watch->stopped && watch->stopped(watch->ctx);
}

void move_progress(const struct cf_move_watch *watch, uint64_t done, uint64_t total)
{
	if (watch && watch->progress)
		watch->progress(watch->ctx, done, total);
}

void move_wait(const struct cf_move_watch *watch, uint64_t ns)
{
	if (watch && watch->wait)
		watch->wait(watch->ctx, ns);
}
