/* Fan-out: the lineages that changed parts wake, page by page, for many parts at once: the
 * number of requests does not grow with the number of parts.
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

#include <stdlib.h>

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

/* --- the parts of one step ---------------------------------------------------------------- */

/* In the order of the ids of whoever is on the list `kind` of them. */
struct group {
	struct member {
		struct fanout *fanout;
		struct cf_str begin; /* of the ids of their lists */
		struct cf_str after; /* how far this step has come; as fanout->after */
		bool moved, covered;
	} * at;
	size_t count;
};

static int compare_members(const void *a, const void *b)
{
	return str_compare(((const struct member *)a)->begin, ((const struct member *)b)->begin);
}

/* Those whose record was read (`read`), or is still to be read. */
static int gather(struct sync *sync, bool read, struct group *ret)
{
	size_t max = SYNC_FANOUT_PARTS;

	*ret = (struct group){.at = arena_calloc(&sync->step, max, sizeof(*ret->at))};
	for (struct fanout *f = sync->fanouts; f && ret->at && max > 0; f = f->next, max--)
		if ((f->rev[0] != '\0') == read)
			ret->at[ret->count++].fanout = f;
	return ret->at ? 0 : CF_ERR_NOMEM;
}

/* Of those, the ones that are on the way through that list. */
static int narrow(struct sync *sync, struct group *group, enum state_kind kind)
{
	bool waiting = kind == STATE_WAITING;
	size_t kept = 0;

	for (size_t i = 0; i < group->count; i++) {
		struct member one = group->at[i];

		if (one.fanout->waiting_only != waiting || one.fanout->rev[0] == '\0')
			continue;
		one.begin = state_id(sync->state,
				     (struct state_key){kind, str_of(one.fanout->part), STR("")},
				     &sync->step);
		one.after = str_of(one.fanout->after);
		if (!one.begin.ptr)
			return CF_ERR_NOMEM;
		group->at[kept++] = one;
	}
	group->count = kept;
	qsort(group->at, kept, sizeof(*group->at), compare_members);
	return 0;
}

/* --- reading what the records say ----------------------------------------------------------- */

static int take_record(struct sync *sync, struct fanout *fanout, const struct state_record *record,
		       struct cf_error *error)
{
	struct json_value body, value;
	struct cf_str after = STR("");
	int rc = bench_keep(&sync->worker->bench, record->body, &body, error);

	if (rc)
		return state_damaged(record, rc, error);
	fanout->waiting_only = json_kind(json_member(body, STR("waiting_only"))) == JSON_TRUE;
	value = json_member(body, STR("after"));
	if (json_kind(value) == JSON_STRING)
		rc = json_decode(value, &sync->step, &after);
	if (rc == 0)
		rc = text_replace(sync->mem, &fanout->after, after);
	if (rc == 0)
		rc = text_replace(sync->mem, &fanout->rev, record->rev);
	return rc ? error_nomem(error) : 0;
}

/* Where there is no record, another engine has done it all. */
static int read_records(struct sync *sync, struct group *group, struct cf_error *error)
{
	struct state_key *keys = arena_calloc(&sync->step, group->count + 1, sizeof(*keys));
	struct state_record *records =
		arena_calloc(&sync->step, group->count + 1, sizeof(*records));
	size_t kept = 0;
	int rc;

	if (!keys || !records)
		return error_nomem(error);
	for (size_t i = 0; i < group->count; i++)
		keys[i] = (struct state_key){STATE_FANOUT, str_of(group->at[i].fanout->part)};
	rc = state_get(sync->state, keys, group->count, &sync->step, records, error);
	for (size_t i = 0; i < group->count && rc == 0; i++) {
		struct member one = group->at[i];

		if (!state_exists(&records[i])) {
			fanout_drop(sync, one.fanout);
			continue;
		}
		rc = take_record(sync, one.fanout, &records[i], error);
		group->at[kept++] = one;
	}
	group->count = kept;
	return rc;
}

/* The parts themselves: their documents are as their bases say before anybody looks at
 * them. */
static int land_parts(struct sync *sync, const struct group *group, struct cf_error *error)
{
	struct lineage_name name = {.family = NULL};
	struct batch batch;
	int rc = batch_init(&batch, group->count, &sync->step);

	for (size_t i = 0; i < group->count && rc == 0; i++)
		if (registry_parse_label(sync->registry, str_of(group->at[i].fanout->part),
					 &name) == 0)
			rc = batch_add(&batch, &name);
	return rc ? error_nomem(error) : flight_run(sync, &batch, error);
}

/* --- whoever is on the lists ------------------------------------------------------------------ */

/* A label of a type that the catalog no longer has wakes nobody. */
static int add_named(struct sync *sync, struct cf_str label, struct batch *batch)
{
	struct lineage_name name = {.family = NULL};

	return registry_parse_label(sync->registry, label, &name) ? 0 : batch_add(batch, &name);
}

/* Takes a page of the list, which begins at the member *at, and goes on to the first member
 * of which there may be more. What others than the members are on is passed over. */
static int take_page(struct sync *sync, struct group *group, size_t *at,
		     const struct state_pages *page, struct batch *batch)
{
	for (size_t i = 0; i < page->count; i++) {
		const struct state_record *record = &page->records[i];
		struct member *one;
		int rc;

		while (*at < group->count && !str_starts_with(record->id, group->at[*at].begin) &&
		       str_compare(record->id, group->at[*at].begin) > 0)
			group->at[(*at)++].covered = true;
		if (*at == group->count)
			return 0;
		one = &group->at[*at];
		if (!str_starts_with(record->id, one->begin))
			continue;
		one->after = record->other;
		one->moved = true;
		rc = add_named(sync, record->other, batch);
		if (rc)
			return rc;
	}
	while (page->end && *at < group->count)
		group->at[(*at)++].covered = true;
	return 0;
}

/* Up to a page of lineages out of as many lists as it takes. */
static int collect(struct sync *sync, enum state_kind kind, struct group *group,
		   struct batch *batch, struct cf_error *error)
{
	size_t at = 0;
	int rc = 0;

	for (int scans = 0; at < group->count && batch->count < SYNC_FANOUT_PAGE &&
			    scans < SYNC_FANOUT_SCANS && rc == 0;
	     scans++) {
		struct state_range range = {.kind = kind,
					    .from = str_of(group->at[at].fanout->part),
					    .after = group->at[at].after,
					    .limit = SYNC_FANOUT_PAGE};
		struct state_pages page = {.arena = &sync->step};

		rc = state_page(sync->state, &range, &sync->step, &page.records, &page.count,
				error);
		page.end = page.count < range.limit;
		if (rc == 0 && take_page(sync, group, &at, &page, batch))
			rc = error_nomem(error);
	}
	return rc;
}

/* --- saving how far it has come -----------------------------------------------------------------
 */

static int write_record(struct sync *sync, const struct fanout *fanout, struct state_put *ret)
{
	struct cf_buf *out = &sync->worker->bench.scratch;

	buf_clear(out);
	buf_str(out, STR("{\"part\":"));
	json_write_string(str_of(fanout->part), out);
	buf_printf(out, ",\"waiting_only\":%s,\"after\":", fanout->waiting_only ? "true" : "false");
	json_write_string(str_of(fanout->after), out);
	buf_byte(out, '}');
	ret->body = arena_dup_buf(&sync->step, out);
	return out->failed || !ret->body.ptr ? CF_ERR_NOMEM : 0;
}

/* Who referred to a part was looked at; then come those who waited for it, and then it is
 * finished. *ret_save: the record is to say so. Only a walk that is not finished in one step
 * is worth a record. */
static int advance(struct sync *sync, struct member *one, bool *ret_save, struct state_put *put)
{
	struct fanout *fanout = one->fanout;
	bool finished = one->covered && fanout->waiting_only;

	*ret_save = false;
	if (fanout->rev[0] == '\0')
		return 0; /* noted again on the way */
	if (!one->covered && !one->moved)
		return 0;
	fanout->waiting_only = fanout->waiting_only || one->covered;
	if (text_replace(sync->mem, &fanout->after, one->covered ? STR("") : one->after))
		return CF_ERR_NOMEM;
	*ret_save = finished || one->moved;
	*put = (struct state_put){
		.key = {STATE_FANOUT, arena_dup(&sync->step, str_of(fanout->part))},
		.condition = CF_PUT_ON_REV,
		.rev = arena_dup(&sync->step, str_of(fanout->rev))};
	return finished ? 0 : write_record(sync, fanout, put);
}

/* Refused: somebody noted another change, or has come further; the record is read again. */
static int take_answer(struct sync *sync, struct fanout *fanout, const struct state_put *put,
		       const struct cf_answer *answer, struct cf_error *error)
{
	if (answer->code && answer->code != CF_ERR_CONFLICT)
		return error_set(error, answer->code, "%.*s", STR_ARG(answer->message));
	if (answer->code) {
		fanout->rev[0] = '\0';
		return 0;
	}
	sync->counters.records_written++;
	if (!put->body.ptr) {
		fanout_drop(sync, fanout);
		return 0;
	}
	return text_replace(sync->mem, &fanout->rev, answer->rev) ? error_nomem(error) : 0;
}

static int save(struct sync *sync, struct group *group, struct cf_error *error)
{
	struct state_put *puts = arena_calloc(&sync->step, group->count + 1, sizeof(*puts));
	struct cf_answer *answers = arena_calloc(&sync->step, group->count + 1, sizeof(*answers));
	struct fanout **whose = arena_calloc(&sync->step, group->count + 1, sizeof(*whose));
	size_t count = 0;
	bool due;
	int rc = 0;

	if (!puts || !answers || !whose)
		return error_nomem(error);
	for (size_t i = 0; i < group->count; i++) {
		whose[count] = group->at[i].fanout;
		if (advance(sync, &group->at[i], &due, &puts[count]))
			return error_nomem(error);
		count += due;
	}
	if (count)
		rc = state_put(sync->state, puts, count, &sync->step, answers, error);
	for (size_t i = 0; i < count && rc == 0; i++)
		rc = take_answer(sync, whose[i], &puts[i], &answers[i], error);
	return rc;
}

/* --- a step -------------------------------------------------------------------------------------
 */

static int walk(struct sync *sync, enum state_kind kind, struct cf_error *error)
{
	struct group group;
	struct batch batch;
	int rc = gather(sync, true, &group);

	if (rc == 0)
		rc = narrow(sync, &group, kind);
	if (rc == 0)
		rc = batch_init(&batch, (size_t)SYNC_FANOUT_PAGE * 2, &sync->step);
	if (rc)
		return error_nomem(error);
	if (group.count == 0)
		return 0;
	bench_reset(&sync->worker->bench);
	rc = collect(sync, kind, &group, &batch, error);
	if (rc == 0 && batch.count &&
	    !(PLANTED(&sync->worker->bench, FANOUT_PAGE_LOST) && group.at[group.count - 1].covered))
		rc = flight_run(sync, &batch, error);
	return rc ? rc : save(sync, &group, error);
}

int fanout_step(struct sync *sync, struct cf_error *error)
{
	struct group group;
	int rc = gather(sync, false, &group) ? error_nomem(error) : 0;

	bench_reset(&sync->worker->bench);
	if (rc == 0 && group.count)
		rc = read_records(sync, &group, error);
	if (rc == 0 && group.count)
		rc = land_parts(sync, &group, error);
	if (rc == 0)
		rc = walk(sync, STATE_REFERENCE, error);
	return rc ? rc : walk(sync, STATE_WAITING, error);
}
