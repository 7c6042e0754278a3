/* Within move/: what the calls of an application go through.
 *
 * The road of a call: proxy.c (read, write, delete) -> calls.c (count oneself in at a
 * stage, take a worker) -> repair.c, copy.c (make the new store equal, clear the intent).
 * join.c starts and ends the thread beside, keeper.c, which follows the control record,
 * confirms, holds writes of keys that are handed over (hold.c), and repairs what is left. */
#ifndef MOVE_CALLS_H
#define MOVE_CALLS_H

#include "move/inside.h"

#include <pthread.h>

enum { MOVE_STRIPES = 256, MOVE_WORKERS_MAX = 1000, MOVE_PENDING_MAX = 10000 };

/* A slice that is being handed over: new writes of its keys wait for the outcome. Its reads
 * ask for it: once this instance has confirmed, others may act on it. */
struct move_hold {
	struct move_outcome_at at; /* step 0: there is none */
	unsigned from, to;         /* positions */
	unsigned target;           /* the gate, if it is done */
	uint64_t until_ns;         /* nobody waits longer: it is withdrawn then */
};

struct move_calls {
	struct cf_mem mem;
	char *instance;
	/* Guards all that follows, but for the stripes. */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	enum cf_stage stage;
	unsigned gate;
	bool both; /* a failure of the other store is the call's */
	uint64_t step;
	struct move_hold hold;
	unsigned parity;       /* of the stage: which counter new calls are in */
	unsigned under_way[2]; /* calls that began at this stage, and at the one before */
	struct cf_move **free_workers;
	unsigned free_count, worker_count;
	struct move_pending {
		struct cf_str key; /* that is to be settled again */
		/* Until then a put whose answer was lost may land: the intent stays. */
		uint64_t until_ns;
		uint64_t again_ns; /* when it is worth another try */
	} * pending;
	size_t pending_count;
	/* Until then a write of the authority alone may still land: the next stage, whose copy
	 * would not see it, is not confirmed. */
	uint64_t alone_until_ns;
	struct cf_move_counters counters;
	bool stop, keeping;
	pthread_t keeper;
	/* Of the keeper's thread alone. While a hand-over is announced it looks often, but not
	 * for ever: who announced it may have died. */
	struct cf_move *keeper_move;
	uint64_t hasty_step, hasty_until_ns;
	/* One writer a key within the process. */
	pthread_mutex_t stripes[MOVE_STRIPES];
};

/* Looks at stage and gate and counts oneself in, in one step; waits for a worker where all
 * are busy, and a write of a key that is handed over for the outcome. */
struct move_call {
	struct cf_move *m; /* the worker */
	unsigned position; /* of the key */
	bool writes;
	enum cf_stage stage; /* of the key */
	bool both;           /* a failure of the other store is the call's */
	bool doubt;          /* a read: asks for the outcome before and after */
	unsigned parity;
};
/* Of `ret` position and writes are set. */
int move_call_begin(struct cf_move *m, struct move_call *ret, struct cf_error *error);
void move_call_end(struct cf_move *m, struct move_call *call);
/* A thread that waits for `changed`, which broadcasts: until then at the latest. */
void move_calls_wait(struct move_calls *calls, uint64_t until_ns, const struct cf_env *env);
pthread_mutex_t *move_stripe(struct move_calls *calls, struct cf_str key);
/* --- pending.c -------------------------------------------------------------------- */

/* For the keeper to settle. `code` is why: after UNCERTAIN something may still be on its way.
 * Beyond the limit only the intent tells of it. */
void move_pending_add(struct cf_move *worker, struct move_calls *calls, struct cf_str key,
		      int code);
/* After an unknown outcome at a stage that writes one store alone. */
void move_alone_unsure(struct cf_move *worker, struct move_calls *calls);
/* Whether something of this key may still be on its way. */
bool move_pending_has(struct move_calls *calls, struct cf_str key);

/* --- calls.c, again ---------------------------------------------------------------- */

/* What a failure of the store that is not the authority is counted as. */
void move_count_failure(struct move_calls *calls, enum cf_side authority);

/* --- both.c ---------------------------------------------------------------------- */

/* A write or delete that has been counted in; the stripe of its key is locked. */
struct move_write {
	struct cf_move *m; /* the worker */
	struct move_calls *calls;
	struct cf_str key, body;
	bool deleted, dual, intent;
	struct cf_error *error;
};
int move_write_both(struct move_write *w);

/* --- hold.c ---------------------------------------------------------------------- */

/* Begins it: reads are in doubt; and waits until no call from before is under way.
 * False: the time was over before that, or the instance stops. */
bool move_hold_begin(struct cf_move *worker, struct move_calls *calls,
		     const struct move_control *control);
/* Asks for the outcome, and goes on where there is one; `end`: withdraws it where not. */
int move_hold_ask(struct cf_move *worker, struct move_calls *calls, bool end,
		  struct cf_error *error);
/* Of the key at this position as it stands now; with the lock. */
enum cf_stage move_calls_stage(const struct move_calls *calls, unsigned position);
bool move_calls_held(const struct move_calls *calls, unsigned position);

/* --- repair.c -------------------------------------------------------------------- */

/* The key's intent of an instance, in the authority's store. */
struct cf_str move_intent_key(struct cf_move *worker, const char *instance, struct cf_str key);
/* Settles the key and clears its intent of this instance; the caller has its stripe. */
int move_repair(struct cf_move *worker, struct move_calls *calls, struct cf_str key,
		struct cf_error *error);
/* After an unknown outcome or a crash: both records are written again first, then settled. A
 * put that is on its way may still land: unless both stores are prompt, the intent stays as long
 * as a call can last. */
int move_repair_left(struct cf_move *worker, struct cf_str key, struct cf_error *error);
/* What a call of either store has not done when it ends is never done. */
bool move_is_prompt(const struct cf_move *worker);
int move_clear(struct cf_move *worker, const char *instance, struct cf_str key,
	       struct cf_error *error);

/* --- keeper.c -------------------------------------------------------------------- */

int move_keeper_start(struct cf_move *m, struct cf_error *error);
void move_keeper_stop(struct cf_move *m);

#endif
