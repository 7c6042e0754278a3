/* Usage: who wrote what, whatever happens to the process that counts. The same history is
 * played with the process dying at each of its calls of a store, before the call, in the
 * middle of the work, or before the answer; the figures must be those of a run that
 * nobody disturbed. */
#include "bed.h"

#define V1(members) "{\"schema\":\"todo-item\",\"version\":1," members "}"
#define V2(members) "{\"schema\":\"todo-item\",\"version\":2," members "}"
#define V3(members) "{\"schema\":\"todo-item\",\"version\":3," members "}"

static const char *const versions[] = {"group@1", "todo-item@1", "todo-item@2", "todo-item@3"};

struct figures {
	uint64_t writes[ARRAY_LEN(versions)], found[ARRAY_LEN(versions)];
};

/* When the process dies. */
struct death {
	uint64_t calls, at; /* at: the call; 0: never */
	enum store_fault how;
	bool dead;
};

static enum store_fault die(void *ctx, const char *operation)
{
	struct death *death = ctx;

	(void)operation;
	death->calls++;
	if (death->dead)
		return STORE_FAULT_REFUSE;
	death->dead = death->calls == death->at;
	return death->dead ? death->how : STORE_FAULT_NONE;
}

static struct figures figures_of(struct bed *bed)
{
	struct sync_usage *all;
	struct figures ret = {{0}, {0}};
	size_t count;

	ck_assert_int_eq(
		sync_usage_read(&bed->state, bed->catalog, &bed->arena, &all, &count, &bed->error),
		0);
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < ARRAY_LEN(versions); k++) {
			if (str_equal(all[i].version, str_of(versions[k]))) {
				ret.writes[k] = all[i].writes;
				ret.found[k] = all[i].found;
			}
		}
	}
	return ret;
}

/* One process: it works until it has nothing to do, or dies. */
static void process(struct bed *bed)
{
	struct sync_options options = {.batch_changes_max = 3};
	bool idle = false;
	int rc = sync_open(&bed->sync, bed->catalog, bed->store, &bed->state, &options, &env_system,
			   &mem_heap, &bed->error);

	while (rc == 0 && !idle)
		rc = sync_step(bed->sync, &idle, &bed->error);
	if (rc)
		ck_assert_int_eq(cf_error_class(rc), CF_CLASS_RETRYABLE);
	bed->sync = sync_close(bed->sync);
}

/* A process that may die, then one that finds what it left. */
static void settle_after_death(struct bed *bed, struct death *death)
{
	bool died;

	process(bed);
	died = death->dead;
	*death = (struct death){.calls = death->calls};
	if (died)
		process(bed);
}

static void start(struct bed *bed, struct death *death)
{
	struct death never = {.at = 0};

	bed_open(bed, "examples/todo");
	bed->sync = sync_close(bed->sync);
	*death = never;
	ck_assert_int_eq(store_fault(&bed->store, bed->store, die, death, &mem_heap), 0);
	ck_assert_int_eq(store_fault(&bed->state_store, bed->state_store, die, death, &mem_heap),
			 0);
	bed->state.store = bed->state_store;
}

/* Apps do not die with the service. */
static void write_first(struct bed *bed)
{
	put(bed, "todo-item@1:a", V1("\"title\":\"a\",\"isDone\":true"));
	put(bed, "todo-item@2:b",
	    V2("\"title\":\"b\",\"status\":\"active\",\"group\":{\"name\":\"B\"}"));
	put(bed, "todo-item@2:c",
	    V2("\"title\":\"c\",\"status\":\"active\",\"group\":{\"name\":\"B\"}"));
	put(bed, "todo-item@3:d", V3("\"title\":\"d\",\"status\":\"done\",\"groupId\":\"g\""));
	put(bed, "group@1:g", "{\"schema\":\"group\",\"version\":1,\"name\":\"G\"}");
}

static void write_more(struct bed *bed)
{
	put(bed, "todo-item@1:a", V1("\"title\":\"a\",\"isDone\":false"));
	/* What is said of the group, in a document that shows it. */
	put(bed, "todo-item@2:d",
	    V2("\"title\":\"d\",\"status\":\"done\",\"group\":{\"name\":\"H\"}"));
	put(bed, "todo-item@2:e",
	    V2("\"title\":\"e\",\"status\":\"active\",\"group\":{\"name\":\"E\"}"));
	put(bed, "group@1:g", "{\"schema\":\"group\",\"version\":1,\"name\":\"I\"}");
	put_on(bed, "todo-item@3:c", rev_of(bed, "todo-item@3:c"), "{}", true);
}

/* The same history; `at` counts the calls of the dying processes alone. */
static struct figures play(uint64_t at, enum store_fault how, uint64_t *ret_calls)
{
	struct death death;
	struct figures ret;
	struct bed bed;

	start(&bed, &death);
	write_first(&bed);
	death = (struct death){.at = at, .how = how};
	settle_after_death(&bed, &death);
	*ret_calls = death.calls;
	write_more(&bed);
	death = (struct death){.at = at > *ret_calls ? at - *ret_calls : 0, .how = how};
	settle_after_death(&bed, &death);
	*ret_calls += death.calls;
	ret = figures_of(&bed);
	bed_close(&bed);
	return ret;
}

static void compare(const struct figures *got, const struct figures *wanted, uint64_t at,
		    enum store_fault how)
{
	for (size_t i = 0; i < ARRAY_LEN(versions); i++)
		ck_assert_msg(got->writes[i] == wanted->writes[i] &&
				      got->found[i] == wanted->found[i],
			      "%s, dead at call %llu (%d): %llu writes, %llu found; expected %llu "
			      "and %llu",
			      versions[i], (unsigned long long)at, how,
			      (unsigned long long)got->writes[i], (unsigned long long)got->found[i],
			      (unsigned long long)wanted->writes[i],
			      (unsigned long long)wanted->found[i]);
}

START_TEST(each_write_counts_for_whom_it_is)
{
	const struct figures wanted = {{2, 2, 4, 2}, {1, 1, 2, 1}};
	struct figures got;
	uint64_t calls;

	got = play(0, STORE_FAULT_NONE, &calls);
	compare(&got, &wanted, 0, STORE_FAULT_NONE);
}
END_TEST

/* What was there when the first run began was found, also by the run that goes on. */
START_TEST(a_reading_that_was_stopped_goes_on_finding)
{
	struct sync_options options = {.batch_changes_max = 1};
	struct bed bed;
	bool idle;
	int rc;

	bed_open(&bed, "examples/todo");
	for (unsigned i = 0; i < 9; i++)
		put(&bed, arena_printf(&bed.arena, "todo-item@1:%u", i).ptr,
		    V1("\"title\":\"a\",\"isDone\":true"));
	sync_close(bed.sync);
	rc = sync_open(&bed.sync, bed.catalog, bed.store, &bed.state, &options, &env_system,
		       &mem_heap, &bed.error);
	ck_assert_int_eq(rc, 0);
	while (sync_counted(bed.sync)->documents_written == 0)
		ck_assert_int_eq(sync_step(bed.sync, &idle, &bed.error), 0);
	sync_close(bed.sync);
	ck_assert_uint_lt(figures_of(&bed).found[1], 9);
	process(&bed);
	ck_assert_uint_eq(figures_of(&bed).found[1], 9);
	ck_assert_uint_eq(figures_of(&bed).writes[1], 9);
	bed_close(&bed);
}
END_TEST

START_TEST(a_kill_neither_loses_nor_doubles)
{
	const enum store_fault ways[] = {STORE_FAULT_REFUSE, STORE_FAULT_LOSE_ANSWER};
	struct figures wanted, got;
	uint64_t calls, ignored;

	wanted = play(0, STORE_FAULT_NONE, &calls);
	ck_assert_uint_gt(calls, 20);
	for (size_t w = 0; w < ARRAY_LEN(ways); w++) {
		for (uint64_t at = 1; at <= calls; at++) {
			got = play(at, ways[w], &ignored);
			compare(&got, &wanted, at, ways[w]);
		}
	}
}
END_TEST

/* --- a store that takes no more than a thousand records in a request ------------------- */

enum { REQUEST_RECORDS = 1000, MANY = 1100 };

static int (*put_whole)(struct cf_store *store, const struct cf_put *puts, size_t count,
			struct cf_arena *arena, struct cf_answer *ret, struct cf_error *error);
static bool killed;

/* As CouchDB's driver; the process is killed after the first of several. */
static int hook_put(struct cf_store *store, const struct cf_put *puts, size_t count,
		    struct cf_arena *arena, struct cf_answer *ret, struct cf_error *error)
{
	size_t first = count > REQUEST_RECORDS ? REQUEST_RECORDS : count;
	int rc;

	if (killed)
		return error_set(error, CF_ERR_UNAVAILABLE, "killed");
	rc = put_whole(store, puts, first, arena, ret, error);
	/* Of a call that is not split, the second is the last. */
	killed = count >= 100;
	return rc || first == count ? rc : error_set(error, CF_ERR_UNAVAILABLE, "killed");
}

static void process_many(struct bed *bed)
{
	struct sync_options options = {.batch_changes_max = 2 * MANY};
	bool idle = false;
	int rc = sync_open(&bed->sync, bed->catalog, bed->store, &bed->state, &options, &env_system,
			   &mem_heap, &bed->error);

	while (rc == 0 && !idle)
		rc = sync_step(bed->sync, &idle, &bed->error);
	bed->sync = sync_close(bed->sync);
}

START_TEST(a_kill_between_requests_neither_loses_nor_doubles)
{
	struct cf_store_ops ops;
	struct figures got;
	struct bed bed;
	char id[32];

	bed_open(&bed, "examples/todo");
	bed.sync = sync_close(bed.sync);
	for (int i = 0; i < MANY; i++) {
		snprintf(id, sizeof(id), "todo-item@1:k%04d", i);
		put(&bed, id, V1("\"title\":\"a\",\"isDone\":true"));
	}
	ops = *bed.state_store->ops;
	put_whole = ops.put;
	ops.put = hook_put;
	bed.state_store->ops = &ops;
	for (int kills = 0; kills < 5; kills++) {
		killed = false;
		process_many(&bed);
	}
	ops.put = put_whole;
	process_many(&bed);
	got = figures_of(&bed);
	ck_assert_uint_eq(got.writes[1], MANY);
	ck_assert_uint_eq(got.found[1], MANY);
	bed_close(&bed);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sync-usage");
	TCase *tcase = tcase_create("usage");

	tcase_set_timeout(tcase, 120);
	tcase_add_test(tcase, each_write_counts_for_whom_it_is);
	tcase_add_test(tcase, a_reading_that_was_stopped_goes_on_finding);
	tcase_add_test(tcase, a_kill_neither_loses_nor_doubles);
	tcase_add_test(tcase, a_kill_between_requests_neither_loses_nor_doubles);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
