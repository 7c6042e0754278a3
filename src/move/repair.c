/* What is between the two writes of a call: the intent, and making both stores agree. */
#include "move/calls.h"

enum { PAGE = 200 };

struct cf_str move_intent_key(struct cf_move *worker, const char *instance, struct cf_str key)
{
	return arena_printf(&worker->arena, "%.*s/intent/%s/%.*s", STR_ARG(worker->config->name),
			    instance, STR_ARG(key));
}

/* Writes a record again as it is: a put that is still on its way, on condition of the
 * revision before, cannot land then. */
static int touch(struct cf_move *w, struct cf_store *store, struct cf_str key,
		 struct cf_error *error)
{
	struct cf_get get = {.id = key};
	struct cf_record record = {0};
	struct cf_answer answer = {0};
	struct cf_put put = {.id = key, .kind = CF_PUT_ON_REV};
	int rc;

	if (!(store->capabilities & CF_STORE_FRESH_REVS))
		return 0;
	rc = store_get(store, &get, 1, CF_READ_BODIES, &w->arena, &record, error);
	if (rc || record.revision_count == 0 || record.revisions[0].deleted)
		return rc;
	put.rev = record.revisions[0].rev;
	put.body = record.revisions[0].body;
	return store_put(store, &put, 1, &w->arena, &answer, error);
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
	return rc;
}

int move_repair(struct cf_move *w, const char *instance, struct cf_str key, struct cf_error *error)
{
	int rc = settle(w, key, error);

	if (rc || w->config->guarantee != CF_GUARANTEE_INTENT)
		return rc;
	return clear_intent(w, w->authority, move_intent_key(w, instance, key), error);
}

int move_repair_left(struct cf_move *w, const char *instance, struct cf_str key,
		     struct cf_error *error)
{
	int rc = touch(w, w->old_store, key, error);

	rc = rc ? rc : touch(w, w->new_store, key, error);
	return rc ? rc : move_repair(w, instance, key, error);
}

struct repairing {
	struct cf_move *w;
	const struct move_control *control; /* whose record counts */
	enum cf_side side;                  /* where the intents lie */
	struct cf_str prefix;
	struct cf_error *error;
};

/* At stage off nothing is settled: all keys are compared when both are written again. */
static int repair_intent(const struct repairing *r, struct cf_str intent)
{
	struct cf_move *w = r->w;
	struct cf_str key = {intent.ptr + r->prefix.len, intent.len - r->prefix.len};
	unsigned position = cf_move_position(key);
	enum cf_stage stage = move_stage_at(r->control->stage, r->control->gate, position);
	int rc = 0;

	w->authority = cf_stage_info(stage)->first;
	if (cf_stage_info(stage)->second != CF_NO_SIDE) {
		rc = touch(w, w->old_store, key, r->error);
		rc = rc ? rc : touch(w, w->new_store, key, r->error);
		rc = rc ? rc : settle(w, key, r->error);
	}
	return rc ? rc : clear_intent(w, r->side, intent, r->error);
}

static int repair_side(struct repairing *r, struct cf_arena *arena, const char *instance)
{
	struct cf_move *w = r->w;
	struct cf_scan scan = {.limit = PAGE};
	struct cf_note *notes;
	size_t count = 0;
	int rc = 0;

	do {
		arena_reset(arena);
		r->prefix =
			arena_printf(arena, "%.*s/intent/%s/", STR_ARG(w->config->name), instance);
		scan.prefix = r->prefix;
		rc = r->prefix.ptr ? store_notes(move_store(w, r->side), &scan, arena, &notes,
						 &count, r->error)
				   : error_nomem(r->error);
		for (size_t i = 0; i < count && rc == 0; i++) {
			arena_reset(&w->arena);
			rc = repair_intent(r, notes[i].key);
		}
	} while (rc == 0 && count == PAGE);
	return rc;
}

int move_repair_intents(struct cf_move *w, const struct move_control *control, const char *instance,
			struct cf_error *error)
{
	struct repairing r = {.w = w, .control = control, .error = error};
	struct cf_arena arena;
	int rc = 0;

	arena_init(&arena, &w->mem);
	for (r.side = CF_OLD; r.side <= CF_NEW && rc == 0; r.side++)
		if (move_store(w, r.side)->capabilities & CF_STORE_NOTES)
			rc = repair_side(&r, &arena, instance);
	arena_fini(&arena);
	return rc;
}
