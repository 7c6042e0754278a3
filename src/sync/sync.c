/* Opening and closing a database, and what job one says of it. */
#include "sync/engine.h"

#include <stdio.h>

int sync_check_store(const struct cf_store *store, struct cf_error *error)
{
	unsigned need = CF_STORE_CHANGES | CF_STORE_HISTORIES;

	if ((store->capabilities & need) != need)
		return error_set(error, CF_ERR_UNSUPPORTED_OP,
				 "this store keeps no %s: documents cannot be kept in all versions "
				 "here",
				 store->capabilities & CF_STORE_CHANGES ? "revision histories"
									: "feed of changes");
	return 0;
}

int sync_check_state(const struct cf_store *state, struct cf_error *error)
{
	if (!(state->capabilities & CF_STORE_CAS) || !(state->capabilities & CF_STORE_ORDERED))
		return error_set(error, CF_ERR_UNSUPPORTED_OP,
				 "the state store must know preconditions and ordered scans");
	return 0;
}

int sync_check_apart(const struct cf_store *store, const struct cf_store *state,
		     struct cf_error *error)
{
	if (!store->place || !state->place || strcmp(store->place, state->place) != 0)
		return 0;
	return error_set(error, CF_ERR_USAGE,
			 "the state cannot stand among the documents: %s is both", store->place);
}

static int check_stores(const struct cf_store *store, const struct cf_store *state,
			struct cf_error *error)
{
	int rc = sync_check_store(store, error);

	if (rc)
		return rc;
	rc = sync_check_apart(store, state, error);
	if (rc)
		return rc;
	return sync_check_state(state, error);
}

/* What its state says, and the lanes. */
static int load(struct sync *sync, struct cf_error *error)
{
	int rc = retired_load(sync, error);

	if (rc == 0)
		rc = checkpoint_load(sync, error);
	if (rc == 0)
		rc = usage_load(sync->worker, error);
	if (rc == 0 && sync->other_catalog)
		rc = retry_unsupported(sync, error);
	if (rc == 0)
		rc = fanout_load(sync, error);
	if (rc == 0 && sync->options.lanes > 1)
		rc = lanes_open(&sync->lanes, sync, error);
	if (sync->lanes)
		sync->batch_changes *= sync->options.lanes;
	return rc;
}

static int init(struct sync *sync, struct cf_error *error)
{
	const struct cf_env *env = sync->env;

	done_init(&sync->done, sync->mem);
	if (sync->options.batch_changes_max == 0)
		sync->options.batch_changes_max = SYNC_BATCH_CHANGES;
	sync->batch_changes = sync->options.batch_changes_max;
	if (sync->options.host)
		snprintf(sync->engine_id, sizeof(sync->engine_id), "%016llx",
			 (unsigned long long)env->random(env->ctx));
	sync->echo_salt = ++sync->shared->salts;
	sync->worker->facts.echo_salt = sync->echo_salt;
	return unnamed_init(sync) ? error_nomem(error) : load(sync, error);
}

int sync_open_on(struct sync **ret, struct worker *worker, const struct sync_options *options,
		 struct cf_error *error)
{
	struct sync *sync;
	int rc = check_stores(worker->store, worker->state->store, error);

	if (rc)
		return rc;
	sync = mem_calloc(worker->mem, 1, sizeof(*sync));
	if (!sync)
		return error_nomem(error);
	sync->mem = worker->mem;
	sync->env = worker->env;
	sync->shared = worker->shared;
	sync->worker = worker;
	sync->store = worker->store;
	sync->state = worker->state;
	sync->options = *options;
	arena_init(&sync->step, sync->mem);
	rc = init(sync, error);
	if (rc) {
		sync_close(sync);
		return rc;
	}
	*ret = sync;
	return 0;
}

int sync_open(struct sync **ret, const struct catalog *catalog, struct cf_store *store,
	      const struct state *state, const struct sync_options *options,
	      const struct cf_env *env, const struct cf_mem *mem, struct cf_error *error)
{
	struct sync_registry *shared = NULL;
	struct worker *worker = NULL;
	int rc = sync_registry_open(&shared, catalog, mem, error);

	if (rc == 0)
		rc = worker_open(&worker, shared, options, env, error);
	if (rc == 0) {
		worker_use(worker, store, state);
		rc = sync_open_on(ret, worker, options, error);
	}
	if (rc) {
		worker_close(worker);
		sync_registry_close(shared);
		return rc;
	}
	(*ret)->owns_worker = true;
	return 0;
}

struct sync *sync_close(struct sync *sync)
{
	if (!sync)
		return NULL;
	flight_drop_all(sync);
	if (sync->lanes)
		lanes_close(sync->lanes);
	while (sync->fanouts)
		fanout_drop(sync, sync->fanouts);
	reading_fini(sync);
	done_fini(&sync->done);
	unnamed_fini(sync);
	mem_free(sync->mem, sync->since);
	mem_free(sync->mem, sync->ahead);
	mem_free(sync->mem, sync->landed);
	mem_free(sync->mem, sync->checkpoint_rev);
	mem_free(sync->mem, sync->last_id);
	mem_free(sync->mem, sync->last_rev);
	mem_free(sync->mem, sync->retired_rev);
	arena_fini(&sync->step);
	worker_use(sync->worker, NULL, NULL);
	if (sync->owns_worker) {
		struct sync_registry *shared = sync->shared;

		worker_close(sync->worker);
		sync_registry_close(shared);
	}
	mem_free(sync->mem, sync);
	return NULL;
}

const struct sync_counters *sync_counted(const struct sync *sync)
{
	return &sync->counters;
}

bool sync_reading(const struct sync *sync, uint64_t *ret_done, uint64_t *ret_total)
{
	if (sync->reading.active) {
		*ret_done = sync->reading.done;
		*ret_total = sync->reading.total;
	}
	return sync->reading.active;
}

int sync_lag(struct sync *sync, uint64_t *ret, struct cf_error *error)
{
	int rc = store_behind(sync->store, str_of(sync->since), ret, error);

	if (rc == 0 && sync->reading.active)
		*ret += sync->reading.total - sync->reading.done;
	return rc;
}
