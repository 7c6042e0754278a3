/* The thread beside the calls: follows the control record, confirms each step once no
 * call of the stage before is under way, and settles what calls have left.
 *
 * Where the control store is away the instance goes on at the stage that it confirmed. */
#include "move/calls.h"

#include <time.h>

enum { POLL_MS = 100 };

/* One key that a call has left; false: there is none, or it must wait. */
static bool repair_one(struct cf_move *w, struct move_calls *calls)
{
	struct cf_str key = {NULL, 0};
	bool stop;
	int rc;

	pthread_mutex_lock(&calls->lock);
	stop = calls->stop;
	if (calls->pending_count && !stop)
		key = calls->pending[--calls->pending_count];
	pthread_mutex_unlock(&calls->lock);
	if (!key.ptr)
		return false;
	arena_reset(&w->arena);
	rc = move_repair_left(w, calls, key);
	pthread_mutex_lock(&calls->lock);
	if (rc == 0)
		calls->counters.repaired++;
	else if (calls->pending_count < MOVE_PENDING_MAX) {
		calls->pending[calls->pending_count++] = key;
		key = (struct cf_str){NULL, 0};
	}
	pthread_mutex_unlock(&calls->lock);
	mem_free(&calls->mem, (char *)key.ptr);
	return rc == 0;
}

/* --- the control record ------------------------------------------------------------------- */

/* New calls begin at the new stage; those of the one before are waited for. */
static bool change_stage(struct move_calls *calls, const struct move_control *control)
{
	unsigned before;

	pthread_mutex_lock(&calls->lock);
	before = calls->parity;
	if (calls->step != control->step) {
		calls->stage = control->stage;
		calls->step = control->step;
		calls->parity = !before;
		while (calls->under_way[before] && !calls->stop)
			pthread_cond_wait(&calls->changed, &calls->lock);
	}
	before = calls->stop;
	pthread_mutex_unlock(&calls->lock);
	return !before;
}

static void follow(struct cf_move *w, struct move_calls *calls)
{
	struct move_control control;
	struct move_instance *own;

	arena_reset(&w->arena);
	if (move_control_read(w, &control, NULL) || !control.rev.len)
		return;
	own = move_control_instance(&control, calls->instance);
	/* Evicted: it joins again, and by that confirms nothing that it has not seen. */
	if (!own) {
		(void)move_control_join(w, &control, calls->instance, NULL);
		return;
	}
	if (own->confirmed == control.step && calls->step == control.step)
		return;
	if (!change_stage(calls, &control))
		return;
	own->confirmed = control.step;
	own->seen_ms = w->env.now_ms(w->env.ctx);
	/* Somebody else was first: the next look sees what. */
	(void)move_control_write(w, &control, NULL);
}

static void wait_a_little(struct move_calls *calls)
{
	struct timespec until;

	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_nsec += POLL_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_mutex_lock(&calls->lock);
	if (!calls->stop)
		pthread_cond_timedwait(&calls->changed, &calls->lock, &until);
	pthread_mutex_unlock(&calls->lock);
}

static bool is_stopped(struct move_calls *calls)
{
	bool stop;

	pthread_mutex_lock(&calls->lock);
	stop = calls->stop;
	pthread_mutex_unlock(&calls->lock);
	return stop;
}

static void *keep(void *ctx)
{
	struct move_calls *calls = ((struct cf_move *)ctx)->calls;
	struct cf_move *w = calls->keeper_move;

	while (!is_stopped(calls)) {
		follow(w, calls);
		while (repair_one(w, calls))
			;
		wait_a_little(calls);
	}
	return NULL;
}

/* --- starting and stopping ------------------------------------------------------------------ */

int move_keeper_start(struct cf_move *m, struct cf_error *error)
{
	struct move_calls *calls = m->calls;
	struct move_control control;
	struct cf_move *w = NULL;
	int rc = move_worker_open(&w, m, true, error);

	if (rc)
		return rc;
	calls->keeper_move = w;
	rc = move_control_need(w, &control, error);
	rc = rc ? rc : move_control_join(w, &control, calls->instance, error);
	calls->stage = control.stage;
	calls->step = control.step;
	/* What the instance of this name left when it died, before its first call. */
	if (rc == 0 && control.stage != CF_STAGE_OFF && move_repair_intents(w, calls))
		rc = error_set(error, CF_ERR_UNAVAILABLE,
			       "what was left of the last run of \"%s\" cannot be repaired yet",
			       calls->instance);
	if (rc == 0 && pthread_create(&calls->keeper, NULL, keep, m))
		rc = error_nomem(error);
	calls->keeping = rc == 0;
	if (rc)
		move_worker_close(w);
	return rc;
}

void move_keeper_stop(struct cf_move *m)
{
	struct move_calls *calls = m->calls;
	struct move_control control;
	struct cf_move *w = calls->keeper_move;

	pthread_mutex_lock(&calls->lock);
	calls->stop = true;
	pthread_cond_broadcast(&calls->changed);
	pthread_mutex_unlock(&calls->lock);
	pthread_join(calls->keeper, NULL);
	arena_reset(&w->arena);
	/* One that leaves intents behind stays known, until it comes back or is evicted. */
	if (calls->pending_count == 0 && move_control_read(w, &control, NULL) == 0 &&
	    control.rev.len)
		(void)move_control_remove(w, &control, calls->instance, NULL);
	move_worker_close(w);
}
