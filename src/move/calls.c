/* Calls from many threads: each is counted in at a stage, and has a worker. */
#include "move/calls.h"

static int take_worker(struct cf_move *m, struct cf_move **ret, struct cf_error *error)
{
	struct move_calls *calls = m->calls;
	int rc;

	for (;;) {
		if (calls->free_count) {
			*ret = calls->free_workers[--calls->free_count];
			return 0;
		}
		if (calls->worker_count < m->config->connections_max) {
			calls->worker_count++;
			pthread_mutex_unlock(&calls->lock);
			rc = move_worker_open(ret, m, false, error);
			pthread_mutex_lock(&calls->lock);
			if (rc)
				calls->worker_count--;
			return rc;
		}
		pthread_cond_wait(&calls->changed, &calls->lock);
	}
}

int move_call_begin(struct cf_move *m, struct move_call *ret, struct cf_error *error)
{
	struct move_calls *calls = m->calls;
	int rc;

	if (!calls)
		return error_set(error, CF_ERR_USAGE, "cf_move_join comes first");
	pthread_mutex_lock(&calls->lock);
	rc = take_worker(m, &ret->m, error);
	if (rc == 0) {
		ret->stage = calls->stage;
		ret->parity = calls->parity;
		calls->under_way[ret->parity]++;
	}
	pthread_mutex_unlock(&calls->lock);
	if (rc == 0)
		arena_reset(&ret->m->arena);
	return rc;
}

void move_call_end(struct cf_move *m, struct move_call *call)
{
	struct move_calls *calls = m->calls;

	pthread_mutex_lock(&calls->lock);
	calls->under_way[call->parity]--;
	calls->free_workers[calls->free_count++] = call->m;
	pthread_cond_broadcast(&calls->changed);
	pthread_mutex_unlock(&calls->lock);
}

pthread_mutex_t *move_stripe(struct move_calls *calls, struct cf_str key)
{
	return &calls->stripes[cf_move_hash(key) % MOVE_STRIPES];
}

void move_pending_add(struct move_calls *calls, struct cf_str key)
{
	char *copy = mem_alloc(&calls->mem, key.len + 1);

	pthread_mutex_lock(&calls->lock);
	calls->counters.unsettled++;
	if (copy && calls->pending_count < MOVE_PENDING_MAX) {
		memcpy(copy, key.ptr, key.len);
		calls->pending[calls->pending_count++] = (struct cf_str){copy, key.len};
		copy = NULL;
	}
	pthread_cond_broadcast(&calls->changed);
	pthread_mutex_unlock(&calls->lock);
	mem_free(&calls->mem, copy);
}
