/* Revisions that a lineage turned out to need: noted for the whole batch, read at once. */
#include "sync/lineage/lineage.h"

enum { NEED_BUCKETS = 512 };

int need_revision(struct bench *bench, struct cf_str id, struct cf_str rev, bool data,
		  const struct cf_record **ret)
{
	struct needs *needs = &bench->needs;
	struct need **bucket, *need;

	if (!needs->buckets) {
		needs->buckets = arena_calloc(&bench->batch, NEED_BUCKETS, sizeof(struct need *));
		if (!needs->buckets)
			return CF_ERR_NOMEM;
	}
	bucket = &needs->buckets[hash64(rev, hash64(id, data)) % NEED_BUCKETS];
	for (need = *bucket; need; need = need->next) {
		if (need->data != data || !str_equal(need->rev, rev) || !str_equal(need->id, id))
			continue;
		*ret = &need->record;
		return need->read ? 0 : LINEAGE_NEEDS;
	}
	need = arena_calloc(&bench->batch, 1, sizeof(*need));
	if (!need)
		return CF_ERR_NOMEM;
	need->id = arena_dup(&bench->batch, id);
	need->rev = arena_dup(&bench->batch, rev);
	need->data = data;
	need->next = *bucket;
	if (!need->id.ptr || !need->rev.ptr)
		return CF_ERR_NOMEM;
	*bucket = need;
	if (needs->last)
		needs->last->also = need;
	else
		needs->first = need;
	needs->last = need;
	needs->open++;
	*ret = &need->record;
	return LINEAGE_NEEDS;
}

int need_entry(struct bench *bench, enum state_kind kind, struct cf_str name, bool *ret_there)
{
	struct needs *needs = &bench->needs;
	struct need_entry *need;

	for (need = needs->entries; need; need = need->also) {
		if (need->kind != kind || !str_equal(need->name, name))
			continue;
		*ret_there = need->there;
		return need->read ? 0 : LINEAGE_NEEDS;
	}
	need = arena_calloc(&bench->batch, 1, sizeof(*need));
	if (!need)
		return CF_ERR_NOMEM;
	*need = (struct need_entry){.kind = kind, .name = name, .also = needs->entries};
	needs->entries = need;
	needs->entries_open++;
	return LINEAGE_NEEDS;
}
