/* What stage off leaves behind: keys are written to the old store alone, and nobody marks
 * them. All are compared when both are written again. */
#include "stop.h"

static void kill_move(struct cf_move *move)
{
	ck_assert_int_eq(cf_move_kill(move, "test", NULL), 0);
	place_confirmed(move);
}

static struct cf_move_backfill backfill(struct cf_move *move)
{
	struct cf_move_backfill sums;
	struct cf_error error = {0};

	ck_assert_msg(cf_move_backfill(move, NULL, "test", &sums, &error) == 0, "%s",
		      error.message);
	ck_assert(sums.done);
	return sums;
}

/* Deleted from the old store alone: the new one has it still, where no copy of the old one
 * looks. Half the keys are at dualwrite, or all were. */
static const unsigned gates[] = {0, 5000};

START_TEST(what_was_deleted_while_off_stays_deleted)
{
	struct place p;
	struct cf_move *move;

	place_open(&p, CF_GUARANTEE_INTENT);
	move = place_move(&p, "one");
	to_shadow(&p, move);
	if (gates[_i]) {
		ck_assert_int_eq(cf_move_reverse(move, "test", NULL), 0);
		place_confirmed(move);
		ck_assert_int_eq(cf_move_go(move, CF_STAGE_OFF, gates[_i], "test", NULL), 0);
		place_confirmed(move);
		/* Beyond the gate. */
		ck_assert_uint_ge(cf_move_position(STR("a")), gates[_i]);
	} else {
		kill_move(move);
	}
	ck_assert_int_eq(cf_move_delete(move, STR("a"), NULL), 0);
	ck_assert_int_eq(place_value(&p, CF_NEW, "a"), 1);
	place_advance(&p, move);
	backfill(move);
	check_both(&p, "a", -1);
	cf_move_close(move);
	place_close(&p);
}
END_TEST

/* A verification from before says nothing of what was written since. */
START_TEST(a_verification_from_before_counts_no_more)
{
	struct place p;
	struct cf_error error = {0};
	struct cf_move *move;

	place_open(&p, CF_GUARANTEE_INTENT);
	move = place_move(&p, "one");
	to_shadow(&p, move);
	kill_move(move);
	place_advance(&p, move);
	backfill(move);
	place_advance(&p, move);
	ck_assert_int_eq(cf_move_advance(move, "test", &error), CF_ERR_PRECONDITION);
	ck_assert_ptr_nonnull(strstr(error.message, "the verification ran before stage dualwrite"));
	verify(move);
	place_advance(&p, move);
	ck_assert_int_eq(stage_of(move), CF_STAGE_LIVE);
	cf_move_close(move);
	place_close(&p);
}
END_TEST

/* A new store that was not empty: what is extra goes, what differs is copied. */
START_TEST(compare_all_deletes_what_is_extra)
{
	struct place p;
	struct cf_move *move;
	struct cf_move_backfill sums;
	int rc;

	place_open(&p, CF_GUARANTEE_INTENT);
	place_put(&p, CF_OLD, "a", 1);
	place_put(&p, CF_NEW, "a", 2);
	place_put(&p, CF_NEW, "b", 3);
	p.config.name = STR("second");
	move = place_move(&p, NULL);
	ck_assert_int_eq(cf_move_start(move, false, "test", NULL), CF_ERR_PRECONDITION);
	rc = cf_move_start(move, true, "test", NULL);
	ck_assert_int_eq(rc, 0);
	sums = backfill(move);
	ck_assert_uint_eq(sums.total, 1);
	ck_assert_uint_eq(sums.copied, 1);
	ck_assert_uint_eq(sums.deleted, 1);
	check_both(&p, "a", 1);
	check_both(&p, "b", -1);
	cf_move_close(move);
	place_close(&p);
}
END_TEST

static bool stopped(void *ctx)
{
	unsigned *left = ctx;

	return *left == 0 || --*left == 0;
}

/* Stopped after each page: it goes on where it was, in the second pass too. */
START_TEST(both_passes_go_on_where_they_were)
{
	struct place p;
	struct cf_move_backfill sums = {0};
	struct cf_move *move;
	unsigned left, runs = 0;
	struct cf_move_watch watch = {.ctx = &left, .stopped = stopped};

	place_open(&p, CF_GUARANTEE_INTENT);
	for (int i = 0; i < 4; i++) {
		char key[2] = {(char)('a' + i), '\0'};

		place_put(&p, i < 2 ? CF_OLD : CF_NEW, key, i);
	}
	p.config.name = STR("second");
	p.config.batch_records = 1;
	move = place_move(&p, NULL);
	ck_assert_int_eq(cf_move_start(move, true, "test", NULL), 0);
	do {
		left = 1;
		runs++;
	} while (cf_move_backfill(move, &watch, "test", &sums, NULL) == CF_ERR_INTERRUPTED);
	ck_assert(sums.done);
	/* Two pages of the old store and the empty one behind them; then as many of the new. */
	ck_assert_uint_ge(runs, 4);
	ck_assert_uint_eq(sums.copied, 2);
	ck_assert_uint_eq(sums.deleted, 2);
	check_both(&p, "b", 1);
	check_both(&p, "c", -1);
	check_both(&p, "d", -1);
	cf_move_close(move);
	place_close(&p);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("off");
	TCase *tcase = tcase_create("off");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, what_was_deleted_while_off_stays_deleted, 0, ARRAY_LEN(gates));
	tcase_add_test(tcase, a_verification_from_before_counts_no_more);
	tcase_add_test(tcase, compare_all_deletes_what_is_extra);
	tcase_add_test(tcase, both_passes_go_on_where_they_were);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
