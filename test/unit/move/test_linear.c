/* The judge of histories: cases by hand, and short histories tried in all orders. */
#include "linear.h"

#include "check_main.h"

#define W(called, returned, value)               \
	{                                        \
		called, returned, value, true, 0 \
	}
#define R(called, returned, value)                \
	{                                         \
		called, returned, value, false, 0 \
	}
#define ABSENT LINEAR_ABSENT
#define UNKNOWN LINEAR_UNKNOWN

static const struct {
	struct linear_op ops[6];
	size_t count;
	bool good;
} cases[] = {
	{{R(1, 2, ABSENT)}, 1, true},
	{{R(1, 2, 1)}, 1, false},
	{{W(1, 2, 1), R(3, 4, 1)}, 2, true},
	/* A stale read. */
	{{W(1, 2, 1), W(3, 4, 2), R(5, 6, 1)}, 3, false},
	/* Back in time, though the write was under way. */
	{{W(1, 2, 1), W(3, 10, 2), R(4, 5, 2), R(6, 7, 1)}, 4, false},
	{{W(1, 2, 1), W(3, 10, 2), R(4, 5, 1), R(6, 7, 2)}, 4, true},
	/* A lost write, and a delete that comes back. */
	{{W(1, 2, 1), R(3, 4, ABSENT)}, 2, false},
	{{W(1, 2, 1), W(3, 4, ABSENT), R(5, 6, 1)}, 3, false},
	/* Unknown: later, or never, or at once; but once only. */
	{{W(1, 2, 1), W(3, UNKNOWN, 2), R(5, 6, 1), R(7, 8, 2)}, 4, true},
	{{W(1, 2, 1), W(3, UNKNOWN, 2), R(5, 6, 1), R(7, 8, 1)}, 4, true},
	{{W(1, UNKNOWN, 2), W(3, 4, 1), R(5, 6, 2), R(7, 8, 1)}, 4, false},
	{{W(1, UNKNOWN, 2), R(3, 4, 2), W(5, 6, 1), R(7, 8, 2)}, 4, false},
	/* Not before it was called. */
	{{R(1, 2, 2), W(3, UNKNOWN, 2)}, 2, false},
};

START_TEST(cases_by_hand)
{
	ck_assert(linear_check(cases[_i].ops, cases[_i].count, ABSENT) == cases[_i].good);
}
END_TEST

/* --- all orders --- */

enum { OPS = 6 };

/* Whether the rest fits behind what stands already, in any order. */
static bool try_all(const struct linear_op *ops, unsigned taken, long value)
{
	bool needed = false;

	for (unsigned i = 0; i < OPS; i++) {
		bool first = true;

		if (taken >> i & 1)
			continue;
		needed |= ops[i].returned != UNKNOWN;
		for (unsigned j = 0; j < OPS; j++)
			if (!(taken >> j & 1) && ops[j].returned < ops[i].called)
				first = false;
		if (!first || (!ops[i].writes && ops[i].value != value))
			continue;
		if (try_all(ops, taken | 1u << i, ops[i].value))
			return true;
	}
	return !needed;
}

static void make_history(struct rng *rng, struct linear_op *ops)
{
	uint64_t moments[2 * OPS];

	for (unsigned i = 0; i < 2 * OPS; i++)
		moments[i] = i + 1;
	for (unsigned i = 2 * OPS - 1; i > 0; i--) {
		unsigned j = (unsigned)rng_below(rng, i + 1);
		uint64_t other = moments[j];

		moments[j] = moments[i];
		moments[i] = other;
	}
	for (unsigned i = 0; i < OPS; i++) {
		uint64_t a = moments[2 * i], b = moments[2 * i + 1];

		ops[i] = (struct linear_op){.called = a < b ? a : b,
					    .returned = a < b ? b : a,
					    .value = (long)rng_below(rng, 3) - 1,
					    .writes = rng_below(rng, 2)};
		if (ops[i].writes && rng_below(rng, 4) == 0)
			ops[i].returned = UNKNOWN;
	}
}

START_TEST(as_all_orders_say)
{
	struct rng rng = {4711};
	unsigned good = 0, tries = 20000;

	for (unsigned i = 0; i < tries; i++) {
		struct linear_op ops[OPS];
		bool expected;

		make_history(&rng, ops);
		expected = try_all(ops, 0, ABSENT);
		good += expected;
		if (linear_check(ops, OPS, ABSENT) != expected) {
			linear_print(ops, OPS);
			ck_abort_msg("history %u: not %d", i, expected);
		}
	}
	/* Both kinds are there. */
	ck_assert_uint_gt(good, tries / 20);
	ck_assert_uint_lt(good, tries - tries / 20);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("linear");
	TCase *tcase = tcase_create("linear");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, cases_by_hand, 0, (int)(sizeof(cases) / sizeof(cases[0])));
	tcase_add_test(tcase, as_all_orders_say);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
