/* A range as the files that read and compare it see it. */
#ifndef SCHEMA_RANGE_H
#define SCHEMA_RANGE_H

#include "schema/schema.h"

enum range_op {
	RANGE_ANY,
	RANGE_LESS,
	RANGE_LESS_EQUAL,
	RANGE_GREATER,
	RANGE_GREATER_EQUAL,
	RANGE_EQUAL,
	RANGE_TILDE,
	RANGE_CARET,
};

struct comparator {
	enum range_op op;
	uint32_t set; /* comparators of one set stand together */
	struct semver version;
};

struct semver_range {
	const struct cf_mem *mem;
	char *text;
	struct comparator *comparators;
	size_t count;
	size_t cap;
};

/* How two ranges differ as sets of versions. A step is what semver promises nothing
 * across: a major from 1 on, a minor of 0.x, each 0.0.x. */
struct range_change {
	bool disjoint;      /* no release is in both */
	bool step_removed;  /* of some step the old one has releases, the new one none */
	bool step_added;    /* and the other way round */
	bool minor;         /* the same with a minor version, either way */
	bool patch;         /* they differ at all in releases */
	bool prerelease;    /* some prerelease is in one of them only */
	struct semver step; /* with step_removed or step_added: the first release of such a step */
};
/* 0 or NOMEM. */
int range_compare(struct range_change *ret, const struct semver_range *a,
		  const struct semver_range *b, const struct cf_mem *mem);

#endif
