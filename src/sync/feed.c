/* The feed: changes in batches, grouped by lineage. The checkpoint moves on only when
 * a batch has landed. */
#include "sync/engine.h"

#include "sync/limits.h"

/* --- changes ----------------------------------------------------------------- */

static int take_changes(struct sync *sync, bool *ret_idle, struct cf_error *error)
{
	struct cf_changes args = {
		.since = str_of(sync->since),
		.limit = sync->batch_changes,
		.wait_ms = sync->fanouts || sync->reading.active ? 0 : sync->options.wait_ms,
		.flags = CF_READ_LEAVES};
	struct cf_change *changes;
	struct cf_str token;
	struct unsupported_list unsupported = {NULL, 0};
	struct batch batch;
	size_t count;
	int rc = store_changes(sync->store, &args, &sync->step, &changes, &count, &token, error);

	/* What an engine that was killed has left to hand on. */
	if (rc == 0 && count == 0 && !sync->fanouts)
		rc = fanout_load(sync, error);
	if (rc)
		return rc;
	*ret_idle = count == 0 && !sync->fanouts && !sync->reading.active;
	/* Far behind, larger batches cost less each; near the end, small ones wait less. */
	if (count < sync->batch_changes)
		sync->batch_changes = sync->options.batch_changes_max;
	else if (sync->batch_changes < sync->options.batch_changes_max * SYNC_BATCH_GROWTH)
		sync->batch_changes *= 2;
	if (count == 0 && sync->reading.active) {
		sync->reading.changes = SYNC_READING_CHANGES;
		return 0;
	}
	if (count == 0 && !sync->read_all && !sync->fanouts) {
		/* All was read once: from now on, what is new was just written. */
		sync->read_all = true;
		return sync->since[0] ? checkpoint_save(sync, token, error) : 0;
	}
	if (count == 0)
		return 0;
	if (batch_init(&batch, count, &sync->step))
		return error_nomem(error);
	for (size_t i = 0; i < count && rc == 0; i++)
		rc = batch_take(sync, &changes[i].record, &batch, &unsupported, error);
	if (rc == 0)
		rc = unsupported_take(sync, &unsupported, error);
	if (rc == 0 && PLANTED(&sync->bench, CHECKPOINT_AHEAD))
		rc = checkpoint_save(sync, token, error);
	if (rc == 0)
		rc = batch_run(sync, &batch, error);
	if (rc == 0 && checkpoint_note_last(sync, &changes[count - 1].record))
		rc = error_nomem(error);
	return rc ? rc : checkpoint_save(sync, token, error);
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
	bool fanout = sync->fanouts && !sync->changes_next, done;
	int rc = look_around(sync, &done, error);

	if (rc || done)
		return rc;
	/* By turns: a part that many refer to does not hold up the others. */
	sync->changes_next = fanout;
	if (fanout)
		return fanout_step(sync, error);
	if (!sync->since[0] && !sync->reading.active && !sync->read_all &&
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
	if (sync->retired_news) {
		rc = retired_reload(sync, error);
		if (rc == 0 && sync->support_published)
			rc = sync_publish_support(sync, error);
		return rc;
	}
	rc = step(sync, ret_idle, error);
	/* Nothing was written yet; the same step is taken again by what holds now. */
	if (rc && sync->retired_news) {
		*ret_idle = false;
		return 0;
	}
	return rc;
}
