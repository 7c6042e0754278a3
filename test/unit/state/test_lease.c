/* Leases: one holder at a time, whatever the clocks say. */
#include "check_main.h"
#include "state/state.h"

struct two {
	struct cf_store *store;
	struct state state;
	struct state_lease a, b;
	struct cf_arena arena;
	struct cf_error error;
};

static void two_open(struct two *two)
{
	*two = (struct two){.store = NULL};
	arena_init(&two->arena, &mem_heap);
	ck_assert_int_eq(
		store_open(&two->store, "memory:state", &env_system, &mem_heap, &two->error), 0);
	ck_assert_int_eq(state_init(&two->state, two->store, STR("d"), &mem_heap), 0);
	two->a = (struct state_lease){.name = STR("shard/1"), .holder = STR("a"), .ttl_ms = 1000};
	two->b = (struct state_lease){.name = STR("shard/1"), .holder = STR("b"), .ttl_ms = 1000};
}

static void two_close(struct two *two)
{
	state_fini(&two->state);
	store_close(two->store);
	arena_fini(&two->arena);
}

static bool step(struct two *two, struct state_lease *lease, uint64_t now_ms)
{
	ck_assert_int_eq(state_lease_step(&two->state, lease, now_ms, &two->arena, &two->error), 0);
	return lease->held;
}

START_TEST(one_holds_it_as_long_as_he_says_so)
{
	struct two two;

	two_open(&two);
	ck_assert(step(&two, &two.a, 0));
	/* b's clock is another one, far ahead; what counts is that the record changes. */
	for (uint64_t now_ms = 0; now_ms < 5000; now_ms += 500) {
		ck_assert(!step(&two, &two.b, 900000 + now_ms));
		ck_assert(step(&two, &two.a, now_ms));
	}
	ck_assert_str_eq(two.b.other, "a");
	two_close(&two);
}
END_TEST

START_TEST(who_is_silent_loses_it)
{
	struct two two;

	two_open(&two);
	ck_assert(step(&two, &two.a, 0));
	ck_assert(!step(&two, &two.b, 70));
	ck_assert(!step(&two, &two.b, 1069));
	ck_assert(step(&two, &two.b, 1070));
	/* a finds out, and gets it back when b is silent in turn. */
	ck_assert(!step(&two, &two.a, 1100));
	ck_assert_str_eq(two.a.other, "b");
	ck_assert(!step(&two, &two.a, 2099));
	ck_assert(step(&two, &two.a, 2100));
	two_close(&two);
}
END_TEST

static enum store_fault refuse(void *ctx, const char *operation)
{
	(void)operation;
	return *(bool *)ctx ? STORE_FAULT_REFUSE : STORE_FAULT_NONE;
}

START_TEST(a_lease_ends_by_itself_where_the_state_is_away)
{
	struct two two;
	bool away = false;

	two_open(&two);
	ck_assert_int_eq(store_fault(&two.store, two.store, refuse, &away, &mem_heap), 0);
	two.state.store = two.store;
	ck_assert(step(&two, &two.a, 0));
	away = true;
	ck_assert_int_eq(state_lease_step(&two.state, &two.a, 999, &two.arena, &two.error),
			 CF_ERR_UNAVAILABLE);
	ck_assert(two.a.held);
	ck_assert_int_eq(state_lease_step(&two.state, &two.a, 1000, &two.arena, &two.error),
			 CF_ERR_UNAVAILABLE);
	ck_assert(!two.a.held);
	away = false;
	ck_assert(step(&two, &two.a, 1001));
	two_close(&two);
}
END_TEST

START_TEST(given_back_it_is_free_at_once)
{
	struct two two;

	two_open(&two);
	ck_assert(step(&two, &two.a, 0));
	ck_assert(!step(&two, &two.b, 1));
	ck_assert_int_eq(state_lease_release(&two.state, &two.b, &two.arena, &two.error), 0);
	ck_assert(step(&two, &two.a, 2));
	ck_assert_int_eq(state_lease_release(&two.state, &two.a, &two.arena, &two.error), 0);
	ck_assert(!two.a.held);
	ck_assert(step(&two, &two.b, 3));
	two_close(&two);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("state-lease");
	TCase *tcase = tcase_create("lease");

	tcase_add_test(tcase, one_holds_it_as_long_as_he_says_so);
	tcase_add_test(tcase, who_is_silent_loses_it);
	tcase_add_test(tcase, a_lease_ends_by_itself_where_the_state_is_away);
	tcase_add_test(tcase, given_back_it_is_free_at_once);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
