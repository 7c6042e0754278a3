/* Pages on their way: from being read until what they did is on the checkpoint.
 *
 * Several may be open at once: while lanes work on one, the next is read. They land in the
 * order in which they were read, so the checkpoint never passes one that is open. */
#include "sync/engine.h"

static size_t lane_count(const struct sync *sync)
{
	return sync->lanes ? sync->options.lanes : 1;
}

struct flight *flight_new(struct sync *sync, size_t count_max)
{
	struct flight *flight = mem_calloc(sync->mem, 1, sizeof(*flight));
	size_t count = lane_count(sync);

	if (!flight)
		return NULL;
	arena_init(&flight->arena, sync->mem);
	flight->tasks = arena_calloc(&flight->arena, count, sizeof(*flight->tasks));
	for (size_t i = 0; i < count && flight->tasks; i++) {
		flight->tasks[i].flight = flight;
		if (batch_init(&flight->tasks[i].batch, count_max, &flight->arena))
			flight->tasks = NULL;
		flight->task_count++;
	}
	if (!flight->tasks) {
		flight_free(sync, flight);
		return NULL;
	}
	return flight;
}

void flight_free(struct sync *sync, struct flight *flight)
{
	arena_fini(&flight->arena);
	mem_free(sync->mem, flight);
}

/* A lineage is always of the same lane, so it is never worked on twice at once. */
int flight_add(struct sync *sync, struct flight *flight, const struct lineage_name *name,
	       struct cf_error *error)
{
	uint64_t hash = lineage_hash(name);

	if (PLANTED(&sync->worker->bench, LINEAGE_IN_TWO_LANES))
		hash = sync->env->random(sync->env->ctx);
	return batch_add(&flight->tasks[hash % flight->task_count].batch, name) ? error_nomem(error)
										: 0;
}

static int undecided_add(struct unsupported_list *list, const struct cf_record *record,
			 struct cf_arena *arena)
{
	struct undecided *one = arena_calloc(arena, 1, sizeof(*one));

	if (!one)
		return CF_ERR_NOMEM;
	*one = (struct undecided){.record = record, .next = list->undecided};
	list->undecided = one;
	list->undecided_count++;
	return 0;
}

int flight_take(struct sync *sync, struct flight *flight, const struct cf_record *record,
		struct unsupported_list *unsupported, struct cf_error *error)
{
	struct lineage_name name = {.family = NULL};
	struct cf_error why = {0};
	int rc = registry_find(sync->registry, record->id, &name, &why);

	flight->counters.changes++;
	if (rc == CF_ERR_UNKNOWN_TYPE && support_is(sync->shared, record->id))
		return 0;
	if (rc == CF_ERR_UNKNOWN_TYPE && name.undecided)
		return undecided_add(unsupported, record, &sync->step) ? error_nomem(error) : 0;
	if (rc == CF_ERR_UNKNOWN_TYPE) {
		flight->counters.passed_over++;
		return unnamed_pass(sync, unsupported, record) ? error_nomem(error) : 0;
	}
	if (rc == CF_ERR_UNSUPPORTED)
		return unsupported_add(unsupported, record, &name, &why, &sync->step)
			       ? error_nomem(error)
			       : 0;
	if (rc) {
		*error = why;
		return rc;
	}
	if (echo_is(sync->worker, record))
		return 0;
	return flight_add(sync, flight, &name, error);
}

/* --- sending ------------------------------------------------------------------------------ */

/* On this thread, at once. */
static void run_here(struct sync *sync, struct flight *flight)
{
	struct worker *worker = sync->worker;

	worker->facts = flight->facts;
	flight->rc = batch_run(worker, &flight->tasks[0].batch, &flight->error);
	if (done_move(&worker->done, &sync->done) && !flight->rc)
		flight->rc = error_nomem(&flight->error);
	flight->open = 0;
}

int flight_send(struct sync *sync, struct flight *flight, struct cf_error *error)
{
	int rc = 0;

	flight->facts = (struct facts){.registry = sync->registry,
				       .retired_rev = sync->retired_rev,
				       .echo_salt = sync->echo_salt,
				       .read_all = sync->read_all,
				       .rebuilding = sync->rebuilding};
	flight->open = flight->task_count;
	if (sync->last_flight)
		sync->last_flight->next = flight;
	else
		sync->flights = flight;
	sync->last_flight = flight;
	for (size_t i = 0; i < flight->task_count; i++)
		flight->works = flight->works || flight->tasks[i].batch.count;
	sync->flight_count += flight->works;
	if (sync->lanes)
		lanes_send(sync->lanes, flight);
	else
		run_here(sync, flight);
	while (rc == 0 &&
	       (sync->lanes ? sync->flight_count >= SYNC_FLIGHTS : sync->flights != NULL))
		rc = flight_land(sync, error);
	return rc;
}

/* --- landing ------------------------------------------------------------------------------- */

/* What batches did, as a whole or in part, is done: it counts, and parts are handed on. */
static int take_done(struct sync *sync)
{
	struct done *done = &sync->done;
	struct cf_arena arena = done->arena;
	int rc = 0;

	sync_counters_add(&sync->counters, &done->counters);
	for (const struct changed_part *part = done->parts; part && rc == 0; part = part->next)
		rc = fanout_note(sync, part->label);
	sync->other_retired = sync->other_retired || done->other_retired;
	arena_reset(&arena);
	*done = (struct done){.arena = arena};
	return rc;
}

static int wait_for(struct sync *sync, struct flight *flight)
{
	int rc = sync->lanes ? lanes_wait(sync->lanes, flight, &sync->done) : 0;
	int taken = take_done(sync);

	return rc ? rc : taken;
}

static struct flight *pop(struct sync *sync)
{
	struct flight *flight = sync->flights;

	sync->flights = flight->next;
	if (!sync->flights)
		sync->last_flight = NULL;
	sync->flight_count -= flight->works;
	return flight;
}

/* What was read ahead is read again. */
static int go_back(struct sync *sync)
{
	int rc = text_replace(sync->mem, &sync->ahead, str_of(sync->since));

	sync->reading.ended = false;
	if (rc == 0 && sync->reading.active)
		rc = text_replace(sync->mem, &sync->reading.ahead, str_of(sync->reading.after));
	return rc;
}

void flight_drop_all(struct sync *sync)
{
	if (sync->lanes)
		lanes_skip(sync->lanes, true);
	while (sync->flights) {
		(void)wait_for(sync, sync->flights);
		flight_free(sync, pop(sync));
	}
	if (sync->lanes)
		lanes_skip(sync->lanes, false);
}

/* The oldest one, which is done. */
static int land_first(struct sync *sync)
{
	struct flight *flight = sync->flights;
	int rc;

	sync_counters_add(&sync->counters, &flight->counters);
	rc = checkpoint_note(sync, flight);
	flight_free(sync, pop(sync));
	return rc;
}

int flight_land(struct sync *sync, struct cf_error *error)
{
	struct flight *flight = sync->flights;
	int rc;

	if (!flight)
		return 0;
	rc = wait_for(sync, flight) ? error_nomem(error) : flight->rc;
	if (flight->rc)
		*error = flight->error;
	/* And all behind it that are done already: the checkpoint is saved once. */
	for (bool done = rc == 0; done && rc == 0;
	     done = sync->flights && sync->lanes && lanes_done(sync->lanes, sync->flights))
		rc = land_first(sync) ? error_nomem(error) : 0;
	if (rc == 0)
		rc = checkpoint_commit(sync, error);
	if (rc) {
		flight_drop_all(sync);
		(void)go_back(sync);
	}
	return rc;
}

int flight_land_all(struct sync *sync, struct cf_error *error)
{
	int rc = 0;

	while (sync->flights && rc == 0)
		rc = flight_land(sync, error);
	return rc;
}

int flight_run(struct sync *sync, const struct batch *batch, struct cf_error *error)
{
	struct flight *flight;
	int rc = flight_land_all(sync, error);

	if (rc || batch->count == 0)
		return rc;
	flight = flight_new(sync, batch->count);
	if (!flight)
		return error_nomem(error);
	flight->kind = FLIGHT_OTHER;
	for (size_t i = 0; i < batch->count && rc == 0; i++)
		rc = flight_add(sync, flight, &batch->names[i], error);
	if (rc) {
		flight_free(sync, flight);
		return rc;
	}
	rc = flight_send(sync, flight, error);
	return rc ? rc : flight_land_all(sync, error);
}
