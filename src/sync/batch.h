/* What the files of a batch share: batch.c works, batch_read.c reads, landing.c writes. */
#ifndef SYNC_BATCH_H
#define SYNC_BATCH_H

#include "sync/worker.h"

/* Lineages on their way: those of the batch, then the parts that they refer to. */
struct work {
	struct lineage *at;
	struct state_record *bases;
	bool *again; /* somebody else was first */
	bool *done;  /* it agrees, or is on a list */
	size_t count, cap;
	unsigned round; /* of working on all of them, from 0 */
	size_t own;     /* the first so many are the batch's, */
	size_t turn;    /* and the first so many of these are worked on in this round */
};

/* batch_read.c: room for so many more. 0 or NOMEM. */
int work_grow(struct worker *worker, struct work *work, size_t more);
/* Lineages [from, work->count) are new: reads what is theirs. */
int read_lineages(struct worker *worker, struct work *work, size_t from, struct cf_error *error);
int read_base(struct worker *worker, struct lineage *lineage, const struct state_record *record,
	      struct cf_error *error);
/* Whatever the lineages turned out to need, in one request of each kind. */
int read_all_needs(struct worker *worker, struct work *work, struct cf_error *error);

/* landing.c: writes; whoever was not first is marked `again`. */
int write_plan(struct worker *worker, struct work *work, struct plan *plan, struct cf_error *error);

#endif
