/* What is between the two writes of a call: the intent, and making both stores agree. */
#include "move/calls.h"

#include <time.h>

enum { PAGE = 200 };

struct cf_str move_intent_key(struct cf_move *worker, const char *instance, struct cf_str key)
{
	return arena_printf(&worker->arena, "%.*s/intent/%s/%.*s", STR_ARG(worker->config->name),
			    instance, STR_ARG(key));
}

/* Writes a record again as it is: a put that is still on its way, on condition of the
 * revision before, cannot land then. One that makes the record still can, once it has been
 * deleted; and a revision that is made of the content stays what it was. */
static int touch(struct cf_move *w, struct cf_store *store, struct cf_str key,
		 struct cf_error *error)
{
	struct cf_get get = {.id = key};
	struct cf_record record = {0};
	struct cf_answer answer = {0};
	struct cf_put put = {.id = key, .kind = CF_PUT_ON_REV};
	int rc;

	if (store->capabilities & CF_STORE_PROMPT || !(store->capabilities & CF_STORE_FRESH_REVS))
		return 0;
	rc = store_get(store, &get, 1, CF_READ_BODIES, &w->arena, &record, error);
	if (rc || record.revision_count == 0 || record.revisions[0].deleted)
		return rc;
	put.rev = record.revisions[0].rev;
	put.body = record.revisions[0].body;
	/* An answer that refuses: another has written it, or the time-out is what helps. */
	return store_put(store, &put, 1, &w->arena, &answer, error);
}

bool move_is_prompt(const struct cf_move *w)
{
	return w->old_store->capabilities & w->new_store->capabilities & CF_STORE_PROMPT;
}

static int clear_intent(struct cf_move *w, enum cf_side side, struct cf_str intent,
			struct cf_error *error)
{
	struct cf_note note = {.kind = CF_NOTE_REMOVE, .key = intent};
	struct cf_put put = {.kind = CF_PUT_NOTES, .notes = &note, .note_count = 1};
	struct cf_answer answer = {0};
	int rc = intent.ptr ? store_put(move_store(w, side), &put, 1, &w->arena, &answer, error)
			    : error_nomem(error);

	return rc ? rc : answer.code;
}

static int settle(struct cf_move *w, struct cf_str key, struct cf_error *error)
{
	enum move_settled settled;
	struct cf_str message = {NULL, 0};
	int rc = move_settle(w, key, &settled, &message, error);

	if (rc == 0 && settled == MOVE_REFUSED)
		rc = error_set(error, CF_ERR_INVALID, "%.*s", STR_ARG(message));
	if (rc == 0 && settled == MOVE_UNSETTLED)
		rc = error_set(error, CF_ERR_CONFLICT, "the stores do not come to agree");
	if (rc == 0 && settled == MOVE_UNSURE)
		rc = error_set(error, CF_ERR_UNCERTAIN, "the answer to a copy was lost");
	return rc;
}

int move_clear(struct cf_move *w, const char *instance, struct cf_str key, struct cf_error *error)
{
	if (w->config->guarantee != CF_GUARANTEE_INTENT)
		return 0;
	return clear_intent(w, w->authority, move_intent_key(w, instance, key), error);
}

int move_repair(struct cf_move *w, struct move_calls *calls, struct cf_str key,
		struct cf_error *error)
{
	int rc = settle(w, key, error);

	/* The keeper knows of something that is still on its way: the intent is its. */
	if (rc || move_pending_has(calls, key))
		return rc;
	return move_clear(w, calls->instance, key, error);
}

int move_repair_left(struct cf_move *w, struct cf_str key, struct cf_error *error)
{
	int rc = touch(w, w->old_store, key, error);

	rc = rc ? rc : touch(w, w->new_store, key, error);
	return rc ? rc : settle(w, key, error);
}

struct repairing {
	struct cf_move *w;
	const struct move_control *control; /* whose record counts */
	const char *instance;
	enum cf_side side; /* where the intents lie */
	struct cf_arena page;
	struct cf_buf after;
	size_t prefix; /* length */
	bool last;     /* nothing can be on its way any more */
	struct move_calls *calls;
	uint64_t open; /* intents that were kept, since something can */
	struct cf_error *error;
};

/* At stage off nothing is settled: all keys are compared when both are written again. */
static int repair_intent(struct repairing *r, struct cf_str intent)
{
	struct cf_move *w = r->w;
	struct cf_str key = {intent.ptr + r->prefix, intent.len - r->prefix};
	unsigned position = cf_move_position(key);
	enum cf_stage stage = move_stage_at(r->control->stage, r->control->gate, position);
	bool dual = cf_stage_info(stage)->second != CF_NO_SIDE;
	int rc = 0;

	w->authority = cf_stage_info(stage)->first;
	if (dual)
		rc = move_repair_left(w, key, r->error);
	if (rc || !dual || r->last || move_is_prompt(w))
		return rc ? rc : clear_intent(w, r->side, intent, r->error);
	if (r->calls)
		move_pending_add(w, r->calls, key, CF_ERR_UNCERTAIN);
	else
		r->open++;
	return 0;
}

static int repair_page(struct repairing *r, size_t *ret_count)
{
	struct cf_move *w = r->w;
	struct cf_scan scan = {.limit = PAGE, .after = buf_view(&r->after)};
	struct cf_note *notes;
	int rc;

	arena_reset(&r->page);
	scan.prefix =
		arena_printf(&r->page, "%.*s/intent/%s/", STR_ARG(w->config->name), r->instance);
	if (!scan.prefix.ptr)
		return error_nomem(r->error);
	r->prefix = scan.prefix.len;
	rc = store_notes(move_store(w, r->side), &scan, &r->page, &notes, ret_count, r->error);
	for (size_t i = 0; rc == 0 && i < *ret_count; i++) {
		arena_reset(&w->arena);
		rc = repair_intent(r, notes[i].key);
	}
	if (rc || *ret_count == 0)
		return rc;
	buf_clear(&r->after);
	return buf_str(&r->after, notes[*ret_count - 1].key) ? error_nomem(r->error) : 0;
}

static int repair_sides(struct repairing *r)
{
	int rc = 0;

	r->open = 0;
	for (r->side = CF_OLD; r->side <= CF_NEW && rc == 0; r->side++) {
		size_t count = PAGE;

		if (!(move_store(r->w, r->side)->capabilities & CF_STORE_NOTES))
			continue;
		buf_clear(&r->after);
		while (rc == 0 && count == PAGE)
			rc = repair_page(r, &count);
	}
	return rc;
}

static void wait_until(struct cf_move *w, uint64_t until)
{
	struct timespec pause = {0, 1000000};

	while (w->env.monotonic_ns(w->env.ctx) < until)
		nanosleep(&pause, NULL);
}

/* What is left can be told from what is still on its way by its age alone: so it is settled at
 * once, and again when nothing can be on its way any more. */
int move_repair_intents(struct cf_move *w, const struct move_control *control, const char *instance,
			struct move_calls *calls, struct cf_error *error)
{
	struct repairing r = {
		.w = w, .control = control, .instance = instance, .calls = calls, .error = error};
	uint64_t until = w->env.monotonic_ns(w->env.ctx) + move_longest_ns(w);
	int rc;

	arena_init(&r.page, &w->mem);
	buf_init(&r.after, &w->mem);
	rc = repair_sides(&r);
	if (rc == 0 && r.open) {
		wait_until(w, until);
		r.last = true;
		rc = repair_sides(&r);
	}
	buf_fini(&r.after);
	arena_fini(&r.page);
	return rc;
}
