/* Whether edits of a lineage's documents are edits of a part that they embed. */
#ifndef SYNC_LINEAGE_LEADS_H
#define SYNC_LINEAGE_LEADS_H

#include "sync/lineage/lineage.h"

struct tracing {
	const struct lineage *lineage;
	struct cf_arena *arena;
	size_t target;      /* the shared slot */
	struct cf_str want; /* a pointer there; ptr NULL: any */
	bool found;
	const struct link *link; /* the one it is on */
	const struct crossing *way;
};

/* For edits that lead to the shared slot `target`. */
struct tracing tracing_to(struct bench *bench, const struct lineage *lineage, size_t target);
/* Whether an edit of a saved document is one of the part in `target` (at `want`; ptr NULL:
 * at all). 0 or NOMEM. */
int leads_to(struct tracing *t, const struct settle_saved *saved, size_t edit, bool *ret);

#endif
