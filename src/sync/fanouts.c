/* Which changed parts are still to be handed on. */
#include "sync/engine.h"

int fanout_note(struct sync *sync, struct cf_str part)
{
	struct fanout *fanout, **last = &sync->fanouts;

	for (; *last; last = &(*last)->next) {
		if (!str_equal(str_of((*last)->part), part))
			continue;
		/* It changed again: what the record says now counts. */
		(*last)->rev[0] = '\0';
		return 0;
	}
	fanout = mem_calloc(sync->mem, 1, sizeof(*fanout));
	if (!fanout)
		return CF_ERR_NOMEM;
	*last = fanout;
	sync->fanout_count++;
	fanout->part = text_dup(sync->mem, part);
	fanout->after = text_dup(sync->mem, STR(""));
	fanout->rev = text_dup(sync->mem, STR(""));
	return fanout->part && fanout->after && fanout->rev ? 0 : CF_ERR_NOMEM;
}

void fanout_drop(struct sync *sync, struct fanout *done)
{
	struct fanout **at = &sync->fanouts;

	while (*at != done)
		at = &(*at)->next;
	*at = done->next;
	sync->fanout_count--;
	mem_free(sync->mem, done->part);
	mem_free(sync->mem, done->after);
	mem_free(sync->mem, done->rev);
	mem_free(sync->mem, done);
}
