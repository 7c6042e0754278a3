/* The hand-over of keys, each dangerous moment forced at a named point of the code. The
 * scripts are the shortest ways in which spin breaks model/hand_over.pml without the rule. */
#include "stop.h"

#include <sched.h>
#include <sys/stat.h>

static size_t count_notes(struct place *p, enum cf_side side)
{
	return place_sql(p, side,
			 "SELECT count(*) FROM sqlite_master WHERE name LIKE 'chesterfield%'");
}

/* Up to the end: what each stage reads and writes first. */
START_TEST(all_stages)
{
	struct place p;
	struct stop stop;
	struct cf_error error = {0};
	struct cf_move *move, *looking;

	place_open(&p, _i ? CF_GUARANTEE_REPAIR : CF_GUARANTEE_INTENT);
	stop_init(&stop, &p, "first-written");
	stop.then = see_first;
	move = with_hook(&p, &stop, "one");
	looking = place_move(&p, NULL);
	to_shadow(&p, looking);
	for (enum cf_stage stage = CF_STAGE_SHADOW; stage <= CF_STAGE_RAMPDOWN; stage++) {
		ck_assert_int_eq(stage_of(looking), stage);
		stop.there = false;
		ck_assert_int_eq(move_put(move, "a", 7), 0);
		ck_assert_int_eq(stop.seen, cf_stage_info(stage)->first);
		check_both(&p, "a", 7);
		ck_assert_int_eq(move_put(move, "a", 1), 0);
		ck_assert_int_eq(cf_move_delete(move, STR("a"), NULL), 0);
		check_both(&p, "a", -1);
		ck_assert_int_eq(move_put(move, "a", 1), 0);
		check_both(&p, "a", 1);
		/* Read from the authority alone. */
		place_put(&p, move_other(cf_stage_info(stage)->first), "a", 5);
		ck_assert_int_eq(move_get(move, "a"), 1);
		ck_assert_int_eq(move_put(move, "a", 2), 0);
		check_both(&p, "a", 2);
		if (stage < CF_STAGE_RAMPDOWN)
			place_advance(&p, looking);
	}
	ck_assert_int_eq(cf_move_advance(looking, "test", &error), CF_ERR_PRECONDITION);
	ck_assert_int_eq(cf_move_kill(looking, "test", &error), CF_ERR_PRECONDITION);
	ck_assert_ptr_nonnull(strstr(error.message, "move abort"));
	ck_assert_msg(cf_move_complete(looking, "test", &error) == 0, "%s", error.message);
	ck_assert_int_eq(move_put(move, "a", 3), 0);
	ck_assert_int_eq(place_value(&p, CF_OLD, "a"), 2);
	ck_assert_int_eq(move_get(move, "a"), 3);
	ck_assert_int_eq(cf_move_reverse(looking, "test", &error), CF_ERR_PRECONDITION);
	ck_assert_uint_eq(count_notes(&p, CF_OLD) + count_notes(&p, CF_NEW), 0);
	cf_move_close(move);
	cf_move_close(looking);
	place_close(&p);
}
END_TEST

/* From rampdown all the way back: what was written under the new authority is in the old. */
START_TEST(back_and_abort)
{
	struct place p;
	struct cf_error error = {0};
	struct cf_move *move;

	place_open(&p, CF_GUARANTEE_INTENT);
	move = place_move(&p, "one");
	to_shadow(&p, move);
	place_advance(&p, move);
	place_advance(&p, move);
	ck_assert_int_eq(move_put(move, "a", 2), 0);
	ck_assert_int_eq(cf_move_reverse(move, "test", NULL), 0);
	place_confirmed(move);
	ck_assert_int_eq(stage_of(move), CF_STAGE_LIVE);
	ck_assert_msg(cf_move_reverse(move, "test", &error) == 0, "%s", error.message);
	place_confirmed(move);
	ck_assert_int_eq(stage_of(move), CF_STAGE_SHADOW);
	ck_assert_int_eq(move_get(move, "a"), 2);
	place_put(&p, CF_NEW, "a", 5);
	ck_assert_int_eq(move_get(move, "a"), 2);
	ck_assert_int_eq(move_put(move, "a", 3), 0);
	check_both(&p, "a", 3);
	place_advance(&p, move);
	ck_assert_int_eq(stage_of(move), CF_STAGE_LIVE);
	ck_assert_int_eq(move_put(move, "a", 4), 0);
	ck_assert_msg(cf_move_abort(move, "test", &error) == 0, "%s", error.message);
	ck_assert_int_eq(stage_of(move), CF_STAGE_OFF);
	place_confirmed(move);
	ck_assert_int_eq(move_get(move, "a"), 4);
	ck_assert_int_eq(move_put(move, "a", 6), 0);
	ck_assert_int_eq(place_value(&p, CF_NEW, "a"), 4);
	cf_move_close(move);
	place_close(&p);
}
END_TEST

/* A part of the keys: each has its authority, and the way back is for them alone. */
START_TEST(a_part_of_the_keys)
{
	struct place p;
	struct cf_error error = {0};
	struct cf_move *move;
	char key[8];
	unsigned passed = 0;

	place_open(&p, CF_GUARANTEE_INTENT);
	move = place_move(&p, "one");
	to_shadow(&p, move);
	for (int i = 0; i < 40; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		ck_assert_int_eq(move_put(move, key, 1), 0);
	}
	for (int turn = 0; turn < 3; turn++) {
		unsigned gate = turn == 0 ? 2500 : turn == 1 ? 7500 : 1000;

		ck_assert_msg(cf_move_go(move, CF_STAGE_SHADOW, gate, "test", &error) == 0, "%s",
			      error.message);
		place_confirmed(move);
		passed = 0;
		for (int i = 0; i < 40; i++) {
			enum cf_side first;

			snprintf(key, sizeof(key), "k%d", i);
			first = cf_move_position(str_of(key)) < gate ? CF_NEW : CF_OLD;
			passed += first == CF_NEW;
			place_put(&p, move_other(first), key, 99);
			ck_assert_int_eq(move_get(move, key), 1);
			ck_assert_int_eq(move_put(move, key, 1), 0);
		}
		ck_assert_uint_gt(passed, 0);
		ck_assert_uint_lt(passed, 40);
	}
	ck_assert_int_eq(cf_move_kill(move, "test", &error), CF_ERR_PRECONDITION);
	ck_assert_ptr_nonnull(strstr(error.message, "of some keys"));
	ck_assert_int_eq(cf_move_go(move, CF_STAGE_OFF, 0, "test", &error), CF_ERR_USAGE);
	ck_assert_int_eq(cf_move_go(move, CF_STAGE_SHADOW, 10001, "test", &error), CF_ERR_USAGE);
	verify(move);
	cf_move_close(move);
	place_close(&p);
}
END_TEST

struct slow {
	struct stop opened, first;
	struct writer writer;
};

static void begin_slow_write(struct stop *stop)
{
	struct slow *slow = (struct slow *)stop;

	put_beside(&slow->writer, stop->other, 7);
	stop_wait(&slow->first);
}

/* NO_DRAIN: a write that began before the hold is still under way: nothing is handed over,
 * and the write succeeds. */
START_TEST(a_write_under_way)
{
	struct place p;
	struct slow slow;
	struct cf_error error = {0};
	struct cf_move *move, *looking;

	place_open(&p, CF_GUARANTEE_INTENT);
	p.config.hold_ms = 50;
	stop_init(&slow.first, &p, "first-written");
	move = with_hook(&p, &slow.first, "one");
	stop_init(&slow.opened, &p, "opened");
	slow.opened.then = begin_slow_write;
	slow.opened.other = move;
	looking = with_hook(&p, &slow.opened, NULL);
	to_shadow(&p, looking);
	ck_assert_int_eq(cf_move_advance(looking, "test", &error), CF_ERR_PRECONDITION);
	ck_assert_msg(strstr(error.message, "\"one\" has not confirmed in time"), "%s",
		      error.message);
	ck_assert_int_eq(stage_of(looking), CF_STAGE_SHADOW);
	ck_assert_int_eq(place_value(&p, CF_NEW, "a"), 1);
	stop_go(&slow.first);
	pthread_join(slow.writer.thread, NULL);
	ck_assert_int_eq(slow.writer.rc, 0);
	check_both(&p, "a", 7);
	place_advance(&p, looking);
	ck_assert_int_eq(stage_of(looking), CF_STAGE_LIVE);
	ck_assert_int_eq(move_get(move, "a"), 7);
	cf_move_close(move);
	cf_move_close(looking);
	place_close(&p);
}
END_TEST

/* NO_HOLD: a write that comes during the hold waits, and goes on under the new authority. */
START_TEST(a_write_during_the_hold)
{
	struct place p;
	struct stop held, waits;
	struct controller controller;
	struct writer writer;
	struct cf_move *move, *looking;

	place_open(&p, CF_GUARANTEE_INTENT);
	p.config.hold_ms = 20000;
	stop_init(&waits, &p, "write-waits");
	waits.go = true;
	move = with_hook(&p, &waits, "one");
	stop_init(&held, &p, "all-confirmed");
	looking = with_hook(&p, &held, NULL);
	to_shadow(&p, looking);
	advance_beside(&controller, looking);
	stop_wait(&held);
	put_beside(&writer, move, 7);
	stop_wait(&waits);
	check_both(&p, "a", 1);
	/* Reads go on. */
	ck_assert_int_eq(move_get(move, "a"), 1);
	stop_go(&held);
	pthread_join(controller.thread, NULL);
	ck_assert_int_eq(controller.rc, 0);
	pthread_join(writer.thread, NULL);
	ck_assert_int_eq(writer.rc, 0);
	check_both(&p, "a", 7);
	cf_move_close(move);
	cf_move_close(looking);
	place_close(&p);
}
END_TEST

/* NO_CONFIRM: somebody is silent: nothing is handed over. */
START_TEST(an_instance_that_is_silent)
{
	struct place p;
	struct stop stop;
	struct controller controller;
	struct cf_move *silent, *move, *looking;

	place_open(&p, CF_GUARANTEE_INTENT);
	p.config.hold_ms = 50;
	move = place_move(&p, "one");
	stop_init(&stop, &p, "drained");
	silent = with_hook(&p, &stop, "two");
	looking = place_move(&p, NULL);
	to_shadow(&p, looking);
	advance_beside(&controller, looking);
	stop_wait(&stop);
	pthread_join(controller.thread, NULL);
	ck_assert_int_eq(controller.rc, CF_ERR_PRECONDITION);
	ck_assert_int_eq(stage_of(looking), CF_STAGE_SHADOW);
	ck_assert_int_eq(move_put(move, "a", 7), 0);
	ck_assert_int_eq(move_put(silent, "a", 8), 0);
	check_both(&p, "a", 8);
	stop_go(&stop);
	cf_move_close(silent);
	cf_move_close(move);
	cf_move_close(looking);
	place_close(&p);
}
END_TEST

/* --- the controller, the control store --- */

static const struct {
	const char *point;
	enum cf_side first; /* who is written first then */
} deaths[] = {
	{"opened", CF_OLD},
	{"all-confirmed", CF_OLD},
	{"decided", CF_NEW},
};

/* The controller dies, or hangs, at any point: calls go on, under one authority, and the next
 * command ends what it began. When it goes on after all it sees what has become of it. */
START_TEST(a_controller_that_hangs)
{
	struct place p;
	struct stop hangs, first;
	struct controller controller;
	struct cf_error error = {0};
	struct cf_move *move, *looking, *other;
	enum cf_stage stage = deaths[_i].first == CF_NEW ? CF_STAGE_LIVE : CF_STAGE_SHADOW;

	place_open(&p, CF_GUARANTEE_INTENT);
	p.config.hold_ms = 50;
	stop_init(&first, &p, "first-written");
	first.then = see_first;
	move = with_hook(&p, &first, "one");
	stop_init(&hangs, &p, deaths[_i].point);
	looking = with_hook(&p, &hangs, NULL);
	other = place_move(&p, NULL);
	to_shadow(&p, looking);
	advance_beside(&controller, looking);
	stop_wait(&hangs);
	ck_assert_int_eq(move_put(move, "a", 7), 0);
	ck_assert_int_eq(first.seen, deaths[_i].first);
	ck_assert_int_eq(move_get(move, "a"), 7);
	/* Ends it: what was not decided is withdrawn. */
	ck_assert_int_eq(cf_move_go(other, stage, 0, "test", &error), CF_ERR_USAGE);
	ck_assert_int_eq(stage_of(other), stage);
	stop_go(&hangs);
	pthread_join(controller.thread, NULL);
	ck_assert_int_eq(controller.rc, CF_ERR_PRECONDITION);
	place_confirmed(other);
	ck_assert_int_eq(stage_of(other), stage);
	check_both(&p, "a", 7);
	cf_move_close(move);
	cf_move_close(looking);
	cf_move_close(other);
	place_close(&p);
}
END_TEST

/* ONLY_CONTROL, LOCAL_RESUME: the control store goes away when all have confirmed. The
 * hand-over is done, and the instance finds that where the authority was. */
static void control_away(struct stop *stop)
{
	place_control_away(stop->p);
}

START_TEST(the_control_store_goes_away)
{
	struct place p;
	struct stop away, first;
	struct cf_error error = {0};
	struct cf_move *move, *looking, *other;
	bool decided = _i;

	place_open(&p, CF_GUARANTEE_INTENT);
	p.config.hold_ms = 500;
	stop_init(&first, &p, "first-written");
	first.then = see_first;
	move = with_hook(&p, &first, "one");
	stop_init(&away, &p, decided ? "decided" : "opened");
	away.then = control_away;
	looking = with_hook(&p, &away, NULL);
	to_shadow(&p, looking);
	(void)cf_move_advance(looking, "test", &error);
	ck_assert(away.there);
	first.there = true;
	for (int i = 0; i < 20; i++) {
		ck_assert_int_eq(move_put(move, "a", i), 0);
		ck_assert_int_eq(move_get(move, "a"), i);
	}
	first.there = false;
	ck_assert_int_eq(move_put(move, "a", 7), 0);
	ck_assert_int_eq(first.seen, decided ? CF_NEW : CF_OLD);
	place_control_back(&p);
	other = place_move(&p, NULL);
	ck_assert_int_eq(
		cf_move_go(other, decided ? CF_STAGE_LIVE : CF_STAGE_SHADOW, 0, "test", &error),
		CF_ERR_USAGE);
	ck_assert_int_eq(stage_of(other), decided ? CF_STAGE_LIVE : CF_STAGE_SHADOW);
	check_both(&p, "a", 7);
	cf_move_close(move);
	cf_move_close(looking);
	cf_move_close(other);
	place_close(&p);
}
END_TEST

/* --- reads in doubt --- */

static void other_reads(struct stop *stop)
{
	/* Written to the new store, and not yet to the old one. */
	ck_assert_int_eq(place_value(stop->p, CF_NEW, "a"), 7);
	ck_assert_int_ne(place_value(stop->p, CF_OLD, "a"), 7);
	stop->seen = move_get(stop->other, "a");
}

/* From the next confirmation on it looks no more. */
static void deaf_from_now_on(struct stop *stop)
{
	stop->point = "confirmed";
	stop->then = NULL;
	stop->there = false;
}

/* NO_DOUBT, DOUBT_LATE, LOCAL_RESUME: one instance has confirmed and hears no more; another writes
 * under the new authority already. The first must not show what was before. */
START_TEST(a_read_in_doubt)
{
	struct place p;
	struct stop deaf, first;
	struct controller controller;
	struct cf_move *move, *other, *looking;

	place_open(&p, CF_GUARANTEE_INTENT);
	p.config.hold_ms = 20000;
	stop_init(&deaf, &p, "drained");
	deaf.then = deaf_from_now_on;
	move = with_hook(&p, &deaf, "one");
	stop_init(&first, &p, "first-written");
	first.then = other_reads;
	first.other = move;
	other = with_hook(&p, &first, "two");
	looking = place_move(&p, NULL);
	to_shadow(&p, looking);
	advance_beside(&controller, looking);
	stop_wait(&deaf);
	pthread_join(controller.thread, NULL);
	ck_assert_int_eq(controller.rc, 0);
	if (_i)
		ck_assert_int_eq(gate_when_time_is_over(move), MOVE_GATE_ALL);
	ck_assert_int_eq(move_put(other, "a", 7), 0);
	ck_assert_int_eq(first.seen, 7);
	stop_go(&deaf);
	cf_move_close(other);
	cf_move_close(move);
	cf_move_close(looking);
	place_close(&p);
}
END_TEST

/* --- what is left --- */

/* INTENTS_LEFT: a key with an intent, of whomever, is not handed over; evicting who left it
 * repairs it. */
START_TEST(an_intent_is_left)
{
	struct place p;
	struct cf_error error = {0};
	struct cf_move *move, *ghost;

	place_open(&p, CF_GUARANTEE_INTENT);
	move = place_move(&p, "one");
	to_shadow(&p, move);
	ghost = place_move(&p, "ghost");
	/* As if it had died between its two writes. */
	place_put(&p, CF_OLD, "a", 2);
	place_intent(&p, "m/intent/ghost/a");
	ck_assert_int_eq(cf_move_advance(move, "test", &error), CF_ERR_PRECONDITION);
	ck_assert_msg(strstr(error.message, "1 keys have to be repaired first (\"a\")"), "%s",
		      error.message);
	ck_assert_int_eq(stage_of(move), CF_STAGE_SHADOW);
	place_confirmed(move);
	ck_assert_msg(cf_move_evict(move, "ghost", "test", &error) == 0, "%s", error.message);
	check_both(&p, "a", 2);
	ck_assert_uint_eq(place_intents(&p), 1); /* the outcome of the hand-over */
	cf_move_close(ghost);
	place_advance(&p, move);
	ck_assert_int_eq(stage_of(move), CF_STAGE_LIVE);
	cf_move_close(move);
	place_close(&p);
}
END_TEST

/* The old store fails at stage live: writes succeed, and the way back waits until they are
 * repaired. */
START_TEST(the_old_store_fails_at_live)
{
	struct place p;
	struct cf_move_counters counters;
	struct cf_error error = {0};
	struct cf_move *move;
	sqlite3 *db = NULL;
	char path[128];

	place_open(&p, CF_GUARANTEE_INTENT);
	p.config.old_ms = 20;
	move = place_move(&p, "one");
	to_shadow(&p, move);
	place_advance(&p, move);
	snprintf(path, sizeof(path), "%s/old.db", p.folder);
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(move_put(move, "a", 2), 0);
	ck_assert_int_eq(move_get(move, "a"), 2);
	ck_assert_int_eq(place_value(&p, CF_OLD, "a"), 1);
	cf_move_counters(move, &counters);
	ck_assert_uint_ge(counters.old_failures, 1);
	ck_assert_int_ne(cf_move_reverse(move, "test", &error), 0);
	ck_assert_int_eq(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	do {
		sched_yield();
		cf_move_counters(move, &counters);
	} while (counters.repaired == 0);
	check_both(&p, "a", 2);
	ck_assert_msg(cf_move_abort(move, "test", &error) == 0, "%s", error.message);
	cf_move_close(move);
	place_close(&p);
}
END_TEST

/* --- who comes and who copies --- */

/* JOIN_IN_TWO_STEPS: who joins during a hold ends it, before its first call. */
START_TEST(joining_during_a_hold)
{
	struct place p;
	struct stop held, first;
	struct controller controller;
	struct cf_move *move, *looking, *late;

	place_open(&p, CF_GUARANTEE_INTENT);
	p.config.hold_ms = 20000;
	move = place_move(&p, "one");
	stop_init(&held, &p, _i ? "decided" : "all-confirmed");
	looking = with_hook(&p, &held, NULL);
	to_shadow(&p, looking);
	advance_beside(&controller, looking);
	stop_wait(&held);
	stop_init(&first, &p, "first-written");
	first.then = see_first;
	late = with_hook(&p, &first, "two");
	ck_assert_int_eq(move_put(late, "a", 7), 0);
	ck_assert_int_eq(first.seen, _i ? CF_NEW : CF_OLD);
	ck_assert_int_eq(move_get(move, "a"), 7);
	stop_go(&held);
	pthread_join(controller.thread, NULL);
	ck_assert_int_eq(controller.rc, _i ? 0 : CF_ERR_PRECONDITION);
	place_confirmed(looking);
	ck_assert_int_eq(stage_of(looking), _i ? CF_STAGE_LIVE : CF_STAGE_SHADOW);
	check_both(&p, "a", 7);
	cf_move_close(late);
	cf_move_close(move);
	cf_move_close(looking);
	place_close(&p);
}
END_TEST

static void try_to_advance(struct stop *stop)
{
	struct cf_error error = {0};

	ck_assert_int_eq(cf_move_advance(stop->other, "test", &error), CF_ERR_PRECONDITION);
	ck_assert_msg(strstr(error.message, "\"backfill\" is under way"), "%s", error.message);
}

static void try_to_copy(struct stop *stop)
{
	struct cf_move_backfill sums;
	struct cf_error error = {0};

	ck_assert_int_eq(cf_move_backfill(stop->other, NULL, "test", &sums, &error),
			 CF_ERR_PRECONDITION);
	ck_assert_msg(strstr(error.message, "are handed over at this moment"), "%s", error.message);
}

/* BACKGROUND_UNCOUNTED: a backfill and a hand-over keep each other out. */
START_TEST(a_backfill_and_a_hand_over)
{
	struct place p;
	struct stop copying, handing;
	struct cf_move_backfill sums;
	struct cf_error error = {0};
	struct cf_move *move, *other, *looking;

	place_open(&p, CF_GUARANTEE_INTENT);
	move = place_move(&p, "one");
	other = place_move(&p, NULL);
	stop_init(&copying, &p, "page-read");
	copying.then = try_to_advance;
	copying.other = other;
	looking = with_hook(&p, &copying, NULL);
	to_shadow(&p, other);
	ck_assert_int_eq(cf_move_backfill(looking, NULL, "test", &sums, &error), 0);
	ck_assert(copying.there);
	cf_move_close(looking);
	stop_init(&handing, &p, "opened");
	handing.then = try_to_copy;
	handing.other = other;
	looking = with_hook(&p, &handing, NULL);
	ck_assert_msg(cf_move_advance(looking, "test", &error) == 0, "%s", error.message);
	ck_assert(handing.there);
	ck_assert_int_eq(cf_move_backfill(looking, NULL, "test", &sums, &error),
			 CF_ERR_PRECONDITION);
	ck_assert_ptr_nonnull(strstr(error.message, "nothing is copied over it"));
	cf_move_close(move);
	cf_move_close(other);
	cf_move_close(looking);
	place_close(&p);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("hand-over");
	TCase *tcase = tcase_create("hand-over");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, all_stages, 0, 2);
	tcase_add_test(tcase, back_and_abort);
	tcase_add_test(tcase, a_part_of_the_keys);
	tcase_add_test(tcase, a_write_under_way);
	tcase_add_test(tcase, a_write_during_the_hold);
	tcase_add_test(tcase, an_instance_that_is_silent);
	tcase_add_loop_test(tcase, a_controller_that_hangs, 0, ARRAY_LEN(deaths));
	tcase_add_loop_test(tcase, the_control_store_goes_away, 0, 2);
	tcase_add_loop_test(tcase, a_read_in_doubt, 0, 2);
	tcase_add_test(tcase, an_intent_is_left);
	tcase_add_test(tcase, the_old_store_fails_at_live);
	tcase_add_loop_test(tcase, joining_during_a_hold, 0, 2);
	tcase_add_test(tcase, a_backfill_and_a_hand_over);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
