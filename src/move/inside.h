/* Within move/: what its files share.
 *
 * The road of the commands: config.c -> open.c -> plan.c, control.c -> backfill.c,
 * verify.c -> copy.c (one record made equal), compare.c (two records compared).
 * All state is in the control store, in records whose ids begin with the move's name:
 *
 *   NAME            the control record: stage, step, gate, a hand-over, instances
 *   NAME/backfill   how far it came
 *   NAME/verify     how far it came, and what it counted
 *   NAME/log/TIME   who did what
 *
 * Notes lie beside the records, in the store of the authority: intents of writes, and the
 * outcome of a hand-over (outcome.c). The stage moves by step.c, a key from one authority to
 * the other by hand_over.c. */
#ifndef MOVE_INSIDE_H
#define MOVE_INSIDE_H

#include "store/store.h"

#include <chesterfield/move.h>

struct move_calls;

/* For tests. `at` is called at each named point of a call, by the thread that makes it.
 * `wrap`, which may be NULL, gives what is used instead of a store that was opened (of no
 * side: the control store). With poll_ms the keeper looks so often. */
struct move_hook {
	void (*at)(void *ctx, const char *point);
	void *ctx;
	struct cf_store *(*wrap)(void *ctx, enum cf_side side, struct cf_store *store);
	unsigned poll_ms;
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
	/* Of the key that is at hand: whose record counts. */
	enum cf_side authority;
	int64_t job_ms; /* when its job began; see job.c */
};

static inline void move_at(const struct cf_move *m, const char *point)
{
	if (m->hook)
		m->hook->at(m->hook->ctx, point);
}

static inline struct cf_store *move_store(const struct cf_move *m, enum cf_side side)
{
	return side == CF_OLD ? m->old_store : m->new_store;
}
static inline enum cf_side move_other(enum cf_side side)
{
	return side == CF_OLD ? CF_NEW : CF_OLD;
}

/* --- stage.c --------------------------------------------------------------------- */

enum { MOVE_GATE_ALL = 10000 };
/* Of a key at this position. */
enum cf_stage move_stage_at(enum cf_stage stage, unsigned gate, unsigned position);

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
	bool job; /* a backfill or a repair: it has no stage, and is in the way of a hand-over */
};
/* Of a hand-over. It is announced and confirmed as seen before the hold begins, so that
 * everybody then looks at the control record often. */
enum move_phase { MOVE_NO_PHASE, MOVE_ANNOUNCED, MOVE_HELD };

struct move_control {
	enum cf_stage stage;
	uint64_t step;
	unsigned gate;
	enum move_phase phase;
	unsigned target; /* the gate, once the hand-over is done */
	enum cf_require require;
	uint64_t both_step; /* since when all keys are written to both; 0: they are not */
	int64_t since_ms;
	/* The new store may hold what the old one does not: it did at the start, or the old
	 * one was written alone since. */
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
/* Makes the instance known. With `confirmed` it counts as one that has confirmed the present
 * step, for it has made no call yet; else as one that has confirmed nothing. Reads again and tries
 * again where somebody else was first. */
int move_control_join(struct cf_move *m, struct move_control *control,
		      const struct move_instance *instance, struct cf_error *error);
/* NOT_FOUND where it is not known. */
int move_control_remove(struct cf_move *m, const char *instance, struct cf_error *error);
/* The first that has not confirmed the present step; else NULL. A job confirms none. */
const struct move_instance *move_control_late(const struct move_control *control);
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
/* A member's text, copied into the arena; empty where there is none. 0 or NOMEM. */
int move_text(struct cf_move *m, struct json_value object, const char *name, struct cf_str *ret);

/* --- job.c ----------------------------------------------------------------------------- */

/* PRECONDITION while keys are handed over. */
int move_job_begin(struct cf_move *m, const char *name, struct move_control *control,
		   struct cf_error *error);
/* PRECONDITION where another of the same name has begun since. */
int move_job_check(struct cf_move *m, const char *name, struct cf_error *error);
void move_job_end(struct cf_move *m, const char *name);

/* --- outcome.c ------------------------------------------------------------------------ */

/* Of a hand-over: a note in the store of the authority that is left. It goes once, by
 * compare-and-set, from undecided to done or to withdrawn; anybody may withdraw. */
enum move_outcome { MOVE_UNDECIDED, MOVE_DONE, MOVE_WITHDRAWN };
struct move_outcome_at {
	enum cf_side side; /* where it lies */
	uint64_t step;     /* of the control record, when the hold began */
};
/* A new one, undecided. PRECONDITION: somebody else hands over at the same time. */
int move_outcome_open(struct cf_move *m, const struct move_outcome_at *at, struct cf_error *error);
/* `end`: withdraws it where it is undecided. PRECONDITION: it is not there, which an instance
 * finds that was taken for dead. */
int move_outcome_ask(struct cf_move *m, const struct move_outcome_at *at, bool end,
		     enum move_outcome *ret, struct cf_error *error);
/* Decides; *ret is what it came to, which may be what somebody else decided. */
int move_outcome_decide(struct cf_move *m, const struct move_outcome_at *at,
			enum move_outcome wanted, enum move_outcome *ret, struct cf_error *error);

/* --- repair.c --------------------------------------------------------------------------- */

/* Intents that an instance has left, which makes no calls now. `control` says whose record
 * counts. What may still be on its way is waited for; or, with `calls`, left to the keeper. */
int move_repair_intents(struct cf_move *worker, const struct move_control *control,
			const char *instance, struct move_calls *calls, struct cf_error *error);
/* pending.c: the longest time that a call of either store can last. */
uint64_t move_longest_ns(const struct cf_move *m);

/* --- hand_over.c ---------------------------------------------------------------------- */

/* Hands the keys between the gate and `target` over to the other authority, at stage shadow.
 * `control` is as it was read. PRECONDITION where it was withdrawn, with the reason. */
int move_hand_over(struct cf_move *m, struct move_control *control, unsigned target,
		   struct cf_error *error);
/* Ends what a controller that died has left. */
int move_hand_over_finish(struct cf_move *m, struct move_control *control, struct cf_error *error);

/* --- step.c --------------------------------------------------------------------------- */

/* stage.c: whether `require: both` is possible. */
int move_check_both(const struct cf_move *m, struct cf_error *error);

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
	MOVE_UNSURE,    /* they agree; but a put whose answer was lost may still be done */
};
/* Makes the other store's record equal to the authority's (m->authority): reads the revision
 * of the other, then the authority's record, puts on condition of that revision, and looks
 * again until both agree. */
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
	bool extra; /* it looks through the new store by now */
};
int move_backfill_read(struct cf_move *m, struct move_filled *ret, struct cf_error *error);
/* The last verification. */
struct move_verified {
	struct cf_move_verify sums;
	struct cf_str after; /* where it goes on, in the arena */
	int64_t changed_ms;
	uint64_t step; /* of the control record, when it began */
};
int move_verify_read(struct cf_move *m, struct move_verified *ret, struct cf_error *error);

#endif
