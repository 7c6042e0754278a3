/* Revision trees; see tree.h. The rules are those of couch_key_tree:merge and stem
 * (Apache CouchDB 3), and the order of leaves that of couch_doc:to_doc_info. */
#include "store/tree.h"

#include "store/store.h"

#include <stdlib.h>

ptrdiff_t tree_find(const struct tree_leaf *leaf, struct cf_str rev)
{
	uint64_t newest = revision_generation(leaf->history[0]);
	uint64_t wanted = revision_generation(rev);
	uint64_t steps = newest - wanted;

	if (wanted > newest || steps >= leaf->history_count)
		return -1;
	return str_equal(leaf->history[steps], rev) ? (ptrdiff_t)steps : -1;
}

/* Goes on behind the way's oldest revision where `other` remembers more of it. */
static int extend(struct tree_leaf *leaf, const struct tree_leaf *other, struct cf_arena *arena,
		  bool *ret_longer)
{
	ptrdiff_t at = tree_find(other, leaf->history[leaf->history_count - 1]);
	size_t more;
	struct cf_str *history;

	if (at < 0 || other->history_count - (size_t)at == 1)
		return 0;
	more = other->history_count - (size_t)at - 1;
	history = arena_alloc(arena, (leaf->history_count + more) * sizeof(*history));
	if (!history)
		return CF_ERR_NOMEM;
	memcpy(history, leaf->history, leaf->history_count * sizeof(*history));
	memcpy(history + leaf->history_count, other->history + at + 1, more * sizeof(*history));
	leaf->history = history;
	leaf->history_count += more;
	*ret_longer = true;
	return 0;
}

static int leaf_order(const void *a, const void *b)
{
	const struct tree_leaf *x = a, *y = b;

	return revision_compare(y->history[0], y->deleted, x->history[0], x->deleted);
}

void tree_sort(struct tree *tree)
{
	if (tree->count > 1)
		qsort(tree->leaves, tree->count, sizeof(*tree->leaves), leaf_order);
}

int tree_merge(struct tree *tree, const struct tree_leaf *leaf, struct cf_arena *arena,
	       enum tree_merged *ret)
{
	struct tree merged = {.count = 1};
	bool longer = false;

	for (size_t i = 0; i < tree->count; i++) {
		if (tree_find(&tree->leaves[i], leaf->history[0]) >= 0) {
			*ret = TREE_KNOWN;
			return 0;
		}
	}
	merged.leaves = arena_alloc(arena, (tree->count + 1) * sizeof(*merged.leaves));
	if (!merged.leaves)
		return CF_ERR_NOMEM;
	merged.leaves[0] = *leaf;
	for (size_t i = 0; i < tree->count; i++)
		if (extend(&merged.leaves[0], &tree->leaves[i], arena, &longer))
			return CF_ERR_NOMEM;
	for (size_t i = 0; i < tree->count; i++) {
		struct tree_leaf *kept = &merged.leaves[merged.count];

		if (tree_find(&merged.leaves[0], tree->leaves[i].history[0]) >= 0)
			continue;
		*kept = tree->leaves[i];
		if (extend(kept, &merged.leaves[0], arena, &longer))
			return CF_ERR_NOMEM;
		merged.count++;
	}
	*ret = merged.count <= tree->count || tree->count == 0 ? TREE_LEAF : TREE_BRANCH;
	tree_sort(&merged);
	*tree = merged;
	return 0;
}

int tree_stem(struct tree *tree, size_t max, struct cf_arena *arena)
{
	bool longer = false;

	for (size_t i = 0; i < tree->count; i++) {
		if (tree->leaves[i].history_count > max) {
			tree->leaves[i].history_count = max;
			longer = tree->count > 1;
		}
	}
	/* What another leaf still needs of a shared way stays for all. */
	while (longer) {
		longer = false;
		for (size_t i = 0; i < tree->count; i++)
			for (size_t k = 0; k < tree->count; k++)
				if (k != i &&
				    extend(&tree->leaves[i], &tree->leaves[k], arena, &longer))
					return CF_ERR_NOMEM;
	}
	return 0;
}
