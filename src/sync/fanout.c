/* Fan-out: the lineages that a changed part wakes, page by page.
 *
 * A record of the part stands in the state from before the part's documents are written
 * until all who refer to it, then all who wait for it, have been looked at. It says how
 * far the walk has come, and is changed and deleted only on top of the revision that
 * was read: another engine may have noted that the part changed again. A walk begins
 * with the part itself, so that what its base announced has landed before anybody
 * looks at it.
 */
#include "sync/engine.h"

#include "sync/limits.h"

static int note_page(struct sync *sync, const struct state_pages *pages, struct cf_error *error)
{
	for (size_t i = 0; i < pages->count; i++)
		if (fanout_note(sync, pages->records[i].name))
			return error_nomem(error);
	return 0;
}

int fanout_load(struct sync *sync, struct cf_error *error)
{
	struct state_range range = {.kind = STATE_FANOUT};
	struct state_pages pages;
	int rc;

	state_pages_init(&pages, sync->state, &range, sync->mem);
	while ((rc = state_pages_next(&pages, error)) > 0 &&
	       (rc = note_page(sync, &pages, error)) == 0)
		;
	state_pages_fini(&pages);
	return rc;
}

/* Adds the lineages that refer to the part, or wait for it. */
static int add_named(struct sync *sync, const struct state_record *records, size_t count,
		     struct batch *batch)
{
	int rc = 0;

	for (size_t i = 0; i < count && rc == 0; i++) {
		struct lineage_name name;

		/* A label of a type that the catalog no longer has wakes nobody. */
		if (registry_parse_label(&sync->registry, records[i].other, &name) == 0)
			rc = batch_add(batch, &name);
	}
	return rc;
}

/* Saves how far the walk has come, or deletes the record. Refused: somebody noted
 * another change, or has come further; the record is read again. */
static int save(struct sync *sync, struct fanout *fanout, bool finished, struct cf_error *error)
{
	struct state_put put = {.key = {STATE_FANOUT, str_of(fanout->part)},
				.condition = CF_PUT_ON_REV,
				.rev = str_of(fanout->rev)};
	struct cf_buf *out = &sync->bench.scratch;
	struct cf_answer answer;
	int rc;

	buf_clear(out);
	buf_str(out, STR("{\"part\":"));
	json_write_string(str_of(fanout->part), out);
	buf_printf(out, ",\"waiting_only\":%s,\"after\":", fanout->waiting_only ? "true" : "false");
	json_write_string(str_of(fanout->after), out);
	buf_byte(out, '}');
	if (!finished)
		put.body = arena_dup_buf(&sync->step, out);
	if (!finished && !put.body.ptr)
		return error_nomem(error);
	rc = state_put(sync->state, &put, 1, &sync->step, &answer, error);
	if (rc == 0 && answer.code && answer.code != CF_ERR_CONFLICT)
		rc = error_set(error, answer.code, "%.*s", STR_ARG(answer.message));
	if (rc)
		return rc;
	if (answer.code == CF_ERR_CONFLICT) {
		fanout->rev[0] = '\0';
		return 0;
	}
	sync->counters.records_written++;
	if (finished) {
		fanout_drop(sync);
		return 0;
	}
	return text_replace(sync->mem, &fanout->rev, answer.rev) ? error_nomem(error) : 0;
}

/* Takes what the record says; gone, another engine has done it all. */
static int read_fanout(struct sync *sync, struct fanout *fanout, bool *ret_there,
		       struct cf_error *error)
{
	struct state_key key = {STATE_FANOUT, str_of(fanout->part)};
	struct state_record record;
	struct json_value body;
	struct cf_str after = {NULL, 0};
	int rc = state_get_one(sync->state, key, &sync->step, &record, error);

	*ret_there = rc == 0 && state_exists(&record);
	if (!*ret_there)
		return rc;
	rc = bench_keep(&sync->bench, record.body, &body, error);
	if (rc)
		return state_damaged(&record, rc, error);
	fanout->waiting_only = json_kind(json_member(body, STR("waiting_only"))) == JSON_TRUE;
	if (json_kind(json_member(body, STR("after"))) == JSON_STRING)
		rc = json_decode(json_member(body, STR("after")), &sync->step, &after);
	if (rc == 0)
		rc = text_replace(sync->mem, &fanout->after, after);
	if (rc == 0)
		rc = text_replace(sync->mem, &fanout->rev, record.rev);
	return rc ? error_nomem(error) : 0;
}

/* The part itself: its documents are as its base says before anybody looks at them. */
static int land_part(struct sync *sync, const struct fanout *fanout, struct cf_error *error)
{
	struct lineage_name name;
	struct batch batch;
	int rc;

	if (registry_parse_label(&sync->registry, str_of(fanout->part), &name))
		return 0;
	if (batch_init(&batch, 1, &sync->step))
		return error_nomem(error);
	rc = batch_add(&batch, &name);
	return rc ? error_nomem(error) : batch_run(sync, &batch, error);
}

/* One page of those who are on a list. */
static int walk_page(struct sync *sync, struct fanout *fanout, struct cf_error *error)
{
	struct state_range range = {.kind = fanout->waiting_only ? STATE_WAITING : STATE_REFERENCE,
				    .name = str_of(fanout->part),
				    .after = str_of(fanout->after),
				    .limit = SYNC_FANOUT_PAGE};
	struct state_record *records;
	struct batch batch;
	size_t count;
	bool finished = false;
	int rc;

	rc = state_page(sync->state, &range, &sync->step, &records, &count, error);
	if (rc)
		return rc;
	bench_reset(&sync->bench);
	if (batch_init(&batch, count, &sync->step))
		return error_nomem(error);
	rc = add_named(sync, records, count, &batch);
	if (rc == 0 && !(PLANTED(&sync->bench, FANOUT_PAGE_LOST) && count < range.limit))
		rc = batch_run(sync, &batch, error);
	if (rc)
		return rc;
	if (fanout->rev[0] == '\0')
		return 0; /* noted again on the way */
	if (count < range.limit) {
		/* Who referred to it was looked at; now those who waited for it. */
		finished = fanout->waiting_only;
		fanout->waiting_only = true;
		rc = text_replace(sync->mem, &fanout->after, STR(""));
	} else {
		rc = text_replace(sync->mem, &fanout->after, records[count - 1].other);
	}
	return rc ? error_nomem(error) : save(sync, fanout, finished, error);
}

int fanout_step(struct sync *sync, struct cf_error *error)
{
	struct fanout *fanout = sync->fanouts;
	bool there;
	int rc;

	if (fanout->rev[0] != '\0')
		return walk_page(sync, fanout, error);
	bench_reset(&sync->bench);
	rc = read_fanout(sync, fanout, &there, error);
	if (rc)
		return rc;
	if (!there) {
		fanout_drop(sync);
		return 0;
	}
	rc = land_part(sync, fanout, error);
	return rc || fanout->rev[0] == '\0' ? rc : walk_page(sync, fanout, error);
}
