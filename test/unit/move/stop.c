/* See stop.h. */
#include "stop.h"

/* --- holding a thread at a point --- */

static void at_point(void *ctx, const char *point)
{
	struct stop *stop = ctx;

	if (strcmp(point, stop->point) != 0)
		return;
	if (stop->then) {
		bool before;

		pthread_mutex_lock(&stop->lock);
		before = stop->there;
		stop->there = true;
		pthread_mutex_unlock(&stop->lock);
		if (!before)
			stop->then(stop);
		return;
	}
	pthread_mutex_lock(&stop->lock);
	stop->there = true;
	pthread_cond_broadcast(&stop->changed);
	while (!stop->go)
		pthread_cond_wait(&stop->changed, &stop->lock);
	pthread_mutex_unlock(&stop->lock);
}

void stop_init(struct stop *stop, struct place *p, const char *point)
{
	*stop = (struct stop){.point = point, .p = p};
	stop->hook = (struct move_hook){at_point, stop};
	pthread_mutex_init(&stop->lock, NULL);
	pthread_cond_init(&stop->changed, NULL);
}

void stop_wait(struct stop *stop)
{
	pthread_mutex_lock(&stop->lock);
	while (!stop->there)
		pthread_cond_wait(&stop->changed, &stop->lock);
	pthread_mutex_unlock(&stop->lock);
}

void stop_go(struct stop *stop)
{
	pthread_mutex_lock(&stop->lock);
	stop->go = true;
	pthread_cond_broadcast(&stop->changed);
	pthread_mutex_unlock(&stop->lock);
}

struct cf_move *with_hook(struct place *p, struct stop *stop, const char *instance)
{
	struct cf_move *move = place_move(p, NULL);
	struct cf_error error = {0};

	if (stop)
		move->hook = &stop->hook;
	if (instance)
		ck_assert_msg(cf_move_join(move, instance, &error) == 0, "%s", error.message);
	return move;
}

/* --- stages --- */

void verify(struct cf_move *move)
{
	struct cf_move_verifying how = {0};
	struct cf_move_verify sums;
	struct cf_error error = {0};

	ck_assert_msg(cf_move_verify(move, &how, NULL, &sums, &error) == 0, "%s", error.message);
	ck_assert_uint_eq(sums.num_missing + sums.num_mismatch + sums.num_extraneous, 0);
}

void to_shadow(struct place *p, struct cf_move *move)
{
	struct cf_move_backfill sums;
	struct cf_error error = {0};

	place_put(p, CF_OLD, "a", 1);
	place_advance(p, move);
	ck_assert_msg(cf_move_backfill(move, NULL, "test", &sums, &error) == 0, "%s",
		      error.message);
	place_advance(p, move);
	verify(move);
}

static void *advance(void *ctx)
{
	struct controller *controller = ctx;

	controller->rc = controller->back
				 ? cf_move_reverse(controller->move, "test", &controller->error)
				 : cf_move_advance(controller->move, "test", &controller->error);
	return NULL;
}

void advance_beside(struct controller *controller, struct cf_move *move)
{
	*controller = (struct controller){.move = move};
	ck_assert_int_eq(pthread_create(&controller->thread, NULL, advance, controller), 0);
}

void go_back_beside(struct controller *controller, struct cf_move *move)
{
	*controller = (struct controller){.move = move, .back = true};
	ck_assert_int_eq(pthread_create(&controller->thread, NULL, advance, controller), 0);
}

enum cf_stage stage_of(struct cf_move *move)
{
	struct cf_move_status status;

	ck_assert_int_eq(cf_move_status(move, &status, NULL), 0);
	return status.stage;
}

void see_first(struct stop *stop)
{
	bool in_new = place_value(stop->p, CF_NEW, "a") == 7;
	bool in_old = place_value(stop->p, CF_OLD, "a") == 7;

	ck_assert(in_new != in_old);
	stop->seen = in_new ? CF_NEW : CF_OLD;
}

void check_both(struct place *p, const char *key, long value)
{
	ck_assert_int_eq(place_value(p, CF_OLD, key), value);
	ck_assert_int_eq(place_value(p, CF_NEW, key), value);
}

static void *put_a(void *ctx)
{
	struct writer *writer = ctx;

	writer->rc = move_put(writer->move, "a", writer->value);
	return NULL;
}

void put_beside(struct writer *writer, struct cf_move *move, int value)
{
	*writer = (struct writer){.move = move, .value = value, .rc = 1};
	ck_assert_int_eq(pthread_create(&writer->thread, NULL, put_a, writer), 0);
}

unsigned gate_when_time_is_over(struct cf_move *move)
{
	unsigned gate;

	pthread_mutex_lock(&move->calls->lock);
	ck_assert_uint_ne(move->calls->hold.at.step, 0);
	move->calls->hold.until_ns = 1;
	pthread_mutex_unlock(&move->calls->lock);
	ck_assert_int_eq(move_put(move, "a", 8), 0);
	pthread_mutex_lock(&move->calls->lock);
	gate = move->calls->gate;
	pthread_mutex_unlock(&move->calls->lock);
	return gate;
}
