/* Puts whose answer was lost, and which are done later: after others have written since, and
 * after all that the library knows of has been made equal. Each is kept, and delivered at the
 * worst moment. */
#include "weather.h"

#include <sched.h>

struct scene {
	struct weather weather;
	struct cf_move_config config;
	struct process processes[2];
	struct cf_move *one, *two; /* two: another instance, where it is used */
};

static struct cf_move *open_move(struct scene *s, unsigned number, const char *name)
{
	struct cf_move *move = NULL;
	struct cf_error error = {0};

	process_init(&s->processes[number], &s->weather);
	ck_assert_int_eq(cf_move_open(&move, &s->config, NULL, &s->weather.env, &error), 0);
	move->hook = &s->processes[number].hook;
	ck_assert_msg(cf_move_join(move, name, &error) == 0, "%s", error.message);
	return move;
}

static void confirmed(struct scene *s)
{
	struct cf_move_status status;
	size_t late;

	do {
		sched_yield();
		ck_assert_int_eq(cf_move_status(s->one, &status, NULL), 0);
		late = 0;
		for (size_t i = 0; i < status.instance_count; i++)
			late += status.instances[i].confirmed != status.step;
	} while (late);
}

static void scene_open(struct scene *s, bool dual)
{
	struct cf_move *move = NULL;

	*s = (struct scene){.one = NULL};
	weather_open(&s->weather, 1);
	cf_move_config_init(&s->config);
	s->config.name = STR("m");
	s->config.old_url = str_of(s->weather.urls[0]);
	s->config.new_url = str_of(s->weather.urls[1]);
	s->config.control_url = str_of(s->weather.urls[2]);
	s->config.old_ms = s->config.new_ms = WEATHER_WINDOW_MS;
	ck_assert_int_eq(cf_move_open(&move, &s->config, NULL, NULL, NULL), 0);
	ck_assert_int_eq(cf_move_start(move, false, "test", NULL), 0);
	cf_move_close(move);
	s->one = open_move(s, 0, "one");
	if (dual) {
		ck_assert_int_eq(cf_move_advance(s->one, "test", NULL), 0);
		confirmed(s);
	}
}

static void scene_close(struct scene *s)
{
	cf_move_close(s->two);
	cf_move_close(s->one);
	weather_close(&s->weather);
}

/* The n-th put of a side, from now on, is kept. */
static void keep(struct scene *s, enum cf_side side, int number)
{
	s->weather.keep_put = number;
	s->weather.keep_side = side;
}

static int put(struct cf_move *move, const char *body)
{
	return cf_move_write(move, STR("a"), str_of(body), NULL);
}

static void no_point(void *ctx, const char *point)
{
	(void)ctx;
	(void)point;
}

/* What a side has; "" for none. */
static const char *value_of(struct scene *s, enum cf_side side, char buffer[64])
{
	struct cf_get get = {.id = STR("a")};
	struct cf_record record = {0};
	struct cf_arena arena;

	buffer[0] = '\0';
	arena_init(&arena, &mem_heap);
	ck_assert_int_eq(
		store_get(s->weather.open[side], &get, 1, CF_READ_BODIES, &arena, &record, NULL),
		0);
	if (record.revision_count && !record.revisions[0].deleted)
		snprintf(buffer, 64, "%.*s", STR_ARG(record.revisions[0].body));
	arena_fini(&arena);
	return buffer;
}

static size_t count_notes(struct scene *s)
{
	struct cf_scan scan = {.limit = 100};
	struct cf_note *notes;
	struct cf_arena arena;
	size_t count = 0;

	arena_init(&arena, &mem_heap);
	ck_assert_int_eq(store_notes(s->weather.open[CF_OLD], &scan, &arena, &notes, &count, NULL),
			 0);
	arena_fini(&arena);
	return count;
}

/* What was kept lands; then all that the library repairs is repaired. */
static void land(struct scene *s)
{
	size_t left;

	ck_assert_uint_eq(s->weather.late_count, 1);
	weather_deliver(&s->weather);
	do {
		sched_yield();
		pthread_mutex_lock(&s->one->calls->lock);
		left = s->one->calls->pending_count;
		pthread_mutex_unlock(&s->one->calls->lock);
	} while (left);
}

static void at_rest(struct scene *s, const char *expected)
{
	char buffer[64];

	ck_assert_str_eq(value_of(s, CF_OLD, buffer), expected);
	ck_assert_str_eq(value_of(s, CF_NEW, buffer), expected);
	ck_assert_uint_eq(count_notes(s), 0);
}

/* The keeper has made both alike, and waits for what may still land; or it waits for nothing. */
static void looked_at(struct scene *s)
{
	const struct move_calls *calls = s->one->calls;
	bool looked;

	do {
		sched_yield();
		pthread_mutex_lock(&s->one->calls->lock);
		looked = calls->pending_count == 0 || calls->pending[0].again_ns;
		pthread_mutex_unlock(&s->one->calls->lock);
	} while (!looked);
}

/* The copy of a new record comes after its delete. Until it can come no more, the key is not
 * handed over: its intent stays. With 1, the keeper has found the stores equal before. */
START_TEST(a_creation_lands_behind_the_delete)
{
	struct scene s;

	scene_open(&s, true);
	keep(&s, CF_NEW, 1);
	ck_assert_int_eq(put(s.one, "{\"v\":1}"), 0);
	if (_i)
		looked_at(&s);
	ck_assert_int_eq(cf_move_delete(s.one, STR("a"), NULL), 0);
	ck_assert_uint_eq(count_notes(&s), 1);
	land(&s);
	at_rest(&s, "");
	scene_close(&s);
}
END_TEST

/* The fence of a delete comes after the record was made again. */
START_TEST(a_fence_lands_behind_the_next_write)
{
	struct scene s;

	scene_open(&s, true);
	ck_assert_int_eq(put(s.one, "{\"v\":1}"), 0);
	keep(&s, CF_NEW, 1);
	ck_assert_int_eq(cf_move_delete(s.one, STR("a"), NULL), 0);
	ck_assert_int_eq(put(s.one, "{\"v\":2}"), 0);
	land(&s);
	at_rest(&s, "{\"v\":2}");
	scene_close(&s);
}
END_TEST

/* The copy lands after the stores were found equal without it: another has written the value
 * from before again, and revisions are what they were. */
static struct scene *crossed;

static void other_puts_1(void *ctx, const char *point)
{
	(void)ctx;
	if (strcmp(point, "other-read") != 0 || crossed->weather.late_count == 0)
		return;
	crossed->processes[0].hook.at = no_point;
	ck_assert_int_eq(put(crossed->two, "{\"v\":1}"), 0);
}

START_TEST(a_copy_lands_where_none_was_needed)
{
	struct scene s;

	scene_open(&s, true);
	ck_assert_int_eq(put(s.one, "{\"v\":1}"), 0);
	s.two = open_move(&s, 1, "two");
	crossed = &s;
	s.processes[0].hook.at = other_puts_1;
	keep(&s, CF_NEW, 1);
	ck_assert_int_eq(put(s.one, "{\"v\":2}"), 0);
	land(&s);
	at_rest(&s, "{\"v\":1}");
	scene_close(&s);
}
END_TEST

/* The write itself: nobody knows of it but the caller, who has heard UNCERTAIN. */
START_TEST(a_write_lands_behind_the_repair)
{
	struct scene s;

	scene_open(&s, true);
	keep(&s, CF_OLD, 1);
	ck_assert_int_eq(put(s.one, "{\"v\":1}"), CF_ERR_UNCERTAIN);
	land(&s);
	at_rest(&s, "{\"v\":1}");
	scene_close(&s);
}
END_TEST

/* At stage off the old store is written alone: the next stage is not confirmed before the write
 * has landed or cannot any more, so that the backfill sees it. */
START_TEST(a_write_of_stage_off_lands_behind_it)
{
	struct scene s;
	struct cf_move_backfill sums;
	struct cf_move_counters counters;

	scene_open(&s, false);
	keep(&s, CF_OLD, 1);
	ck_assert_int_eq(put(s.one, "{\"v\":1}"), CF_ERR_UNCERTAIN);
	ck_assert_int_eq(cf_move_advance(s.one, "test", NULL), 0);
	do
		cf_move_counters(s.one, &counters);
	while (counters.stage != CF_STAGE_DUALWRITE);
	for (int i = 0; i < 200; i++) {
		sched_yield();
		ck_assert_int_eq(cf_move_backfill(s.one, NULL, "test", &sums, NULL),
				 CF_ERR_PRECONDITION);
	}
	land(&s);
	confirmed(&s);
	ck_assert_int_eq(cf_move_backfill(s.one, NULL, "test", &sums, NULL), 0);
	at_rest(&s, "{\"v\":1}");
	scene_close(&s);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("late");
	TCase *tcase = tcase_create("late");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, a_creation_lands_behind_the_delete, 0, 2);
	tcase_add_test(tcase, a_fence_lands_behind_the_next_write);
	tcase_add_test(tcase, a_copy_lands_where_none_was_needed);
	tcase_add_test(tcase, a_write_lands_behind_the_repair);
	tcase_add_test(tcase, a_write_of_stage_off_lands_behind_it);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
