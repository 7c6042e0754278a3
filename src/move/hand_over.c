/* The hand-over of a slice of keys from one authority to the other, as its controller does
 * it. (hold.c is what an instance does.) The model is model/hand_over.pml.
 *
 *   announced   a step that all confirm, so that they look often from now on
 *   held        new writes of the slice wait; each instance confirms when none is under way
 *   decided     the outcome, once: done while all have confirmed and no intent is left
 *   told        the control record has the new gate, or the old one
 *
 * Whoever has waited as long as a hold may last withdraws, this program too. */
#include "move/inside.h"

#include <inttypes.h>
#include <time.h>

enum { LOOK_MS = 2, ANNOUNCED_MS = 5000, PAGE = 500 };

/* --- intents --- */

/* NAME/intent/INSTANCE/KEY */
static struct cf_str key_of_intent(struct cf_str note, size_t prefix)
{
	const char *slash = memchr(note.ptr + prefix, '/', note.len - prefix);
	struct cf_str key = {NULL, 0};

	if (slash)
		key = (struct cf_str){slash + 1, note.len - (size_t)(slash + 1 - note.ptr)};
	return key;
}

/* --- steps of it --- */

struct handing {
	struct cf_move *m;
	struct move_control *control;
	struct move_outcome_at at;
	unsigned from, to, target;
	struct cf_error *error;
};

static void pause_a_little(void)
{
	struct timespec pause = {0, LOOK_MS * 1000000L};

	nanosleep(&pause, NULL);
}

static uint64_t now_ns(struct handing *h)
{
	return h->m->env.monotonic_ns(h->m->env.ctx);
}

/* Reads it again; somebody else may have moved it. */
static int read_again(struct handing *h, enum move_phase phase, uint64_t step)
{
	int rc = move_control_need(h->m, h->control, h->error);

	if (rc == 0 && (h->control->step != step || h->control->phase != phase))
		rc = error_set(h->error, CF_ERR_PRECONDITION,
			       "somebody else has changed the move in the meantime: look at its "
			       "status, and try again");
	return rc;
}

/* Into the next phase, whoever confirms at the same time. */
static int go_on(struct handing *h, enum move_phase from, enum move_phase to)
{
	uint64_t step = h->control->step;
	int rc;

	do {
		rc = read_again(h, from, step);
		if (rc)
			return rc;
		h->control->phase = to;
		h->control->target = h->target;
		h->control->step = step + 1;
		rc = move_control_write(h->m, h->control, h->error);
	} while (rc == CF_ERR_PRECONDITION);
	return rc;
}

/* Until all have confirmed the step; PRECONDITION with the name of one that has not. */
static int wait_for_all(struct handing *h, uint64_t ms)
{
	uint64_t until = now_ns(h) + ms * 1000000, step = h->control->step;
	enum move_phase phase = h->control->phase;
	const struct move_instance *late;
	int rc;

	for (;;) {
		rc = read_again(h, phase, step);
		late = move_control_late(h->control);
		if (rc || !late)
			return rc;
		if (now_ns(h) > until)
			return error_set(h->error, CF_ERR_PRECONDITION,
					 "the instance \"%.*s\" has not confirmed in time, and "
					 "nothing was handed over",
					 STR_ARG(late->name));
		pause_a_little();
	}
}

/* Intents of keys of the slice, of whomever; the first is told. */
static int check_intents(struct handing *h)
{
	struct cf_move *m = h->m;
	struct cf_scan scan = {.limit = PAGE};
	struct cf_note *notes;
	struct cf_str first = {NULL, 0};
	uint64_t count = 0;
	size_t page = PAGE;
	int rc = 0;

	scan.prefix = arena_printf(&m->arena, "%.*s/intent/", STR_ARG(m->config->name));
	if (!scan.prefix.ptr)
		return error_nomem(h->error);
	while (rc == 0 && page == PAGE) {
		rc = store_notes(move_store(m, h->at.side), &scan, &m->arena, &notes, &page,
				 h->error);
		for (size_t i = 0; i < page && rc == 0; i++) {
			struct cf_str key = key_of_intent(notes[i].key, scan.prefix.len);
			unsigned position = cf_move_position(key);

			if (position >= h->from && position < h->to && count++ == 0)
				first = key;
		}
		if (rc == 0 && page)
			scan.after = notes[page - 1].key;
	}
	if (rc == 0 && count)
		rc = error_set(h->error, CF_ERR_PRECONDITION,
			       "%" PRIu64 " keys have to be repaired first (\"%.*s\"), and nothing "
			       "was handed over",
			       count, STR_ARG(first));
	return rc;
}

/* Behind the outcome: the control record says what it came to. */
static int tell(struct handing *h, enum move_phase phase, uint64_t step, enum move_outcome outcome)
{
	struct move_control *c = h->control;
	int rc;

	do {
		rc = read_again(h, phase, step);
		if (rc)
			return rc;
		if (outcome == MOVE_DONE) {
			c->gate = c->target;
			c->since_ms = h->m->env.now_ms(h->m->env.ctx);
		}
		if (c->gate == MOVE_GATE_ALL) {
			c->gate = 0;
			c->stage++;
		}
		c->phase = MOVE_NO_PHASE;
		c->target = 0;
		c->step = step + 1;
		rc = move_control_write(h->m, c, h->error);
	} while (rc == CF_ERR_PRECONDITION);
	return rc;
}

static void set_slice(struct handing *h)
{
	unsigned gate = h->control->gate;
	bool up = h->target > gate;

	h->from = up ? gate : h->target;
	h->to = up ? h->target : gate;
	h->at.side = up ? CF_OLD : CF_NEW;
}

static int check_jobs(const struct move_control *control, struct cf_error *error)
{
	for (size_t i = 0; i < control->instance_count; i++)
		if (control->instances[i].job)
			return error_set(error, CF_ERR_PRECONDITION,
					 "\"%.*s\" is under way, or was killed: let it end, run it "
					 "again, or evict it",
					 STR_ARG(control->instances[i].name));
	return 0;
}

/* --- the whole of it --- */

static int open_and_hold(struct handing *h)
{
	struct handing quiet = *h;
	uint64_t step = h->control->step;
	int rc = wait_for_all(h, ANNOUNCED_MS);

	h->at.step = step + 1;
	rc = rc ? rc : move_outcome_open(h->m, &h->at, h->error);
	quiet.error = NULL;
	if (rc)
		(void)tell(&quiet, MOVE_ANNOUNCED, step, MOVE_WITHDRAWN);
	move_at(h->m, "opened");
	/* Where that fails, the next command ends it. */
	return rc ? rc : go_on(h, MOVE_ANNOUNCED, MOVE_HELD);
}

static int decide(struct handing *h)
{
	struct handing quiet = *h;
	enum move_outcome outcome = MOVE_UNDECIDED;
	int rc = wait_for_all(h, h->m->config->hold_ms), decided;

	move_at(h->m, "all-confirmed");
	rc = rc ? rc : check_intents(h);
	decided = move_outcome_decide(h->m, &h->at, rc ? MOVE_WITHDRAWN : MOVE_DONE, &outcome,
				      rc ? NULL : h->error);
	move_at(h->m, "decided");
	if (decided)
		return rc ? rc : decided;
	if (rc == 0 && outcome != MOVE_DONE)
		rc = error_set(h->error, CF_ERR_PRECONDITION,
			       "an instance has waited too long for the others, and nothing was "
			       "handed over");
	quiet.error = NULL;
	decided = tell(rc ? &quiet : h, MOVE_HELD, h->at.step, outcome);
	return rc ? rc : decided;
}

int move_hand_over(struct cf_move *m, struct move_control *control, unsigned target,
		   struct cf_error *error)
{
	struct handing h = {.m = m, .control = control, .target = target, .error = error};
	int rc = check_jobs(control, error);

	if (rc)
		return rc;
	/* Stage live, with no key at rampdown, is stage shadow with all keys handed over. */
	if (control->stage == CF_STAGE_LIVE && control->gate == 0) {
		control->stage = CF_STAGE_SHADOW;
		control->gate = MOVE_GATE_ALL;
	}
	set_slice(&h);
	control->phase = MOVE_ANNOUNCED;
	control->target = target;
	control->step++;
	rc = move_control_write(m, control, error);
	rc = rc ? rc : open_and_hold(&h);
	return rc ? rc : decide(&h);
}

int move_hand_over_finish(struct cf_move *m, struct move_control *control, struct cf_error *error)
{
	struct handing h = {.m = m, .control = control, .target = control->target, .error = error};
	enum move_outcome outcome = MOVE_WITHDRAWN;
	int rc = 0;

	if (control->phase == MOVE_NO_PHASE)
		return 0;
	set_slice(&h);
	h.at.step = control->step;
	if (control->phase == MOVE_HELD)
		rc = move_outcome_ask(m, &h.at, true, &outcome, error);
	return rc ? rc : tell(&h, control->phase, control->step, outcome);
}
