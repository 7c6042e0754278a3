/* What is known in the histories of a document's leaves, each looked at once. */
#include "sync/lineage/lineage.h"

/* The known revisions by hash. */
struct known_index {
	const struct base_slot *slot;
	uint32_t *buckets; /* 1 + index; NULL: few enough to be walked */
	size_t mask;
};

enum { WALKED = 8 };

static int index_known(struct known_index *index, const struct base_slot *slot,
		       struct cf_arena *arena)
{
	size_t size = 16;

	*index = (struct known_index){.slot = slot};
	if (slot->known_count <= WALKED)
		return 0;
	while (size < slot->known_count * 2)
		size *= 2;
	index->mask = size - 1;
	index->buckets = arena_calloc(arena, size, sizeof(*index->buckets));
	if (!index->buckets)
		return CF_ERR_NOMEM;
	for (size_t i = 0; i < slot->known_count; i++) {
		size_t at = hash64(slot->known[i].rev, 0) & index->mask;

		while (index->buckets[at])
			at = (at + 1) & index->mask;
		index->buckets[at] = (uint32_t)(i + 1);
	}
	return 0;
}

static ptrdiff_t find_known(const struct known_index *index, struct cf_str rev)
{
	size_t at;

	if (!index->buckets)
		return base_find(index->slot, rev);
	for (at = hash64(rev, 0) & index->mask; index->buckets[at]; at = (at + 1) & index->mask)
		if (str_equal(index->slot->known[index->buckets[at] - 1].rev, rev))
			return (ptrdiff_t)index->buckets[at] - 1;
	return -1;
}

static void find_ancestor(const struct known_index *index, struct leaf *leaf)
{
	leaf->ancestor = -1;
	for (leaf->unknown = 0; leaf->unknown < leaf->history_count; leaf->unknown++) {
		leaf->ancestor = find_known(index, leaf->history[leaf->unknown]);
		if (leaf->ancestor >= 0)
			break;
	}
	leaf->known = leaf->ancestor >= 0 && leaf->unknown == 0;
}

/* The generation from which on it is known how this leaf came about. */
static uint64_t known_from(const struct leaf *leaf)
{
	return revision_generation(leaf->history[leaf->history_count - 1]);
}

/* Whether the leaf, one of several, may have come from there. */
static bool may_follow(const struct leaf *leaf, struct cf_str rev)
{
	return known_from(leaf) > revision_generation(rev);
}

/* The revision that was current when agreed last is no leaf any more, and no leaf says
 * that it came from there: stores remember some revisions only. Then one has replaced it: the
 * only one that is left, or the only one that may have. But not a leaf of which all is
 * remembered: then what was current is ours, and never landed. */
static void adopt(const struct base_slot *base, struct slot *slot)
{
	ptrdiff_t current = base_current(base);
	size_t count = slot->record.revision_count, able_count = 0;
	struct leaf *able = NULL;

	if (current < 0)
		current = base->known_count ? 0 : -1;
	for (size_t i = 0; i < count && current >= 0; i++) {
		struct leaf *leaf = &slot->leaves[i];

		if (leaf->ancestor == current)
			return;
		if (leaf->ancestor < 0 && known_from(leaf) > 1 &&
		    (count == 1 || may_follow(leaf, base->known[current].rev))) {
			able = leaf;
			able_count++;
		}
	}
	if (able_count == 1)
		able->ancestor = current;
}

int slot_find_ancestors(struct bench *bench, struct lineage *lineage, struct slot *slot)
{
	const struct base_slot *base = &lineage->base.slots[slot->index];
	struct known_index index;

	slot->leaves =
		arena_calloc(&bench->arena, slot->record.revision_count + 1, sizeof(*slot->leaves));
	if (!slot->leaves || index_known(&index, base, &bench->arena))
		return error_nomem(&lineage->error);
	for (size_t i = 0; i < slot->record.revision_count; i++) {
		const struct cf_revision *revision = &slot->record.revisions[i];
		struct leaf *leaf = &slot->leaves[i];

		leaf->revision = revision;
		leaf->document = JSON_ABSENT;
		leaf->history = revision->history_count ? revision->history : &revision->rev;
		leaf->history_count = revision->history_count ? revision->history_count : 1;
		find_ancestor(&index, leaf);
	}
	adopt(base, slot);
	return 0;
}

int slot_add_news(struct bench *bench, struct slot *slot, const struct base_news *news)
{
	if (slot->news_count == slot->news_cap) {
		size_t cap = slot->news_cap ? slot->news_cap * 2 : 4;
		struct base_news *grown = arena_alloc(&bench->arena, cap * sizeof(*grown));

		if (!grown)
			return CF_ERR_NOMEM;
		if (slot->news_count)
			memcpy(grown, slot->news, slot->news_count * sizeof(*grown));
		slot->news = grown;
		slot->news_cap = cap;
	}
	slot->news[slot->news_count++] = *news;
	return 0;
}

static uint64_t seen_by(const struct lineage *lineage, const struct slot *slot,
			const struct leaf *leaf)
{
	const struct base_slot *base = &lineage->base.slots[slot->index];

	return leaf->ancestor < 0 ? 0 : base_seen(&lineage->base, base, (size_t)leaf->ancestor);
}

int slot_learn_way(struct bench *bench, struct lineage *lineage, struct slot *slot,
		   const struct leaf *leaf)
{
	int answer = 0;

	for (size_t i = 1; i < leaf->unknown && !PLANTED(bench, WAY_NOT_LEARNED); i++) {
		struct base_news news = {.rev = leaf->history[i],
					 .seen = seen_by(lineage, slot, leaf)};
		const struct cf_record *record;
		struct json_value document;
		int rc = need_revision(bench, slot->id, news.rev, false, &record);

		if (rc < 0)
			return error_nomem(&lineage->error);
		answer = rc ? rc : answer;
		/* What cannot be read stays unknown; it is nobody's document any more. Nor is it
		 * that of who went on from a tombstone: he goes on from what it deleted. */
		if (rc || record->revision_count == 0 || !record->revisions[0].body.ptr ||
		    record->revisions[0].deleted ||
		    leaf_read(bench, lineage, slot, &record->revisions[0], &document) ||
		    bench_atoms(bench, slot->kind, document, &news.atoms))
			continue;
		if (slot_add_news(bench, slot, &news))
			return error_nomem(&lineage->error);
	}
	return answer;
}
