/* Lanes: threads that work on batches of one database at once, each with a worker and with
 * handles of its own. What they share is guarded by one lock: the queues, `open`, `rc` and
 * `error` of flights, and what was done. */
#include "sync/engine.h"
#include "sync/threads.h"

struct lane {
	struct lanes *lanes;
	size_t index;
	void *thread;
	struct task *first, *last; /* to be done, in this order */
	/* Of the thread itself. */
	struct worker *worker;
	struct sync_handles handles; /* store NULL: not open */
	struct state state;
};

struct lanes {
	const struct cf_mem *mem;
	const struct sync *sync; /* what does not change while it is open */
	struct sync_threads threads;
	struct lane *at;
	size_t count;
	bool end, skip;
	struct done done;
};

/* --- a lane's thread ------------------------------------------------------------------------- */

static int open_handles(struct lane *lane, struct cf_error *error)
{
	const struct sync *sync = lane->lanes->sync;
	const struct sync_lanes *how = &sync->options.handles;
	int rc;

	if (lane->handles.store)
		return 0;
	rc = how->open(how->ctx, lane->index, &lane->handles, error);
	if (rc) {
		lane->handles = (struct sync_handles){NULL, NULL};
		return rc;
	}
	if (state_init_like(&lane->state, sync->state, lane->handles.state)) {
		how->close(how->ctx, lane->index, &lane->handles);
		lane->handles = (struct sync_handles){NULL, NULL};
		return error_nomem(error);
	}
	worker_use(lane->worker, lane->handles.store, &lane->state);
	return 0;
}

static void close_handles(struct lane *lane)
{
	const struct sync_lanes *how = &lane->lanes->sync->options.handles;

	state_fini(&lane->state);
	if (lane->handles.store)
		how->close(how->ctx, lane->index, &lane->handles);
	lane->handles = (struct sync_handles){NULL, NULL};
}

static int run_task(struct lane *lane, const struct task *task, struct cf_error *error)
{
	int rc = open_handles(lane, error);

	lane->worker->facts = task->flight->facts;
	return rc ? rc : batch_run(lane->worker, &task->batch, error);
}

/* With the lock. */
static void finish_task(struct lane *lane, struct flight *flight, int rc,
			const struct cf_error *error)
{
	struct lanes *lanes = lane->lanes;

	if (rc && !flight->rc) {
		flight->rc = rc;
		flight->error = *error;
	}
	if (done_move(&lane->worker->done, &lanes->done) && !flight->rc)
		flight->rc = error_nomem(&flight->error);
	flight->open--;
}

static void lane_main(void *arg)
{
	struct lane *lane = arg;
	struct lanes *lanes = lane->lanes;
	const struct sync_threads *threads = &lanes->threads;

	threads->lock(threads->ctx);
	while (lane->first || !lanes->end) {
		struct task *task = lane->first;
		struct cf_error error = {0};
		bool skip = lanes->skip;
		int rc = 0;

		if (!task) {
			threads->wait(threads->ctx);
			continue;
		}
		lane->first = task->next;
		threads->unlock(threads->ctx);
		if (!skip)
			rc = run_task(lane, task, &error);
		/* A connection that failed may be of no more use. */
		if (rc)
			close_handles(lane);
		threads->lock(threads->ctx);
		finish_task(lane, task->flight, rc, &error);
		threads->wake(threads->ctx);
	}
	threads->unlock(threads->ctx);
	close_handles(lane);
}

/* --- for the thread that reads -----------------------------------------------------------------
 */

static int open_lane(struct lanes *lanes, struct lane *lane, struct cf_error *error)
{
	const struct sync *sync = lanes->sync;
	const struct sync_threads *threads = &lanes->threads;
	int rc = worker_open(&lane->worker, sync->shared, &sync->options, sync->env, error);

	if (rc == 0 && threads->start(threads->ctx, lane_main, lane, &lane->thread))
		rc = error_set(error, CF_ERR_NOMEM, "no thread could be started");
	return rc;
}

int lanes_open(struct lanes **ret, struct sync *sync, struct cf_error *error)
{
	struct lanes *lanes = mem_calloc(sync->mem, 1, sizeof(*lanes));
	int rc = lanes ? 0 : error_nomem(error);

	if (rc)
		return rc;
	lanes->mem = sync->mem;
	lanes->sync = sync;
	lanes->at = mem_calloc(sync->mem, sync->options.lanes, sizeof(*lanes->at));
	done_init(&lanes->done, sync->mem);
	if (!lanes->at || threads_open(&lanes->threads, sync->options.threads, sync->mem))
		rc = error_nomem(error);
	for (; rc == 0 && lanes->count < sync->options.lanes; lanes->count++) {
		struct lane *lane = &lanes->at[lanes->count];

		lane->lanes = lanes;
		lane->index = lanes->count;
		rc = open_lane(lanes, lane, error);
	}
	if (rc) {
		lanes_close(lanes);
		return rc;
	}
	*ret = lanes;
	return 0;
}

struct lanes *lanes_close(struct lanes *lanes)
{
	const struct sync_threads *threads = &lanes->threads;

	if (threads->ctx) {
		threads->lock(threads->ctx);
		lanes->end = true;
		threads->wake(threads->ctx);
		threads->unlock(threads->ctx);
	}
	for (size_t i = 0; i < lanes->count; i++) {
		if (lanes->at[i].thread)
			threads->join(threads->ctx, lanes->at[i].thread);
		worker_close(lanes->at[i].worker);
	}
	threads_close(&lanes->threads);
	done_fini(&lanes->done);
	mem_free(lanes->mem, lanes->at);
	mem_free(lanes->mem, lanes);
	return NULL;
}

void lanes_send(struct lanes *lanes, struct flight *flight)
{
	const struct sync_threads *threads = &lanes->threads;

	threads->lock(threads->ctx);
	for (size_t i = 0; i < lanes->count; i++) {
		struct lane *lane = &lanes->at[i];
		struct task *task = &flight->tasks[i];

		if (task->batch.count == 0) {
			flight->open--;
			continue;
		}
		if (lane->first)
			lane->last->next = task;
		else
			lane->first = task;
		lane->last = task;
	}
	threads->wake(threads->ctx);
	threads->unlock(threads->ctx);
}

int lanes_wait(struct lanes *lanes, const struct flight *flight, struct done *sum)
{
	const struct sync_threads *threads = &lanes->threads;
	int rc;

	threads->lock(threads->ctx);
	while (flight->open)
		threads->wait(threads->ctx);
	rc = done_move(&lanes->done, sum);
	threads->unlock(threads->ctx);
	return rc;
}

bool lanes_done(struct lanes *lanes, const struct flight *flight)
{
	const struct sync_threads *threads = &lanes->threads;
	bool done;

	threads->lock(threads->ctx);
	done = flight->open == 0 && flight->rc == 0;
	threads->unlock(threads->ctx);
	return done;
}

void lanes_skip(struct lanes *lanes, bool skip)
{
	const struct sync_threads *threads = &lanes->threads;

	threads->lock(threads->ctx);
	lanes->skip = skip;
	threads->unlock(threads->ctx);
}
