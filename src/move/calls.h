/* Within move/: what the calls of an application go through.
 *
 * The road of a call: proxy.c (read, write, delete) -> calls.c (count oneself in at a
 * stage, take a worker) -> repair.c, copy.c (make the new store equal, clear the intent).
 * join.c starts and ends the thread beside, keeper.c, which follows the control record,
 * confirms, and repairs what is left. */
#ifndef MOVE_CALLS_H
#define MOVE_CALLS_H

#include "move/inside.h"

#include <pthread.h>

enum { MOVE_STRIPES = 256, MOVE_WORKERS_MAX = 1000, MOVE_PENDING_MAX = 10000 };

struct move_calls {
	struct cf_mem mem;
	char *instance;
	/* Guards all that follows, but for the stripes. */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	enum cf_stage stage;
	uint64_t step;
	unsigned parity;       /* of the stage: which counter new calls are in */
	unsigned under_way[2]; /* calls that began at this stage, and at the one before */
	struct cf_move **free_workers;
	unsigned free_count, worker_count;
	struct cf_str *pending; /* keys that are to be settled again */
	size_t pending_count;
	struct cf_move_counters counters;
	bool stop, keeping;
	pthread_t keeper;
	struct cf_move *keeper_move; /* of the keeper's thread alone */
	/* One writer a key within the process. */
	pthread_mutex_t stripes[MOVE_STRIPES];
};

/* Looks at the stage and counts oneself in, in one step; waits for a worker where all
 * are busy. */
struct move_call {
	struct cf_move *m; /* the worker */
	enum cf_stage stage;
	unsigned parity;
};
int move_call_begin(struct cf_move *m, struct move_call *ret, struct cf_error *error);
void move_call_end(struct cf_move *m, struct move_call *call);
pthread_mutex_t *move_stripe(struct move_calls *calls, struct cf_str key);
/* For the keeper to settle. Beyond the limit only the intent tells of it. */
void move_pending_add(struct move_calls *calls, struct cf_str key);

/* --- repair.c -------------------------------------------------------------------- */

/* The key's intent of this instance, in the old store. */
struct cf_str move_intent_key(struct cf_move *worker, const char *instance, struct cf_str key);
/* Settles the key and clears its intent; the caller has its stripe. */
int move_repair(struct cf_move *worker, struct move_calls *calls, struct cf_str key,
		struct cf_error *error);
/* After an unknown outcome or a crash: both records are written again first. Takes the
 * stripe. */
int move_repair_left(struct cf_move *worker, struct move_calls *calls, struct cf_str key);
/* Intents of this instance that a crash, or a full list, has left in the old store. */
int move_repair_intents(struct cf_move *worker, struct move_calls *calls);

/* --- keeper.c -------------------------------------------------------------------- */

int move_keeper_start(struct cf_move *m, struct cf_error *error);
void move_keeper_stop(struct cf_move *m);

#endif
