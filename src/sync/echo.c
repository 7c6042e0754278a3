/* Revisions that this process wrote itself, which the feed will show again. */
#include "sync/worker.h"

static uint64_t echo_hash(const struct worker *worker, struct cf_str id, struct cf_str rev)
{
	return hash64(rev, hash64(id, worker->facts.echo_salt)) | 1;
}

void echo_note(struct worker *worker, struct cf_str id, struct cf_str rev)
{
	uint64_t hash = echo_hash(worker, id, rev);

	atomic_store_explicit(&worker->shared->echoes[hash % SYNC_ECHOES], hash,
			      memory_order_relaxed);
}

bool echo_has(const struct worker *worker, struct cf_str id, struct cf_str rev)
{
	uint64_t hash = echo_hash(worker, id, rev);

	return atomic_load_explicit(&worker->shared->echoes[hash % SYNC_ECHOES],
				    memory_order_relaxed) == hash;
}

/* Whether it is news to us: not merely what this process wrote itself. */
bool echo_is(const struct worker *worker, const struct cf_record *record)
{
	size_t alive = 0;

	for (size_t i = 0; i < record->revision_count; i++) {
		if (!echo_has(worker, record->id, record->revisions[i].rev))
			return false;
		alive += !record->revisions[i].deleted;
	}
	return record->revision_count > 0 && alive <= 1;
}
