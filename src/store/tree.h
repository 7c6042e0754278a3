/* Revision trees, as CouchDB's couch_key_tree keeps them.
 *
 * A tree is kept as its leaves, each with the way back to its root: the tree is
 * the union of these ways. Generations along a way fall by one at each step, so
 * a revision is found in it by its generation. Leaves stand in order, the winner
 * first. Ways are as long as any of them knows: what one leaf remembers of an
 * ancestor, all that share the ancestor remember.
 *
 * Left out: bodies of revisions that are no leaves; a store may keep them beside.
 * Where two histories give the same revision different parents (which a hash of
 * the parent rules out), the one that came first stays.
 */
#ifndef STORE_TREE_H
#define STORE_TREE_H

#include "base/base.h"

struct tree_leaf {
	const struct cf_str *history; /* [0] the leaf, [1] its parent, ... */
	size_t history_count;         /* > 0 */
	bool deleted;
	void *content; /* the caller's */
};

struct tree {
	struct tree_leaf *leaves;
	size_t count;
};

enum tree_merged {
	TREE_KNOWN,  /* the revision was there: nothing changed */
	TREE_LEAF,   /* it is the first, or took the place of a leaf */
	TREE_BRANCH, /* it stands beside the leaves that were */
};

/* Merges one way. `tree->leaves` is replaced by an array in the arena; the old one
 * and the ways in it stay as they were. The ways are borrowed or in the arena. */
int tree_merge(struct tree *tree, const struct tree_leaf *leaf, struct cf_arena *arena,
	       enum tree_merged *ret);
/* Forgets what is farther than `max` - 1 steps from each leaf. max > 0. */
int tree_stem(struct tree *tree, size_t max, struct cf_arena *arena);
/* Where the revision stands on the way; -1 if it does not. */
ptrdiff_t tree_find(const struct tree_leaf *leaf, struct cf_str rev);
/* Sorts leaves given in any order, the winner first. */
void tree_sort(struct tree *tree);

#endif
