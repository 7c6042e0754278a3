/* The checkpoint and the counters beside it. They tolerate being lost: then everything is read
 * again, and nothing is written that is there already. */
#include "sync/engine.h"

void reading_fini(struct sync *sync)
{
	mem_free(sync->mem, sync->reading.after);
	mem_free(sync->mem, sync->reading.ahead);
	mem_free(sync->mem, sync->reading.until);
	sync->reading = (struct reading){.active = false};
}

#define MADE_ANEW                                                                              \
	"this store was deleted and made anew, and its state speaks of the one before: start " \
	"once with `run --rebuild`"

static void write_reading(const struct reading *reading, struct cf_buf *out)
{
	buf_str(out, STR(",\"reading\":{\"after\":"));
	json_write_string(str_of(reading->after), out);
	buf_str(out, STR(",\"until\":"));
	json_write_string(str_of(reading->until), out);
	buf_printf(out, ",\"done\":%llu,\"total\":%llu,\"spent_ms\":%llu}",
		   (unsigned long long)reading->done, (unsigned long long)reading->total,
		   (unsigned long long)reading->spent_ms);
}

static int read_reading(struct sync *sync, struct json_value member, struct cf_error *error)
{
	struct json_value after = json_member(member, STR("after"));
	struct json_value until = json_member(member, STR("until"));
	struct cf_str after_text, until_text;

	if (json_kind(after) != JSON_STRING || json_kind(until) != JSON_STRING)
		return 0;
	if (json_decode(after, &sync->step, &after_text) ||
	    json_decode(until, &sync->step, &until_text) ||
	    text_replace(sync->mem, &sync->reading.after, after_text) ||
	    text_replace(sync->mem, &sync->reading.ahead, after_text) ||
	    text_replace(sync->mem, &sync->reading.until, until_text))
		return error_nomem(error);
	sync->reading.active = true;
	sync->reading.done = record_number(member, "done");
	sync->reading.total = record_number(member, "total");
	sync->reading.spent_ms = record_number(member, "spent_ms");
	return 0;
}

/* Whether the record ever had the revision. What a store remembers ends somewhere: then it
 * may have. */
static bool had_revision(const struct cf_record *record, struct cf_str rev)
{
	for (size_t i = 0; i < record->revision_count; i++) {
		const struct cf_revision *leaf = &record->revisions[i];
		uint64_t oldest = revision_generation(leaf->rev) + 1 - leaf->history_count;

		for (size_t k = 0; k < leaf->history_count; k++)
			if (str_equal(leaf->history[k], rev))
				return true;
		if (oldest > 1 && oldest > revision_generation(rev))
			return true;
	}
	return false;
}

/* Whether a store of the same name stood there when the checkpoint was written. */
static bool is_another_life(struct json_value checkpoint, const struct cf_store *store)
{
	struct json_value life = json_member(checkpoint, STR("life"));

	return store->life && json_kind(life) == JSON_STRING &&
	       !json_name_is(life, str_of(store->life));
}

/* A store that was made anew and filled from a copy that has the latest revision goes on;
 * its feed then tells everything once more. */
int state_check_last(struct json_value checkpoint, struct cf_store *store, struct cf_arena *arena,
		     struct cf_error *error)
{
	struct json_value last = json_member(checkpoint, STR("last"));
	struct json_value id = json_member(last, STR("id")), rev = json_member(last, STR("rev"));
	bool anew = is_another_life(checkpoint, store);
	struct cf_get get = {.id = STR("")};
	struct cf_record record = {.revision_count = 0};
	struct cf_str text;
	int rc;

	if (json_kind(id) != JSON_STRING || json_kind(rev) != JSON_STRING)
		return anew ? error_set(error, CF_ERR_PRECONDITION, MADE_ANEW) : 0;
	if (json_decode(id, arena, &get.id) || json_decode(rev, arena, &text))
		return error_nomem(error);
	rc = store_get(store, &get, 1, CF_READ_LEAVES | CF_READ_HISTORIES, arena, &record, error);
	if (rc || record.code || had_revision(&record, text))
		return rc;
	if (anew)
		return error_set(error, CF_ERR_PRECONDITION, MADE_ANEW);
	error_set(error, CF_ERR_PRECONDITION,
		  "this store never had the revision %.*s, which the state knows: was it restored "
		  "from an older copy? Start once with `run --rebuild`",
		  STR_ARG(text));
	error_at_document(error, get.id);
	return CF_ERR_PRECONDITION;
}

static int note_last(struct sync *sync, const struct cf_record *record)
{
	struct cf_str rev = record->revision_count ? record->revisions[0].rev : STR("");
	char *id = text_dup(sync->mem, record->id), *copy = text_dup(sync->mem, rev);

	if (!id || !copy) {
		mem_free(sync->mem, id);
		mem_free(sync->mem, copy);
		return CF_ERR_NOMEM;
	}
	mem_free(sync->mem, sync->last_id);
	mem_free(sync->mem, sync->last_rev);
	sync->last_id = id;
	sync->last_rev = copy;
	return 0;
}

/* Of the checkpoint that is taken over. */
static int load_last(struct sync *sync, struct json_value checkpoint, struct cf_error *error)
{
	struct json_value last = json_member(checkpoint, STR("last"));
	struct json_value id = json_member(last, STR("id")), rev = json_member(last, STR("rev"));
	struct cf_revision revision = {.rev = STR("")};
	struct cf_record record = {.revisions = &revision, .revision_count = 1};

	if (json_kind(id) != JSON_STRING || json_kind(rev) != JSON_STRING)
		return 0;
	if (json_decode(id, &sync->step, &record.id) ||
	    json_decode(rev, &sync->step, &revision.rev) || note_last(sync, &record))
		return error_nomem(error);
	return 0;
}

/* Another catalog: everything is read again, for there are documents to make that
 * nobody has written to. */
int checkpoint_load(struct sync *sync, struct cf_error *error)
{
	struct json_value body, since, fingerprint;
	struct state_record record;
	struct cf_str text;
	int rc = state_get_one(sync->state, (struct state_key){STATE_CHECKPOINT}, &sync->step,
			       &record, error);

	body = JSON_ABSENT;
	if (rc == 0 && !state_exists(&record))
		rc = state_check_former(sync->state, &sync->step, error);
	if (rc == 0 && state_exists(&record))
		rc = state_damaged(&record,
				   bench_keep(&sync->worker->bench, record.body, &body, error),
				   error);
	rc = rc ? rc : state_check_format(body, error);
	rc = rc ? rc : state_check_store(body, sync->store, sync->state, &sync->step, error);
	rc = rc ? rc : state_check_last(body, sync->store, &sync->step, error);
	rc = rc ? rc : load_last(sync, body, error);
	if (rc == 0 && text_replace(sync->mem, &sync->checkpoint_rev, record.rev))
		rc = error_nomem(error);
	if (rc)
		return rc;
	since = json_member(body, STR("since"));
	fingerprint = json_member(body, STR("catalog"));
	sync->before.changes = record_number(body, "changes");
	sync->before.documents_written = record_number(body, "documents_written");
	sync->before.passed_over = record_number(body, "passed_over");
	sync->before.unsupported = record_number(body, "unsupported");
	text = STR("");
	sync->other_catalog =
		json_kind(fingerprint) == JSON_STRING &&
		!str_equal(json_inner(fingerprint), str_of(sync->shared->fingerprint));
	if (json_kind(since) == JSON_STRING && json_kind(fingerprint) == JSON_STRING &&
	    str_equal(json_inner(fingerprint), str_of(sync->shared->fingerprint)))
		rc = json_decode(since, &sync->step, &text);
	if (rc == 0 && text.len)
		rc = unnamed_load(sync, body);
	if (rc || text_replace(sync->mem, &sync->since, text) ||
	    text_replace(sync->mem, &sync->ahead, text))
		return error_nomem(error);
	if (text.len)
		rc = read_reading(sync, json_member(body, STR("reading")), error);
	if (rc)
		return rc;
	/* State of before this was kept has read everything. */
	sync->read_all = text.len && json_kind(json_member(body, STR("read_all"))) != JSON_FALSE;
	sync->rebuilding = json_kind(json_member(body, STR("rebuild"))) == JSON_TRUE;
	return 0;
}

/* The record's body. Its `format` is for those who read it with another program. */
static void write_body(struct sync *sync, struct cf_str token, struct cf_buf *out)
{
	const struct sync_counters *now = &sync->counters, *before = &sync->before;
	int64_t now_ms = sync->env->now_ms(sync->env->ctx);

	buf_clear(out);
	buf_printf(out, "{\"format\":%d,\"since\":", STATE_FORMAT);
	json_write_string(token, out);
	buf_printf(out,
		   ",\"catalog\":\"%s\",\"changes\":%llu,\"documents_written\":%llu,"
		   "\"passed_over\":%llu,\"unsupported\":%llu,\"read_all\":%s,%s"
		   "\"updated_ms\":%lld,\"at\":",
		   sync->shared->fingerprint, (unsigned long long)(before->changes + now->changes),
		   (unsigned long long)(before->documents_written + now->documents_written),
		   (unsigned long long)(before->passed_over + now->passed_over),
		   (unsigned long long)(before->unsupported + now->unsupported),
		   sync->read_all ? "true" : "false",
		   sync->rebuilding && !sync->read_all ? "\"rebuild\":true," : "",
		   (long long)now_ms);
	record_time(now_ms, out);
	if (sync->last_id) {
		buf_str(out, STR(",\"last\":{\"id\":"));
		json_write_string(str_of(sync->last_id), out);
		buf_str(out, STR(",\"rev\":"));
		json_write_string(str_of(sync->last_rev), out);
		buf_byte(out, '}');
	}
	buf_str(out, STR(",\"store\":"));
	json_write_string(str_of(state_store_name(sync->store, sync->state)), out);
	if (sync->store->life) {
		buf_str(out, STR(",\"life\":"));
		json_write_string(str_of(sync->store->life), out);
	}
	unnamed_write(sync, out);
	if (sync->reading.active)
		write_reading(&sync->reading, out);
	buf_byte(out, '}');
}

/* Several runs save the same checkpoint, and the last one counts. But where there was one,
 * it does not vanish: with it the state has lost what it knew of each document. */
static int put_checkpoint(struct sync *sync, struct state_put *put, struct cf_error *error)
{
	struct cf_str rev = STR("");
	int rc = CF_ERR_CONFLICT;

	for (int turn = 0; rc == CF_ERR_CONFLICT && turn < SYNC_RETRIES_MAX; turn++) {
		struct state_record now = {.rev = str_of(sync->checkpoint_rev)};

		if (turn)
			rc = state_get_one(sync->state, put->key, &sync->step, &now, error);
		if (rc != CF_ERR_CONFLICT && rc)
			return rc;
		if (turn && sync->checkpoint_rev[0] && !state_exists(&now))
			return error_set(error, CF_ERR_PRECONDITION,
					 "the state is gone, or was made anew: start again, and "
					 "everything is read once more");
		put->condition = now.rev.len ? CF_PUT_ON_REV : CF_PUT_ABSENT;
		put->rev = now.rev;
		rc = state_put_one(sync->state, put, &sync->step, &rev, error);
	}
	if (rc == 0 && text_replace(sync->mem, &sync->checkpoint_rev, rev))
		rc = error_nomem(error);
	return rc;
}

int checkpoint_save(struct sync *sync, struct cf_str token, struct cf_error *error)
{
	struct state_put put = {.key = {STATE_CHECKPOINT}};
	struct cf_buf *out = &sync->worker->bench.scratch;
	char *since = text_dup(sync->mem, token);
	int rc;

	if (!since)
		return error_nomem(error);
	write_body(sync, token, out);
	put.body = arena_dup_buf(&sync->step, out);
	rc = out->failed || !put.body.ptr ? error_nomem(error) : usage_save(sync->worker, error);
	if (rc == 0)
		rc = put_checkpoint(sync, &put, error);
	if (rc) {
		mem_free(sync->mem, since);
		return rc;
	}
	sync->counters.records_written++;
	mem_free(sync->mem, sync->since);
	sync->since = since;
	return 0;
}

/* All time counts from the first page on: pages of several lanes overlap. */
static int note_page(struct sync *sync, const struct flight *flight)
{
	struct reading *reading = &sync->reading;
	uint64_t now_ns = sync->env->monotonic_ns(sync->env->ctx);

	reading->spent_ms += (now_ns - reading->mark_ns) / 1000000;
	reading->mark_ns = now_ns;
	reading->done += flight->count;
	/* Others write, too. */
	if (reading->done > reading->total)
		reading->total = reading->done;
	/* Where the feed has told nothing yet: by this an older copy is told from the store. */
	if (!sync->last_id && note_last(sync, flight->last))
		return CF_ERR_NOMEM;
	return text_replace(sync->mem, &reading->after, flight->last->id);
}

/* The fault that is planted: a later page of the same kind, which is still open. */
static const struct flight *pass_open(const struct sync *sync, const struct flight *flight)
{
	const struct flight *last = flight;

	for (const struct flight *at = sync->flights; at; at = at->next)
		if (at->kind == flight->kind)
			last = at;
	return PLANTED(&sync->worker->bench, CHECKPOINT_PAST_OPEN) ? last : flight;
}

int checkpoint_note(struct sync *sync, const struct flight *flight)
{
	if (flight->kind == FLIGHT_OTHER)
		return 0;
	sync->moved = true;
	flight = pass_open(sync, flight);
	if (flight->kind == FLIGHT_PAGE)
		return note_page(sync, flight);
	return note_last(sync, flight->last) ||
			       text_replace(sync->mem, &sync->landed, flight->token)
		       ? CF_ERR_NOMEM
		       : 0;
}

int checkpoint_commit(struct sync *sync, struct cf_error *error)
{
	struct cf_str token = str_of(sync->landed ? sync->landed : sync->since);
	int rc = sync->moved ? checkpoint_save(sync, token, error) : 0;

	sync->moved = sync->moved && rc != 0;
	return rc;
}
