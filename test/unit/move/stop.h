/* Threads that are held at named points of the code, and what the tests of hand-overs share. */
#ifndef TEST_MOVE_STOP_H
#define TEST_MOVE_STOP_H

#include "place.h"

/* At `point` a thread waits until stop_go; or, with `then`, does that instead, the first time. */
struct stop {
	struct move_hook hook;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	const char *point;
	bool there, go;
	void (*then)(struct stop *stop);
	struct place *p;
	struct cf_move *other;
	long seen;
};
void stop_init(struct stop *stop, struct place *p, const char *point);
void stop_wait(struct stop *stop);
void stop_go(struct stop *stop);
/* As place_move; both may be NULL. */
struct cf_move *with_hook(struct place *p, struct stop *stop, const char *instance);

/* Without a difference. */
void verify(struct cf_move *move);
/* At shadow, verified, with a = 1 in both stores. */
void to_shadow(struct place *p, struct cf_move *move);
enum cf_stage stage_of(struct cf_move *move);
void check_both(struct place *p, const char *key, long value);
/* For `then` at first-written of a = 7: which store was first. */
void see_first(struct stop *stop);

struct controller {
	struct cf_move *move;
	bool back;
	int rc;
	struct cf_error error;
	pthread_t thread;
};
void advance_beside(struct controller *controller, struct cf_move *move);
void go_back_beside(struct controller *controller, struct cf_move *move);

/* Writes `a`. */
struct writer {
	struct cf_move *move;
	int value, rc;
	pthread_t thread;
};
void put_beside(struct writer *writer, struct cf_move *move, int value);
/* A write that has waited as long as it may: the gate that the instance then goes by. */
unsigned gate_when_time_is_over(struct cf_move *move);

#endif
