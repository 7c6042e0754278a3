/* Many databases on a few threads; see sync.h. All that threads share stands in struct
 * sync_pool and is guarded by its lock; a worker's own things are its own. */
#include "sync/databases.h"

#include "sync/engine.h"
#include "sync/threads.h"

#include <time.h>

enum { PAUSE_MS_FIRST = 100, PAUSE_MS_MAX = 30000, PAUSE_DOUBLINGS = 9, ASK_MS = 1000 };

struct pool_worker {
	struct sync_pool *pool;
	size_t index;
	pthread_t thread;
	bool started;
	struct worker *worker;
	/* Guarded by the lock: of the database it has. */
	bool reading;
	uint64_t reading_done, reading_total, behind;
};

struct sync_pool {
	struct sync_pool_how how;
	const struct cf_mem *mem;
	const struct cf_env *env;
	struct sync_registry *shared;
	struct pool_worker *workers;
	pthread_mutex_t lock;
	pthread_cond_t work;  /* something is queued, or all is to end */
	pthread_cond_t quiet; /* a worker has nothing more to do */
	struct databases databases;
	size_t busy;
	bool end;
	uint64_t slices;
	struct sync_counters sum;
};

/* A database while a worker has it. */
struct slice {
	struct pool_worker *by;
	struct database *database;
	struct cf_str name;
	struct sync_handles handles;
	struct state state;
	struct sync *sync;
	struct sync_counters counted; /* that are in the pool's sum */
	uint64_t asked_ms;            /* when the store last said how far behind it is */
	bool moved;                   /* something was achieved since the last failure */
	enum sync_pool_state next;
};

static uint64_t steady_ms(const struct sync_pool *pool)
{
	return pool->env->monotonic_ns(pool->env->ctx) / 1000000;
}

/* With the lock. 0: as long as it takes. */
static void wait_on(pthread_cond_t *cond, struct sync_pool *pool, uint64_t ms)
{
	struct timespec until;

	if (ms == 0) {
		pthread_cond_wait(cond, &pool->lock);
		return;
	}
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_sec += (time_t)(ms / 1000);
	until.tv_nsec += (long)(ms % 1000) * 1000000;
	if (until.tv_nsec >= 1000000000) {
		until.tv_nsec -= 1000000000;
		until.tv_sec++;
	}
	pthread_cond_timedwait(cond, &pool->lock, &until);
}

/* --- failures ----------------------------------------------------------------------------- */

static bool may_pass(const struct sync_pool *pool, struct database *database, int code)
{
	uint64_t now_ms = steady_ms(pool), patience_ms = pool->how.patience_ms;

	if (database->tries == 0)
		database->failing_ms = now_ms;
	return cf_error_class(code) == CF_CLASS_RETRYABLE && code != CF_ERR_NOMEM &&
	       (patience_ms == SYNC_POOL_FOR_EVER || now_ms - database->failing_ms < patience_ms);
}

static void report(const struct slice *slice, const struct cf_error *error,
		   enum sync_pool_after after)
{
	const struct sync_pool_how *how = &slice->by->pool->how;

	if (how->failed)
		how->failed(how->ctx, slice->name, error, after);
}

/* Longer and longer, with a third of chance, so that many do not come back together. */
static uint64_t choose_pause(const struct sync_pool *pool, unsigned tries)
{
	uint64_t pause = (uint64_t)PAUSE_MS_FIRST
			 << (tries < PAUSE_DOUBLINGS ? tries : PAUSE_DOUBLINGS);

	if (pause > PAUSE_MS_MAX)
		pause = PAUSE_MS_MAX;
	return pause - pool->env->random(pool->env->ctx) % (pause / 3);
}

/* Whether it is tried again, and from when on. */
static bool note_failure(struct slice *slice, int rc, struct cf_error *error)
{
	struct sync_pool *pool = slice->by->pool;
	struct database *database = slice->database;
	bool retry;

	if (slice->moved)
		database->tries = 0;
	slice->moved = false;
	error->code = rc;
	retry = may_pass(pool, database, rc);
	if (retry)
		database->due_ms = steady_ms(pool) + choose_pause(pool, database->tries++);
	report(slice, error,
	       !retry                 ? SYNC_POOL_RESTS
	       : database->tries == 1 ? SYNC_POOL_RETRIES
				      : SYNC_POOL_STILL);
	return retry;
}

/* Waits with the database in hand until it is due; false: others wait, or all is to end. */
static bool pause_here(struct slice *slice)
{
	struct sync_pool *pool = slice->by->pool;
	uint64_t now_ms = steady_ms(pool);
	bool ours;

	pthread_mutex_lock(&pool->lock);
	while (!pool->end && !databases_wait(&pool->databases) &&
	       now_ms < slice->database->due_ms) {
		wait_on(&pool->work, pool, slice->database->due_ms - now_ms);
		now_ms = steady_ms(pool);
	}
	ours = !pool->end && now_ms >= slice->database->due_ms;
	pthread_mutex_unlock(&pool->lock);
	return ours;
}

/* --- one slice ---------------------------------------------------------------------------- */

/* A step was taken: adds what it did to the sum. */
static void note_step(struct slice *slice)
{
	struct pool_worker *by = slice->by;
	struct sync_pool *pool = by->pool;
	struct sync_counters now = *sync_counted(slice->sync);
	uint64_t behind = by->behind, now_ms = steady_ms(pool);

	slice->moved = slice->moved || now.changes > slice->counted.changes ||
		       now.records_written > slice->counted.records_written ||
		       now.documents_written > slice->counted.documents_written;
	if (pool->how.progress && now_ms - slice->asked_ms >= ASK_MS) {
		(void)sync_lag(slice->sync, &behind, NULL);
		slice->asked_ms = now_ms;
	}
	pthread_mutex_lock(&pool->lock);
	by->reading = sync_reading(slice->sync, &by->reading_done, &by->reading_total);
	by->behind = behind;
	sync_counters_add(&pool->sum, &now);
	sync_counters_sub(&pool->sum, &slice->counted);
	pthread_mutex_unlock(&pool->lock);
	slice->counted = now;
}

static bool others_wait(struct sync_pool *pool)
{
	bool wait;

	pthread_mutex_lock(&pool->lock);
	wait = databases_wait(&pool->databases) || pool->end;
	pthread_mutex_unlock(&pool->lock);
	return wait;
}

/* A store that does not want these documents is no reason to stop. */
static int publish(struct slice *slice, struct cf_error *error)
{
	int rc = slice->database->published ? 0 : sync_publish_support(slice->sync, error);

	if (rc == CF_ERR_FORBIDDEN || rc == CF_ERR_INVALID) {
		report(slice, error, SYNC_POOL_GOES_ON);
		rc = 0;
	}
	slice->database->published = slice->database->published || rc == 0;
	return rc;
}

/* Steps until there is nothing to do, or until others have waited for long enough. */
static void work_on(struct slice *slice)
{
	struct sync_pool *pool = slice->by->pool;
	bool idle = false;

	for (unsigned steps = 1; pool->how.follow || !idle; steps++) {
		struct cf_error error = {0};
		int rc = publish(slice, &error);

		if (rc == 0)
			rc = sync_step(slice->sync, &idle, &error);
		note_step(slice);
		if (rc && !note_failure(slice, rc, &error)) {
			slice->next = SYNC_POOL_IDLE;
			return;
		}
		slice->next = SYNC_POOL_LATER;
		if (rc && !pause_here(slice))
			return;
		if (rc)
			continue;
		if ((idle || steps % SYNC_SLICE_STEPS == 0) && others_wait(pool))
			break;
	}
	slice->next = idle                          ? SYNC_POOL_IDLE
		      : slice->sync->reading.active ? SYNC_POOL_FIRST
						    : SYNC_POOL_FRESH;
}

static int open_lane(void *ctx, size_t lane, struct sync_handles *ret, struct cf_error *error)
{
	const struct slice *slice = ctx;
	const struct sync_pool_how *how = &slice->by->pool->how;
	size_t place = how->workers + slice->by->index * how->sync.lanes + lane;

	return how->open(how->ctx, place, slice->name, ret, error);
}

static void close_lane(void *ctx, size_t lane, const struct sync_handles *handles)
{
	const struct slice *slice = ctx;
	const struct sync_pool_how *how = &slice->by->pool->how;

	how->close(how->ctx, how->workers + slice->by->index * how->sync.lanes + lane, handles);
}

/* What is decided once for a database, and its state. */
static int open_database(struct slice *slice, struct cf_error *error)
{
	struct sync_pool *pool = slice->by->pool;
	struct database *database = slice->database;
	struct sync_options options = pool->how.sync;
	int rc = 0;

	options.handles = (struct sync_lanes){open_lane, close_lane, slice};
	worker_use(slice->by->worker, slice->handles.store, &slice->state);
	if (!database->prepared && pool->how.prepare)
		rc = pool->how.prepare(pool->how.ctx, slice->name, slice->handles.store,
				       &slice->state, error);
	if (rc == 0)
		rc = sync_open_on(&slice->sync, slice->by->worker, &options, error);
	if (rc == 0 && !database->prepared)
		rc = sync_catalog_accept(&slice->state, pool->shared->catalog, pool->env, pool->mem,
					 error);
	database->prepared = database->prepared || rc == 0;
	return rc;
}

static void close_slice(struct slice *slice)
{
	const struct sync_pool_how *how = &slice->by->pool->how;

	/* What cannot be taken back now is taken for gone in half a minute. */
	if (slice->sync)
		(void)sync_leave(slice->sync, NULL);
	slice->sync = sync_close(slice->sync);
	state_fini(&slice->state);
	how->close(how->ctx, slice->by->index, &slice->handles);
}

static void take_slice(struct slice *slice)
{
	struct sync_pool *pool = slice->by->pool;
	const struct sync_pool_how *how = &pool->how;
	struct cf_error error = {0};
	struct cf_str in_state = slice->name;
	int rc = how->open(how->ctx, slice->by->index, slice->name, &slice->handles, &error);

	slice->next = SYNC_POOL_LATER;
	if (rc) {
		slice->next = note_failure(slice, rc, &error) ? SYNC_POOL_LATER : SYNC_POOL_IDLE;
		return;
	}
	if (in_state.len == 0)
		in_state = state_database_of(slice->handles.store);
	if (state_init(&slice->state, slice->handles.state, in_state, pool->mem))
		rc = error_nomem(&error);
	if (rc == 0)
		rc = open_database(slice, &error);
	if (rc)
		slice->next = note_failure(slice, rc, &error) ? SYNC_POOL_LATER : SYNC_POOL_IDLE;
	else
		work_on(slice);
	close_slice(slice);
}

/* --- workers -------------------------------------------------------------------------------- */

/* With the lock. */
static void put_back(struct sync_pool *pool, struct slice *slice)
{
	struct database *database = slice->database;
	enum sync_pool_state next = slice->next;

	database->state = SYNC_POOL_IDLE;
	if (database->removed) {
		databases_remove(&pool->databases, database);
		return;
	}
	if (slice->moved)
		database->tries = 0;
	if (database->again && next != SYNC_POOL_LATER)
		next = SYNC_POOL_FRESH;
	database->again = false;
	databases_queue(&pool->databases, database, next);
}

static void *worker_main(void *arg)
{
	struct pool_worker *worker = arg;
	struct sync_pool *pool = worker->pool;

	pthread_mutex_lock(&pool->lock);
	while (!pool->end) {
		uint64_t left_ms = databases_wake(&pool->databases, steady_ms(pool));
		struct slice slice = {.by = worker, .database = databases_take(&pool->databases)};

		if (!slice.database) {
			pthread_cond_broadcast(&pool->quiet);
			wait_on(&pool->work, pool, left_ms);
			continue;
		}
		slice.name = str_of(slice.database->name);
		pool->busy++;
		pthread_mutex_unlock(&pool->lock);
		take_slice(&slice);
		pthread_mutex_lock(&pool->lock);
		pool->busy--;
		pool->slices++;
		worker->reading = false;
		worker->behind = 0;
		put_back(pool, &slice);
	}
	pthread_cond_broadcast(&pool->quiet);
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

static int start_workers(struct sync_pool *pool, struct cf_error *error)
{
	int rc = 0;

	for (size_t i = 0; i < pool->how.workers && rc == 0; i++) {
		struct pool_worker *worker = &pool->workers[i];

		*worker = (struct pool_worker){.pool = pool, .index = i};
		rc = worker_open(&worker->worker, pool->shared, &pool->how.sync, pool->env, error);
		if (rc == 0 && thread_create(&worker->thread, worker_main, worker))
			rc = error_set(error, CF_ERR_NOMEM, "no thread could be started");
		worker->started = rc == 0;
	}
	return rc;
}

static int init_locks(struct sync_pool *pool)
{
	pthread_condattr_t steady;

	if (pthread_condattr_init(&steady))
		return CF_ERR_NOMEM;
	pthread_condattr_setclock(&steady, CLOCK_MONOTONIC);
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->work, &steady);
	pthread_cond_init(&pool->quiet, &steady);
	pthread_condattr_destroy(&steady);
	return 0;
}

int sync_pool_open(struct sync_pool **ret, const struct catalog *catalog,
		   const struct sync_pool_how *how, const struct cf_env *env,
		   const struct cf_mem *mem, struct cf_error *error)
{
	struct sync_pool *pool = mem_calloc(mem, 1, sizeof(*pool));
	int rc;

	cf_assert(how->workers > 0 && how->open && how->close);
	if (!pool)
		return error_nomem(error);
	pool->how = *how;
	pool->mem = pool->databases.mem = mem;
	pool->env = env;
	if (init_locks(pool)) {
		mem_free(mem, pool);
		return error_nomem(error);
	}
	pool->workers = mem_calloc(mem, how->workers, sizeof(*pool->workers));
	rc = pool->workers ? sync_registry_open(&pool->shared, catalog, mem, error)
			   : error_nomem(error);
	if (rc == 0)
		rc = start_workers(pool, error);
	if (rc) {
		sync_pool_close(pool);
		return rc;
	}
	*ret = pool;
	return 0;
}

void sync_pool_end(struct sync_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	pool->end = true;
	pthread_cond_broadcast(&pool->work);
	pthread_mutex_unlock(&pool->lock);
	for (size_t i = 0; pool->workers && i < pool->how.workers; i++) {
		if (pool->workers[i].started)
			pthread_join(pool->workers[i].thread, NULL);
		pool->workers[i].started = false;
	}
}

struct sync_pool *sync_pool_close(struct sync_pool *pool)
{
	if (!pool)
		return NULL;
	sync_pool_end(pool);
	for (size_t i = 0; pool->workers && i < pool->how.workers; i++)
		worker_close(pool->workers[i].worker);
	sync_registry_close(pool->shared);
	databases_fini(&pool->databases);
	mem_free(pool->mem, pool->workers);
	pthread_cond_destroy(&pool->quiet);
	pthread_cond_destroy(&pool->work);
	pthread_mutex_destroy(&pool->lock);
	mem_free(pool->mem, pool);
	return NULL;
}

/* --- databases ------------------------------------------------------------------------------ */

/* With the lock. Fresh changes come before a first reading, never the other way round. */
static void note_change(struct sync_pool *pool, struct database *database,
			enum sync_pool_state state)
{
	if (state == SYNC_POOL_IDLE)
		return;
	if (database->state == SYNC_POOL_BUSY) {
		database->again = true;
		return;
	}
	/* One that failed waits for its time. */
	if (database->state != SYNC_POOL_FRESH && database->state != SYNC_POOL_LATER)
		databases_queue(&pool->databases, database, state);
	pthread_cond_signal(&pool->work);
}

int sync_pool_add(struct sync_pool *pool, struct cf_str name, enum sync_pool_state state,
		  struct cf_error *error)
{
	struct database *database;

	cf_assert(state < SYNC_POOL_LATER);
	pthread_mutex_lock(&pool->lock);
	database = databases_find(&pool->databases, name);
	if (!database)
		database = databases_add(&pool->databases, name);
	if (database) {
		database->removed = false;
		note_change(pool, database, state);
	}
	pthread_mutex_unlock(&pool->lock);
	return database ? 0 : error_nomem(error);
}

int sync_pool_changed(struct sync_pool *pool, struct cf_str name)
{
	struct database *database;

	pthread_mutex_lock(&pool->lock);
	database = databases_find(&pool->databases, name);
	if (database)
		note_change(pool, database, SYNC_POOL_FRESH);
	pthread_mutex_unlock(&pool->lock);
	return database ? 0 : CF_ERR_NOT_FOUND;
}

int sync_pool_seen(struct sync_pool *pool, struct cf_str name, struct cf_str token)
{
	uint64_t seen = hash64(token, 0) | 1;
	struct database *database;

	pthread_mutex_lock(&pool->lock);
	database = databases_find(&pool->databases, name);
	if (database) {
		bool changed = database->seen && database->seen != seen;

		database->seen = seen;
		if (changed)
			note_change(pool, database, SYNC_POOL_FRESH);
	}
	pthread_mutex_unlock(&pool->lock);
	return database ? 0 : CF_ERR_NOT_FOUND;
}

void sync_pool_remove(struct sync_pool *pool, struct cf_str name)
{
	struct database *database;

	pthread_mutex_lock(&pool->lock);
	database = databases_find(&pool->databases, name);
	if (database && database->state == SYNC_POOL_BUSY) {
		database->removed = true;
	} else if (database) {
		databases_queue(&pool->databases, database, SYNC_POOL_IDLE);
		databases_remove(&pool->databases, database);
	}
	pthread_mutex_unlock(&pool->lock);
}

/* With the lock. */
static bool is_quiet(const struct sync_pool *pool)
{
	return pool->end ||
	       (!pool->busy && !databases_wait(&pool->databases) && !pool->databases.later.first);
}

bool sync_pool_wait(struct sync_pool *pool, unsigned ms)
{
	uint64_t until_ms = steady_ms(pool) + ms;
	bool quiet;

	pthread_mutex_lock(&pool->lock);
	while (!(quiet = is_quiet(pool))) {
		uint64_t now_ms = steady_ms(pool);

		if (ms && now_ms >= until_ms)
			break;
		wait_on(&pool->quiet, pool, ms ? until_ms - now_ms : 0);
	}
	pthread_mutex_unlock(&pool->lock);
	return quiet;
}

void sync_pool_count(struct sync_pool *pool, struct sync_pool_counts *ret)
{
	pthread_mutex_lock(&pool->lock);
	*ret = (struct sync_pool_counts){.slices = pool->slices, .sum = pool->sum};
	for (size_t i = 0; i < pool->databases.cap; i++)
		if (pool->databases.slots[i])
			ret->databases[pool->databases.slots[i]->state]++;
	for (size_t i = 0; i < pool->how.workers; i++) {
		const struct pool_worker *worker = &pool->workers[i];

		ret->reading = ret->reading || worker->reading;
		ret->reading_done += worker->reading ? worker->reading_done : 0;
		ret->reading_total += worker->reading ? worker->reading_total : 0;
		ret->behind += worker->behind;
	}
	pthread_mutex_unlock(&pool->lock);
}

struct pool_about pool_about(const struct sync_pool *pool)
{
	return (struct pool_about){pool->shared->fingerprint, pool->env, pool->mem};
}
