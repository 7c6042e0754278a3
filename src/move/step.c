/* The stage moves: by one compare-and-set on what the decision was made for, or, where the
 * authority changes, by a hand-over. */
#include "move/inside.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

enum { LOOK_MS = 5, CONFIRM_MS = 5000 };

/* Stage and gate as one number: in stage S with gate G it is S * 10000 + G. */
static unsigned place_of(enum cf_stage stage, unsigned gate)
{
	return (unsigned)stage * MOVE_GATE_ALL + gate;
}

static int read_control(struct cf_move *m, struct move_control *ret, struct cf_error *error)
{
	int rc;

	arena_reset(&m->arena);
	rc = move_control_need(m, ret, error);
	if (rc == 0 && ret->phase != MOVE_NO_PHASE) {
		rc = move_hand_over_finish(m, ret, error);
		rc = rc ? rc : move_control_need(m, ret, error);
	}
	return rc;
}

static int check_late(const struct move_control *control, struct cf_error *error)
{
	const struct move_instance *late = move_control_late(control);

	return late ? error_set(error, CF_ERR_PRECONDITION,
				"the instance \"%.*s\" has not confirmed stage %s",
				STR_ARG(late->name), cf_stage_info(control->stage)->name)
		    : 0;
}

/* In words, for the log: "shadow at 12.5 %". */
static const char *words_of(char *buffer, size_t size, enum cf_stage stage, unsigned gate)
{
	if (gate == 0)
		return cf_stage_info(stage)->name;
	snprintf(buffer, size, "%s, %g %% at %s", cf_stage_info(stage)->name, gate / 100.0,
		 cf_stage_info(stage + 1)->name);
	return buffer;
}

/* Between neighbours of one authority. */
static int step_to(struct cf_move *m, struct move_control *control, unsigned place,
		   struct cf_error *error)
{
	bool both = place >= place_of(CF_STAGE_DUALWRITE, 0);

	/* Of these keys the old store is written alone from now on, and nobody marks them. */
	if (place < place_of(CF_STAGE_DUALWRITE, 0) &&
	    place < place_of(control->stage, control->gate))
		control->compare_all = true;
	control->stage = place / MOVE_GATE_ALL;
	control->gate = place % MOVE_GATE_ALL;
	control->step++;
	control->since_ms = m->env.now_ms(m->env.ctx);
	if (!both)
		control->both_step = 0;
	else if (control->both_step == 0)
		control->both_step = control->step;
	return move_control_write(m, control, error);
}

static int go_to(struct cf_move *m, struct move_control *control, unsigned place, const char *who,
		 struct cf_error *error)
{
	unsigned shadow = place_of(CF_STAGE_SHADOW, 0), live = place_of(CF_STAGE_LIVE, 0);
	unsigned from = place_of(control->stage, control->gate);
	unsigned low = from < place ? from : place;
	char was[80], is[80];
	const char *before = words_of(was, sizeof(was), control->stage, control->gate);
	int rc;

	if (low >= shadow && low < live)
		rc = move_hand_over(m, control, place - shadow, error);
	else
		rc = step_to(m, control, place, error);
	if (rc)
		return rc;
	return move_log(m, who, error, "stage %s to %s", before,
			words_of(is, sizeof(is), place / MOVE_GATE_ALL, place % MOVE_GATE_ALL));
}

/* --- forward and back --- */

static int check_neighbours(unsigned from, unsigned place, struct cf_error *error)
{
	unsigned low = from < place ? from : place, high = from < place ? place : from;
	unsigned rampdown = place_of(CF_STAGE_RAMPDOWN, 0);

	if (from == place)
		return error_set(error, CF_ERR_USAGE, "the move stands there already");
	if (from > rampdown)
		return error_set(error, CF_ERR_PRECONDITION,
				 "from stage complete no way leads back");
	if (place > rampdown && place != place_of(CF_STAGE_COMPLETE, 0))
		return error_set(error, CF_ERR_USAGE, "stage complete has no gate");
	if (high > (low / MOVE_GATE_ALL + 1) * MOVE_GATE_ALL)
		return error_set(error, CF_ERR_USAGE,
				 "more than one stage at once: instances of stages two apart are "
				 "not safe together");
	return 0;
}

static int check_reasons(struct cf_move *m, struct cf_error *error)
{
	struct cf_move_status status;
	int rc = cf_move_status(m, &status, error);

	if (rc == 0 && status.reason_count)
		rc = error_set(error, CF_ERR_PRECONDITION, "stage %s cannot move on: %.*s",
			       cf_stage_info(status.stage)->name, STR_ARG(status.reasons[0]));
	return rc;
}

int cf_move_go(struct cf_move *m, enum cf_stage stage, unsigned gate, const char *who,
	       struct cf_error *error)
{
	struct move_control control;
	unsigned place, from;
	int rc;

	if (stage >= CF_STAGE_COUNT || gate > MOVE_GATE_ALL)
		return error_set(error, CF_ERR_USAGE, "the gate is 0 to 100 percent");
	place = place_of(stage, gate);
	rc = read_control(m, &control, error);
	if (rc)
		return rc;
	from = place_of(control.stage, control.gate);
	rc = check_neighbours(from, place, error);
	rc = rc ? rc : check_late(&control, error);
	if (rc == 0 && place > from) {
		rc = check_reasons(m, error);
		rc = rc ? rc : read_control(m, &control, error);
		if (rc == 0 && place_of(control.stage, control.gate) != from)
			rc = error_set(error, CF_ERR_PRECONDITION,
				       "somebody else has changed the move in the meantime: look "
				       "at its status, and try again");
	}
	return rc ? rc : go_to(m, &control, place, who, error);
}

int cf_move_advance(struct cf_move *m, const char *who, struct cf_error *error)
{
	struct move_control control;
	int rc = read_control(m, &control, error);

	if (rc == 0 && control.stage >= CF_STAGE_RAMPDOWN)
		rc = error_set(error, CF_ERR_PRECONDITION,
			       control.stage == CF_STAGE_COMPLETE
				       ? "the move is complete"
				       : "stage rampdown is ended by `move complete`");
	return rc ? rc : cf_move_go(m, control.stage + 1, 0, who, error);
}

int cf_move_reverse(struct cf_move *m, const char *who, struct cf_error *error)
{
	struct move_control control;
	int rc = read_control(m, &control, error);

	if (rc == 0 && control.gate == 0 && !cf_stage_info(control.stage)->reverse)
		rc = error_set(error, CF_ERR_PRECONDITION, "from stage %s no way leads back",
			       cf_stage_info(control.stage)->name);
	if (rc)
		return rc;
	return cf_move_go(m, control.gate ? control.stage : control.stage - 1, 0, who, error);
}

/* --- at once --- */

int cf_move_kill(struct cf_move *m, const char *who, struct cf_error *error)
{
	struct move_control control;
	int rc = read_control(m, &control, error);
	unsigned from;

	if (rc)
		return rc;
	from = place_of(control.stage, control.gate);
	if (from > place_of(CF_STAGE_SHADOW, 0))
		return error_set(error, CF_ERR_PRECONDITION,
				 "the new store is the authority of %s keys: `move abort` hands "
				 "them back first",
				 control.stage == CF_STAGE_SHADOW ? "some" : "all");
	if (from == 0)
		return 0;
	rc = step_to(m, &control, 0, error);
	return rc ? rc : move_log(m, who, error, "kill: stage off");
}

static int wait_for_all(struct cf_move *m, struct move_control *control, struct cf_error *error)
{
	uint64_t until = m->env.monotonic_ns(m->env.ctx) + CONFIRM_MS * (uint64_t)1000000;
	struct timespec pause = {0, LOOK_MS * 1000000L};
	int rc;

	for (;;) {
		rc = read_control(m, control, error);
		if (rc || !move_control_late(control))
			return rc;
		if (m->env.monotonic_ns(m->env.ctx) > until)
			return check_late(control, error);
		nanosleep(&pause, NULL);
	}
}

int cf_move_abort(struct cf_move *m, const char *who, struct cf_error *error)
{
	struct move_control control;
	int rc = wait_for_all(m, &control, error);

	while (rc == 0 && place_of(control.stage, control.gate) > place_of(CF_STAGE_SHADOW, 0)) {
		rc = cf_move_reverse(m, who, error);
		rc = rc ? rc : wait_for_all(m, &control, error);
	}
	return rc ? rc : cf_move_kill(m, who, error);
}

/* At once: both orders of writing are safe together, so nobody is waited for. */
int cf_move_require(struct cf_move *m, enum cf_require require, const char *who,
		    struct cf_error *error)
{
	struct move_control control;
	int rc = require == CF_REQUIRE_BOTH ? move_check_both(m, error) : 0;

	if (rc)
		return rc;
	do {
		rc = read_control(m, &control, error);
		if (rc || control.require == require)
			return rc;
		control.require = require;
		control.step++;
		rc = move_control_write(m, &control, error);
	} while (rc == CF_ERR_PRECONDITION);
	return rc ? rc
		  : move_log(m, who, error, "require %s",
			     require == CF_REQUIRE_BOTH ? "both" : "authority");
}

/* --- the end --- */

static int forget(struct cf_move *m, enum cf_side side, struct cf_error *error)
{
	struct cf_store *store = move_store(m, side);

	if (!(store->capabilities & (CF_STORE_NOTES | CF_STORE_FENCES)))
		return 0;
	return store_forget(store, error);
}

int cf_move_complete(struct cf_move *m, const char *who, struct cf_error *error)
{
	struct move_control control;
	int rc = read_control(m, &control, error);

	if (rc == 0 && control.stage < CF_STAGE_RAMPDOWN)
		rc = error_set(error, CF_ERR_PRECONDITION,
			       "a move is completed from stage rampdown, and stands at %s",
			       cf_stage_info(control.stage)->name);
	if (rc == 0 && control.stage == CF_STAGE_RAMPDOWN)
		rc = cf_move_go(m, CF_STAGE_COMPLETE, 0, who, error);
	/* Until then somebody may still write an intent. */
	rc = rc ? rc : wait_for_all(m, &control, error);
	rc = rc ? rc : forget(m, CF_NEW, error);
	return rc ? rc : forget(m, CF_OLD, error);
}

#define EVICTION "eviction"

/* As a job, so that whose record counts stays so while what was left is repaired. */
static int repair_left_of(struct cf_move *m, const char *instance, struct cf_error *error)
{
	struct move_control control;
	int rc = move_job_begin(m, EVICTION, &control, error);

	if (rc)
		return rc;
	rc = move_repair_intents(m, &control, instance, NULL, error);
	arena_reset(&m->arena);
	move_job_end(m, EVICTION);
	return rc;
}

int cf_move_evict(struct cf_move *m, const char *instance, const char *who, struct cf_error *error)
{
	struct move_control control;
	int rc = read_control(m, &control, error);

	if (rc == 0 && !move_control_instance(&control, instance))
		rc = error_set(error, CF_ERR_NOT_FOUND, "there is no instance \"%s\"", instance);
	rc = rc ? rc : repair_left_of(m, instance, error);
	arena_reset(&m->arena);
	rc = rc ? rc : move_control_remove(m, instance, error);
	return rc ? rc : move_log(m, who, error, "evict %.100s: said to be dead", instance);
}
