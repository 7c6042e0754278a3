/* require: both. What each answer means when either store fails, at each point, with the real
 * code; the way down is model/require_both.pml. */
#include "stop.h"

#include <sched.h>
#include <stdatomic.h>
#include <sys/wait.h>

/* The n-th put to a side fails in this way. The thread that repairs asks, too: what it looks
 * at first is set last. */
struct failing {
	struct move_hook hook;
	_Atomic enum cf_side side;
	enum store_fault how;
	atomic_int puts; /* until then */
	struct place *p;
	void (*_Atomic then)(struct failing *failing);
	const char *point;
	struct cf_move *other;
	struct failing_side {
		struct failing *failing;
		enum cf_side side;
	} sides[2];
};

static enum store_fault ask(void *ctx, const char *operation)
{
	struct failing_side *side = ctx;
	struct failing *failing = side->failing;

	if (side->side != failing->side || strcmp(operation, "put") != 0)
		return STORE_FAULT_NONE;
	return --failing->puts == 0 ? failing->how : STORE_FAULT_NONE;
}

static struct cf_store *wrap(void *ctx, enum cf_side side, struct cf_store *store)
{
	struct failing *failing = ctx;
	struct cf_store *ret = NULL;

	if (side == CF_NO_SIDE)
		return store;
	ck_assert_int_eq(store_fault(&ret, store, ask, &failing->sides[side], &mem_heap), 0);
	return ret;
}

static void at_point(void *ctx, const char *point)
{
	struct failing *failing = ctx;
	void (*then)(struct failing * failing) = failing->then;

	if (!then || strcmp(point, failing->point) != 0)
		return;
	failing->then = NULL;
	then(failing);
}

static void failing_init(struct failing *failing, struct place *p)
{
	*failing = (struct failing){.p = p, .puts = 0};
	failing->hook = (struct move_hook){at_point, failing, wrap, 1};
	for (int i = 0; i < 2; i++)
		failing->sides[i] = (struct failing_side){failing, i};
}

static struct cf_move *join(struct place *p, struct failing *failing, const char *name)
{
	struct cf_move *move = place_move(p, NULL);
	struct cf_error error = {0};

	move->hook = &failing->hook;
	ck_assert_msg(cf_move_join(move, name, &error) == 0, "%s", error.message);
	return move;
}

static void wait_for_repair(struct cf_move *move)
{
	size_t left;

	do {
		sched_yield();
		pthread_mutex_lock(&move->calls->lock);
		left = move->calls->pending_count;
		pthread_mutex_unlock(&move->calls->lock);
	} while (left);
}

static const struct {
	enum cf_side side; /* whose put fails */
	int puts;          /* which: the authority's first is the intent */
	enum store_fault how;
	int answer;
	long value; /* in both stores, at rest */
} faults[] = {
	/* The intent: nothing was begun. */
	{CF_OLD, 1, STORE_FAULT_REFUSE, CF_ERR_UNAVAILABLE, 1},
	{CF_OLD, 1, STORE_FAULT_LOSE_ANSWER, CF_ERR_UNAVAILABLE, 1},
	/* The new store: the old one is not touched. */
	{CF_NEW, 1, STORE_FAULT_REFUSE, CF_ERR_UNAVAILABLE, 1},
	{CF_NEW, 1, STORE_FAULT_LOSE_ANSWER, CF_ERR_UNAVAILABLE, 1},
	/* The old store decides. */
	{CF_OLD, 2, STORE_FAULT_REFUSE, CF_ERR_UNAVAILABLE, 1},
	{CF_OLD, 2, STORE_FAULT_LOSE_ANSWER, CF_ERR_UNCERTAIN, 2},
	/* Clearing the intent. */
	{CF_OLD, 3, STORE_FAULT_REFUSE, 0, 2},
	{CF_OLD, 3, STORE_FAULT_LOSE_ANSWER, 0, 2},
};

START_TEST(a_store_fails)
{
	struct place p;
	struct failing failing;
	struct cf_move *move;

	place_open(&p, CF_GUARANTEE_INTENT);
	p.config.require = CF_REQUIRE_BOTH;
	failing_init(&failing, &p);
	failing.side = CF_NO_SIDE;
	move = join(&p, &failing, "one");
	to_shadow(&p, move);
	ck_assert_int_eq(cf_move_require(move, CF_REQUIRE_BOTH, "test", NULL), 0);
	place_confirmed(move);
	failing.how = faults[_i].how;
	failing.puts = faults[_i].puts;
	failing.side = faults[_i].side;
	ck_assert_int_eq(move_put(move, "a", 2), faults[_i].answer);
	ck_assert_int_le(failing.puts, 0);
	wait_for_repair(move);
	check_both(&p, "a", faults[_i].value);
	ck_assert_int_eq(move_get(move, "a"), faults[_i].value);
	ck_assert_uint_eq(place_intents(&p), 0);
	cf_move_close(move);
	place_close(&p);
}
END_TEST

/* Which store has it when only one has. */
static void see_other_first(struct failing *failing)
{
	failing->puts = place_value(failing->p, CF_NEW, "a") == 7 ? CF_NEW : CF_OLD;
	ck_assert_int_ne(place_value(failing->p, CF_OLD, "a"),
			 place_value(failing->p, CF_NEW, "a"));
}

/* The authority is written last, at every stage; and `authority` is undone as quickly. */
START_TEST(the_authority_decides)
{
	struct place p;
	struct failing failing;
	struct cf_move *move;
	struct cf_error error = {0};
	struct cf_move_status status;

	place_open(&p, CF_GUARANTEE_INTENT);
	failing_init(&failing, &p);
	failing.side = CF_NO_SIDE;
	move = join(&p, &failing, "one");
	to_shadow(&p, move);
	ck_assert_int_eq(cf_move_require(move, CF_REQUIRE_BOTH, "test", NULL), 0);
	place_confirmed(move);
	for (int i = 0; i < 2; i++) {
		failing.point = "other-written";
		failing.then = see_other_first;
		ck_assert_int_eq(move_put(move, "a", 7), 0);
		ck_assert_int_eq(failing.puts, i ? CF_OLD : CF_NEW);
		check_both(&p, "a", 7);
		ck_assert_int_eq(cf_move_delete(move, STR("a"), NULL), 0);
		check_both(&p, "a", -1);
		ck_assert_int_eq(cf_move_delete(move, STR("a"), NULL), 0);
		ck_assert_int_eq(move_put(move, "a", 1), 0);
		check_both(&p, "a", 1);
		ck_assert_int_eq(cf_move_write(move, STR("a"), STR("{\"v\":\"7\"}"), &error),
				 CF_ERR_INVALID);
		check_both(&p, "a", 1);
		ck_assert_uint_eq(place_intents(&p), i); /* the outcome of the hand-over */
		if (i == 0)
			place_advance(&p, move);
	}
	ck_assert_int_eq(cf_move_require(move, CF_REQUIRE_AUTHORITY, "test", NULL), 0);
	ck_assert_int_eq(cf_move_status(move, &status, NULL), 0);
	ck_assert_int_eq(status.require, CF_REQUIRE_AUTHORITY);
	place_confirmed(move);
	failing.point = "first-written";
	failing.then = see_other_first;
	ck_assert_int_eq(move_put(move, "a", 7), 0);
	ck_assert_int_eq(failing.puts, CF_NEW);
	cf_move_close(move);
	place_close(&p);
}
END_TEST

static void other_writes(struct failing *failing)
{
	ck_assert_int_eq(move_put(failing->other, "a", 5), 0);
}

/* Another instance, which requires both or has not seen that yet, writes between. */
START_TEST(writers_that_cross)
{
	struct place p;
	struct failing failing, none;
	struct cf_move *move, *other;

	place_open(&p, CF_GUARANTEE_INTENT);
	failing_init(&failing, &p);
	failing_init(&none, &p);
	failing.side = none.side = CF_NO_SIDE;
	other = join(&p, &none, "two");
	to_shadow(&p, other);
	ck_assert_int_eq(cf_move_require(other, CF_REQUIRE_BOTH, "test", NULL), 0);
	move = join(&p, &failing, "one");
	place_confirmed(move);
	pthread_mutex_lock(&other->calls->lock);
	other->calls->both = _i % 2; /* as one that has not seen it */
	pthread_mutex_unlock(&other->calls->lock);
	failing.other = other;
	failing.point = _i < 2 ? "other-written" : "intent-written";
	failing.then = other_writes;
	ck_assert_int_eq(move_put(move, "a", 7), 0);
	check_both(&p, "a", 7);
	ck_assert_uint_eq(place_intents(&p), 0);
	cf_move_close(move);
	cf_move_close(other);
	place_close(&p);
}
END_TEST

static void die(struct failing *failing)
{
	(void)failing;
	_exit(7);
}

/* The process dies before the authority is written: its next run takes back what the other
 * store has. */
START_TEST(the_process_dies)
{
	struct place p;
	struct failing failing;
	struct cf_move *move;
	int status = 0;
	pid_t child;

	place_open(&p, CF_GUARANTEE_INTENT);
	p.config.require = CF_REQUIRE_AUTHORITY;
	failing_init(&failing, &p);
	failing.side = CF_NO_SIDE;
	move = join(&p, &failing, "one");
	to_shadow(&p, move);
	ck_assert_int_eq(cf_move_require(move, CF_REQUIRE_BOTH, "test", NULL), 0);
	cf_move_close(move);
	child = fork();
	if (child == 0) {
		failing.point = _i ? "other-written" : "intent-written";
		failing.then = die;
		move = join(&p, &failing, "one");
		move_put(move, "a", 2);
		_exit(1);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(WEXITSTATUS(status), 7);
	ck_assert_int_eq(place_value(&p, CF_NEW, "a"), _i ? 2 : 1);
	ck_assert_uint_eq(place_intents(&p), 1);
	failing.then = NULL;
	move = join(&p, &failing, "one");
	check_both(&p, "a", 1);
	ck_assert_uint_eq(place_intents(&p), 0);
	cf_move_close(move);
	place_close(&p);
}
END_TEST

START_TEST(not_with_where_or_drop)
{
	struct place p;
	struct cf_error error = {0};
	struct cf_str drop = STR("v");
	struct cf_move *move;

	place_open(&p, CF_GUARANTEE_INTENT);
	p.config.drop = &drop;
	p.config.drop_count = 1;
	move = place_move(&p, NULL);
	ck_assert_int_eq(cf_move_require(move, CF_REQUIRE_BOTH, "test", &error), CF_ERR_USAGE);
	ck_assert_ptr_nonnull(strstr(error.message, "not possible with where or drop"));
	cf_move_close(move);
	place_close(&p);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("both");
	TCase *tcase = tcase_create("both");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, a_store_fails, 0, ARRAY_LEN(faults));
	tcase_add_test(tcase, the_authority_decides);
	tcase_add_loop_test(tcase, writers_that_cross, 0, 4);
	tcase_add_loop_test(tcase, the_process_dies, 0, 2);
	tcase_add_test(tcase, not_with_where_or_drop);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
