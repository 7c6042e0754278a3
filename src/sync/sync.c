/* Opening and closing job one, and what it tells of itself.
 *
 * A worker is what a thread needs, whatever the database: lens machines, tapes, arenas,
 * what it wrote lately. A database is attached to it while there is something to do; of
 * one that is not, nothing is kept here (pool.c keeps its name). */
#include "sync/engine.h"

#include "sync/limits.h"

#include <stdio.h>

/* What the catalog says, in 128 bits: places, and the text of schemas and lenses. */
static void take_fingerprint(struct sync *sync, const struct catalog *catalog)
{
	const struct catalog_type *types;
	const struct catalog_edge *edges;
	size_t type_count = catalog_types(catalog, &types);
	size_t edge_count = catalog_edges(catalog, &edges);
	struct hash128 sum = {.low = 1, .high = SYNC_KNOWN_MAX};

	for (size_t i = 0; i < type_count; i++) {
		for (size_t k = 0; k < types[i].major_count; k++) {
			const struct catalog_major *major = &types[i].majors[k];
			const struct catalog_schema *newest =
				&major->schemas[major->schema_count - 1];
			struct hash128 hash = json_hash128(json_file_root(&newest->file));

			sum.low = hash64(types[i].name, sum.low + major->major) + hash.low;
			sum.high = sum.high * 31 + hash.high + major->supported;
		}
	}
	for (size_t i = 0; i < edge_count; i++) {
		struct hash128 hash = json_hash128(json_file_root(lens_file(edges[i].lens)));

		sum.low = sum.low * 31 + hash.low;
		sum.high = sum.high * 37 + hash.high;
	}
	hash128_hex(sum, sync->fingerprint);
}

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
	if (!(state->capabilities & CF_STORE_CAS) || !(state->capabilities & CF_STORE_ORDERED))
		return error_set(error, CF_ERR_UNSUPPORTED_OP,
				 "the state store must know preconditions and ordered scans");
	return 0;
}

/* --- a worker ---------------------------------------------------------------------- */

int sync_worker_open(struct sync **ret, const struct catalog *catalog,
		     const struct sync_options *options, const struct cf_env *env,
		     const struct cf_mem *mem, struct cf_error *error)
{
	const struct catalog_type *types;
	size_t place_count = catalog_types(catalog, &types) * LIMIT_MAJORS + 1;
	struct sync *sync = mem_calloc(mem, 1, sizeof(*sync));
	int rc;

	if (!sync)
		return error_nomem(error);
	sync->mem = mem;
	sync->env = env;
	sync->catalog = catalog;
	sync->options = *options;
	if (sync->options.batch_changes_max == 0)
		sync->options.batch_changes_max = SYNC_BATCH_CHANGES;
	arena_init(&sync->step, mem);
	arena_init(&sync->registry.arena, mem);
	arena_init(&sync->bench.arena, mem);
	arena_init(&sync->bench.batch, mem);
	buf_init(&sync->bench.scratch, mem);
	sync->bench.mem = mem;
	sync->retired = mem_calloc(mem, place_count, sizeof(bool));
	sync->echoes = mem_calloc(mem, SYNC_ECHOES, sizeof(*sync->echoes));
	sync->usage = mem_calloc(mem, place_count, sizeof(*sync->usage));
	rc = sync->retired && sync->echoes && sync->usage ? 0 : error_nomem(error);
	if (rc == 0)
		rc = registry_init(&sync->registry, catalog, sync->retired, mem, error);
	if (rc == 0 && bench_init(&sync->bench, &sync->registry, NULL, NULL, mem))
		rc = error_nomem(error);
	if (rc == 0 && support_init(sync))
		rc = error_nomem(error);
	if (options->host)
		snprintf(sync->engine_id, sizeof(sync->engine_id), "%016llx",
			 (unsigned long long)env->random(env->ctx));
	take_fingerprint(sync, catalog);
#ifdef CHESTERFIELD_PLANTED
	sync->bench.planted = (enum planted)options->planted;
#endif
	if (rc) {
		sync_close(sync);
		return rc;
	}
	*ret = sync;
	return 0;
}

/* --- a database ---------------------------------------------------------------------- */

int sync_attach(struct sync *sync, struct cf_store *store, const struct state *state,
		struct cf_error *error)
{
	int rc = check_stores(store, state->store, error);

	if (rc)
		return rc;
	sync->store = sync->bench.store = store;
	sync->state = sync->bench.state = state;
	sync->batch_changes = sync->options.batch_changes_max;
	/* Two databases may have the same revisions of the same ids. */
	sync->echo_salt++;
	rc = retired_load(sync, error);
	if (rc == 0)
		rc = checkpoint_load(sync, error);
	if (rc == 0 && sync->other_catalog)
		rc = retry_unsupported(sync, error);
	if (rc == 0)
		rc = fanout_load(sync, error);
	if (rc)
		sync_detach(sync);
	return rc;
}

void sync_detach(struct sync *sync)
{
	while (sync->fanouts)
		fanout_drop(sync, sync->fanouts);
	reading_fini(sync);
	usage_forget(sync);
	mem_free(sync->mem, sync->since);
	mem_free(sync->mem, sync->checkpoint_rev);
	mem_free(sync->mem, sync->last_id);
	mem_free(sync->mem, sync->last_rev);
	mem_free(sync->mem, sync->retired_rev);
	sync->since = sync->checkpoint_rev = sync->last_id = sync->last_rev = sync->retired_rev =
		NULL;
	sync->store = sync->bench.store = NULL;
	sync->state = sync->bench.state = NULL;
	sync->counters = sync->before = (struct sync_counters){0};
	sync->changes_next = sync->retired_news = sync->support_published = false;
	sync->read_all = sync->rebuilding = sync->other_catalog = sync->announced = false;
	sync->started_ms = sync->looked_ms = 0;
	sync->opened_ms = sync->beat_ms = 0;
	sync->other_count = 0;
}

int sync_open(struct sync **ret, const struct catalog *catalog, struct cf_store *store,
	      const struct state *state, const struct sync_options *options,
	      const struct cf_env *env, const struct cf_mem *mem, struct cf_error *error)
{
	struct sync *sync = NULL;
	int rc = sync_worker_open(&sync, catalog, options, env, mem, error);

	if (rc == 0)
		rc = sync_attach(sync, store, state, error);
	if (rc) {
		sync_close(sync);
		return rc;
	}
	*ret = sync;
	return 0;
}

struct sync *sync_close(struct sync *sync)
{
	if (!sync)
		return NULL;
	sync_detach(sync);
	bench_fini(&sync->bench);
	registry_fini(&sync->registry);
	arena_fini(&sync->step);
	mem_free(sync->mem, sync->retired);
	mem_free(sync->mem, sync->echoes);
	mem_free(sync->mem, sync->usage);
	support_fini(sync);
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
