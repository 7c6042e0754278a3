/* What an instance does while keys are handed over: it holds new writes of the slice, is in
 * doubt about reads from then on, and goes on when it knows the outcome.
 * It never goes on by its clock: when that has run out, it withdraws, and asks. */
#include "move/calls.h"

#include <time.h>

enum cf_stage move_calls_stage(const struct move_calls *calls, unsigned position)
{
	return move_stage_at(calls->stage, calls->gate, position);
}

bool move_calls_held(const struct move_calls *calls, unsigned position)
{
	return calls->hold.at.step && position >= calls->hold.from && position < calls->hold.to;
}

void move_calls_wait(struct move_calls *calls, uint64_t until_ns, const struct cf_env *env)
{
	uint64_t now = env->monotonic_ns(env->ctx), left = until_ns > now ? until_ns - now : 0;
	struct timespec until;

	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(left / 1000000000);
	until.tv_nsec += (long)(left % 1000000000);
	until.tv_sec += until.tv_nsec / 1000000000;
	until.tv_nsec %= 1000000000;
	pthread_cond_timedwait(&calls->changed, &calls->lock, &until);
}

static void set_hold(struct move_calls *calls, const struct move_control *control, uint64_t until)
{
	bool up = control->target > control->gate;

	calls->stage = control->stage;
	calls->gate = control->gate;
	calls->both = control->require == CF_REQUIRE_BOTH;
	calls->step = control->step;
	calls->hold = (struct move_hold){
		.at = {up ? CF_OLD : CF_NEW, control->step},
		.from = up ? control->gate : control->target,
		.to = up ? control->target : control->gate,
		.target = control->target,
		.until_ns = until,
	};
}

bool move_hold_begin(struct cf_move *w, struct move_calls *calls,
		     const struct move_control *control)
{
	uint64_t until = w->env.monotonic_ns(w->env.ctx) + (uint64_t)w->config->hold_ms * 1000000;
	unsigned before;
	bool drained;

	pthread_mutex_lock(&calls->lock);
	before = calls->parity;
	set_hold(calls, control, until);
	calls->parity = !before;
	while (calls->under_way[before] && !calls->stop && calls->hold.at.step &&
	       w->env.monotonic_ns(w->env.ctx) < until)
		move_calls_wait(calls, until, &w->env);
	drained = !calls->under_way[before] && !calls->stop;
	pthread_mutex_unlock(&calls->lock);
	return drained;
}

/* Whoever learns the outcome tells all others of this process. */
static void go_on(struct move_calls *calls, uint64_t step, enum move_outcome outcome)
{
	pthread_mutex_lock(&calls->lock);
	if (calls->hold.at.step == step) {
		if (outcome == MOVE_DONE)
			calls->gate = calls->hold.target;
		calls->hold = (struct move_hold){0};
		pthread_cond_broadcast(&calls->changed);
	}
	pthread_mutex_unlock(&calls->lock);
}

/* Another thread has heard the outcome meanwhile; the note may stand for a later one now. */
static bool is_over(struct move_calls *calls, uint64_t step)
{
	bool over;

	pthread_mutex_lock(&calls->lock);
	over = calls->hold.at.step != step;
	pthread_mutex_unlock(&calls->lock);
	return over;
}

int move_hold_ask(struct cf_move *w, struct move_calls *calls, bool end, struct cf_error *error)
{
	enum move_outcome outcome = MOVE_UNDECIDED;
	struct move_outcome_at at;
	int rc;

	pthread_mutex_lock(&calls->lock);
	at = calls->hold.at;
	pthread_mutex_unlock(&calls->lock);
	if (at.step == 0)
		return 0;
	rc = move_outcome_ask(w, &at, end, &outcome, error);
	if (rc == 0 && outcome != MOVE_UNDECIDED)
		go_on(calls, at.step, outcome);
	return rc && is_over(calls, at.step) ? 0 : rc;
}
