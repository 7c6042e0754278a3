/* What leaves.c and merge.c share. */
#ifndef SYNC_LEAVES_H
#define SYNC_LEAVES_H

#include "sync/lineage/lineage.h"

/* A leaf that is not known, or two of them merged at the part they share. */
struct candidate {
	struct cf_str rev;
	const struct cf_str *history; /* [0] is where it stands in the tree */
	size_t history_count;
	struct atoms atoms;
	bool merged_away;
};

/* leaves.c: the document of a revision, with its attachments as a member. */
int leaf_read(struct bench *bench, struct lineage *lineage, const struct slot *slot,
	      const struct cf_revision *revision, struct json_value *ret);

/* merge.c: how much of a history, from the leaf on, nobody has agreed on. */
size_t candidate_unknown(const struct base_slot *base, const struct candidate *candidate);
/* Merges candidates until no two of them share such a part. */
int candidates_merge(struct bench *bench, struct lineage *lineage, struct slot *slot,
		     struct candidate *at, size_t count);

#endif
