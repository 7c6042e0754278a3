/* Revision trees: whole ways merged in any order give the same tree, merging again
 * changes nothing, and stemming keeps every leaf. Each byte is one revision: its
 * parent is the revision that many places before it, or none. */
#include "store/store.h"
#include "store/tree.h"

enum { REVISIONS_MAX = 48 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct universe {
	struct tree_leaf ways[REVISIONS_MAX];
	size_t count;
};

static void make_universe(struct universe *universe, const uint8_t *data, size_t size,
			  struct cf_arena *arena)
{
	for (size_t i = 0; i < size && i < REVISIONS_MAX; i++) {
		size_t back = data[i] & 63;
		const struct tree_leaf *parent =
			back && back <= i ? &universe->ways[i - back] : NULL;
		size_t old = parent ? parent->history_count : 0;
		struct cf_str *history = arena_alloc(arena, (old + 1) * sizeof(*history));

		cf_assert(history);
		history[0] = arena_printf(arena, "%zu-%c%zu", old + 1, 'a' + (data[i] >> 6), i);
		if (old)
			memcpy(history + 1, parent->history, old * sizeof(*history));
		universe->ways[universe->count++] =
			(struct tree_leaf){history, old + 1, data[i] >> 7, NULL};
	}
}

static void merge(struct tree *tree, const struct tree_leaf *way, struct cf_arena *arena)
{
	enum tree_merged merged;

	cf_assert(tree_merge(tree, way, arena, &merged) == 0);
	cf_assert(tree_merge(tree, way, arena, &merged) == 0 && merged == TREE_KNOWN);
}

static void same(const struct tree *a, const struct tree *b)
{
	cf_assert(a->count == b->count);
	for (size_t i = 0; i < a->count; i++) {
		cf_assert(a->leaves[i].history_count == b->leaves[i].history_count);
		for (size_t k = 0; k < a->leaves[i].history_count; k++)
			cf_assert(str_equal(a->leaves[i].history[k], b->leaves[i].history[k]));
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct universe universe = {.count = 0};
	struct tree forth = {0}, back = {0}, mixed = {0};
	struct cf_arena arena;
	struct cf_str winner;

	if (size == 0)
		return 0;
	arena_init(&arena, &mem_heap);
	make_universe(&universe, data, size, &arena);
	for (size_t i = 0; i < universe.count; i++) {
		merge(&forth, &universe.ways[i], &arena);
		merge(&back, &universe.ways[universe.count - 1 - i], &arena);
		/* Odd places first, then even ones. */
		merge(&mixed,
		      &universe.ways[i < universe.count / 2 ? 2 * i + 1
							    : 2 * (i - universe.count / 2)],
		      &arena);
	}
	same(&forth, &back);
	same(&forth, &mixed);
	winner = forth.leaves[0].history[0];
	cf_assert(tree_stem(&forth, 1 + data[0] % 5, &arena) == 0);
	cf_assert(forth.count == back.count && str_equal(forth.leaves[0].history[0], winner));
	arena_fini(&arena);
	return 0;
}
