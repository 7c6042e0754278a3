/* What a verification sees: each kind of fault is planted once, and the verdict of one run, of
 * the next one, and of a repair is told. And what it must not see: differences that heal. */
#include "stop.h"

#include <sched.h>
#include <stdatomic.h>

enum { MAX = 20 };

/* What a verification said. */
struct verdict {
	struct cf_move_verify sums;
	struct cf_difference first;
	char key[20], field[20];
	unsigned told;
	struct place *p; /* where a difference heals */
};

static void found(void *ctx, const struct cf_difference *difference)
{
	struct verdict *verdict = ctx;

	if (verdict->told++)
		return;
	verdict->first = *difference;
	snprintf(verdict->key, sizeof(verdict->key), "%.*s", STR_ARG(difference->key));
	snprintf(verdict->field, sizeof(verdict->field), "%.*s", STR_ARG(difference->field));
}

/* What a writer had still to do is done while the verification waits. */
static void wait_and_heal(void *ctx, uint64_t ns)
{
	struct verdict *verdict = ctx;
	uint64_t until = env_system.monotonic_ns(NULL) + ns;

	if (verdict->p)
		place_sql(verdict->p, CF_NEW, "UPDATE city SET t = NULL WHERE id = 'a'");
	while (!verdict->p && env_system.monotonic_ns(NULL) < until)
		sched_yield();
}

static struct verdict run(struct cf_move *move, struct place *heal, bool repair)
{
	struct verdict verdict = {.p = heal};
	struct cf_move_verifying how = {.repair = repair, .found = found};
	struct cf_move_watch watch = {.ctx = &verdict, .wait = wait_and_heal};
	struct cf_error error = {0};

	ck_assert_msg(cf_move_verify(move, &how, &watch, &verdict.sums, &error) == 0, "%s",
		      error.message);
	return verdict;
}

static const struct {
	const char *name;
	const char *old_sql, *new_sql; /* plants it; NULL: nothing */
	enum cf_difference_kind kind;
	const char *field;
} faults[] = {
	{"lost write", NULL, "DELETE FROM city WHERE id = 'a'", CF_MISSING_ON_DST, ""},
	{"lost write of a new record", "INSERT INTO city VALUES('c', 1, NULL)", NULL,
	 CF_MISSING_ON_DST, ""},
	{"stale value", "UPDATE city SET v = 2 WHERE id = 'a'", NULL, CF_CONTENT, "/v"},
	{"extra record", NULL, "INSERT INTO city VALUES('c', 1, NULL)", CF_EXTRA_ON_DST, ""},
	{"resurrected delete", "DELETE FROM city WHERE id = 'a'", NULL, CF_EXTRA_ON_DST, ""},
	{"truncated value", NULL, "UPDATE city SET t = 'lon' WHERE id = 'a'", CF_CONTENT, "/t"},
	{"changed type", "UPDATE city SET t = 12 WHERE id = 'a'",
	 "UPDATE city SET t = '12' WHERE id = 'a'", CF_CONTENT, "/t"},
	{"foreign write to the new store", NULL, "UPDATE city SET v = 9 WHERE id = 'b'", CF_CONTENT,
	 "/v"},
	{"foreign write to the old store", "UPDATE city SET v = 9 WHERE id = 'b'", NULL, CF_CONTENT,
	 "/v"},
};

static struct cf_move *open_shadow(struct place *p)
{
	struct cf_move *move;

	place_open(p, CF_GUARANTEE_INTENT);
	for (int side = 0; side < 2; side++)
		place_sql(p, side, "ALTER TABLE city ADD COLUMN t");
	place_sql(p, CF_OLD, "INSERT INTO city VALUES('b', 1, 'b')");
	move = place_move(p, "one");
	to_shadow(p, move);
	place_sql(p, CF_OLD, "UPDATE city SET t = 'long' WHERE id = 'a'");
	place_sql(p, CF_NEW, "UPDATE city SET t = 'long' WHERE id = 'a'");
	verify(move);
	return move;
}

/* The authority's record is what a repair copies: Old's at shadow, New's at live. */
START_TEST(each_kind_of_fault)
{
	bool live = _i % 2;
	int fault = _i / 2;
	struct place p;
	struct cf_move *move = open_shadow(&p);
	struct verdict verdict;
	enum cf_side authority = live ? CF_NEW : CF_OLD;
	long before;
	const char *sum = "SELECT coalesce(sum(v), 0) + 100 * count(*) FROM city";

	if (live)
		place_advance(&p, move);
	if (faults[fault].old_sql)
		place_sql(&p, CF_OLD, faults[fault].old_sql);
	if (faults[fault].new_sql)
		place_sql(&p, CF_NEW, faults[fault].new_sql);
	before = place_sql(&p, authority, sum);
	/* One run sees it, the next one too: nothing heals by being looked at. */
	for (int i = 0; i < 2; i++) {
		verdict = run(move, NULL, false);
		ck_assert_msg(verdict.told == 1, "%s: %u told", faults[fault].name, verdict.told);
		ck_assert_int_eq(verdict.first.kind, faults[fault].kind);
		ck_assert_str_eq(verdict.field, faults[fault].field);
		ck_assert_uint_eq(verdict.sums.num_missing + verdict.sums.num_extraneous +
					  verdict.sums.num_mismatch,
				  1);
	}
	verdict = run(move, NULL, true);
	ck_assert_uint_eq(verdict.sums.num_repaired, 1);
	verdict = run(move, NULL, false);
	ck_assert_uint_eq(verdict.told, 0);
	ck_assert_int_eq(place_sql(&p, authority, sum), before);
	ck_assert_int_eq(place_sql(&p, move_other(authority), sum), before);
	cf_move_close(move);
	place_close(&p);
}
END_TEST

/* A writer is half done at the first look. */
START_TEST(a_difference_that_heals)
{
	struct place p;
	struct verdict verdict;
	struct cf_move *move = open_shadow(&p);

	place_sql(&p, CF_OLD, "UPDATE city SET t = NULL WHERE id = 'a'");
	verdict = run(move, &p, false);
	ck_assert_uint_eq(verdict.told, 0);
	ck_assert_uint_eq(verdict.sums.num_live_retry, 1);
	cf_move_close(move);
	place_close(&p);
}
END_TEST

/* --- under live writes --- */

struct writers {
	struct cf_move *move;
	atomic_bool over;
};

static void *write_all_the_time(void *ctx)
{
	struct writers *writers = ctx;
	char key[20];

	for (int i = 0; !writers->over; i++) {
		snprintf(key, sizeof(key), "k%d", i % MAX);
		if (i % 7 == 3)
			ck_assert_int_eq(cf_move_delete(writers->move, str_of(key), NULL), 0);
		else
			ck_assert_int_eq(move_put(writers->move, key, i), 0);
	}
	return NULL;
}

/* No false alarm. */
START_TEST(records_that_are_written_meanwhile)
{
	struct place p;
	struct cf_move *move = open_shadow(&p), *looking = place_move(&p, NULL);
	struct writers writers = {.move = move};
	struct verdict verdict;
	pthread_t thread;

	ck_assert_int_eq(pthread_create(&thread, NULL, write_all_the_time, &writers), 0);
	for (int i = 0; i < 5; i++) {
		verdict = run(looking, NULL, false);
		ck_assert_msg(verdict.told == 0, "false alarm at %s", verdict.key);
	}
	writers.over = true;
	pthread_join(thread, NULL);
	cf_move_close(looking);
	cf_move_close(move);
	place_close(&p);
}
END_TEST

/* --- stopped --- */

static bool stop_soon(void *ctx)
{
	unsigned *left = ctx;

	return *left == 0 || --*left == 0;
}

/* What it has counted before it was stopped counts, and is not counted twice. */
START_TEST(it_goes_on_where_it_was)
{
	struct place p;
	struct cf_move_verifying how = {.resume = true};
	struct cf_move_verify sums;
	struct cf_move *move;
	unsigned left, runs = 0;
	struct cf_move_watch watch = {.ctx = &left, .stopped = stop_soon};
	char key[20];

	place_open(&p, CF_GUARANTEE_INTENT);
	p.config.batch_records = 5;
	for (int i = 0; i < MAX; i++) {
		snprintf(key, sizeof(key), "k%02d", i);
		place_put(&p, CF_OLD, key, 1);
		if (i != 3 && i != 17)
			place_put(&p, CF_NEW, key, 1);
	}
	move = place_move(&p, NULL);
	do {
		left = 1;
		runs++;
	} while (cf_move_verify(move, &how, &watch, &sums, NULL) == CF_ERR_INTERRUPTED);
	ck_assert_uint_ge(runs, MAX / 5);
	ck_assert_uint_eq(sums.num_success, MAX - 2);
	ck_assert_uint_eq(sums.num_missing, 2);
	cf_move_close(move);
	place_close(&p);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("verify");
	TCase *tcase = tcase_create("verify");

	tcase_set_timeout(tcase, 120);
	tcase_add_loop_test(tcase, each_kind_of_fault, 0, 2 * (int)ARRAY_LEN(faults));
	tcase_add_test(tcase, a_difference_that_heals);
	tcase_add_test(tcase, records_that_are_written_meanwhile);
	tcase_add_test(tcase, it_goes_on_where_it_was);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
