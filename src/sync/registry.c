/* What follows from a catalog, made once for all threads; see worker.h. */
#include "sync/worker.h"

/* What the catalog says, in 128 bits: places, and the text of schemas and lenses. */
static void take_fingerprint(struct sync_registry *shared)
{
	const struct catalog_type *types;
	const struct catalog_edge *edges;
	size_t type_count = catalog_types(shared->catalog, &types);
	size_t edge_count = catalog_edges(shared->catalog, &edges);
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
	hash128_hex(sum, shared->fingerprint);
}

int sync_registry_open(struct sync_registry **ret, const struct catalog *catalog,
		       const struct cf_mem *mem, struct cf_error *error)
{
	const struct catalog_type *types;
	size_t place_count = catalog_types(catalog, &types) * LIMIT_MAJORS + 1;
	struct sync_registry *shared = mem_calloc(mem, 1, sizeof(*shared));
	const struct served *all;
	bool *none = mem_calloc(mem, place_count, sizeof(bool));
	int rc;

	if (!shared || !none) {
		mem_free(mem, shared);
		mem_free(mem, none);
		return error_nomem(error);
	}
	shared->mem = mem;
	shared->catalog = catalog;
	shared->place_count = place_count;
	pthread_mutex_init(&shared->lock, NULL);
	take_fingerprint(shared);
	shared->echoes = mem_calloc(mem, SYNC_ECHOES, sizeof(*shared->echoes));
	rc = shared->echoes && support_init(shared) == 0 ? 0 : error_nomem(error);
	if (rc == 0)
		rc = served_get(shared, none, &all, error);
	mem_free(mem, none);
	if (rc) {
		sync_registry_close(shared);
		return rc;
	}
	*ret = shared;
	return 0;
}

static struct served *served_free(struct sync_registry *shared, struct served *served)
{
	struct served *next = served->next;

	registry_fini(&served->registry);
	mem_free(shared->mem, served->retired);
	mem_free(shared->mem, served);
	return next;
}

struct sync_registry *sync_registry_close(struct sync_registry *shared)
{
	if (!shared)
		return NULL;
	while (shared->served)
		shared->served = served_free(shared, shared->served);
	support_fini(shared);
	mem_free(shared->mem, shared->echoes);
	pthread_mutex_destroy(&shared->lock);
	mem_free(shared->mem, shared);
	return NULL;
}

static int served_make(struct sync_registry *shared, const bool *retired, struct served **ret,
		       struct cf_error *error)
{
	struct served *served = mem_calloc(shared->mem, 1, sizeof(*served));
	int rc = served ? 0 : error_nomem(error);

	if (rc)
		return rc;
	served->retired = mem_calloc(shared->mem, shared->place_count, sizeof(bool));
	if (served->retired) {
		memcpy(served->retired, retired, shared->place_count * sizeof(bool));
		rc = registry_init(&served->registry, shared->catalog, served->retired, shared->mem,
				   error);
	} else {
		rc = error_nomem(error);
	}
	if (rc)
		served_free(shared, served);
	else
		*ret = served;
	return rc;
}

int served_get(struct sync_registry *shared, const bool *retired, const struct served **ret,
	       struct cf_error *error)
{
	struct served *served;
	int rc = 0;

	pthread_mutex_lock(&shared->lock);
	for (served = shared->served; served; served = served->next)
		if (memcmp(served->retired, retired, shared->place_count * sizeof(bool)) == 0)
			break;
	if (!served) {
		rc = served_make(shared, retired, &served, error);
		if (rc == 0) {
			served->next = shared->served;
			shared->served = served;
		}
	}
	pthread_mutex_unlock(&shared->lock);
	if (rc == 0)
		*ret = served;
	return rc;
}
