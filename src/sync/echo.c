/* Revisions that this process wrote itself, which the feed will show again. */
#include "sync/engine.h"

#include "sync/limits.h"

static uint64_t echo_hash(const struct sync *sync, struct cf_str id, struct cf_str rev)
{
	return hash64(rev, hash64(id, sync->echo_salt)) | 1;
}

void echo_note(struct sync *sync, struct cf_str id, struct cf_str rev)
{
	uint64_t hash = echo_hash(sync, id, rev);

	sync->echoes[hash % SYNC_ECHOES] = hash;
}

bool echo_has(const struct sync *sync, struct cf_str id, struct cf_str rev)
{
	uint64_t hash = echo_hash(sync, id, rev);

	return sync->echoes[hash % SYNC_ECHOES] == hash;
}

/* Whether it is news to us: not merely what this process wrote itself. */
bool echo_is(const struct sync *sync, const struct cf_record *record)
{
	size_t alive = 0;

	for (size_t i = 0; i < record->revision_count; i++) {
		if (!echo_has(sync, record->id, record->revisions[i].rev))
			return false;
		alive += !record->revisions[i].deleted;
	}
	return record->revision_count > 0 && alive <= 1;
}
