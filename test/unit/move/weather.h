/* Stores in memory that fail, drag, lose their answers, and do what they were asked after
 * they have said that they do not know; processes that die; and a clock that never goes past
 * the moment up to which something may still be on its way. All by a seed. */
#ifndef TEST_MOVE_WEATHER_H
#define TEST_MOVE_WEATHER_H

#include "check_main.h"
#include "move/calls.h"
#include "store/wrap/wrap.h"

#include <stdatomic.h>

enum { WEATHER_WINDOW_MS = 30, WEATHER_LATE_MAX = 64 };

/* A put whose answer was lost, and which is still to be done, or not. */
struct late_put {
	struct late_put *next;
	struct cf_arena arena;
	struct cf_put put;
	char url[64];
	uint64_t due_ns, last_ns; /* when it is done; when nothing is on its way any more */
	bool kept;                /* until weather_deliver */
};

struct weather {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct rng rng;
	char urls[3][64];         /* old, new, control */
	struct cf_store *open[3]; /* so that their data stays */
	struct cf_env env;
	/* In thousandths of all calls. */
	_Atomic unsigned refuse, lose, late, drag;
	struct late_put *first;
	unsigned late_count;
	/* Beside what happens by chance: of this side the n-th put from now on is kept. */
	_Atomic enum cf_side keep_side;
	atomic_int keep_put;
	bool stop;
	pthread_t thread;
	struct cf_arena arena;
};
void weather_open(struct weather *weather, uint64_t seed);
/* No faults from now on; what is on its way is done. */
void weather_calm(struct weather *weather);
/* What was kept is done now. */
void weather_deliver(struct weather *weather);
void weather_close(struct weather *weather);

/* How a store drags. */
void weather_pause(uint64_t ns);

/* What one process sees of it. */
struct process {
	struct weather *weather;
	struct move_hook hook;
	struct process_side {
		struct process *process;
		enum cf_side side;
	} sides[3];
	atomic_int calls_left; /* until it dies; 0: it is dead; below: it does not */
};
void process_init(struct process *process, struct weather *weather);
bool process_is_dead(struct process *process);

#endif
