/* The feed: changes in batches, grouped by lineage. The checkpoint moves on only when
 * a batch has landed. */
#include "sync/engine.h"

/* --- changes ----------------------------------------------------------------- */

/* Lineages of a page of changes; its memory holds what the page says. */
static int fill(struct sync *sync, struct flight *flight, const struct cf_change *changes,
		struct cf_error *error)
{
	struct unsupported_list unsupported = {.first = NULL};
	int rc = 0;

	for (size_t i = 0; i < flight->count && rc == 0; i++)
		rc = flight_take(sync, flight, &changes[i].record, &unsupported, error);
	if (rc == 0)
		rc = flight_decide(sync, flight, &unsupported, error);
	flight->counters.unsupported = unsupported.listed;
	flight->last = &changes[flight->count - 1].record;
	return rc;
}

/* Where the feed has no more at the moment. */
static int take_none(struct sync *sync, struct cf_str token, bool *ret_idle, struct cf_error *error)
{
	int rc = 0;

	/* Pages may go on while the feed rests. */
	if (sync->reading.active) {
		sync->reading.changes = SYNC_READING_CHANGES;
		return 0;
	}
	if (sync->flights)
		return flight_land(sync, error);
	/* What an engine that was killed has left to hand on. */
	if (!sync->fanouts)
		rc = fanout_load(sync, error);
	if (rc)
		return rc;
	*ret_idle = !sync->fanouts;
	if (!sync->read_all && !sync->fanouts) {
		/* All was read once: from now on, what is new was just written. */
		sync->read_all = true;
		return sync->since[0] ? checkpoint_save(sync, token, error) : 0;
	}
	return 0;
}

/* Far behind, larger batches cost less each; near the end, small ones wait less. Several
 * lanes have batches of the usual size each. */
static void choose_batch(struct sync *sync, size_t count)
{
	size_t usual = sync->options.batch_changes_max * (sync->lanes ? sync->options.lanes : 1);

	if (count < sync->batch_changes || sync->lanes)
		sync->batch_changes = usual;
	else if (sync->batch_changes < usual * SYNC_BATCH_GROWTH)
		sync->batch_changes *= 2;
}

static int send_changes(struct sync *sync, struct flight *flight, const struct cf_change *changes,
			struct cf_error *error)
{
	int rc = fill(sync, flight, changes, error);

	if (rc == 0 && PLANTED(&sync->worker->bench, CHECKPOINT_AHEAD))
		rc = checkpoint_note(sync, flight) ? error_nomem(error)
						   : checkpoint_commit(sync, error);
	if (rc == 0 && text_replace(sync->mem, &sync->ahead, flight->token))
		rc = error_nomem(error);
	if (rc) {
		flight_free(sync, flight);
		return rc;
	}
	return flight_send(sync, flight, error);
}

static int take_changes(struct sync *sync, bool *ret_idle, struct cf_error *error)
{
	bool busy = sync->fanouts || sync->reading.active || sync->flights;
	struct cf_changes args = {.since = str_of(sync->ahead),
				  .limit = sync->batch_changes,
				  .wait_ms = busy ? 0 : sync->options.wait_ms,
				  .flags = CF_READ_LEAVES};
	struct flight *flight = flight_new(sync, args.limit);
	struct cf_change *changes;
	size_t count;
	int rc;

	if (!flight)
		return error_nomem(error);
	rc = store_changes(sync->store, &args, &flight->arena, &changes, &count, &flight->token,
			   error);
	if (rc == 0)
		choose_batch(sync, count);
	if (rc == 0 && count) {
		flight->kind = FLIGHT_CHANGES;
		flight->count = count;
		return send_changes(sync, flight, changes, error);
	}
	if (rc == 0)
		rc = take_none(sync, flight->token, ret_idle, error);
	flight_free(sync, flight);
	return rc;
}

/* --- one step ------------------------------------------------------------------ */

/* What people ask for between the changes; *ret_done: this step is used up. */
static int look_around(struct sync *sync, bool *ret_done, struct cf_error *error)
{
	int64_t now_ms = sync->env->now_ms(sync->env->ctx);
	int rc;

	*ret_done = false;
	rc = presence_step(sync, error);
	if (rc)
		return rc;
	if (sync->looked_ms && now_ms - sync->looked_ms < SYNC_LOOK_MS && now_ms >= sync->looked_ms)
		return 0;
	rc = retry_step(sync, ret_done, error);
	/* A full page: there may be more at once. */
	if (rc == 0 && !*ret_done)
		sync->looked_ms = now_ms ? now_ms : 1;
	return rc;
}

static int step(struct sync *sync, bool *ret_idle, struct cf_error *error)
{
	bool fanout =
		sync->fanouts && (!sync->changes_next || sync->fanout_count > SYNC_FANOUT_PARTS);
	bool done;
	int rc = look_around(sync, &done, error);

	if (rc || done)
		return rc;
	/* By turns: a part that many refer to does not hold up the others. But no more are
	 * found than can be handed on. */
	sync->changes_next = fanout;
	if (fanout)
		return fanout_step(sync, error);
	if (!sync->ahead[0] && !sync->reading.active && !sync->read_all &&
	    sync->store->capabilities & CF_STORE_ORDERED)
		return reading_begin(sync, error);
	if (sync->reading.active && sync->reading.changes >= SYNC_READING_CHANGES)
		return reading_step(sync, error);
	sync->reading.changes++;
	return take_changes(sync, ret_idle, error);
}

int sync_step(struct sync *sync, bool *ret_idle, struct cf_error *error)
{
	int rc;

	arena_reset(&sync->step);
	*ret_idle = false;
	if (sync->other_retired) {
		rc = retired_load(sync, error);
		if (rc == 0 && sync->support_published)
			rc = sync_publish_support(sync, error);
		return rc;
	}
	rc = step(sync, ret_idle, error);
	/* Nothing was written yet; the same step is taken again by what holds now. */
	if (rc && sync->other_retired) {
		*ret_idle = false;
		return 0;
	}
	return rc;
}
