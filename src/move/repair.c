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

static int clear_intent(struct cf_move *w, const char *instance, struct cf_str key,
			struct cf_error *error)
{
	struct cf_note note = {.kind = CF_NOTE_REMOVE};
	struct cf_put put = {.kind = CF_PUT_NOTES, .notes = &note, .note_count = 1};
	struct cf_answer answer = {0};
	int rc;

	if (w->config->guarantee != CF_GUARANTEE_INTENT)
		return 0;
	note.key = move_intent_key(w, instance, key);
	rc = note.key.ptr ? store_put(w->old_store, &put, 1, &w->arena, &answer, error)
			  : error_nomem(error);
	return rc ? rc : answer.code;
}

int move_repair(struct cf_move *w, struct move_calls *calls, struct cf_str key,
		struct cf_error *error)
{
	enum move_settled settled;
	struct cf_str message = {NULL, 0};
	int rc = move_settle(w, key, &settled, &message, error);

	if (rc == 0 && settled == MOVE_REFUSED)
		rc = error_set(error, CF_ERR_INVALID, "%.*s", STR_ARG(message));
	if (rc == 0 && settled == MOVE_UNSETTLED)
		rc = error_set(error, CF_ERR_CONFLICT, "the stores do not come to agree");
	return rc ? rc : clear_intent(w, calls->instance, key, error);
}

int move_repair_left(struct cf_move *w, struct move_calls *calls, struct cf_str key)
{
	pthread_mutex_t *stripe = move_stripe(calls, key);
	struct cf_error error = {0};
	int rc;

	pthread_mutex_lock(stripe);
	rc = touch(w, w->old_store, key, &error);
	rc = rc ? rc : touch(w, w->new_store, key, &error);
	rc = rc ? rc : move_repair(w, calls, key, &error);
	pthread_mutex_unlock(stripe);
	return rc;
}

int move_repair_intents(struct cf_move *w, struct move_calls *calls)
{
	struct cf_scan scan = {.limit = PAGE};
	struct cf_arena arena;
	struct cf_note *notes;
	size_t count = 0;
	int rc = 0;

	if (w->config->guarantee != CF_GUARANTEE_INTENT)
		return 0;
	arena_init(&arena, &w->mem);
	do {
		arena_reset(&arena);
		scan.prefix = arena_printf(&arena, "%.*s/intent/%s/", STR_ARG(w->config->name),
					   calls->instance);
		rc = scan.prefix.ptr
			     ? store_notes(w->old_store, &scan, &arena, &notes, &count, NULL)
			     : CF_ERR_NOMEM;
		for (size_t i = 0; i < count && rc == 0; i++) {
			struct cf_str key = {notes[i].key.ptr + scan.prefix.len,
					     notes[i].key.len - scan.prefix.len};

			arena_reset(&w->arena);
			rc = move_repair_left(w, calls, key);
		}
	} while (rc == 0 && count == PAGE);
	arena_fini(&arena);
	return rc;
}
