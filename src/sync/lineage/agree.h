/* What agree.c and said.c share. */
#ifndef SYNC_LINEAGE_AGREE_H
#define SYNC_LINEAGE_AGREE_H

#include "sync/lineage/lineage.h"

struct agreeing {
	struct bench *bench;
	struct lineage *lineage;
	struct plan *plan;
	struct base_step *steps; /* by slot */
};

/* said.c: who said what, of a slot, from now on. 0 or NOMEM. */
int agree_said(const struct agreeing *a, size_t slot);
/* Edits at holes wait in the base. */
int agree_pending(const struct agreeing *a, size_t slot);
/* What a deleted thing said last, for those who come back with an edit of it: one document
 * whole, of the others what it cannot say. */
void agree_bodies(const struct agreeing *a);

#endif
