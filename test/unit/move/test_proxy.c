/* The dangerous moments up to stage shadow, each forced at a named point of the code; and
 * what calls answer when a store or the control store fails. */
#include "place.h"

#include <sched.h>
#include <sys/stat.h>
#include <sys/wait.h>

/* What is done, once, when a call comes to a point. */
struct script {
	struct place *p;
	struct cf_move *other; /* another instance */
	const char *point;
	void (*then)(struct script *script);
	int left;
	struct script *next; /* at another point of the same call */
};

static void at_point(void *ctx, const char *point)
{
	struct script *script = ctx;

	if (strcmp(point, script->point) == 0 && script->left > 0) {
		script->left--;
		script->then(script);
	}
	if (script->next)
		at_point(script->next, point);
}

static void put_2(struct script *script)
{
	place_put(script->p, CF_OLD, "a", 2);
}

static void delete_a(struct script *script)
{
	place_delete(script->p, CF_OLD, "a");
}

/* As another writer does both: the old store, then the new one. */
static void other_writes_2(struct script *script)
{
	ck_assert_int_eq(move_put(script->other, "a", 2), 0);
}

/* A revision that is made of the content comes back. */
static void other_writes_2_and_0(struct script *script)
{
	ck_assert_int_eq(move_put(script->other, "a", 2), 0);
	ck_assert_int_eq(move_put(script->other, "a", 0), 0);
}

static void other_deletes(struct script *script)
{
	ck_assert_int_eq(cf_move_delete(script->other, STR("a"), NULL), 0);
}

static void die(struct script *script)
{
	(void)script;
	_exit(7);
}

static struct cf_move *with_script(struct place *p, struct script *script, const char *instance)
{
	script->p = p;
	script->left = 1;
	p->hook = (struct move_hook){at_point, script};
	return place_move(p, instance);
}

static void backfill(struct cf_move *move, struct cf_move_backfill *ret)
{
	struct cf_error error = {0};

	ck_assert_msg(cf_move_backfill(move, NULL, "test", ret, &error) == 0, "%s", error.message);
	ck_assert(ret->done);
}

/* --- copies --- */

static const struct {
	const char *point;
	void (*then)(struct script *script);
	long expected;
} copies[] = {
	{"page-read", put_2, 2},   {"created", put_2, 2},    {"page-read", delete_a, -1},
	{"created", delete_a, -1}, {"other-read", put_2, 2}, {"authority-read", put_2, 2},
};

/* Stale fill and resurrected delete: the old store changes while a record is copied. */
START_TEST(what_changes_while_it_is_copied)
{
	struct place p;
	struct script script = {.point = copies[_i].point, .then = copies[_i].then};
	struct cf_move_backfill sums;
	struct cf_move *move;

	place_open(&p, CF_GUARANTEE_REPAIR);
	place_put(&p, CF_OLD, "a", 1);
	place_put(&p, CF_OLD, "b", 1);
	/* There already, so that it is settled: the last two points are of that. */
	place_put(&p, CF_NEW, _i >= 4 ? "a" : "b", 9);
	move = with_script(&p, &script, NULL);
	backfill(move, &sums);
	ck_assert_int_eq(script.left, 0);
	ck_assert_int_eq(place_value(&p, CF_OLD, "a"), copies[_i].expected);
	ck_assert_int_eq(place_value(&p, CF_NEW, "a"), copies[_i].expected);
	ck_assert_int_eq(place_value(&p, CF_NEW, "b"), 1);
	cf_move_close(move);
	place_close(&p);
}
END_TEST

/* --- two writers --- */

static const struct {
	const char *point;
	void (*then)(struct script *script);
	bool deletes; /* the first writer deletes */
	long expected;
} crossings[] = {
	{"first-written", other_writes_2, false, 2},
	{"other-read", other_writes_2, false, 2},
	{"authority-read", other_writes_2, false, 2},
	{"first-written", other_deletes, false, -1},
	{"authority-read", other_deletes, false, -1},
	{"first-written", other_writes_2, true, 2},
	{"other-read", other_writes_2, true, 2},
	{"authority-read", other_writes_2, true, 2},
	{"authority-read", other_writes_2_and_0, false, 0},
};

/* Crossed writers of two instances: they must not leave the stores swapped. */
START_TEST(writers_that_cross)
{
	struct place p;
	struct script script = {.point = crossings[_i].point, .then = crossings[_i].then};
	struct cf_move *move;

	place_open(&p, CF_GUARANTEE_INTENT);
	script.other = place_move(&p, "other");
	place_advance(&p, script.other);
	ck_assert_int_eq(move_put(script.other, "a", 0), 0);
	move = with_script(&p, &script, "first");
	if (crossings[_i].deletes)
		ck_assert_int_eq(cf_move_delete(move, STR("a"), NULL), 0);
	else
		ck_assert_int_eq(move_put(move, "a", 1), 0);
	ck_assert_int_eq(script.left, 0);
	ck_assert_int_eq(place_value(&p, CF_OLD, "a"), crossings[_i].expected);
	ck_assert_int_eq(place_value(&p, CF_NEW, "a"), crossings[_i].expected);
	ck_assert_uint_eq(place_intents(&p), 0);
	cf_move_close(move);
	cf_move_close(script.other);
	place_close(&p);
}
END_TEST

/* --- half a dual write
 * ---------------------------------------------------------------------------- */

static const char *const deaths[] = {"first-written", "other-read", "authority-read"};

/* The process dies between the two writes; its next run repairs before its first call. */
START_TEST(half_a_dual_write)
{
	struct place p;
	struct script script = {.point = deaths[_i % 3], .then = die};
	struct cf_move *move;
	bool deletes = _i >= 3;
	int status = 0;
	pid_t child;

	place_open(&p, CF_GUARANTEE_INTENT);
	move = place_move(&p, "one");
	place_advance(&p, move);
	ck_assert_int_eq(move_put(move, "a", 1), 0);
	cf_move_close(move);
	child = fork();
	if (child == 0) {
		move = with_script(&p, &script, "one");
		if (deletes)
			cf_move_delete(move, STR("a"), NULL);
		else
			move_put(move, "a", 2);
		_exit(1);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(WEXITSTATUS(status), 7);
	ck_assert_int_eq(place_value(&p, CF_OLD, "a"), deletes ? -1 : 2);
	ck_assert_uint_eq(place_intents(&p), 1);
	p.hook.at = NULL;
	move = place_move(&p, "one");
	ck_assert_int_eq(place_value(&p, CF_NEW, "a"), deletes ? -1 : 2);
	ck_assert_uint_eq(place_intents(&p), 0);
	cf_move_close(move);
	place_close(&p);
}
END_TEST

/* --- a late copier
 * --------------------------------------------------------------------------------- */

/* The record was deleted, with its fence, after the copier had read it: it stays away,
 * also where the copier dies before it looks again. */
START_TEST(a_fence_outlives_the_copier)
{
	struct place p;
	struct script script = {.point = "page-read", .then = other_deletes};
	struct cf_move *move;
	int status = 0;
	pid_t child;

	place_open(&p, CF_GUARANTEE_INTENT);
	place_put(&p, CF_OLD, "a", 1);
	move = place_move(&p, "other");
	place_advance(&p, move);
	cf_move_close(move);
	child = fork();
	if (child == 0) {
		struct script death = {.point = "created", .then = die, .left = 1};
		struct cf_move_backfill sums;

		script.other = place_move(&p, "other");
		script.next = &death;
		move = with_script(&p, &script, NULL);
		cf_move_backfill(move, NULL, "test", &sums, NULL);
		_exit(1);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(WEXITSTATUS(status), 7);
	ck_assert_int_eq(place_value(&p, CF_OLD, "a"), -1);
	ck_assert_int_eq(place_value(&p, CF_NEW, "a"), -1);
	place_close(&p);
}
END_TEST

/* --- failures
 * ------------------------------------------------------------------------------------------ */

/* The new store is locked by another program: writes succeed, and are repaired when it is
 * free again. */
START_TEST(the_new_store_fails)
{
	struct place p;
	struct cf_move_counters counters;
	struct cf_move *move;
	sqlite3 *db = NULL;
	char path[128];

	place_open(&p, CF_GUARANTEE_INTENT);
	p.config.new_ms = 20;
	move = place_move(&p, "one");
	place_advance(&p, move);
	snprintf(path, sizeof(path), "%s/new.db", p.folder);
	ck_assert_int_eq(sqlite3_open(path, &db), SQLITE_OK);
	ck_assert_int_eq(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	ck_assert_int_eq(move_put(move, "a", 1), 0);
	ck_assert_int_eq(move_get(move, "a"), 1);
	ck_assert_int_eq(place_value(&p, CF_NEW, "a"), -1);
	ck_assert_uint_ge(place_intents(&p), 1);
	cf_move_counters(move, &counters);
	ck_assert_uint_eq(counters.new_failures, 1);
	ck_assert_int_eq(sqlite3_exec(db, "COMMIT", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	do {
		sched_yield();
		cf_move_counters(move, &counters);
	} while (counters.repaired == 0);
	ck_assert_int_eq(place_value(&p, CF_NEW, "a"), 1);
	ck_assert_uint_eq(place_intents(&p), 0);
	cf_move_close(move);
	place_close(&p);
}
END_TEST

/* The old store refuses: nothing is written, in neither. */
START_TEST(the_old_store_refuses)
{
	struct place p;
	struct cf_error error = {0};
	struct cf_move *move;

	place_open(&p, CF_GUARANTEE_INTENT);
	move = place_move(&p, "one");
	place_advance(&p, move);
	ck_assert_int_eq(cf_move_write(move, STR("a"), STR("{\"v\":\"7\"}"), &error),
			 CF_ERR_INVALID);
	ck_assert_ptr_nonnull(strstr(error.message, "would make a number of the text"));
	ck_assert_int_eq(place_value(&p, CF_OLD, "a"), -1);
	ck_assert_int_eq(place_value(&p, CF_NEW, "a"), -1);
	ck_assert_uint_eq(place_intents(&p), 0);
	cf_move_close(move);
	place_close(&p);
}
END_TEST

/* The control store is away: no call fails, and nobody moves on. */
START_TEST(the_control_store_is_away)
{
	struct place p;
	struct cf_move_counters counters;
	struct cf_move *move;

	place_open(&p, CF_GUARANTEE_INTENT);
	move = place_move(&p, "one");
	place_advance(&p, move);
	place_control_away(&p);
	for (int i = 0; i < 50; i++) {
		ck_assert_int_eq(move_put(move, "a", i), 0);
		ck_assert_int_eq(move_get(move, "a"), i);
	}
	cf_move_counters(move, &counters);
	ck_assert_int_eq(counters.stage, CF_STAGE_DUALWRITE);
	ck_assert_int_eq(place_value(&p, CF_NEW, "a"), 49);
	place_control_back(&p);
	cf_move_close(move);
	place_close(&p);
}
END_TEST

/* --- stages
 * -------------------------------------------------------------------------------------------- */

/* What each stage writes, and what must hold before the next. */
START_TEST(off_dualwrite_shadow_and_back)
{
	struct place p;
	struct cf_move_counters counters;
	struct cf_move_backfill sums;
	struct cf_error error = {0};
	struct cf_move *move;

	place_open(&p, CF_GUARANTEE_INTENT);
	place_put(&p, CF_OLD, "old", 1);
	move = place_move(&p, "one");
	ck_assert_int_eq(move_put(move, "a", 1), 0);
	ck_assert_int_eq(place_value(&p, CF_NEW, "a"), -1);
	backfill(move, &sums);
	/* Behind the copy, and before both are written. */
	ck_assert_int_eq(move_put(move, "late", 1), 0);
	place_advance(&p, move);
	ck_assert_int_eq(move_put(move, "b", 1), 0);
	ck_assert_int_eq(place_value(&p, CF_NEW, "b"), 1);
	ck_assert_int_eq(cf_move_advance(move, "test", &error), CF_ERR_PRECONDITION);
	ck_assert_ptr_nonnull(strstr(error.message, "run it again"));
	backfill(move, &sums);
	ck_assert_int_eq(place_value(&p, CF_NEW, "late"), 1);
	ck_assert_int_eq(place_value(&p, CF_NEW, "old"), 1);
	place_advance(&p, move);
	/* A foreign write to the new store is seen by the comparison, and mended. */
	place_put(&p, CF_NEW, "old", 5);
	ck_assert_int_eq(move_get(move, "old"), 1);
	do {
		sched_yield();
		cf_move_counters(move, &counters);
	} while (counters.repaired == 0);
	ck_assert_uint_eq(counters.differed, 1);
	ck_assert_int_eq(place_value(&p, CF_NEW, "old"), 1);
	ck_assert_int_eq(cf_move_advance(move, "test", &error), CF_ERR_PRECONDITION);
	ck_assert_int_eq(cf_move_reverse(move, "test", NULL), 0);
	place_confirmed(move);
	ck_assert_int_eq(cf_move_kill(move, "test", NULL), 0);
	place_confirmed(move);
	ck_assert_int_eq(move_put(move, "b", 2), 0);
	ck_assert_int_eq(place_value(&p, CF_NEW, "b"), 1);
	/* Written to the old store alone: the next dualwrite asks for a backfill. */
	place_advance(&p, move);
	ck_assert_int_eq(cf_move_advance(move, "test", &error), CF_ERR_PRECONDITION);
	backfill(move, &sums);
	ck_assert_int_eq(place_value(&p, CF_NEW, "b"), 2);
	cf_move_close(move);
	place_close(&p);
}
END_TEST

/* A call that began at the stage before, held at a point until the test lets it go. */
struct held {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool there, go;
};

static void hold(void *ctx, const char *point)
{
	struct held *held = ctx;

	if (strcmp(point, "first-written") != 0)
		return;
	pthread_mutex_lock(&held->lock);
	held->there = true;
	pthread_cond_broadcast(&held->changed);
	while (!held->go)
		pthread_cond_wait(&held->changed, &held->lock);
	pthread_mutex_unlock(&held->lock);
}

static void *put_held(void *ctx)
{
	ck_assert_int_eq(move_put(ctx, "a", 1), 0);
	return NULL;
}

static bool is_confirmed(struct cf_move *move)
{
	struct cf_move_status status;

	ck_assert_int_eq(cf_move_status(move, &status, NULL), 0);
	return status.instance_count == 1 && status.instances[0].confirmed == status.step;
}

/* A stage is not confirmed while a call of the one before is under way: what it writes to
 * the old store alone would be behind the backfill. */
START_TEST(a_slow_call_delays_the_confirmation)
{
	struct place p;
	struct held held = {PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, false, false};
	struct cf_move_counters counters;
	struct cf_move *move, *looking;
	pthread_t thread;

	place_open(&p, CF_GUARANTEE_INTENT);
	looking = place_move(&p, NULL);
	p.hook = (struct move_hook){hold, &held};
	move = place_move(&p, "one");
	ck_assert_int_eq(pthread_create(&thread, NULL, put_held, move), 0);
	pthread_mutex_lock(&held.lock);
	while (!held.there)
		pthread_cond_wait(&held.changed, &held.lock);
	pthread_mutex_unlock(&held.lock);
	ck_assert_int_eq(cf_move_advance(looking, "test", NULL), 0);
	do
		cf_move_counters(move, &counters);
	while (counters.stage != CF_STAGE_DUALWRITE);
	for (int i = 0; i < 300; i++)
		ck_assert(!is_confirmed(looking));
	pthread_mutex_lock(&held.lock);
	held.go = true;
	pthread_cond_broadcast(&held.changed);
	pthread_mutex_unlock(&held.lock);
	pthread_join(thread, NULL);
	place_confirmed(looking);
	cf_move_close(move);
	cf_move_close(looking);
	place_close(&p);
}
END_TEST

/* An instance that does not confirm blocks, is named, and may be evicted. */
START_TEST(a_late_instance_blocks)
{
	struct place p;
	struct cf_move_backfill sums;
	struct cf_error error = {0};
	struct cf_move *move;
	int status = 0;
	pid_t child;

	place_open(&p, CF_GUARANTEE_INTENT);
	child = fork();
	if (child == 0) {
		place_move(&p, "dead");
		_exit(7);
	}
	ck_assert_int_eq(waitpid(child, &status, 0), child);
	ck_assert_int_eq(WEXITSTATUS(status), 7);
	move = place_move(&p, NULL);
	ck_assert_int_eq(cf_move_advance(move, "test", &error), 0);
	ck_assert_int_eq(cf_move_advance(move, "test", &error), CF_ERR_PRECONDITION);
	ck_assert_ptr_nonnull(strstr(error.message, "\"dead\" has not confirmed stage dualwrite"));
	ck_assert_int_eq(cf_move_backfill(move, NULL, "test", &sums, &error), CF_ERR_PRECONDITION);
	ck_assert_int_eq(cf_move_evict(move, "none", "test", &error), CF_ERR_NOT_FOUND);
	ck_assert_int_eq(cf_move_evict(move, "dead", "test", &error), 0);
	backfill(move, &sums);
	cf_move_close(move);
	place_close(&p);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("proxy");
	TCase *tcase = tcase_create("proxy");

	tcase_set_timeout(tcase, 60);
	tcase_add_loop_test(tcase, what_changes_while_it_is_copied, 0, ARRAY_LEN(copies));
	tcase_add_loop_test(tcase, writers_that_cross, 0, ARRAY_LEN(crossings));
	tcase_add_loop_test(tcase, half_a_dual_write, 0, 6);
	tcase_add_test(tcase, a_fence_outlives_the_copier);
	tcase_add_test(tcase, the_new_store_fails);
	tcase_add_test(tcase, the_old_store_refuses);
	tcase_add_test(tcase, the_control_store_is_away);
	tcase_add_test(tcase, off_dualwrite_shadow_and_back);
	tcase_add_test(tcase, a_slow_call_delays_the_confirmation);
	tcase_add_test(tcase, a_late_instance_blocks);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
