/* Within move/: a backfill, and how far it came.
 *
 * backfill.c copies what the old store holds; extra.c then deletes what only the new one
 * holds, where it may hold such; fill.c keeps the progress and settles one record. */
#ifndef MOVE_FILL_H
#define MOVE_FILL_H

#include "move/inside.h"

#define MOVE_FILL_JOB "backfill"

struct filling {
	struct cf_move *m;
	const struct cf_move_watch *watch;
	struct cf_move_backfill *sums;
	struct cf_buf cursor;
	struct cf_put *puts;
	struct cf_answer *answers;
	size_t count;
	enum cf_put_kind kind; /* of a creation */
	uint64_t began_ns, saved_ns, worked_ms, done_here;
	uint64_t step; /* of the control record, when it began */
	uint64_t both_step;
	bool extra;       /* what the old store holds is copied: the new store is looked through */
	bool compare_all; /* that is needed */
	struct cf_error *error;
};
int move_fill_save(struct filling *f);
/* A refused record is kept by its key, with the reason. */
int move_fill_refused(struct filling *f, struct cf_str key, struct cf_str message);
int move_fill_settle(struct filling *f, struct cf_str key);
/* At the end of a page: progress, pace, and whether it is to stop. */
int move_fill_page_done(struct filling *f, size_t count, struct cf_str cursor);
/* --- extra.c: what only the new store holds goes. */
int move_fill_extra(struct filling *f);

#endif
