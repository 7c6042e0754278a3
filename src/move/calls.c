/* Calls from many threads: each is counted in at a stage, and has a worker. */
#include "move/calls.h"

static int take_worker(struct cf_move *m, struct cf_move **ret, struct cf_error *error)
{
	struct move_calls *calls = m->calls;
	int rc;

	for (;;) {
		if (calls->free_count) {
			*ret = calls->free_workers[--calls->free_count];
			break;
		}
		if (calls->worker_count < m->config->connections_max) {
			calls->worker_count++;
			pthread_mutex_unlock(&calls->lock);
			rc = move_worker_open(ret, m, false, error);
			pthread_mutex_lock(&calls->lock);
			if (rc)
				calls->worker_count--;
			if (rc)
				return rc;
			break;
		}
		pthread_cond_wait(&calls->changed, &calls->lock);
	}
	arena_reset(&(*ret)->arena);
	return 0;
}

static void give_worker(struct move_calls *calls, struct cf_move *worker)
{
	calls->free_workers[calls->free_count++] = worker;
	pthread_cond_broadcast(&calls->changed);
}

/* A write of a key that is handed over. It waits without a worker, so that reads find one,
 * and does not rely on the keeper: that may be waiting for the control store. */
static int wait_for_outcome(struct cf_move *m, struct move_call *call, struct cf_error *error)
{
	struct move_calls *calls = m->calls;
	uint64_t step = calls->hold.at.step;
	int rc = 0;

	while (rc == 0 && move_calls_held(calls, call->position)) {
		if (calls->hold.at.step != step ||
		    m->env.monotonic_ns(m->env.ctx) < calls->hold.until_ns) {
			step = calls->hold.at.step;
			move_at(m, "write-waits");
			move_calls_wait(calls, calls->hold.until_ns, &m->env);
			continue;
		}
		rc = take_worker(m, &call->m, error);
		if (rc)
			break;
		pthread_mutex_unlock(&calls->lock);
		rc = move_hold_ask(call->m, calls, true, error);
		pthread_mutex_lock(&calls->lock);
		give_worker(calls, call->m);
	}
	return rc;
}

static void count_in(struct move_calls *calls, struct move_call *call)
{
	call->stage = move_calls_stage(calls, call->position);
	call->doubt = move_calls_held(calls, call->position);
	call->parity = calls->parity;
	call->both = calls->both;
	calls->under_way[call->parity]++;
	call->m->authority = cf_stage_info(call->stage)->first;
}

int move_call_begin(struct cf_move *m, struct move_call *ret, struct cf_error *error)
{
	struct move_calls *calls = m->calls;
	int rc;

	if (!calls)
		return error_set(error, CF_ERR_USAGE, "cf_move_join comes first");
	pthread_mutex_lock(&calls->lock);
	do {
		rc = ret->writes ? wait_for_outcome(m, ret, error) : 0;
		rc = rc ? rc : take_worker(m, &ret->m, error);
		if (rc || !ret->writes || !move_calls_held(calls, ret->position))
			break;
		give_worker(calls, ret->m); /* it has begun while a worker was opened */
	} while (true);
	if (rc == 0)
		count_in(calls, ret);
	pthread_mutex_unlock(&calls->lock);
	return rc;
}

void move_call_end(struct cf_move *m, struct move_call *call)
{
	struct move_calls *calls = m->calls;

	pthread_mutex_lock(&calls->lock);
	calls->under_way[call->parity]--;
	give_worker(calls, call->m);
	pthread_mutex_unlock(&calls->lock);
}

pthread_mutex_t *move_stripe(struct move_calls *calls, struct cf_str key)
{
	return &calls->stripes[cf_move_hash(key) % MOVE_STRIPES];
}

void move_count_failure(struct move_calls *calls, enum cf_side authority)
{
	pthread_mutex_lock(&calls->lock);
	if (authority == CF_OLD)
		calls->counters.new_failures++;
	else
		calls->counters.old_failures++;
	pthread_mutex_unlock(&calls->lock);
}
