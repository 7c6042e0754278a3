/* The feed: changes in batches, grouped by lineage; and the lineages that a
 * changed part wakes. The checkpoint moves on only when a batch has landed. */
#include "sync/engine.h"

#include "sync/limits.h"

char *text_dup(const struct cf_mem *mem, struct cf_str text)
{
	char *copy = mem_alloc(mem, text.len + 1);

	if (copy) {
		if (text.len)
			memcpy(copy, text.ptr, text.len);
		copy[text.len] = '\0';
	}
	return copy;
}

/* --- echoes ----------------------------------------------------------------- */

static uint64_t echo_hash(struct cf_str id, struct cf_str rev)
{
	return hash64(rev, hash64(id, 0)) | 1;
}

void echo_note(struct sync *sync, struct cf_str id, struct cf_str rev)
{
	uint64_t hash = echo_hash(id, rev);

	sync->echoes[hash % SYNC_ECHOES] = hash;
}

bool echo_has(const struct sync *sync, struct cf_str id, struct cf_str rev)
{
	uint64_t hash = echo_hash(id, rev);

	return sync->echoes[hash % SYNC_ECHOES] == hash;
}

/* --- changes ----------------------------------------------------------------- */

/* Whether it is news to us: not merely what this process wrote itself. */
static bool is_echo(const struct sync *sync, const struct cf_record *record)
{
	for (size_t i = 0; i < record->revision_count; i++)
		if (!echo_has(sync, record->id, record->revisions[i].rev))
			return false;
	return record->revision_count > 0;
}

static int take_change(struct sync *sync, const struct cf_change *change, struct batch *batch,
		       struct cf_error *error)
{
	struct lineage_name name;
	struct cf_error why = {0};
	int rc = registry_find(&sync->registry, change->record.id, &name, &why);

	sync->counters.changes++;
	if (rc == CF_ERR_UNKNOWN_TYPE) {
		sync->counters.passed_over++;
		return 0;
	}
	if (rc == CF_ERR_UNSUPPORTED) {
		sync->counters.unsupported++;
		return quarantine_document(sync, change->record.id, &why, error);
	}
	if (rc) {
		*error = why;
		return rc;
	}
	return is_echo(sync, &change->record) ? 0 : batch_add(batch, &name);
}

static int take_changes(struct sync *sync, bool *ret_idle, struct cf_error *error)
{
	struct cf_changes args = {.since = str_of(sync->since),
				  .limit = sync->batch_changes,
				  .wait_ms = sync->fanouts ? 0 : sync->options.wait_ms,
				  .flags = CF_READ_LEAVES};
	struct cf_change *changes;
	struct cf_str token;
	struct batch batch;
	size_t count;
	int rc = store_changes(sync->store, &args, &sync->step, &changes, &count, &token, error);

	if (rc)
		return rc;
	*ret_idle = count == 0 && !sync->fanouts;
	/* Far behind, larger batches cost less each; near the end, small ones wait less. */
	if (count < sync->batch_changes)
		sync->batch_changes = sync->options.batch_changes_max;
	else if (sync->batch_changes < sync->options.batch_changes_max * SYNC_BATCH_GROWTH)
		sync->batch_changes *= 2;
	if (count == 0)
		return 0;
	if (batch_init(&batch, count, &sync->step))
		return error_nomem(error);
	for (size_t i = 0; i < count && rc == 0; i++)
		rc = take_change(sync, &changes[i], &batch, error);
	if (rc == 0)
		rc = batch_run(sync, &batch, error);
	return rc ? rc : checkpoint_save(sync, token, error);
}

/* --- fan-out ------------------------------------------------------------------ */

int fanout_note(struct sync *sync, struct cf_str part, bool waiting_only)
{
	struct fanout *fanout, **last = &sync->fanouts;

	for (; *last; last = &(*last)->next) {
		if (!str_equal(str_of((*last)->part), part))
			continue;
		/* It changed again: from the start. */
		(*last)->waiting_only = (*last)->waiting_only && waiting_only;
		(*last)->after[0] = '\0';
		return 0;
	}
	fanout = mem_calloc(sync->mem, 1, sizeof(*fanout));
	if (!fanout)
		return CF_ERR_NOMEM;
	fanout->part = text_dup(sync->mem, part);
	fanout->after = text_dup(sync->mem, STR(""));
	fanout->waiting_only = waiting_only;
	*last = fanout;
	return fanout->part && fanout->after ? 0 : CF_ERR_NOMEM;
}

int fanout_load(struct sync *sync, struct cf_error *error)
{
	struct cf_scan scan = {
		.prefix = STR("fanout/"), .limit = SYNC_FANOUT_PAGE, .flags = CF_READ_BODIES};
	struct cf_record *records;
	size_t count;

	do {
		int rc = store_scan(sync->state, &scan, &sync->step, &records, &count, error);

		for (size_t i = 0; i < count && rc == 0; i++) {
			struct cf_str body = records[i].revisions[0].body;
			struct cf_str id = records[i].id;
			struct cf_str part = {id.ptr + scan.prefix.len, id.len - scan.prefix.len};

			if (fanout_note(sync, part,
					memmem(body.ptr, body.len, "\"waiting_only\":true", 19)))
				rc = error_nomem(error);
			scan.after = id;
		}
		if (rc)
			return rc;
	} while (count == scan.limit);
	return 0;
}

static void fanout_drop(struct sync *sync)
{
	struct fanout *done = sync->fanouts;

	sync->fanouts = done->next;
	mem_free(sync->mem, done->part);
	mem_free(sync->mem, done->after);
	mem_free(sync->mem, done);
}

/* Adds the lineages that records of a list name. */
static int add_named(struct sync *sync, const struct cf_record *records, size_t count,
		     struct batch *batch, struct cf_error *error)
{
	int rc = 0;

	for (size_t i = 0; i < count && rc == 0; i++) {
		struct lineage_name name;
		struct json_value body;
		struct cf_str label;

		rc = bench_keep(&sync->bench, records[i].revisions[0].body, &body, error);
		if (rc == 0)
			rc = json_decode(json_member(body, STR("lineage")), &sync->step, &label);
		if (rc == 0)
			label = arena_dup(&sync->step, label);
		/* A label of a type that the catalog no longer has wakes nobody. */
		if (rc == 0 && registry_parse_label(&sync->registry, label, &name) == 0)
			rc = batch_add(batch, &name);
	}
	return rc;
}

static int fanout_finish(struct sync *sync, struct cf_error *error)
{
	struct cf_str id = arena_printf(&sync->step, "fanout/%s", sync->fanouts->part);
	struct cf_put put = {.id = id, .kind = CF_PUT_ANY, .deleted = true, .body = STR("{}")};
	struct cf_answer answer;
	int rc = id.ptr ? store_put(sync->state, &put, 1, &sync->step, &answer, error)
			: error_nomem(error);

	if (rc == 0)
		fanout_drop(sync);
	return rc;
}

int fanout_step(struct sync *sync, struct cf_error *error)
{
	struct fanout *fanout = sync->fanouts;
	const char *list = fanout->waiting_only ? "wait" : "ref";
	struct cf_scan scan = {.limit = SYNC_FANOUT_PAGE, .flags = CF_READ_BODIES};
	struct cf_record *records;
	struct batch batch;
	size_t count;
	char *after;
	int rc;

	scan.prefix = arena_printf(&sync->step, "%s/%s/", list, fanout->part);
	scan.after = str_of(fanout->after);
	rc = store_scan(sync->state, &scan, &sync->step, &records, &count, error);
	if (rc)
		return rc;
	bench_reset(&sync->bench);
	if (batch_init(&batch, count, &sync->step))
		return error_nomem(error);
	rc = add_named(sync, records, count, &batch, error);
	if (rc == 0)
		rc = batch_run(sync, &batch, error);
	if (rc)
		return rc;
	if (count < scan.limit) {
		/* Who referred to it was looked at; now those who waited for it. */
		if (fanout->waiting_only)
			return fanout_finish(sync, error);
		fanout->waiting_only = true;
		fanout->after[0] = '\0';
		return 0;
	}
	after = text_dup(sync->mem, records[count - 1].id);
	if (!after)
		return error_nomem(error);
	mem_free(sync->mem, fanout->after);
	fanout->after = after;
	return 0;
}

/* --- one step ------------------------------------------------------------------ */

int sync_step(struct sync *sync, bool *ret_idle, struct cf_error *error)
{
	bool fanout = sync->fanouts && !sync->changes_next;

	arena_reset(&sync->step);
	*ret_idle = false;
	/* By turns: a part that many refer to does not hold up the others. */
	sync->changes_next = fanout;
	return fanout ? fanout_step(sync, error) : take_changes(sync, ret_idle, error);
}
