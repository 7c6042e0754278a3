/* A chain of versions with the lenses between neighbours, as the rule sees it: who wins
 * is asked of the documents of all versions together. */
#ifndef OUTCOME_CHAIN_H
#define OUTCOME_CHAIN_H

#include "catalog/catalog.h"
#include "value.h"

enum { VERSIONS_MAX = 6, KEYED_MAX = 8 };

/* An array whose elements have a key, as one version says it. */
struct keyed_path {
	struct path path;
	const char *key; /* a member; NULL: the elements are scalars, each its own key */
};
struct chain {
	const struct catalog *catalog; /* of one type, whose majors are 1 to count */
	struct lens_worker *worker;
	struct cf_arena *arena; /* of all documents */
	size_t count;
	struct keyed_path keyed[VERSIONS_MAX][KEYED_MAX];
	size_t keyed_count[VERSIONS_MAX];
	uint64_t lenses_run;
};
/* What each version says; NULL: not made yet. */
struct docs {
	struct value *at[VERSIONS_MAX];
};

/* The documents of a type's majors; `chain->catalog` and all else but keyed arrays. */
struct docs docs_clone(const struct chain *chain, const struct docs *docs);
bool docs_alike(const struct chain *chain, const struct docs *a, const struct docs *b);
/* All others say what version v says, neighbour by neighbour. False: a lens failed. */
bool chain_carry(struct chain *chain, struct docs *docs, size_t v);
/* Valid, and each the image of its neighbours. */
bool chain_sound(struct chain *chain, const struct docs *docs);
/* Whether a saved document is valid and can be carried over what is there (NULL: over
 * nothing). */
bool chain_crosses(struct chain *chain, const struct docs *there, size_t v,
		   const struct value *document);
const struct keyed_path *chain_keyed(const struct chain *chain, size_t v, const struct path *path,
				     size_t count);

#endif
