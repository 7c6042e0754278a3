/* Within move/: what its files share.
 *
 * The road of the commands: config.c -> open.c -> plan.c, control.c -> backfill.c,
 * verify.c -> copy.c (one record made equal), compare.c (two records compared).
 * All state is in the control store, in records whose ids begin with the move's name:
 *
 *   NAME            the control record: stage, step, gate
 *   NAME/backfill   how far it came
 *   NAME/verify     how far it came, and what it counted
 *   NAME/log/TIME   who did what
 */
#ifndef MOVE_INSIDE_H
#define MOVE_INSIDE_H

#include "store/store.h"

#include <chesterfield/move.h>

struct move_calls;

/* Tests stop here: `at` is called at each named point of a call, by the thread that makes
 * it. */
struct move_hook {
	void (*at)(void *ctx, const char *point);
	void *ctx;
};

struct cf_move {
	const struct move_hook *hook; /* NULL: none */
	struct move_calls *calls;     /* joined; see calls.h */
	const struct cf_move_config *config;
	struct cf_mem mem;
	struct cf_env env;
	struct cf_store *old_store, *new_store, *control;
	struct cf_arena arena;       /* of the call */
	struct cf_arena notes_arena; /* lives as long as the handle */
	struct cf_str *notes;
	size_t note_count;
	struct json_doc doc, other; /* bodies */
	struct cf_buf buf;
	bool merged; /* both scan in one order */
};

static inline void move_at(const struct cf_move *m, const char *point)
{
	if (m->hook)
		m->hook->at(m->hook->ctx, point);
}

/* --- worker.c --------------------------------------------------------------------- */

void move_init(struct cf_move *m, const struct cf_move_config *config, const struct cf_mem *mem,
	       const struct cf_env *env);
int move_open_side(struct cf_move *m, bool old, struct cf_store **ret, struct cf_error *error);
int move_open_control(struct cf_move *m, struct cf_error *error);
/* A handle on both stores, and the control store where asked. */
int move_worker_open(struct cf_move **ret, const struct cf_move *m, bool control,
		     struct cf_error *error);
void move_worker_close(struct cf_move *m);

/* --- watch.c ---------------------------------------------------------------------- */

bool move_stopped(const struct cf_move_watch *watch);
void move_progress(const struct cf_move_watch *watch, uint64_t done, uint64_t total);
void move_wait(const struct cf_move_watch *watch, uint64_t ns);

/* --- control.c --------------------------------------------------------------------- */

enum { MOVE_INSTANCES_MAX = 64 };
struct move_instance {
	struct cf_str name;
	uint64_t confirmed;
	int64_t seen_ms;
};

struct move_control {
	enum cf_stage stage;
	uint64_t step;
	unsigned gate;
	int64_t since_ms;
	bool compare_all;
	struct move_instance instances[MOVE_INSTANCES_MAX];
	size_t instance_count;
	struct cf_str rev; /* of the record; empty: there is none */
};
int move_control_read(struct cf_move *m, struct move_control *ret, struct cf_error *error);
/* On condition of control->rev. PRECONDITION where somebody else was first. */
int move_control_write(struct cf_move *m, struct move_control *control, struct cf_error *error);
/* NULL: it is not known. */
struct move_instance *move_control_instance(struct move_control *control, const char *instance);
/* Makes the instance known, as one that has confirmed the present step: it has made no
 * call yet. Reads again and tries again where somebody else was first. */
int move_control_join(struct cf_move *m, struct move_control *control, const char *instance,
		      struct cf_error *error);
int move_control_remove(struct cf_move *m, struct move_control *control, const char *instance,
			struct cf_error *error);
/* PRECONDITION where the move has not been started. */
int move_control_need(struct cf_move *m, struct move_control *ret, struct cf_error *error);
/* A record NAME/WHAT; the body is in the arena and m->doc; absent: ptr NULL. */
int move_state_read(struct cf_move *m, const char *what, struct json_value *ret,
		    struct cf_error *error);
/* Whatever is there. */
int move_state_write(struct cf_move *m, const char *what, struct cf_str body,
		     struct cf_error *error);
int move_log(struct cf_move *m, const char *who, struct cf_error *error, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
uint64_t move_number(struct json_value object, const char *name);

/* --- copy.c -------------------------------------------------------------------------- */

/* What the new store is to hold of a body of the old one, in the arena; *ret_left_out:
 * nothing, by `where`. */
int move_convert(struct cf_move *m, struct cf_str body, struct cf_arena *arena, struct cf_str *ret,
		 bool *ret_left_out);

enum move_settled {
	MOVE_COPIED,
	MOVE_EQUAL, /* it was so already */
	MOVE_LEFT_OUT,
	MOVE_REFUSED,   /* message says why */
	MOVE_UNSETTLED, /* after several turns they still differ */
};
/* Makes the new store's record equal to the old one's: reads the revision of the new,
 * then the old, puts on condition of that revision, and looks again until both agree. */
int move_settle(struct cf_move *m, struct cf_str key, enum move_settled *ret,
		struct cf_str *ret_message, struct cf_error *error);

/* --- compare.c ------------------------------------------------------------------------- */

enum move_equal {
	MOVE_SAME,
	MOVE_SAME_BY_TOLERANCE,
	MOVE_DIFFERENT,
};
/* Compares what the new store should hold with what it holds. Of the first difference
 * the pointer (in the arena) and both values. */
int move_compare(struct cf_move *m, struct cf_str wanted, struct cf_str found, enum move_equal *ret,
		 struct cf_difference *ret_where);

/* --- status.c ---------------------------------------------------------------------------- */

struct move_filled {
	struct cf_move_backfill sums;
	struct cf_str after; /* where it goes on, in the arena */
	uint64_t worked_ms;
	uint64_t step; /* of the control record, when it began */
	bool begun;
};
int move_backfill_read(struct cf_move *m, struct move_filled *ret, struct cf_error *error);
int move_verify_read(struct cf_move *m, struct cf_move_verify *ret, struct cf_str *ret_after,
		     int64_t *ret_changed_ms, struct cf_error *error);

#endif
