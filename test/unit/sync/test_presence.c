/* Runs notice each other, at a slow and steady pace; and apps are told what is served. */
#include "bed.h"
#include "hook.h"

struct times {
	int64_t now_ms;
	int64_t ahead_ms; /* of the clock on the wall */
	uint64_t random;
	size_t newcomers;
	long pid;
};

static int64_t times_now(void *ctx)
{
	return ((struct times *)ctx)->now_ms + ((struct times *)ctx)->ahead_ms;
}

static uint64_t times_ns(void *ctx)
{
	return (uint64_t)((struct times *)ctx)->now_ms * 1000000;
}

static uint64_t times_random(void *ctx)
{
	return ++((struct times *)ctx)->random;
}

static void meet(void *ctx, const struct sync_engine *engine)
{
	struct times *times = ctx;

	times->newcomers++;
	times->pid = engine->pid;
}

struct runs {
	struct bed bed;
	struct hook state;
	struct times times;
	struct cf_env env;
	enum sync_life (*life)(void *ctx, const struct sync_engine *engine);
};

static void runs_open(struct runs *r)
{
	r->life = NULL;
	bed_open(&r->bed, "examples/todo");
	hook_init(&r->state, r->bed.state_store);
	r->times = (struct times){.now_ms = 1000000};
	r->env = (struct cf_env){times_now, times_ns, times_random, &r->times};
	r->bed.sync = sync_close(r->bed.sync);
}

static struct sync *run_open(struct runs *r, long pid, unsigned after_ms)
{
	struct sync_options options = {.host = "here",
				       .pid = pid,
				       .announce_after_ms = after_ms,
				       .newcomer = meet,
				       .life = r->life,
				       .ctx = &r->times};
	struct sync *sync = NULL;

	ck_assert_int_eq(sync_open(&sync, r->bed.catalog, r->bed.store, &r->state.state, &options,
				   &r->env, &mem_heap, &r->bed.error),
			 0);
	return sync;
}

static void step(struct runs *r, struct sync *sync)
{
	bool idle;

	ck_assert_int_eq(sync_step(sync, &idle, &r->bed.error), 0);
}

static size_t engines(struct runs *r)
{
	struct sync_engine *all;
	size_t count;

	ck_assert_int_eq(
		sync_engines_read(&r->bed.state, &r->bed.arena, &all, &count, &r->bed.error), 0);
	return count;
}

START_TEST(heartbeats_are_slow_and_the_only_writes)
{
	struct runs r;
	struct sync *sync;
	size_t before;

	runs_open(&r);
	sync = run_open(&r, 1, 0);
	step(&r, sync);
	ck_assert_uint_eq(engines(&r), 1);
	before = r.state.puts;
	/* A minute, half a second each step. */
	for (int i = 0; i < 120; i++) {
		r.times.now_ms += 500;
		step(&r, sync);
	}
	ck_assert_uint_eq(r.state.puts - before, 6);
	ck_assert_uint_eq(sync_counted(sync)->records_written, 0);
	ck_assert_uint_eq(r.times.newcomers, 0);
	/* A clock that was put back neither silences it nor makes it speak more. */
	r.times.ahead_ms = -100000;
	for (int i = 0; i < 20; i++) {
		r.times.now_ms += 500;
		step(&r, sync);
	}
	ck_assert_uint_eq(r.state.puts - before, 7);
	ck_assert_int_eq(sync_leave(sync, &r.bed.error), 0);
	ck_assert_uint_eq(engines(&r), 0);
	sync_close(sync);
	bed_close(&r.bed);
}
END_TEST

START_TEST(each_notices_the_other_once)
{
	struct runs r;
	struct sync *first, *second;

	runs_open(&r);
	first = run_open(&r, 1, 0);
	step(&r, first);
	second = run_open(&r, 2, 0);
	step(&r, second);
	ck_assert_uint_eq(r.times.newcomers, 1);
	ck_assert_int_eq(r.times.pid, 1);
	for (int i = 0; i < 60; i++) {
		r.times.now_ms += 1000;
		step(&r, first);
		step(&r, second);
	}
	ck_assert_uint_eq(r.times.newcomers, 2);
	ck_assert_uint_eq(engines(&r), 2);
	sync_close(first);
	sync_close(second);
	bed_close(&r.bed);
}
END_TEST

/* Its last word may be from any time: what counts is that it says nothing any more. */
START_TEST(who_was_killed_is_forgotten_whatever_his_clock_said)
{
	static const int64_t ahead_ms[] = {0, -60000, 94608000000, -94608000000};
	struct runs r;
	struct sync *sync;

	runs_open(&r);
	r.times.now_ms = 1790000000000 + ahead_ms[_i];
	sync = run_open(&r, 1, 0);
	step(&r, sync);
	sync_close(sync);
	r.times.now_ms = 1790000000000;
	sync = run_open(&r, 2, 0);
	for (int i = 0; i < 29; i++) {
		step(&r, sync);
		ck_assert_uint_eq(engines(&r), 2);
		r.times.now_ms += 1000;
	}
	r.times.now_ms += 12000;
	step(&r, sync);
	ck_assert_uint_eq(engines(&r), 1);
	/* Told of only where it might have been at work. */
	ck_assert_uint_eq(r.times.newcomers, _i == 0);
	sync_close(sync);
	bed_close(&r.bed);
}
END_TEST

/* A clock that is wrong by years does not make a living one dead. */
START_TEST(who_speaks_is_alive_whatever_his_clock_says)
{
	struct runs r;
	struct sync *first, *second;

	runs_open(&r);
	first = run_open(&r, 1, 0);
	second = run_open(&r, 2, 0);
	for (int i = 0; i < 60; i++) {
		r.times.ahead_ms = -94608000000;
		step(&r, first);
		r.times.ahead_ms = 94608000000;
		step(&r, second);
		r.times.now_ms += 2000;
	}
	ck_assert_uint_eq(engines(&r), 2);
	ck_assert_uint_eq(r.times.newcomers, 2);
	sync_close(first);
	sync_close(second);
	bed_close(&r.bed);
}
END_TEST

static enum sync_life pid_one_is_gone(void *ctx, const struct sync_engine *engine)
{
	(void)ctx;
	return engine->pid == 1 ? SYNC_GONE : SYNC_LIFE_UNKNOWN;
}

START_TEST(who_is_known_to_be_gone_is_forgotten_at_once)
{
	struct runs r;
	struct sync *sync;

	runs_open(&r);
	sync = run_open(&r, 1, 0);
	step(&r, sync);
	sync_close(sync);
	r.life = pid_one_is_gone;
	sync = run_open(&r, 2, 0);
	step(&r, sync);
	ck_assert_uint_eq(engines(&r), 1);
	ck_assert_uint_eq(r.times.newcomers, 0);
	sync_close(sync);
	bed_close(&r.bed);
}
END_TEST

static enum sync_life pid_one_is_alive(void *ctx, const struct sync_engine *engine)
{
	(void)ctx;
	return engine->pid == 1 ? SYNC_ALIVE : SYNC_LIFE_UNKNOWN;
}

/* One that was stopped, or waits for a store, speaks no more and goes on later. */
START_TEST(who_is_known_to_be_alive_is_not_forgotten_for_being_silent)
{
	struct runs r;
	struct sync *silent, *sync;

	runs_open(&r);
	silent = run_open(&r, 1, 0);
	step(&r, silent);
	r.life = pid_one_is_alive;
	sync = run_open(&r, 2, 0);
	for (int i = 0; i < 100; i++) {
		step(&r, sync);
		r.times.now_ms += 10000;
	}
	ck_assert_uint_eq(engines(&r), 2);
	ck_assert_uint_eq(r.times.newcomers, 1);
	sync_close(sync);
	sync_close(silent);
	bed_close(&r.bed);
}
END_TEST

START_TEST(short_run_is_not_announced_but_notices)
{
	struct runs r;
	struct sync *lasting, *once;

	runs_open(&r);
	lasting = run_open(&r, 1, 0);
	step(&r, lasting);
	once = run_open(&r, 2, 10000);
	step(&r, once);
	ck_assert_uint_eq(r.times.newcomers, 1);
	ck_assert_uint_eq(engines(&r), 1);
	r.times.now_ms += 10000;
	step(&r, once);
	ck_assert_uint_eq(engines(&r), 2);
	ck_assert_int_eq(sync_leave(once, &r.bed.error), 0);
	ck_assert_uint_eq(engines(&r), 1);
	sync_close(once);
	sync_close(lasting);
	bed_close(&r.bed);
}
END_TEST

START_TEST(nobody_rebuilds_while_another_runs)
{
	struct runs r;
	struct sync *sync;
	uint64_t forgotten;

	runs_open(&r);
	sync = run_open(&r, 1, 0);
	step(&r, sync);
	ck_assert_int_eq(sync_rebuild(&r.bed.state, &forgotten, &mem_heap, &r.bed.error),
			 CF_ERR_PRECONDITION);
	sync_close(sync);
	bed_close(&r.bed);
}
END_TEST

/* --- what apps are told -------------------------------------------------------------- */

#define SUPPORT(majors)                                                        \
	"{\"schema\":\"schema-support\",\"version\":1,\"type\":\"todo-item\"," \
	"\"supported\":[" majors "]}"

START_TEST(apps_are_told_what_is_served)
{
	struct bed bed;
	bool already;

	bed_open(&bed, "examples/todo");
	ck_assert_int_eq(sync_publish_support(bed.sync, &bed.error), 0);
	ck_assert_uint_eq(sync_counted(bed.sync)->support_written, 3);
	expect(&bed, "schema-support@1:todo-item", SUPPORT("1,2,3"));
	/* No type that nobody knows, and nothing to do. */
	ck_assert_uint_eq(settle(&bed), 0);
	ck_assert_uint_eq(sync_counted(bed.sync)->passed_over, 0);
	/* Somebody else's edit stands until the next run starts. */
	put(&bed, "schema-support@1:todo-item", SUPPORT("9"));
	ck_assert_uint_eq(settle(&bed), 0);
	expect(&bed, "schema-support@1:todo-item", SUPPORT("9"));
	ck_assert_int_eq(sync_publish_support(bed.sync, &bed.error), 0);
	ck_assert_uint_eq(sync_counted(bed.sync)->support_written, 4);
	expect(&bed, "schema-support@1:todo-item", SUPPORT("1,2,3"));
	/* A run at work tells by itself that a version was retired. */
	ck_assert_int_eq(sync_retire(&bed.state, bed.catalog,
				     catalog_major(catalog_type(bed.catalog, STR("todo-item")), 1),
				     &env_system, &already, &mem_heap, &bed.error),
			 0);
	put(&bed, "settings@1", "{\"schema\":\"settings\",\"version\":1,\"color\":\"#e20074\"}");
	settle(&bed);
	expect(&bed, "schema-support@1:todo-item", SUPPORT("2,3"));
	ck_assert_uint_eq(settle(&bed), 0);
	bed_close(&bed);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sync-presence");
	TCase *tcase = tcase_create("presence");

	tcase_add_test(tcase, heartbeats_are_slow_and_the_only_writes);
	tcase_add_test(tcase, each_notices_the_other_once);
	tcase_add_loop_test(tcase, who_was_killed_is_forgotten_whatever_his_clock_said, 0, 4);
	tcase_add_test(tcase, who_speaks_is_alive_whatever_his_clock_says);
	tcase_add_test(tcase, who_is_known_to_be_gone_is_forgotten_at_once);
	tcase_add_test(tcase, who_is_known_to_be_alive_is_not_forgotten_for_being_silent);
	tcase_add_test(tcase, short_run_is_not_announced_but_notices);
	tcase_add_test(tcase, nobody_rebuilds_while_another_runs);
	tcase_add_test(tcase, apps_are_told_what_is_served);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
