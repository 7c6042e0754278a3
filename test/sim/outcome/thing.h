/* One thing over time: the revisions that apps saved, and what is agreed on them. Points
 * 7, 8, 10 to 12 and 15 of the law. */
#ifndef OUTCOME_THING_H
#define OUTCOME_THING_H

#include "rule.h"

enum { KNOWN_MAX = 128, LEAVES_OF_THING_MAX = 48 };

/* A leaf as a store shows it. */
struct leaf {
	size_t version;
	struct cf_str rev;
	const struct cf_str *way; /* its ancestors, the nearest first */
	size_t way_count;
	const struct value *document; /* NULL: deleted */
};
struct leaf_list {
	struct leaf at[LEAVES_OF_THING_MAX];
	size_t count;
};
struct known {
	struct cf_str rev;
	const struct value *document;
	unsigned seen; /* the last agreement that whoever edits it has seen */
};
struct thing {
	struct court court;
	struct agreed agreed; /* docs.at[0] NULL: deleted, or never there */
	struct docs before;   /* what was agreed on when it was deleted */
	struct edits deleted; /* agreed deletes */
	unsigned count;       /* of agreements */
	struct known known[VERSIONS_MAX][KNOWN_MAX];
	size_t known_count[VERSIONS_MAX];
	struct cf_str last[VERSIONS_MAX]; /* the known revision that stood last; empty: none */
};
/* Bodies of older revisions; NULL: it can no longer be read. */
struct bodies {
	const struct value *(*read)(void *ctx, size_t version, struct cf_str rev);
	void *ctx;
};

/* Judges what is new among the leaves. False: all waits in quarantine, and nothing was
 * taken. */
bool thing_agree(struct thing *thing, const struct leaf_list *leaves, const struct bodies *bodies,
		 struct losers *ret);
/* What stands in the store now that the engine has written. */
void thing_learn(struct thing *thing, const struct leaf_list *leaves);
bool thing_knows(const struct thing *thing, size_t version, struct cf_str rev);
/* The winner among the leaves of a version; NULL: none. */
const struct leaf *leaf_on_top(const struct leaf_list *leaves, size_t version);
/* Whether the lens to the version that is added takes what is agreed. */
bool thing_can_grow(const struct thing *thing, struct chain *longer);
/* A version is retired. What was said in it is forgotten: the engine does so today, though the
 * law does not. */
void thing_retire(struct thing *thing, size_t version);
/* A version is added: it says what the lens makes of the one before. */
void thing_grow(struct thing *thing);

#endif
