/* Twins: a history happens once more in a world with one change that must not matter, and
 * documents and lists must be the same. A twin is one row of twins.c: the change, and how to
 * map back follows from the shapes of both worlds. */
#ifndef OUTCOME_TWIN_H
#define OUTCOME_TWIN_H

#include "tape.h"

#define KEY_LETTERS "klmno"

enum { TWINS_MAX = 32, REVISION_PAIRS_MAX = 512 };

struct twinning;
struct twin {
	const char *name;
	/* Changes t->other, of which nothing is open yet. False: there is nothing to change. */
	bool (*change)(struct twinning *t);
	bool rewrites; /* documents are not byte by byte the same: revisions of ours differ */
	/* Where somebody saved on what was not the newest, the law asks for older bodies and ways,
	 * which not every store has: then each world is only judged by itself. */
	bool unforked;
	/* Nobody has the state built anew: documents of ours count as words from then on, and
	 * with another version there are more of them. */
	bool remembers;
};
extern const struct twin twins[];
size_t twin_count(void);

/* A revision of ours has another id in the other world. */
struct revision_pair {
	size_t version; /* in the one world */
	struct cf_str one, other;
};
struct twinning {
	const struct twin *twin;
	struct table *one, *other;
	struct rng rng;
	bool changed;
	size_t to[VERSIONS_MAX]; /* where a version is in the other world */
	/* What an element's name, one of KEY_LETTERS, is there; [0] NULL: the same. */
	const char *keys[sizeof(KEY_LETTERS)];
	struct revision_pair pairs[REVISION_PAIRS_MAX];
	size_t pair_count;
};

/* mapping.c: from the one world into the other; memory: the other's. */
const struct value *map_document(struct twinning *t, size_t version, const struct value *document);
struct cf_str map_revision(const struct twinning *t, size_t version, struct cf_str rev);
struct entry map_entry(struct twinning *t, const struct entry *entry);
/* Learns from what stands in both after the same step. */
void map_learn(struct twinning *t, const struct leaf_list *one, const struct leaf_list *other);

enum twin_end {
	TWIN_SAME,
	TWIN_DIFFERS,    /* other->why */
	TWIN_DEVIATES,   /* the one history itself: one->why */
	TWIN_NOT_PLAYED, /* the change does not apply to it */
	TWIN_ENDS
};
/* Plays both; `one` and `other` keep why. */
enum twin_end twin_play(const struct twin *twin, const struct game *game, struct table *one,
			struct table *other, bool tells);

#endif
