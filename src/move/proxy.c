/* Reading, writing and deleting while records move, up to stage shadow: the old store is
 * the authority.
 *
 * A write reads the old store's revision, puts on condition of it together with an intent,
 * makes the new store equal (copy.c: reads the new revision, then the old record, puts on
 * condition, and looks again), and clears the intent. Whatever of the new store fails is
 * counted and left to the keeper: the call has succeeded. */
#include "move/calls.h"

/* A writer that others overtake all the time. */
enum { TRIES = 16 };

struct write {
	struct cf_move *m; /* the worker */
	struct move_calls *calls;
	struct cf_str key, body;
	bool deleted, dual, intent;
	struct cf_error *error;
};

/* --- reading --------------------------------------------------------------------------- */

static int copy_value(const struct cf_move *m, const struct cf_record *record,
		      struct cf_move_value *ret, struct cf_error *error)
{
	const struct cf_revision *revision = record->revisions;
	char *copy;

	*ret = (struct cf_move_value){0};
	if (record->code)
		return error_set(error, record->code, "%.*s", STR_ARG(record->message));
	if (record->revision_count == 0 || revision->deleted)
		return 0;
	copy = mem_alloc(&m->mem, revision->body.len + 1);
	if (!copy)
		return error_nomem(error);
	memcpy(copy, revision->body.ptr, revision->body.len);
	copy[revision->body.len] = '\0';
	*ret = (struct cf_move_value){true, {copy, revision->body.len}};
	return 0;
}

void cf_move_value_free(struct cf_move *m, struct cf_move_value *value)
{
	mem_free(&m->mem, (char *)value->body.ptr);
	*value = (struct cf_move_value){0};
}

/* What the new store should say to what the old one said; a difference is looked at again
 * by the keeper. */
static void compare_read(struct cf_move *m, struct move_call *call, struct cf_str key,
			 const struct cf_record *from)
{
	struct cf_get get = {.id = key};
	struct cf_record to = {0};
	struct cf_str wanted = {NULL, 0};
	struct cf_difference where;
	enum move_equal equal = MOVE_DIFFERENT;
	bool exists = from->revision_count && !from->revisions[0].deleted, left_out = false;
	int rc = store_get(call->m->new_store, &get, 1, CF_READ_BODIES, &call->m->arena, &to, NULL);
	bool found = rc == 0 && to.revision_count && !to.revisions[0].deleted;

	if (rc == 0 && exists)
		rc = move_convert(call->m, from->revisions[0].body, &call->m->arena, &wanted,
				  &left_out);
	if (rc == 0 && exists && !left_out && found)
		rc = move_compare(call->m, wanted, to.revisions[0].body, &equal, &where);
	else if ((!exists || left_out) == !found)
		equal = MOVE_SAME;
	pthread_mutex_lock(&m->calls->lock);
	m->calls->counters.new_failures += rc != 0;
	m->calls->counters.compared += rc == 0;
	m->calls->counters.differed += rc == 0 && equal == MOVE_DIFFERENT;
	pthread_mutex_unlock(&m->calls->lock);
	if (rc == 0 && equal == MOVE_DIFFERENT)
		move_pending_add(m->calls, key);
}

static bool is_sampled(struct cf_move *m)
{
	double percent = m->config->shadow_percent;

	return percent >= 100 || (double)(m->env.random(m->env.ctx) % 10000) < percent * 100;
}

int cf_move_read(struct cf_move *m, struct cf_str key, struct cf_move_value *ret,
		 struct cf_error *error)
{
	struct cf_get get = {.id = key};
	struct cf_record record = {0};
	struct move_call call;
	int rc = move_call_begin(m, &call, error);

	*ret = (struct cf_move_value){0};
	if (rc)
		return rc;
	rc = store_get(call.m->old_store, &get, 1, CF_READ_BODIES, &call.m->arena, &record, error);
	rc = rc ? rc : copy_value(m, &record, ret, error);
	if (rc == 0 && call.stage == CF_STAGE_SHADOW && is_sampled(m))
		compare_read(m, &call, key, &record);
	move_call_end(m, &call);
	return rc;
}

/* --- writing -------------------------------------------------------------------------------- */

/* One try; CONFLICT in `answer`: another writer came between. */
static int put_old(struct write *w, struct cf_answer *answer)
{
	struct cf_move *m = w->m;
	struct cf_get get = {.id = w->key};
	struct cf_note intent = {.kind = CF_NOTE_SET};
	struct cf_put put = {.id = w->key, .deleted = w->deleted, .body = w->body};
	struct cf_record record = {0};
	int rc = store_get(m->old_store, &get, 1, 0, &m->arena, &record, w->error);
	bool exists = record.revision_count && !record.revisions[0].deleted;

	*answer = (struct cf_answer){0};
	if (rc || record.code)
		return rc ? rc : error_set(w->error, record.code, "%.*s", STR_ARG(record.message));
	put.kind = exists ? CF_PUT_ON_REV : CF_PUT_ABSENT;
	if (exists)
		put.rev = record.revisions[0].rev;
	if (w->intent) {
		intent.key = move_intent_key(m, w->calls->instance, w->key);
		if (!intent.key.ptr)
			return error_nomem(w->error);
		put.notes = &intent;
		put.note_count = 1;
	}
	if (w->deleted && !exists) {
		/* Nothing to delete; the new store is made so, too. */
		put.kind = CF_PUT_NOTES;
		put.id = put.body = (struct cf_str){NULL, 0};
		put.deleted = false;
		if (!w->intent)
			return 0;
	}
	return store_put(m->old_store, &put, 1, &m->arena, answer, w->error);
}

/* A delete leaves a fence, so that a copy that is slow does not bring the record back. */
static int fence_new(struct write *w)
{
	struct cf_put put = {.id = w->key, .deleted = true, .fence = true};
	struct cf_answer answer = {0};
	int rc;

	if (!w->deleted || !(w->m->new_store->capabilities & CF_STORE_FENCES))
		return 0;
	rc = store_put(w->m->new_store, &put, 1, &w->m->arena, &answer, w->error);
	return rc ? rc : answer.code;
}

/* The second write: its failure is counted, kept, and not the caller's. */
static void write_new(const struct write *w)
{
	struct cf_error error = {0};
	struct write second = *w;
	int rc;

	second.error = &error;
	rc = fence_new(&second);
	rc = rc ? rc : move_repair(w->m, w->calls, w->key, &error);
	if (rc == 0)
		return;
	pthread_mutex_lock(&w->calls->lock);
	w->calls->counters.new_failures++;
	pthread_mutex_unlock(&w->calls->lock);
	move_pending_add(w->calls, w->key);
}

static int write_locked(struct write *w)
{
	struct cf_answer answer = {.code = CF_ERR_CONFLICT};
	int rc = 0;

	for (int i = 0; i < TRIES && rc == 0 && answer.code == CF_ERR_CONFLICT; i++)
		rc = put_old(w, &answer);
	if (rc == CF_ERR_UNCERTAIN && w->dual)
		move_pending_add(w->calls, w->key);
	if (rc == 0 && answer.code == CF_ERR_CONFLICT)
		return error_set(w->error, CF_ERR_CONFLICT,
				 "not written: others write this key all the time");
	if (rc == 0 && answer.code)
		return error_set(w->error, answer.code, "%.*s", STR_ARG(answer.message));
	move_at(w->m, "old-written");
	if (rc == 0 && w->dual)
		write_new(w);
	return rc;
}

static int write_key(struct cf_move *m, struct cf_str key, struct cf_str body, bool deleted,
		     struct cf_error *error)
{
	struct move_call call;
	pthread_mutex_t *stripe;
	int rc = move_call_begin(m, &call, error);

	if (rc)
		return rc;
	stripe = move_stripe(m->calls, key);
	pthread_mutex_lock(stripe);
	{
		bool dual = call.stage == CF_STAGE_DUALWRITE || call.stage == CF_STAGE_SHADOW;
		struct write w = {call.m,
				  m->calls,
				  key,
				  body,
				  deleted,
				  dual,
				  dual && m->config->guarantee == CF_GUARANTEE_INTENT,
				  error};

		rc = write_locked(&w);
	}
	pthread_mutex_unlock(stripe);
	pthread_mutex_lock(&m->calls->lock);
	m->calls->counters.writes++;
	pthread_mutex_unlock(&m->calls->lock);
	move_call_end(m, &call);
	return rc;
}

int cf_move_write(struct cf_move *m, struct cf_str key, struct cf_str body, struct cf_error *error)
{
	return write_key(m, key, body, false, error);
}

int cf_move_delete(struct cf_move *m, struct cf_str key, struct cf_error *error)
{
	return write_key(m, key, (struct cf_str){NULL, 0}, true, error);
}
