/* Reading, writing and deleting while records move. Of each key one store is the authority:
 * the old one up to stage shadow, the new one from stage live on.
 *
 * A write reads the authority's revision, puts on condition of it together with an intent,
 * makes the other store equal (copy.c: reads the revision there, then the authority's
 * record, puts on condition, and looks again), and clears the intent. Whatever of the other
 * store fails is counted and left to the keeper: the call has succeeded. */
#include "move/calls.h"

/* A writer that others overtake all the time. */
enum { TRIES = 16 };

/* --- reading --- */

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

static bool exists(const struct cf_record *record)
{
	return record->revision_count && !record->revisions[0].deleted;
}

/* Both records, of the old store and of the new one. */
static int judge(struct cf_move *w, const struct cf_record *records[2], bool *ret_equal)
{
	const struct cf_record *from = records[CF_OLD], *to = records[CF_NEW];
	struct cf_str wanted = {NULL, 0};
	struct cf_difference where;
	enum move_equal equal = MOVE_DIFFERENT;
	bool left_out = false;
	int rc = 0;

	if (exists(from))
		rc = move_convert(w, from->revisions[0].body, &w->arena, &wanted, &left_out);
	if (rc == 0 && exists(from) && !left_out && exists(to))
		rc = move_compare(w, wanted, to->revisions[0].body, &equal, &where);
	else if ((!exists(from) || left_out) == !exists(to))
		equal = MOVE_SAME;
	*ret_equal = equal != MOVE_DIFFERENT;
	return rc;
}

/* What the other store should say to what the authority said; a difference is looked at
 * again by the keeper. */
static void compare_read(struct cf_move *m, struct move_call *call, struct cf_str key,
			 const struct cf_record *answer)
{
	struct cf_move *w = call->m;
	enum cf_side side = w->authority;
	struct cf_get get = {.id = key};
	struct cf_record other = {0};
	const struct cf_record *records[2];
	bool equal = false;
	int rc = store_get(move_store(w, move_other(side)), &get, 1, CF_READ_BODIES, &w->arena,
			   &other, NULL);

	records[side] = answer;
	records[move_other(side)] = &other;
	rc = rc ? rc : judge(w, records, &equal);
	if (rc) {
		move_count_failure(m->calls, side);
		return;
	}
	pthread_mutex_lock(&m->calls->lock);
	m->calls->counters.compared++;
	m->calls->counters.differed += !equal;
	pthread_mutex_unlock(&m->calls->lock);
	if (!equal)
		move_pending_add(w, m->calls, key, 0);
}

static bool is_sampled(struct cf_move *m)
{
	double percent = m->config->shadow_percent;

	return percent >= 100 || (double)(m->env.random(m->env.ctx) % 10000) < percent * 100;
}

/* The key is handed over at this moment: others may act on the outcome already. */
static int resolve_doubt(struct cf_move *m, struct move_call *call, struct cf_error *error)
{
	struct move_calls *calls = m->calls;
	int rc = move_hold_ask(call->m, calls, false, error);

	pthread_mutex_lock(&calls->lock);
	call->stage = move_calls_stage(calls, call->position);
	pthread_mutex_unlock(&calls->lock);
	call->m->authority = cf_stage_info(call->stage)->first;
	return rc;
}

/* In doubt it is asked again behind the read. Where the outcome came in between, what was read
 * may be what another wrote there first, of a write that is not decided: `require: both`. */
static int read_authority(struct cf_move *m, struct move_call *call, struct cf_str key,
			  struct cf_record *ret, struct cf_error *error)
{
	struct cf_get get = {.id = key};
	enum cf_side asked;
	int rc = call->doubt ? resolve_doubt(m, call, error) : 0;

	do {
		asked = call->m->authority;
		move_at(m, "read-asked");
		rc = rc ? rc
			: store_get(move_store(call->m, asked), &get, 1, CF_READ_BODIES,
				    &call->m->arena, ret, error);
		if (rc == 0 && call->doubt)
			rc = resolve_doubt(m, call, error);
	} while (rc == 0 && call->m->authority != asked);
	return rc;
}

int cf_move_read(struct cf_move *m, struct cf_str key, struct cf_move_value *ret,
		 struct cf_error *error)
{
	struct move_call call = {.position = cf_move_position(key)};
	struct cf_record record = {0};
	int rc = move_call_begin(m, &call, error);

	*ret = (struct cf_move_value){0};
	if (rc)
		return rc;
	move_at(m, "read-begun");
	rc = read_authority(m, &call, key, &record, error);
	rc = rc ? rc : copy_value(m, &record, ret, error);
	if (rc == 0 && cf_stage_info(call.stage)->compared != CF_NO_SIDE && is_sampled(m))
		compare_read(m, &call, key, &record);
	move_call_end(m, &call);
	return rc;
}

/* --- writing --- */

/* One try; CONFLICT in `answer`: another writer came between. */
static int put_first(struct move_write *w, struct cf_answer *answer)
{
	struct cf_move *m = w->m;
	struct cf_get get = {.id = w->key};
	struct cf_note intent = {.kind = CF_NOTE_SET};
	struct cf_put put = {.id = w->key, .deleted = w->deleted, .body = w->body};
	struct cf_record record = {0};
	struct cf_store *store = move_store(m, m->authority);
	int rc = store_get(store, &get, 1, 0, &m->arena, &record, w->error);
	bool there = exists(&record);

	*answer = (struct cf_answer){0};
	if (rc || record.code)
		return rc ? rc : error_set(w->error, record.code, "%.*s", STR_ARG(record.message));
	put.kind = there ? CF_PUT_ON_REV : CF_PUT_ABSENT;
	if (there)
		put.rev = record.revisions[0].rev;
	if (w->intent) {
		intent.key = move_intent_key(m, w->calls->instance, w->key);
		if (!intent.key.ptr)
			return error_nomem(w->error);
		put.notes = &intent;
		put.note_count = 1;
	}
	if (w->deleted && !there) {
		/* Nothing to delete; the other store is made so, too. */
		put.kind = CF_PUT_NOTES;
		put.id = put.body = (struct cf_str){NULL, 0};
		put.deleted = false;
		if (!w->intent)
			return 0;
	}
	return store_put(store, &put, 1, &m->arena, answer, w->error);
}

/* A delete leaves a fence, so that a copy that is slow does not bring the record back. On
 * condition of what is there: where the answer is lost it must not land on what comes then. */
static int fence_other(struct move_write *w)
{
	struct cf_store *store = move_store(w->m, move_other(w->m->authority));
	struct cf_get get = {.id = w->key};
	struct cf_record record = {0};
	struct cf_put put = {.id = w->key, .kind = CF_PUT_ABSENT, .deleted = true, .fence = true};
	struct cf_answer answer = {.code = CF_ERR_CONFLICT};
	int rc = 0;

	if (!w->deleted || !(store->capabilities & CF_STORE_FENCES))
		return 0;
	for (int i = 0; i < TRIES && rc == 0 && answer.code == CF_ERR_CONFLICT; i++) {
		rc = store_get(store, &get, 1, 0, &w->m->arena, &record, w->error);
		if (rc || record.code)
			return rc ? rc : record.code;
		if (record.revision_count && record.revisions[0].deleted)
			return 0; /* a tombstone is the fence */
		put.kind = exists(&record) ? CF_PUT_ON_REV : CF_PUT_ABSENT;
		put.rev = exists(&record) ? record.revisions[0].rev : (struct cf_str){NULL, 0};
		rc = store_put(store, &put, 1, &w->m->arena, &answer, w->error);
	}
	return rc ? rc : answer.code;
}

/* The second write: its failure is counted, kept, and not the caller's. */
static void write_other(const struct move_write *w)
{
	struct cf_error error = {0};
	struct move_write second = *w;
	int rc;

	second.error = &error;
	rc = fence_other(&second);
	rc = rc ? rc : move_repair(w->m, w->calls, w->key, &error);
	if (rc == 0)
		return;
	move_count_failure(w->calls, w->m->authority);
	move_pending_add(w->m, w->calls, w->key, rc);
}

static int write_locked(struct move_write *w)
{
	struct cf_answer answer = {.code = CF_ERR_CONFLICT};
	int rc = 0;

	for (int i = 0; i < TRIES && rc == 0 && answer.code == CF_ERR_CONFLICT; i++)
		rc = put_first(w, &answer);
	if (rc == CF_ERR_UNCERTAIN && w->dual)
		move_pending_add(w->m, w->calls, w->key, rc);
	if (rc == CF_ERR_UNCERTAIN && !w->dual)
		move_alone_unsure(w->m, w->calls);
	if (rc == 0 && answer.code == CF_ERR_CONFLICT)
		return error_set(w->error, CF_ERR_CONFLICT,
				 "not written: others write this key all the time");
	if (rc == 0 && answer.code)
		return error_set(w->error, answer.code, "%.*s", STR_ARG(answer.message));
	move_at(w->m, "first-written");
	if (rc == 0 && w->dual)
		write_other(w);
	return rc;
}

static int write_key(struct move_write *w, struct cf_move *m)
{
	struct move_call call = {.position = cf_move_position(w->key), .writes = true};
	pthread_mutex_t *stripe;
	int rc = move_call_begin(m, &call, w->error);

	if (rc)
		return rc;
	w->m = call.m;
	w->calls = m->calls;
	w->dual = cf_stage_info(call.stage)->second != CF_NO_SIDE;
	w->intent = w->dual && m->config->guarantee == CF_GUARANTEE_INTENT;
	stripe = move_stripe(m->calls, w->key);
	pthread_mutex_lock(stripe);
	rc = w->dual && call.both ? move_write_both(w) : write_locked(w);
	pthread_mutex_unlock(stripe);
	pthread_mutex_lock(&m->calls->lock);
	m->calls->counters.writes++;
	pthread_mutex_unlock(&m->calls->lock);
	move_call_end(m, &call);
	return rc;
}

int cf_move_write(struct cf_move *m, struct cf_str key, struct cf_str body, struct cf_error *error)
{
	struct move_write w = {.key = key, .body = body, .error = error};

	return write_key(&w, m);
}

int cf_move_delete(struct cf_move *m, struct cf_str key, struct cf_error *error)
{
	struct move_write w = {.key = key, .deleted = true, .error = error};

	return write_key(&w, m);
}
