/* The lineages of a batch, each once. */
#include "sync/worker.h"

int batch_init(struct batch *batch, size_t count_max, struct cf_arena *arena)
{
	*batch = (struct batch){.cap = count_max, .bucket_count = count_max * 2 + 1};
	batch->names = arena_calloc(arena, count_max + 1, sizeof(*batch->names));
	batch->buckets = arena_calloc(arena, batch->bucket_count, sizeof(*batch->buckets));
	return batch->names && batch->buckets ? 0 : CF_ERR_NOMEM;
}

uint64_t lineage_hash(const struct lineage_name *name)
{
	return hash64(name->key, hash64(name->family->root->name, name->singleton));
}

int batch_add(struct batch *batch, const struct lineage_name *name)
{
	size_t at = lineage_hash(name) / 64 % batch->bucket_count;

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
