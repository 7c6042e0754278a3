/* Many databases on a few threads; see sync.h. All that threads share stands in struct
 * sync_pool and is guarded by its lock; a worker's own things are its own. */
#include "sync/databases.h"

#include "sync/engine.h"
#include "sync/limits.h"

#include <pthread.h>

struct pool_worker {
	struct sync_pool *pool;
	size_t index;
	pthread_t thread;
	bool started;
	struct sync *sync;
};

struct sync_pool {
	struct sync_pool_how how;
	const struct cf_mem *mem;
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

/* --- one slice ---------------------------------------------------------------------------- */

static bool others_wait(struct sync_pool *pool)
{
	bool wait;

	pthread_mutex_lock(&pool->lock);
	wait = databases_wait(&pool->databases) || pool->end;
	pthread_mutex_unlock(&pool->lock);
	return wait;
}

/* Steps until there is nothing to do, or until others have waited for long enough. */
static int work_on(struct pool_worker *worker, struct database *database,
		   enum sync_pool_state *ret_next, struct cf_error *error)
{
	struct sync *sync = worker->sync;
	bool idle = false;
	int rc = database->published ? 0 : sync_publish_support(sync, error);

	database->published = database->published || rc == 0;
	for (unsigned steps = 1; rc == 0 && !idle; steps++) {
		rc = sync_step(sync, &idle, error);
		if (steps % SYNC_SLICE_STEPS == 0 && others_wait(worker->pool))
			break;
	}
	*ret_next = idle || rc             ? SYNC_POOL_IDLE
		    : sync->reading.active ? SYNC_POOL_FIRST
					   : SYNC_POOL_FRESH;
	return rc;
}

static int take_slice(struct pool_worker *worker, struct database *database,
		      enum sync_pool_state *ret_next, struct sync_counters *ret,
		      struct cf_error *error)
{
	const struct sync_pool_how *how = &worker->pool->how;
	struct cf_str name = str_of(database->name);
	struct cf_store *store = NULL, *records = NULL;
	struct state state = {.store = NULL};
	int rc = how->open(how->ctx, worker->index, name, &store, &records, error);

	*ret_next = SYNC_POOL_IDLE;
	if (rc)
		return rc;
	if (state_init(&state, records, name, worker->pool->mem))
		rc = error_nomem(error);
	if (rc == 0)
		rc = sync_attach(worker->sync, store, &state, error);
	if (rc == 0) {
		rc = work_on(worker, database, ret_next, error);
		*ret = *sync_counted(worker->sync);
		sync_detach(worker->sync);
	}
	state_fini(&state);
	how->close(how->ctx, worker->index, store, records);
	return rc;
}

/* --- workers -------------------------------------------------------------------------------- */

static void add_counters(struct sync_counters *sum, const struct sync_counters *more)
{
	sum->changes += more->changes;
	sum->passed_over += more->passed_over;
	sum->unsupported += more->unsupported;
	sum->lineages += more->lineages;
	sum->documents_written += more->documents_written;
	sum->records_written += more->records_written;
	sum->conflicts += more->conflicts;
	sum->quarantined += more->quarantined;
	sum->incomplete += more->incomplete;
	sum->support_written += more->support_written;
}

/* With the lock. */
static void put_back(struct sync_pool *pool, struct database *database, enum sync_pool_state next)
{
	database->state = SYNC_POOL_IDLE;
	if (database->removed) {
		databases_remove(&pool->databases, database);
		return;
	}
	if (database->again)
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
		struct database *database = databases_take(&pool->databases);
		struct sync_counters done = {0};
		enum sync_pool_state next;
		struct cf_error error = {0};
		int rc;

		if (!database) {
			pthread_cond_broadcast(&pool->quiet);
			pthread_cond_wait(&pool->work, &pool->lock);
			continue;
		}
		pool->busy++;
		pthread_mutex_unlock(&pool->lock);
		rc = take_slice(worker, database, &next, &done, &error);
		if (rc && pool->how.failed)
			pool->how.failed(pool->how.ctx, str_of(database->name), &error);
		pthread_mutex_lock(&pool->lock);
		pool->busy--;
		pool->slices++;
		add_counters(&pool->sum, &done);
		put_back(pool, database, next);
	}
	pthread_cond_broadcast(&pool->quiet);
	pthread_mutex_unlock(&pool->lock);
	return NULL;
}

static int start_workers(struct sync_pool *pool, const struct catalog *catalog,
			 const struct cf_env *env, struct cf_error *error)
{
	struct sync_options options = pool->how.sync;
	int rc = 0;

	options.host = NULL;
	options.wait_ms = 0;
	for (size_t i = 0; i < pool->how.workers && rc == 0; i++) {
		struct pool_worker *worker = &pool->workers[i];

		*worker = (struct pool_worker){.pool = pool, .index = i};
		rc = sync_worker_open(&worker->sync, catalog, &options, env, pool->mem, error);
		if (rc == 0 && pthread_create(&worker->thread, NULL, worker_main, worker))
			rc = error_set(error, CF_ERR_NOMEM, "no thread could be started");
		worker->started = rc == 0;
	}
	return rc;
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
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->work, NULL);
	pthread_cond_init(&pool->quiet, NULL);
	pool->workers = mem_calloc(mem, how->workers, sizeof(*pool->workers));
	rc = pool->workers ? start_workers(pool, catalog, env, error) : error_nomem(error);
	if (rc) {
		sync_pool_close(pool);
		return rc;
	}
	*ret = pool;
	return 0;
}

struct sync_pool *sync_pool_close(struct sync_pool *pool)
{
	if (!pool)
		return NULL;
	pthread_mutex_lock(&pool->lock);
	pool->end = true;
	pthread_cond_broadcast(&pool->work);
	pthread_mutex_unlock(&pool->lock);
	for (size_t i = 0; pool->workers && i < pool->how.workers; i++) {
		if (pool->workers[i].started)
			pthread_join(pool->workers[i].thread, NULL);
		sync_close(pool->workers[i].sync);
	}
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
	if (database->state != SYNC_POOL_FRESH)
		databases_queue(&pool->databases, database, state);
	pthread_cond_signal(&pool->work);
}

int sync_pool_add(struct sync_pool *pool, struct cf_str name, enum sync_pool_state state,
		  struct cf_error *error)
{
	struct database *database;

	cf_assert(state != SYNC_POOL_BUSY);
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

void sync_pool_wait(struct sync_pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	while (!pool->end && (pool->busy || databases_wait(&pool->databases)))
		pthread_cond_wait(&pool->quiet, &pool->lock);
	pthread_mutex_unlock(&pool->lock);
}

void sync_pool_count(struct sync_pool *pool, struct sync_pool_counts *ret)
{
	pthread_mutex_lock(&pool->lock);
	*ret = (struct sync_pool_counts){.slices = pool->slices, .sum = pool->sum};
	for (size_t i = 0; i < pool->databases.cap; i++)
		if (pool->databases.slots[i])
			ret->databases[pool->databases.slots[i]->state]++;
	pthread_mutex_unlock(&pool->lock);
}
