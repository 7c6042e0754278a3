/* The lineages of a batch, each once. */
#include "sync/engine.h"

int batch_init(struct batch *batch, size_t count_max, struct cf_arena *arena)
{
	*batch = (struct batch){.cap = count_max, .bucket_count = count_max * 2 + 1};
	batch->names = arena_calloc(arena, count_max + 1, sizeof(*batch->names));
	batch->buckets = arena_calloc(arena, batch->bucket_count, sizeof(*batch->buckets));
	return batch->names && batch->buckets ? 0 : CF_ERR_NOMEM;
}

int batch_add(struct batch *batch, const struct lineage_name *name)
{
	uint64_t hash = hash64(name->key, (uint64_t)(uintptr_t)name->family + name->singleton);
	size_t at = hash % batch->bucket_count;

	for (; batch->buckets[at]; at = (at + 1) % batch->bucket_count) {
		const struct lineage_name *other = &batch->names[batch->buckets[at] - 1];

		if (other->family == name->family && other->singleton == name->singleton &&
		    str_equal(other->key, name->key))
			return 0;
	}
	cf_assert(batch->count < batch->cap);
	batch->names[batch->count] = *name;
	batch->names[batch->count].refusals = 0;
	batch->names[batch->count++].refused = NULL;
	batch->buckets[at] = batch->count;
	return 0;
}

int batch_take(struct sync *sync, const struct cf_record *record, struct batch *batch,
	       struct unsupported_list *unsupported, struct cf_error *error)
{
	struct lineage_name name;
	struct cf_error why = {0};
	int rc = registry_find(&sync->registry, record->id, &name, &why);

	sync->counters.changes++;
	if (rc == CF_ERR_UNKNOWN_TYPE && support_is(sync, record->id))
		return 0;
	if (rc == CF_ERR_UNKNOWN_TYPE) {
		sync->counters.passed_over++;
		return 0;
	}
	if (rc == CF_ERR_UNSUPPORTED)
		return unsupported_add(unsupported, record, &name, &why, &sync->step)
			       ? error_nomem(error)
			       : 0;
	if (rc) {
		*error = why;
		return rc;
	}
	return echo_is(sync, record) ? 0 : batch_add(batch, &name);
}
