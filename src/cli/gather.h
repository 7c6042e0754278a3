/* Parts that must meet: documents kept until those that need them come, and
 * documents that wait for parts. */
#ifndef CLI_GATHER_H
#define CLI_GATHER_H

#include "base/base.h"

struct gathered {
	struct cf_str id;
	struct cf_str text;      /* of the part; ptr NULL: it has not come */
	struct waiting *waiting; /* who waits for it, last first */
	bool written;            /* a shared part that was made: once is enough */
	struct gathered *next;
};
struct waiting {
	struct cf_str text;
	struct waiting *next;
};
struct gather {
	struct cf_arena arena;
	struct gathered **buckets;
	size_t bucket_count, count;
};

void gather_init(struct gather *gather, const struct cf_mem *mem);
void gather_fini(struct gather *gather);
/* NULL: not there, or with `add` no memory. */
struct gathered *gather_find(struct gather *gather, struct cf_str id, bool add);
int gather_wait(struct gather *gather, struct cf_str id, struct cf_str text);

#endif
