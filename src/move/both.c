/* A write with `require: both`: a failure of the other store is the call's failure. The other
 * store is written first, then the authority, whose put decides: so what was answered "not
 * written" was never read by anybody. (The model is model/require_both.pml.)
 *
 * The other store is made equal to the authority again, never put back to what was there
 * before: others may have written since. */
#include "move/calls.h"

/* Writers that others overtake all the time. */
enum { TRIES = 16 };

/* What a put of this call is to be, on the revision that is there now. */
static int aim(struct move_write *w, enum cf_side side, struct cf_put *ret)
{
	struct cf_get get = {.id = w->key};
	struct cf_record record = {0};
	struct cf_store *store = move_store(w->m, side);
	int rc = store_get(store, &get, 1, 0, &w->m->arena, &record, w->error);
	bool there = record.revision_count && !record.revisions[0].deleted;

	if (rc || record.code)
		return rc ? rc : error_set(w->error, record.code, "%.*s", STR_ARG(record.message));
	*ret = (struct cf_put){.id = w->key, .kind = there ? CF_PUT_ON_REV : CF_PUT_ABSENT};
	if (there)
		ret->rev = record.revisions[0].rev;
	ret->deleted = w->deleted;
	ret->body = w->body;
	/* A tombstone that is there is the fence. */
	ret->fence = w->deleted && side != w->m->authority &&
		     store->capabilities & CF_STORE_FENCES && (there || record.revision_count == 0);
	return 0;
}

/* CONFLICT: others came between at every try. A delete of what is not there is none. */
static int put_side(struct move_write *w, enum cf_side side)
{
	struct cf_answer answer = {.code = CF_ERR_CONFLICT};
	struct cf_put put;
	int rc = 0;

	for (int i = 0; i < TRIES && rc == 0 && answer.code == CF_ERR_CONFLICT; i++) {
		rc = aim(w, side, &put);
		if (rc == 0 && put.deleted && put.kind == CF_PUT_ABSENT && !put.fence)
			return 0;
		rc = rc ? rc
			: store_put(move_store(w->m, side), &put, 1, &w->m->arena, &answer,
				    w->error);
	}
	if (rc == 0 && answer.code == CF_ERR_CONFLICT)
		return error_set(w->error, CF_ERR_CONFLICT,
				 "not written: others write this key all the time");
	if (rc == 0 && answer.code)
		rc = error_set(w->error, answer.code, "%.*s", STR_ARG(answer.message));
	return rc;
}

/* A commit of its own: the authority is written last. */
static int put_intent(struct move_write *w)
{
	struct cf_note intent = {.kind = CF_NOTE_SET};
	struct cf_put put = {.kind = CF_PUT_NOTES, .notes = &intent, .note_count = 1};
	struct cf_answer answer = {0};
	int rc;

	if (!w->intent)
		return 0;
	intent.key = move_intent_key(w->m, w->calls->instance, w->key);
	rc = intent.key.ptr ? store_put(move_store(w->m, w->m->authority), &put, 1, &w->m->arena,
					&answer, w->error)
			    : error_nomem(w->error);
	return rc ? rc : answer.code;
}

/* Whatever the caller hears, the other store is made equal; by the keeper if not now. `why`: what
 * a put answered; one that is on its way is stopped before the caller hears that nothing was
 * written. */
static void repair(struct move_write *w, int why)
{
	int rc = why ? move_repair_left(w->m, w->key, NULL) : 0;

	rc = rc ? rc : move_is_prompt(w->m) || why != CF_ERR_UNCERTAIN ? 0 : CF_ERR_UNCERTAIN;
	rc = rc ? rc : move_repair(w->m, w->calls, w->key, NULL);
	if (rc)
		move_pending_add(w->m, w->calls, w->key, why == CF_ERR_UNCERTAIN ? why : rc);
}

int move_write_both(struct move_write *w)
{
	enum cf_side authority = w->m->authority;
	int rc = put_intent(w);

	/* Nothing is written; an intent that is there after all, or comes yet, is cleared. */
	if (rc) {
		if (rc == CF_ERR_UNCERTAIN)
			move_pending_add(w->m, w->calls, w->key, rc);
		else
			repair(w, 0);
		return rc == CF_ERR_UNCERTAIN
			       ? error_set(w->error, CF_ERR_UNAVAILABLE,
					   "not written: the intent was not answered")
			       : rc;
	}
	move_at(w->m, "intent-written");
	rc = put_side(w, move_other(authority));
	if (rc) {
		move_count_failure(w->calls, authority);
		repair(w, rc);
		return rc == CF_ERR_UNCERTAIN
			       ? error_set(w->error, CF_ERR_UNAVAILABLE,
					   "not written: the %s store did not answer",
					   authority == CF_OLD ? "new" : "old")
			       : rc;
	}
	move_at(w->m, "other-written");
	rc = put_side(w, authority);
	if (rc == CF_ERR_UNCERTAIN)
		move_pending_add(w->m, w->calls, w->key, rc);
	else
		repair(w, rc);
	return rc;
}
