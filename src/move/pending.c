/* What calls have left: keys that the keeper settles, and what may still be on its way. */
#include "move/calls.h"

uint64_t move_longest_ns(const struct cf_move *m)
{
	unsigned ms = m->config->old_ms > m->config->new_ms ? m->config->old_ms : m->config->new_ms;

	return (uint64_t)ms * 1000000;
}

void move_pending_add(struct cf_move *w, struct move_calls *calls, struct cf_str key, int code)
{
	char *copy = mem_alloc(&calls->mem, key.len + 1);
	uint64_t until = 0;

	if (code == CF_ERR_UNCERTAIN)
		until = w->env.monotonic_ns(w->env.ctx) + move_longest_ns(w);
	pthread_mutex_lock(&calls->lock);
	calls->counters.unsettled++;
	if (copy && calls->pending_count < MOVE_PENDING_MAX) {
		memcpy(copy, key.ptr, key.len);
		calls->pending[calls->pending_count++] =
			(struct move_pending){{copy, key.len}, until, 0};
		copy = NULL;
	}
	pthread_cond_broadcast(&calls->changed);
	pthread_mutex_unlock(&calls->lock);
	mem_free(&calls->mem, copy);
}

void move_alone_unsure(struct cf_move *w, struct move_calls *calls)
{
	uint64_t until = w->env.monotonic_ns(w->env.ctx) + move_longest_ns(w);

	if (move_store(w, w->authority)->capabilities & CF_STORE_PROMPT)
		return;
	pthread_mutex_lock(&calls->lock);
	calls->alone_until_ns = until;
	pthread_mutex_unlock(&calls->lock);
}

bool move_pending_has(struct move_calls *calls, struct cf_str key)
{
	bool found = false;

	pthread_mutex_lock(&calls->lock);
	for (size_t i = 0; i < calls->pending_count && !found; i++)
		found = calls->pending[i].until_ns && str_equal(calls->pending[i].key, key);
	pthread_mutex_unlock(&calls->lock);
	return found;
}
