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

int reading_begin(struct sync *sync, struct cf_error *error)
{
	struct reading *reading = &sync->reading;
	struct cf_store_info info;
	int rc = store_info(sync->store, &sync->step, &info, error);

	if (rc)
		return rc;
	reading_fini(sync);
	if (text_replace(sync->mem, &reading->after, STR("")) ||
	    text_replace(sync->mem, &reading->ahead, STR("")) ||
	    text_replace(sync->mem, &reading->until, info.token) ||
	    text_replace(sync->mem, &sync->since, info.token) ||
	    text_replace(sync->mem, &sync->ahead, info.token))
		return error_nomem(error);
	reading->total = info.records;
	reading->active = true;
	return 0;
}

/* From now on, what is new was just written. */
static int finish(struct sync *sync, struct cf_error *error)
{
	bool any = sync->reading.done || sync->counters.changes;

	reading_fini(sync);
	sync->read_all = true;
	return any ? checkpoint_save(sync, str_of(sync->since), error) : 0;
}

static int send_page(struct sync *sync, struct flight *flight, const struct cf_record *records,
		     struct cf_error *error)
{
	struct unsupported_list unsupported = {.first = NULL};
	int rc = 0;

	flight->kind = FLIGHT_PAGE;
	flight->last = &records[flight->count - 1];
	for (size_t i = 0; i < flight->count && rc == 0; i++)
		rc = flight_take(sync, flight, &records[i], &unsupported, error);
	if (rc == 0)
		rc = flight_decide(sync, flight, &unsupported, error);
	flight->counters.unsupported = unsupported.listed;
	if (rc == 0 && PLANTED(&sync->worker->bench, CHECKPOINT_AHEAD))
		rc = checkpoint_note(sync, flight) ? error_nomem(error)
						   : checkpoint_commit(sync, error);
	if (rc == 0 && text_replace(sync->mem, &sync->reading.ahead, flight->last->id))
		rc = error_nomem(error);
	if (rc) {
		flight_free(sync, flight);
		return rc;
	}
	return flight_send(sync, flight, error);
}

static int read_page(struct sync *sync, struct cf_error *error)
{
	struct reading *reading = &sync->reading;
	size_t lanes = sync->lanes ? sync->options.lanes : SYNC_BATCH_GROWTH;
	struct cf_scan scan = {.after = str_of(reading->ahead),
			       .limit = sync->options.batch_changes_max * lanes,
			       .flags = CF_READ_LEAVES,
			       .until = str_of(reading->until)};
	struct flight *flight = flight_new(sync, scan.limit);
	struct cf_record *records;
	int rc;

	if (!flight)
		return error_nomem(error);
	rc = store_scan(sync->store, &scan, &flight->arena, &records, &flight->count, error);
	if (rc == 0)
		reading->ended = flight->count < scan.limit;
	if (rc == 0 && flight->count)
		return send_page(sync, flight, records, error);
	flight_free(sync, flight);
	return rc;
}

int reading_step(struct sync *sync, struct cf_error *error)
{
	struct reading *reading = &sync->reading;
	int rc = 0;

	if (!reading->mark_ns)
		reading->mark_ns = sync->env->monotonic_ns(sync->env->ctx);
	reading->changes = 0;
	if (!reading->ended)
		rc = read_page(sync, error);
	if (rc == 0 && reading->ended)
		rc = flight_land_all(sync, error);
	return rc || !reading->ended ? rc : finish(sync, error);
}
