/* Retired versions: runs honour them at once, a purge is nobody's delete, and what an
 * old app writes later is kept. Usage and rebuilding, where they meet it. */
#include "bed.h"
#include "failing.h"
#include "hook.h"

#define INBOX "790fbc12070b9c37aece000b24c1c02f"
#define V1(rest) "{\"schema\":\"todo-item\",\"version\":1," rest "}"
#define V2(rest) "{\"schema\":\"todo-item\",\"version\":2," rest ",\"group\":{\"name\":\"Inbox\"}}"
#define V3(rest) "{\"schema\":\"todo-item\",\"version\":3," rest ",\"groupId\":\"" INBOX "\"}"

static const struct catalog_major *major_of(struct bed *bed, const char *type, uint32_t major)
{
	return catalog_major(catalog_type(bed->catalog, str_of(type)), major);
}

static int retire(struct bed *bed, const char *type, uint32_t major)
{
	bool already;

	return sync_retire(&bed->state, bed->catalog, major_of(bed, type, major), &env_system,
			   &already, &mem_heap, &bed->error);
}

static struct sync_purged purge(struct bed *bed, uint32_t major)
{
	struct sync_purge how = {NULL, NULL};
	struct sync_purged done;
	int rc = sync_purge(bed->store, &bed->state, bed->catalog,
			    major_of(bed, "todo-item", major), &how, &done, &mem_heap, &bed->error);

	ck_assert_msg(rc == 0, "%s", bed->error.message);
	return done;
}

static void start(struct bed *bed)
{
	bed_open(bed, "examples/todo");
	put(bed, "todo-item@1:a", V1("\"title\":\"t\",\"isDone\":true"));
	put(bed, "todo-item@1:b", V1("\"title\":\"t\",\"isDone\":true"));
	settle(bed);
}

START_TEST(run_at_work_takes_a_purge_for_nobodys_delete)
{
	struct bed bed;

	start(&bed);
	ck_assert_int_eq(retire(&bed, "todo-item", 1), 0);
	ck_assert_uint_eq(purge(&bed, 1).deleted, 2);
	/* bed.sync was opened when version 1 was served. */
	ck_assert_uint_eq(settle(&bed), 0);
	expect(&bed, "todo-item@1:a", NULL);
	expect(&bed, "todo-item@2:a", V2("\"title\":\"t\",\"status\":\"done\""));
	expect(&bed, "todo-item@3:b", V3("\"title\":\"t\",\"status\":\"done\""));
	ck_assert_uint_eq(find_listed(&bed, SYNC_QUARANTINE, NULL).count, 0);
	put(&bed, "todo-item@2:a", V2("\"title\":\"u\",\"status\":\"done\""));
	ck_assert_uint_eq(settle(&bed), 1);
	expect(&bed, "todo-item@3:a", V3("\"title\":\"u\",\"status\":\"done\""));
	expect(&bed, "todo-item@1:a", NULL);
	bed_close(&bed);
}
END_TEST

/* Between the reading of documents and of bases. */
static void retire_before_bases(struct hook *hook, const char *operation, struct cf_str id)
{
	struct bed *bed = hook->ctx;

	if (strcmp(operation, "get") != 0 || !str_starts_with(id, STR("documents/base/")))
		return;
	hook->before = NULL;
	hook->after = NULL;
	ck_assert_int_eq(retire(bed, "todo-item", 1), 0);
	(void)purge(bed, 1);
}

static void open_hooked(struct bed *bed, struct hook *hook)
{
	struct sync_options options = {.wait_ms = 0};

	sync_close(bed->sync);
	hook_init(hook, bed->state_store);
	hook->ctx = bed;
	ck_assert_int_eq(sync_open(&bed->sync, bed->catalog, bed->store, &hook->state, &options,
				   &env_system, &mem_heap, &bed->error),
			 0);
}

START_TEST(purge_amid_a_batch_loses_nothing)
{
	for (int after = 0; after < 2; after++) {
		struct bed bed;
		struct hook hook;

		start(&bed);
		open_hooked(&bed, &hook);
		put(&bed, "todo-item@2:a", V2("\"title\":\"u\",\"status\":\"blocked\""));
		if (after)
			hook.after = retire_before_bases;
		else
			hook.before = retire_before_bases;
		settle(&bed);
		ck_assert_ptr_null(hook.before);
		ck_assert_ptr_null(hook.after);
		expect(&bed, "todo-item@2:a", V2("\"title\":\"u\",\"status\":\"blocked\""));
		expect(&bed, "todo-item@3:a", V3("\"title\":\"u\",\"status\":\"blocked\""));
		expect(&bed, "todo-item@3:b", V3("\"title\":\"t\",\"status\":\"done\""));
		/* A write that was on its way may come behind the purge: the next one finds it. */
		(void)purge(&bed, 1);
		expect(&bed, "todo-item@1:a", NULL);
		ck_assert_uint_eq(settle(&bed), 0);
		expect(&bed, "todo-item@2:a", V2("\"title\":\"u\",\"status\":\"blocked\""));
		ck_assert_uint_eq(find_listed(&bed, SYNC_QUARANTINE, NULL).count, 0);
		bed_close(&bed);
	}
}
END_TEST

/* --- at any moment ------------------------------------------------------------------- */

struct moment {
	struct bed *bed;
	size_t left; /* operations until it happens */
};

static void retire_at_the_moment(struct hook *hook, const char *operation, struct cf_str id)
{
	struct moment *moment = hook->ctx;

	(void)operation;
	(void)id;
	if (moment->left == 0 || --moment->left > 0)
		return;
	ck_assert_int_eq(retire(moment->bed, "todo-item", 1), 0);
	(void)purge(moment->bed, 1);
}

/* One of four things is written in version 2 or 3, or by an old app in version 1. */
static void write_something(struct bed *bed, struct rng *rng)
{
	uint64_t version = 1 + rng_below(rng, 3);
	char id[32], body[160];

	snprintf(id, sizeof(id), "todo-item@%u:%u", (unsigned)version, (unsigned)rng_below(rng, 4));
	snprintf(body, sizeof(body),
		 version == 1   ? V1("\"title\":\"t%u\",\"isDone\":false")
		 : version == 2 ? V2("\"title\":\"t%u\",\"status\":\"blocked\"")
				: V3("\"title\":\"t%u\",\"status\":\"blocked\""),
		 (unsigned)rng_below(rng, 1000));
	put(bed, id, body);
}

static void expect_both(struct bed *bed, unsigned key)
{
	size_t leaves[2];
	struct cf_str body[2];

	for (unsigned i = 0; i < 2; i++) {
		char id[32];

		snprintf(id, sizeof(id), "todo-item@%u:%u", 2 + i, key);
		body[i] = body_of(bed, id, &leaves[i]);
	}
	/* Only an old app may have written it, when nobody listened any more. */
	ck_assert_uint_eq(leaves[0], leaves[1]);
	ck_assert_uint_le(leaves[0], 1);
	if (leaves[0]) {
		const char *title = strstr(body[0].ptr, "\"title\""), *end = strchr(title, ',');

		ck_assert_ptr_nonnull(
			memmem(body[1].ptr, body[1].len, title, (size_t)(end - title)));
	}
}

START_TEST(purge_at_any_moment_loses_nothing)
{
	struct sync_options options = {.wait_ms = 0, .batch_changes_max = 3};
	struct rng rng = {(uint64_t)_i + 1};
	struct moment moment;
	struct hook state, store;
	struct bed bed;
	bool idle;

	bed_open(&bed, "examples/todo");
	sync_close(bed.sync);
	moment = (struct moment){&bed, 1 + rng_below(&rng, 120)};
	hook_init(&state, bed.state_store);
	hook_init(&store, bed.store);
	ck_assert_int_eq(sync_open(&bed.sync, bed.catalog, &store.store, &state.state, &options,
				   &env_system, &mem_heap, &bed.error),
			 0);
	for (unsigned key = 0; key < 4; key++) {
		char id[32];

		snprintf(id, sizeof(id), "todo-item@2:%u", key);
		put(&bed, id, V2("\"title\":\"t\",\"status\":\"blocked\""));
	}
	state.before = state.after = store.before = store.after = retire_at_the_moment;
	state.ctx = store.ctx = &moment;
	for (unsigned i = 0; i < 40; i++) {
		if (rng_below(&rng, 3) == 0)
			write_something(&bed, &rng);
		else
			ck_assert_int_eq(sync_step(bed.sync, &idle, &bed.error), 0);
	}
	settle(&bed);
	(void)purge(&bed, 1);
	ck_assert_uint_eq(settle(&bed), 0);
	for (unsigned key = 0; key < 4; key++) {
		size_t leaves;
		char id[32];

		expect_both(&bed, key);
		snprintf(id, sizeof(id), "todo-item@3:%u", key);
		(void)body_of(&bed, id, &leaves);
		ck_assert_msg(leaves == 1, "%s is gone", id);
	}
	bed_close(&bed);
}
END_TEST

START_TEST(late_edits_of_an_old_app_are_kept)
{
	struct bed bed;
	struct sync_purged done;
	const char *rev;

	start(&bed);
	rev = rev_of(&bed, "todo-item@1:a");
	ck_assert_int_eq(retire(&bed, "todo-item", 1), 0);
	/* The base is written anew, without version 1, and still knows its revisions. */
	put(&bed, "todo-item@2:b", V2("\"title\":\"u\",\"status\":\"done\""));
	put_branch(&bed, "todo-item@1:a", rev, "ffff", V1("\"title\":\"late\",\"isDone\":true"));
	settle(&bed);
	ck_assert_uint_eq(find_listed(&bed, SYNC_QUARANTINE, NULL).count, 1);
	ck_assert_uint_eq(sync_counted(bed.sync)->unsupported, 1);
	done = purge(&bed, 1);
	ck_assert_uint_eq(done.deleted, 1);
	ck_assert_uint_eq(done.kept, 1);
	expect(&bed, "todo-item@1:a", V1("\"title\":\"late\",\"isDone\":true"));
	/* Pushed on top of what was deleted since, it is there again, and listed. */
	put_branch(&bed, "todo-item@1:b", "1-0", "eeee", V1("\"title\":\"later\",\"isDone\":true"));
	settle(&bed);
	ck_assert_uint_eq(find_listed(&bed, SYNC_QUARANTINE, NULL).count, 2);
	expect(&bed, "todo-item@2:b", V2("\"title\":\"u\",\"status\":\"done\""));
	bed_close(&bed);
}
END_TEST

/* The winner was agreed on, the other leaf never. */
START_TEST(a_branch_of_an_old_app_is_kept_though_it_does_not_win)
{
	struct cf_put branch = {.id = STR("todo-item@1:a"),
				.kind = CF_PUT_REVISION,
				.rev = STR("1-00"),
				.body = STR(V1("\"title\":\"branch\",\"isDone\":false"))};
	struct cf_answer answer;
	struct sync_purged done;
	struct bed bed;
	size_t leaves;
	int rc;

	start(&bed);
	ck_assert_int_eq(retire(&bed, "todo-item", 1), 0);
	rc = store_put(bed.store, &branch, 1, &bed.arena, &answer, &bed.error);
	ck_assert_int_eq(rc, 0);
	ck_assert_int_eq(answer.code, 0);
	done = purge(&bed, 1);
	ck_assert_uint_eq(done.deleted, 1);
	ck_assert_uint_eq(done.kept, 1);
	body_of(&bed, "todo-item@1:a", &leaves);
	ck_assert_uint_eq(leaves, 2);
	bed_close(&bed);
}
END_TEST

START_TEST(what_is_needed_is_not_retired)
{
	struct sync_purge how = {NULL, NULL};
	struct sync_purged done;
	struct bed bed;

	start(&bed);
	ck_assert_int_eq(retire(&bed, "group", 1), CF_ERR_PRECONDITION);
	ck_assert_int_eq(sync_purge(bed.store, &bed.state, bed.catalog,
				    major_of(&bed, "todo-item", 1), &how, &done, &mem_heap,
				    &bed.error),
			 CF_ERR_PRECONDITION);
	ck_assert_int_eq(retire(&bed, "todo-item", 2), 0);
	ck_assert_int_eq(retire(&bed, "todo-item", 2), 0);
	put(&bed, "todo-item@1:a", V1("\"title\":\"bridged\",\"isDone\":true"));
	ck_assert_uint_eq(settle(&bed), 1);
	expect(&bed, "todo-item@3:a", V3("\"title\":\"bridged\",\"status\":\"done\""));
	ck_assert_int_eq(retire(&bed, "todo-item", 1), 0);
	ck_assert_int_eq(retire(&bed, "todo-item", 3), CF_ERR_PRECONDITION);
	bed_close(&bed);
	bed_open(&bed, "examples/todo-split");
	ck_assert_int_eq(retire(&bed, "status", 1), CF_ERR_PRECONDITION);
	bed_close(&bed);
}
END_TEST

static bool stop_at_once(void *ctx, const struct sync_purged *so_far)
{
	(void)ctx;
	(void)so_far;
	return false;
}

START_TEST(purge_may_be_stopped)
{
	struct sync_purge how = {stop_at_once, NULL};
	struct sync_purged done;
	struct bed bed;

	start(&bed);
	ck_assert_int_eq(retire(&bed, "todo-item", 1), 0);
	ck_assert_int_eq(sync_purge(bed.store, &bed.state, bed.catalog,
				    major_of(&bed, "todo-item", 1), &how, &done, &mem_heap,
				    &bed.error),
			 CF_ERR_INTERRUPTED);
	ck_assert_uint_eq(done.deleted, 2);
	ck_assert_uint_eq(purge(&bed, 1).deleted, 0);
	bed_close(&bed);
}
END_TEST

/* --- usage ----------------------------------------------------------------------- */

static struct sync_usage usage_of(struct bed *bed, const char *version)
{
	struct sync_usage *all;
	size_t count;

	ck_assert_int_eq(
		sync_usage_read(&bed->state, bed->catalog, &bed->arena, &all, &count, &bed->error),
		0);
	for (size_t i = 0; i < count; i++)
		if (str_equal(all[i].version, str_of(version)))
			return all[i];
	ck_abort_msg("%s is not listed", version);
}

START_TEST(usage_is_what_others_wrote)
{
	struct bed bed;

	start(&bed);
	ck_assert_uint_eq(usage_of(&bed, "todo-item@1").found, 2);
	ck_assert_uint_eq(usage_of(&bed, "todo-item@1").writes, 2);
	ck_assert_uint_eq(usage_of(&bed, "todo-item@2").writes, 0);
	ck_assert_int_eq(usage_of(&bed, "todo-item@2").last_ms, 0);
	put(&bed, "todo-item@2:c", V2("\"title\":\"t\",\"status\":\"done\""));
	put(&bed, "todo-item@1:a", V1("\"title\":\"u\",\"isDone\":true"));
	settle(&bed);
	ck_assert_uint_eq(usage_of(&bed, "todo-item@1").writes, 3);
	ck_assert_uint_eq(usage_of(&bed, "todo-item@2").writes, 1);
	ck_assert_int_gt(usage_of(&bed, "todo-item@2").last_ms, 0);
	/* What a lens made is ours, parts too. */
	ck_assert_uint_eq(usage_of(&bed, "todo-item@3").writes, 0);
	ck_assert_uint_eq(usage_of(&bed, "group@1").writes, 0);
	ck_assert_uint_eq(usage_of(&bed, "group@1").found, 0);
	bed_close(&bed);
}
END_TEST

START_TEST(two_runs_add_to_one_figure)
{
	struct sync_options options = {.wait_ms = 0};
	struct sync *first;
	struct bed bed;

	start(&bed);
	first = bed.sync;
	ck_assert_int_eq(sync_open(&bed.sync, bed.catalog, bed.store, &bed.state, &options,
				   &env_system, &mem_heap, &bed.error),
			 0);
	put(&bed, "todo-item@1:a", V1("\"title\":\"u\",\"isDone\":true"));
	settle(&bed);
	put(&bed, "todo-item@1:a", V1("\"title\":\"v\",\"isDone\":true"));
	sync_close(bed.sync);
	bed.sync = first;
	settle(&bed);
	ck_assert_uint_eq(usage_of(&bed, "todo-item@1").writes, 4);
	bed_close(&bed);
}
END_TEST

/* --- rebuilding ------------------------------------------------------------------- */

START_TEST(rebuilding_keeps_what_people_decided)
{
	struct sync_options options = {.wait_ms = 0};
	struct bed bed;
	uint64_t forgotten;
	bool pending;

	start(&bed);
	put(&bed, "todo-item@1:a", V1("\"title\":\"old\",\"isDone\":true"));
	put(&bed, "todo-item@2:a", V2("\"title\":\"new\",\"status\":\"done\""));
	settle(&bed);
	ck_assert_int_eq(retire(&bed, "todo-item", 1), 0);
	bed.sync = sync_close(bed.sync);
	ck_assert_int_eq(sync_rebuild(&bed.state, &forgotten, &mem_heap, &bed.error), 0);
	ck_assert_uint_gt(forgotten, 2);
	ck_assert_int_eq(sync_rebuild_pending(&bed.state, &pending, &mem_heap, &bed.error), 0);
	ck_assert(!pending);
	ck_assert_int_eq(sync_open(&bed.sync, bed.catalog, bed.store, &bed.state, &options,
				   &env_system, &mem_heap, &bed.error),
			 0);
	ck_assert_uint_eq(settle(&bed), 0);
	ck_assert_uint_eq(find_listed(&bed, SYNC_CONFLICTS, NULL).count, 1);
	ck_assert_uint_eq(find_listed(&bed, SYNC_QUARANTINE, NULL).count, 0);
	ck_assert_uint_eq(usage_of(&bed, "todo-item@1").found, 2);
	ck_assert_uint_eq(usage_of(&bed, "todo-item@3").found, 0);
	ck_assert_uint_eq(purge(&bed, 1).deleted, 2);
	/* From here on it counts again. */
	put(&bed, "todo-item@3:a", V3("\"title\":\"newest\",\"status\":\"done\""));
	settle(&bed);
	ck_assert_uint_eq(usage_of(&bed, "todo-item@3").writes, 1);
	expect(&bed, "todo-item@2:a", V2("\"title\":\"newest\",\"status\":\"done\""));
	bed_close(&bed);
}
END_TEST

START_TEST(rebuilding_that_was_stopped_is_pending)
{
	struct bed bed;
	struct state_put stands = {
		.key = {STATE_REBUILDING}, .condition = CF_PUT_ANY, .body = STR("{}")};
	uint64_t forgotten;
	bool pending;

	start(&bed);
	ck_assert_int_eq(state_put_one(&bed.state, &stands, &bed.arena, NULL, &bed.error), 0);
	ck_assert_int_eq(sync_rebuild_pending(&bed.state, &pending, &mem_heap, &bed.error), 0);
	ck_assert(pending);
	ck_assert_int_eq(sync_rebuild(&bed.state, &forgotten, &mem_heap, &bed.error), 0);
	ck_assert_int_eq(sync_rebuild_pending(&bed.state, &pending, &mem_heap, &bed.error), 0);
	ck_assert(!pending);
	bed_close(&bed);
}
END_TEST

/* --- no memory -------------------------------------------------------------------------- */

struct starved {
	struct bed *bed;
	struct cf_mem mem;
	struct cf_arena arena;
};

static int starved_retire(struct starved *s)
{
	bool already;

	return sync_retire(&s->bed->state, s->bed->catalog, major_of(s->bed, "todo-item", 1),
			   &env_system, &already, &s->mem, &s->bed->error);
}

static int starved_purge(struct starved *s)
{
	struct sync_purge how = {NULL, NULL};
	struct sync_purged done;

	return sync_purge(s->bed->store, &s->bed->state, s->bed->catalog,
			  major_of(s->bed, "todo-item", 1), &how, &done, &s->mem, &s->bed->error);
}

static int starved_count(struct starved *s)
{
	uint64_t count;

	return sync_version_count(s->bed->store, s->bed->catalog, major_of(s->bed, "todo-item", 1),
				  &count, &s->mem, &s->bed->error);
}

static int starved_usage(struct starved *s)
{
	struct sync_usage *usage;
	size_t count;

	return sync_usage_read(&s->bed->state, s->bed->catalog, &s->arena, &usage, &count,
			       &s->bed->error);
}

static int starved_retry(struct starved *s)
{
	uint64_t count;

	return sync_quarantine_retry_all(&s->bed->state, &count, &s->mem, &s->bed->error);
}

static int starved_rebuild(struct starved *s)
{
	uint64_t forgotten;

	return sync_rebuild(&s->bed->state, &forgotten, &s->mem, &s->bed->error);
}

static int (*const starved[])(struct starved *s) = {
	starved_retire, starved_count, starved_purge, starved_usage, starved_retry, starved_rebuild,
};

/* All of them, each with its allocations failing in turn until none was reached. */
static void starve(struct bed *bed, bool alone)
{
	for (size_t i = 0; i < ARRAY_LEN(starved); i++) {
		struct failing failing = {.at = 0};
		int rc = CF_ERR_NOMEM;

		for (size_t n = 0; rc || failing_fired(&failing); n++) {
			struct starved s = {.bed = bed};

			failing_init(&failing, n, alone);
			s.mem = failing.mem;
			arena_init(&s.arena, &s.mem);
			rc = starved[i](&s);
			arena_fini(&s.arena);
			failing_judge(&failing, rc);
			ck_assert_int_eq(failing.live, 0);
		}
	}
}

START_TEST(each_allocation_may_fail)
{
	for (int alone = 0; alone < 2; alone++) {
		struct bed bed;

		start(&bed);
		put(&bed, "todo-item@1:bad", V1("\"title\":7,\"isDone\":true"));
		settle(&bed);
		starve(&bed, alone);
		settle(&bed);
		expect(&bed, "todo-item@1:a", NULL);
		expect(&bed, "todo-item@3:a", V3("\"title\":\"t\",\"status\":\"done\""));
		bed_close(&bed);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sync-retire");
	TCase *tcase = tcase_create("retire");

	tcase_add_test(tcase, run_at_work_takes_a_purge_for_nobodys_delete);
	tcase_add_test(tcase, purge_amid_a_batch_loses_nothing);
	tcase_add_loop_test(tcase, purge_at_any_moment_loses_nothing, 0, 60);
	tcase_add_test(tcase, late_edits_of_an_old_app_are_kept);
	tcase_add_test(tcase, a_branch_of_an_old_app_is_kept_though_it_does_not_win);
	tcase_add_test(tcase, what_is_needed_is_not_retired);
	tcase_add_test(tcase, purge_may_be_stopped);
	tcase_add_test(tcase, usage_is_what_others_wrote);
	tcase_add_test(tcase, two_runs_add_to_one_figure);
	tcase_add_test(tcase, rebuilding_keeps_what_people_decided);
	tcase_add_test(tcase, each_allocation_may_fail);
	tcase_add_test(tcase, rebuilding_that_was_stopped_is_pending);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
