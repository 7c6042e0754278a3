/* The first reading of a database of which nothing is known, or that a new version of the
 * catalog or --rebuild makes be read again.
 *
 * Not along the feed, which knows no order: where the feed stands is noted, the documents
 * are read in the order of their keys, and then the feed is followed from there. So what
 * is written grows every B-tree at its right edge, in SQLite as in CouchDB. Between two
 * pages the feed is looked at: fresh changes do not wait for a large database. What the
 * run itself writes meanwhile stands behind the noted token, and is not read.
 *
 * The checkpoint keeps the last key: stopped, the reading goes on from there. */
#include "sync/engine.h"

#include "sync/limits.h"
#include "sync/lists.h"

void reading_fini(struct sync *sync)
{
	mem_free(sync->mem, sync->reading.after);
	mem_free(sync->mem, sync->reading.until);
	sync->reading = (struct reading){.active = false};
}

int reading_begin(struct sync *sync, struct cf_error *error)
{
	struct reading *reading = &sync->reading;
	struct cf_store_info info;
	int rc = store_info(sync->store, &sync->step, &info, error);

	if (rc)
		return rc;
	reading_fini(sync);
	if (text_replace(sync->mem, &reading->after, STR("")) ||
	    text_replace(sync->mem, &reading->until, info.token) ||
	    text_replace(sync->mem, &sync->since, info.token))
		return error_nomem(error);
	reading->total = info.records;
	reading->active = true;
	return 0;
}

/* The end: from now on, what is new was just written. */
static int finish(struct sync *sync, struct cf_error *error)
{
	bool any = sync->reading.done || sync->counters.changes;

	reading_fini(sync);
	sync->read_all = true;
	return any ? checkpoint_save(sync, str_of(sync->since), error) : 0;
}

static int note_page(struct sync *sync, const struct cf_record *records, size_t count,
		     struct cf_error *error)
{
	if (text_replace(sync->mem, &sync->reading.after, records[count - 1].id))
		return error_nomem(error);
	sync->reading.done += count;
	/* Others write, too. */
	if (sync->reading.done > sync->reading.total)
		sync->reading.total = sync->reading.done;
	return checkpoint_save(sync, str_of(sync->since), error);
}

static int take_page(struct sync *sync, const struct cf_record *records, size_t count,
		     struct cf_error *error)
{
	struct unsupported_list unsupported = {NULL, 0};
	struct batch batch;
	int rc = batch_init(&batch, count, &sync->step) ? error_nomem(error) : 0;

	for (size_t i = 0; i < count && rc == 0; i++)
		rc = batch_take(sync, &records[i], &batch, &unsupported, error);
	if (rc == 0)
		rc = unsupported_take(sync, &unsupported, error);
	if (rc == 0 && PLANTED(&sync->bench, CHECKPOINT_AHEAD))
		rc = note_page(sync, records, count, error);
	return rc ? rc : batch_run(sync, &batch, error);
}

int reading_step(struct sync *sync, struct cf_error *error)
{
	struct reading *reading = &sync->reading;
	uint64_t began_ns = sync->env->monotonic_ns(sync->env->ctx);
	struct cf_scan scan = {.after = str_of(reading->after),
			       .limit = sync->options.batch_changes_max * SYNC_BATCH_GROWTH,
			       .flags = CF_READ_LEAVES,
			       .until = str_of(reading->until)};
	struct cf_record *records;
	size_t count;
	int rc = store_scan(sync->store, &scan, &sync->step, &records, &count, error);

	reading->changes = 0;
	if (rc == 0 && count)
		rc = take_page(sync, records, count, error);
	if (rc)
		return rc;
	reading->spent_ms += (sync->env->monotonic_ns(sync->env->ctx) - began_ns) / 1000000;
	rc = count ? note_page(sync, records, count, error) : 0;
	return rc || count == scan.limit ? rc : finish(sync, error);
}
