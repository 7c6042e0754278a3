/* A table of parts by id. */
#include "cli/gather.h"

void gather_init(struct gather *gather, const struct cf_mem *mem)
{
	*gather = (struct gather){.buckets = NULL};
	arena_init(&gather->arena, mem);
}

void gather_fini(struct gather *gather)
{
	mem_free(gather->arena.mem, gather->buckets);
	arena_fini(&gather->arena);
	gather->buckets = NULL;
}

static int grow(struct gather *gather)
{
	size_t count = gather->bucket_count ? gather->bucket_count * 2 : 1024;
	struct gathered **buckets = mem_calloc(gather->arena.mem, count, sizeof(struct gathered *));

	if (!buckets)
		return CF_ERR_NOMEM;
	for (size_t i = 0; i < gather->bucket_count; i++) {
		struct gathered *next;

		for (struct gathered *g = gather->buckets[i]; g; g = next) {
			size_t at = hash64(g->id, 0) & (count - 1);

			next = g->next;
			g->next = buckets[at];
			buckets[at] = g;
		}
	}
	mem_free(gather->arena.mem, gather->buckets);
	gather->buckets = buckets;
	gather->bucket_count = count;
	return 0;
}

struct gathered *gather_find(struct gather *gather, struct cf_str id, bool add)
{
	struct gathered *g = NULL;
	uint64_t hash = hash64(id, 0);

	if (gather->bucket_count)
		g = gather->buckets[hash & (gather->bucket_count - 1)];
	for (; g; g = g->next)
		if (str_equal(g->id, id))
			return g;
	if (!add || (gather->count >= gather->bucket_count && grow(gather)))
		return NULL;
	g = arena_calloc(&gather->arena, 1, sizeof(*g));
	if (!g)
		return NULL;
	g->id = arena_dup(&gather->arena, id);
	g->next = gather->buckets[hash & (gather->bucket_count - 1)];
	gather->buckets[hash & (gather->bucket_count - 1)] = g;
	gather->count++;
	return g->id.ptr ? g : NULL;
}

int gather_wait(struct gather *gather, struct cf_str id, struct cf_str text)
{
	struct gathered *g = gather_find(gather, id, true);
	struct waiting *w = g ? arena_calloc(&gather->arena, 1, sizeof(*w)) : NULL;

	if (!w)
		return CF_ERR_NOMEM;
	w->text = arena_dup(&gather->arena, text);
	w->next = g->waiting;
	g->waiting = w;
	return w->text.ptr ? 0 : CF_ERR_NOMEM;
}
