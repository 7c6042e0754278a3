/* The thread beside the calls: follows the control record, confirms each step once no
 * call of the stage before is under way, and settles what calls have left.
 *
 * Where the control store is away the instance goes on at the stage that it confirmed. */
#include "move/calls.h"

enum { POLL_MS = 100, HASTY_MS = 2, HASTY_FOR_MS = 10000 };

/* --- keys that calls have left ------------------------------------------------------------ */

/* One of the slice that is held, or one of all others; it stays in the list meanwhile. */
static bool take_pending(struct cf_move *w, struct move_calls *calls, bool held,
			 struct move_pending *ret)
{
	uint64_t now = w->env.monotonic_ns(w->env.ctx);
	bool found = false;

	pthread_mutex_lock(&calls->lock);
	for (size_t i = calls->pending_count; i-- > 0 && !calls->stop && !found;) {
		unsigned position = cf_move_position(calls->pending[i].key);

		if (calls->pending[i].again_ns > now || move_calls_held(calls, position) != held)
			continue;
		w->authority = cf_stage_info(move_calls_stage(calls, position))->first;
		*ret = calls->pending[i];
		found = true;
	}
	pthread_mutex_unlock(&calls->lock);
	return found;
}

/* It is done, or waits until `one` says. Only this thread takes out; others add behind. */
static void put_pending(struct move_calls *calls, const struct move_pending *one, bool done)
{
	char *key = NULL;

	pthread_mutex_lock(&calls->lock);
	for (size_t i = 0; i < calls->pending_count; i++) {
		if (calls->pending[i].key.ptr != one->key.ptr)
			continue;
		calls->pending[i] = *one;
		if (done) {
			key = (char *)one->key.ptr;
			calls->pending[i] = calls->pending[--calls->pending_count];
			calls->counters.repaired++;
		}
		break;
	}
	pthread_mutex_unlock(&calls->lock);
	mem_free(&calls->mem, key);
}

/* Left by another call as well, of which something may still be on its way. */
static bool is_left_twice(struct move_calls *calls, const struct move_pending *one)
{
	bool found = false;

	pthread_mutex_lock(&calls->lock);
	for (size_t i = 0; i < calls->pending_count && !found; i++) {
		const struct move_pending *other = &calls->pending[i];

		found = other->until_ns && other->key.ptr != one->key.ptr &&
			str_equal(other->key, one->key);
	}
	pthread_mutex_unlock(&calls->lock);
	return found;
}

/* The intent is cleared where nothing is on its way any more. */
static int repair_pending(struct cf_move *w, struct move_calls *calls, struct move_pending *one,
			  bool *ret_done)
{
	int rc = move_repair_left(w, one->key, NULL);
	uint64_t now = w->env.monotonic_ns(w->env.ctx);

	if (rc == CF_ERR_UNCERTAIN)
		one->until_ns = now + move_longest_ns(w);
	one->again_ns = rc ? 0 : one->until_ns;
	*ret_done = rc == 0 && (move_is_prompt(w) || now >= one->until_ns);
	/* Cleared with the stripe held: nobody else writes an intent meanwhile. */
	if (*ret_done && !is_left_twice(calls, one))
		rc = move_clear(w, calls->instance, one->key, NULL);
	*ret_done = *ret_done && rc == 0;
	return rc;
}

/* False: there is none, or it must wait. */
static bool repair_one(struct cf_move *w, struct move_calls *calls, bool held)
{
	struct move_pending one;
	pthread_mutex_t *stripe;
	bool done = false;
	int rc;

	if (!take_pending(w, calls, held, &one))
		return false;
	arena_reset(&w->arena);
	stripe = move_stripe(calls, one.key);
	pthread_mutex_lock(stripe);
	rc = repair_pending(w, calls, &one, &done);
	put_pending(calls, &one, done);
	pthread_mutex_unlock(stripe);
	return rc == 0;
}

/* --- the control record ------------------------------------------------------------------- */

/* The counter of the calls before the last change is free again; with the lock. */
static void wait_for_counter(struct move_calls *calls, unsigned parity)
{
	while (calls->under_way[parity] && !calls->stop)
		pthread_cond_wait(&calls->changed, &calls->lock);
}

/* New calls begin at the new stage; those of the one before are waited for. */
static bool change_stage(struct move_calls *calls, const struct move_control *control)
{
	bool go_on;

	pthread_mutex_lock(&calls->lock);
	if (calls->step != control->step) {
		wait_for_counter(calls, !calls->parity);
		calls->stage = control->stage;
		calls->gate = control->gate;
		calls->both = control->require == CF_REQUIRE_BOTH;
		calls->step = control->step;
		calls->hold = (struct move_hold){0};
		calls->parity = !calls->parity;
		pthread_cond_broadcast(&calls->changed);
		wait_for_counter(calls, !calls->parity);
	}
	go_on = !calls->stop;
	pthread_mutex_unlock(&calls->lock);
	return go_on;
}

/* With the lock. */
static bool is_slice_left(const struct move_calls *calls)
{
	bool found = false;

	for (size_t i = 0; i < calls->pending_count && !found; i++)
		found = move_calls_held(calls, cf_move_position(calls->pending[i].key));
	return found;
}

/* True: none of the slice is under way, and none left to be repaired. */
static bool hold_slice(struct cf_move *w, struct move_calls *calls,
		       const struct move_control *control)
{
	struct move_outcome_at at = {control->target > control->gate ? CF_OLD : CF_NEW,
				     control->step};
	enum move_outcome outcome;
	bool held;

	if (calls->step != control->step) {
		/* Withdrawn before it was seen. */
		if (move_outcome_ask(w, &at, false, &outcome, NULL) || outcome != MOVE_UNDECIDED ||
		    !move_hold_begin(w, calls, control))
			return false;
	}
	move_at(w, "drained");
	while (repair_one(w, calls, true))
		;
	pthread_mutex_lock(&calls->lock);
	held = !is_slice_left(calls) && calls->hold.at.step == control->step &&
	       !calls->under_way[!calls->parity] && !calls->stop;
	pthread_mutex_unlock(&calls->lock);
	return held;
}

static void look_often(struct cf_move *w, struct move_calls *calls,
		       const struct move_control *control)
{
	if (control->phase != MOVE_NO_PHASE && calls->hasty_step != control->step) {
		calls->hasty_step = control->step;
		calls->hasty_until_ns =
			w->env.monotonic_ns(w->env.ctx) + HASTY_FOR_MS * (uint64_t)1000000;
	}
	if (control->phase == MOVE_NO_PHASE)
		calls->hasty_until_ns = 0;
}

/* The record as it is now: others confirm at the same moment. */
static void confirm(struct cf_move *w, struct move_calls *calls)
{
	struct move_control control;
	struct move_instance *own;
	int rc;

	do {
		rc = move_control_read(w, &control, NULL);
		own = rc ? NULL : move_control_instance(&control, calls->instance);
		if (!own || control.step != calls->step)
			return;
		own->confirmed = control.step;
		own->seen_ms = w->env.now_ms(w->env.ctx);
		rc = move_control_write(w, &control, NULL);
	} while (rc == CF_ERR_PRECONDITION);
}

/* Something that was written to one store alone may still land. */
static bool is_alone_unsure(struct cf_move *w, struct move_calls *calls)
{
	uint64_t now = w->env.monotonic_ns(w->env.ctx);
	bool ret;

	pthread_mutex_lock(&calls->lock);
	ret = now < calls->alone_until_ns;
	pthread_mutex_unlock(&calls->lock);
	return ret;
}

static void follow(struct cf_move *w, struct move_calls *calls)
{
	struct move_control control;
	struct move_instance *own;

	arena_reset(&w->arena);
	if (move_control_read(w, &control, NULL) || !control.rev.len)
		return;
	look_often(w, calls, &control);
	own = move_control_instance(&control, calls->instance);
	/* Evicted: it joins again, as one that has confirmed nothing. */
	if (!own) {
		struct move_instance again = {.name = str_of(calls->instance)};

		(void)move_control_join(w, &control, &again, NULL);
		return;
	}
	if (own->confirmed == control.step && calls->step == control.step)
		return;
	if (control.phase == MOVE_HELD ? !hold_slice(w, calls, &control)
				       : !change_stage(calls, &control))
		return;
	if (is_alone_unsure(w, calls))
		return;
	move_at(w, "before-confirmation");
	arena_reset(&w->arena);
	confirm(w, calls);
	move_at(w, "confirmed");
}

/* Until the next look. */
static void wait_a_little(struct cf_move *w, struct move_calls *calls)
{
	uint64_t now = w->env.monotonic_ns(w->env.ctx);
	uint64_t ms = now < calls->hasty_until_ns ? HASTY_MS : POLL_MS;

	if (w->hook && w->hook->poll_ms)
		ms = w->hook->poll_ms;
	pthread_mutex_lock(&calls->lock);
	if (!calls->stop)
		move_calls_wait(calls, now + ms * 1000000, &w->env);
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

/* Ends a hold that has lasted long enough, also where the control store is away. */
static void watch_hold(struct cf_move *w, struct move_calls *calls)
{
	uint64_t now = w->env.monotonic_ns(w->env.ctx);
	bool over;

	pthread_mutex_lock(&calls->lock);
	over = calls->hold.at.step && now >= calls->hold.until_ns;
	pthread_mutex_unlock(&calls->lock);
	arena_reset(&w->arena);
	(void)move_hold_ask(w, calls, over, NULL);
}

static void *keep(void *ctx)
{
	struct move_calls *calls = ((struct cf_move *)ctx)->calls;
	struct cf_move *w = calls->keeper_move;

	while (!is_stopped(calls)) {
		follow(w, calls);
		watch_hold(w, calls);
		while (repair_one(w, calls, false))
			;
		wait_a_little(w, calls);
	}
	return NULL;
}

/* --- starting and stopping ------------------------------------------------------------------ */

/* Known first, then what it is to do: in one step. A hand-over that is under way it ends;
 * what its last run left it repairs before its first call. */
static int enter(struct cf_move *w, struct move_calls *calls, struct cf_error *error)
{
	struct move_instance own = {.name = str_of(calls->instance), .confirmed = 1};
	enum move_outcome outcome = MOVE_WITHDRAWN;
	struct move_control control;
	int rc = move_control_join(w, &control, &own, error);

	if (rc == 0 && control.phase == MOVE_HELD) {
		struct move_outcome_at at = {control.target > control.gate ? CF_OLD : CF_NEW,
					     control.step};

		rc = move_outcome_ask(w, &at, true, &outcome, error);
		control.gate = outcome == MOVE_DONE ? control.target : control.gate;
	}
	if (rc)
		return rc;
	calls->stage = control.stage;
	calls->gate = control.gate;
	calls->both = control.require == CF_REQUIRE_BOTH;
	calls->step = control.step;
	if (move_repair_intents(w, &control, calls->instance, calls, NULL))
		rc = error_set(error, CF_ERR_UNAVAILABLE,
			       "what was left of the last run of \"%s\" cannot be repaired yet",
			       calls->instance);
	return rc;
}

int move_keeper_start(struct cf_move *m, struct cf_error *error)
{
	struct move_calls *calls = m->calls;
	struct cf_move *w = NULL;
	int rc = move_worker_open(&w, m, true, error);

	if (rc)
		return rc;
	calls->keeper_move = w;
	rc = enter(w, calls, error);
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
	struct cf_move *w = calls->keeper_move;

	pthread_mutex_lock(&calls->lock);
	calls->stop = true;
	pthread_cond_broadcast(&calls->changed);
	pthread_mutex_unlock(&calls->lock);
	pthread_join(calls->keeper, NULL);
	arena_reset(&w->arena);
	/* One that leaves intents behind stays known, until it comes back or is evicted. */
	if (calls->pending_count == 0)
		(void)move_control_remove(w, calls->instance, NULL);
	move_worker_close(w);
}
