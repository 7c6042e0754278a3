/* Stores that wrap a store: what each does to a call, with a clock of the test's own. */
#include "check_main.h"
#include "store/store.h"

struct world {
	uint64_t now_ns;
	uint64_t waited_ns;
	unsigned waits;
	enum store_fault fault;
	int faults; /* how often yet */
};

static uint64_t tell_ns(void *ctx)
{
	return ((struct world *)ctx)->now_ns;
}

static uint64_t tell_random(void *ctx)
{
	return ((struct world *)ctx)->now_ns;
}

static void wait_here(void *ctx, uint64_t ns)
{
	struct world *world = ctx;

	world->now_ns += ns;
	world->waited_ns += ns;
	world->waits++;
}

static enum store_fault ask(void *ctx, const char *operation)
{
	struct world *world = ctx;

	ck_assert_uint_gt(strlen(operation), 0);
	return world->faults-- > 0 ? world->fault : STORE_FAULT_NONE;
}

static struct cf_store *open_faulty(struct world *world)
{
	struct cf_store *store = NULL;

	ck_assert_int_eq(store_open(&store, "memory:wrap", &env_system, &mem_heap, NULL), 0);
	ck_assert_int_eq(store_fault(&store, store, ask, world, &mem_heap), 0);
	return store;
}

static int put_two(struct cf_store *store, struct cf_arena *arena)
{
	const struct cf_put puts[2] = {{.id = STR("a"), .kind = CF_PUT_ABSENT},
				       {.id = STR("b"), .kind = CF_PUT_ABSENT}};
	struct cf_answer answers[2];

	return store_put(store, puts, 2, arena, answers, NULL);
}

static uint64_t count(struct cf_store *store, struct cf_arena *arena)
{
	struct cf_store_info info;

	ck_assert_int_eq(store_info(store, arena, &info, NULL), 0);
	return info.records;
}

static const struct {
	enum store_fault fault;
	int code;
	uint64_t done;
} fault_rows[] = {{STORE_FAULT_REFUSE, CF_ERR_UNAVAILABLE, 0},
		  {STORE_FAULT_LOSE_ANSWER, CF_ERR_UNCERTAIN, 2},
		  {STORE_FAULT_PART, CF_ERR_UNAVAILABLE, 1}};

START_TEST(faults_do_what_they_say)
{
	struct world world = {.fault = fault_rows[_i].fault, .faults = 1};
	struct cf_store *store = open_faulty(&world);
	struct cf_arena arena;

	arena_init(&arena, &mem_heap);
	ck_assert_int_eq(put_two(store, &arena), fault_rows[_i].code);
	ck_assert_uint_eq(count(store, &arena), fault_rows[_i].done);
	store_close(store);
	arena_fini(&arena);
}
END_TEST

START_TEST(a_rewound_feed_tells_all_again)
{
	struct world world = {.fault = STORE_FAULT_REWIND};
	struct cf_store *store = open_faulty(&world);
	struct cf_changes how = {.since = STR("2"), .limit = 10};
	struct cf_change *changes;
	struct cf_arena arena;
	struct cf_str token;
	size_t found;

	arena_init(&arena, &mem_heap);
	ck_assert_int_eq(put_two(store, &arena), 0);
	ck_assert_int_eq(store_changes(store, &how, &arena, &changes, &found, &token, NULL), 0);
	ck_assert_uint_eq(found, 0);
	world.faults = 1;
	ck_assert_int_eq(store_changes(store, &how, &arena, &changes, &found, &token, NULL), 0);
	ck_assert_uint_eq(found, 2);
	store_close(store);
	arena_fini(&arena);
}
END_TEST

START_TEST(retry_pauses_longer_each_time_and_gives_up)
{
	struct world world = {.fault = STORE_FAULT_REFUSE, .faults = 3};
	const struct cf_env env = {env_system.now_ms, tell_ns, tell_random, &world};
	const struct store_retry how = {4, 10, 25, wait_here, &world};
	struct cf_store *store = open_faulty(&world);
	struct cf_arena arena;

	arena_init(&arena, &mem_heap);
	ck_assert_int_eq(store_retry(&store, store, &how, &env, &mem_heap), 0);
	ck_assert_int_eq(put_two(store, &arena), 0);
	ck_assert_uint_eq(world.waits, 3);
	/* 10, 20 and 25 ms, each between its half and its whole. */
	ck_assert_uint_ge(world.waited_ns, 27500000);
	ck_assert_uint_le(world.waited_ns, 55000000);
	world.faults = 4;
	ck_assert_int_eq(put_two(store, &arena), CF_ERR_UNAVAILABLE);
	ck_assert_int_eq(world.faults, 0);
	store_close(store);
	arena_fini(&arena);
}
END_TEST

START_TEST(throttle_lets_so_many_through)
{
	struct world world = {.now_ns = 5};
	const struct cf_env env = {env_system.now_ms, tell_ns, tell_random, &world};
	struct cf_store *store = open_faulty(&world);
	struct cf_arena arena;

	arena_init(&arena, &mem_heap);
	ck_assert_int_eq(store_throttle(&store, store, 100, wait_here, &world, &env, &mem_heap), 0);
	for (int i = 0; i < 11; i++)
		ck_assert_int_eq(put_two(store, &arena), 0);
	/* 20 records at 100 a second before the last call. */
	ck_assert_uint_eq(world.waited_ns, 200000000);
	store_close(store);
	arena_fini(&arena);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store wrap");
	TCase *tcase = tcase_create("wrap");

	tcase_add_loop_test(tcase, faults_do_what_they_say, 0, ARRAY_LEN(fault_rows));
	tcase_add_test(tcase, a_rewound_feed_tells_all_again);
	tcase_add_test(tcase, retry_pauses_longer_each_time_and_gives_up);
	tcase_add_test(tcase, throttle_lets_so_many_through);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
