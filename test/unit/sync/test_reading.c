/* The first reading: in the order of the keys, resumed, with fresh changes in between. */
#include "bed.h"
#include "hook.h"

#define V1(title) "{\"schema\":\"todo-item\",\"version\":1,\"title\":\"" title "\",\"isDone\":true}"

enum { DOCUMENTS = 40 };

static struct sync_options small_pages = {.batch_changes_max = 2};

static void open_again(struct bed *bed, struct cf_store *store)
{
	bed->sync = sync_close(bed->sync);
	ck_assert_int_eq(sync_open(&bed->sync, bed->catalog, store, &bed->state, &small_pages,
				   &env_system, &mem_heap, &bed->error),
			 0);
}

/* Documents in no order, and job one not begun. */
static void fill(struct bed *bed)
{
	bed_open(bed, "examples/todo");
	for (int i = 0; i < DOCUMENTS; i++)
		put(bed, arena_printf(&bed->arena, "todo-item@1:%03d", i * 17 % DOCUMENTS).ptr,
		    V1("t"));
	open_again(bed, bed->store);
}

static void step(struct bed *bed, bool *ret_idle)
{
	int rc = sync_step(bed->sync, ret_idle, &bed->error);

	ck_assert_msg(rc == 0, "%s", bed->error.message);
}

static struct sync_status status_of(struct bed *bed)
{
	struct sync_status status;

	ck_assert_int_eq(sync_status_read(bed->store, &bed->state, &env_system, &status, &mem_heap,
					  &bed->error),
			 0);
	return status;
}

/* Scanned ids, in the order in which they came. */
struct seen {
	size_t count, scans;
	bool ordered;
	char last[64];
};

static void see_scan(struct hook *hook, const char *operation, struct cf_str id)
{
	struct seen *seen = hook->ctx;

	if (strcmp(operation, "scan") != 0)
		return;
	seen->scans++;
	seen->ordered = seen->ordered && str_compare(id, str_of(seen->last)) >= 0;
	snprintf(seen->last, sizeof(seen->last), "%.*s", STR_ARG(id));
}

/* What the scan has read the state knows, though the feed has told nothing yet. */
START_TEST(an_older_copy_is_noticed_after_the_reading_alone)
{
	struct sync_options options = {.wait_ms = 0};
	struct cf_store *older;
	struct bed bed;
	bool idle;
	int rc;

	bed_open(&bed, "examples/todo");
	put(&bed, "todo-item@1:a", V1("t"));
	while (sync_counted(bed.sync)->documents_written == 0)
		step(&bed, &idle);
	rc = store_open(&older, "memory:older", &env_system, &mem_heap, &bed.error);
	ck_assert_int_eq(rc, 0);
	bed.sync = sync_close(bed.sync);
	rc = sync_open(&bed.sync, bed.catalog, older, &bed.state, &options, &env_system, &mem_heap,
		       &bed.error);
	ck_assert_int_eq(rc, CF_ERR_PRECONDITION);
	store_close(older);
	bed_close(&bed);
}
END_TEST

START_TEST(all_is_read_in_the_order_of_keys)
{
	struct bed bed;
	struct hook hook;
	struct seen seen = {.ordered = true};

	fill(&bed);
	hook_init(&hook, bed.store);
	hook.before = see_scan;
	hook.ctx = &seen;
	open_again(&bed, &hook.store);
	settle(&bed);
	/* Ten pages of four, and one that is empty. */
	ck_assert(seen.ordered);
	ck_assert_uint_eq(seen.scans, DOCUMENTS / 4 + 1);
	for (int i = 0; i < DOCUMENTS; i++)
		expect(&bed, arena_printf(&bed.arena, "todo-item@2:%03d", i).ptr,
		       "{\"schema\":\"todo-item\",\"version\":2,\"title\":\"t\",\"status\":"
		       "\"done\",\"group\":{\"name\":\"Inbox\"}}");
	/* What the run wrote itself it did not look at again: a lineage each, and the group. */
	ck_assert_uint_eq(sync_counted(bed.sync)->lineages, DOCUMENTS + 2);
	ck_assert(!status_of(&bed).reading);
	bed_close(&bed);
}
END_TEST

START_TEST(a_stopped_reading_goes_on_behind_the_last_key)
{
	struct bed bed;
	bool idle;
	uint64_t lineages = 0, done;

	fill(&bed);
	for (int i = 0; status_of(&bed).reading_done < 16; i++) {
		ck_assert_int_lt(i, 100);
		step(&bed, &idle);
		ck_assert(!idle);
	}
	done = status_of(&bed).reading_done;
	ck_assert(status_of(&bed).reading);
	ck_assert_uint_eq(status_of(&bed).reading_total, DOCUMENTS);
	lineages = sync_counted(bed.sync)->lineages;
	open_again(&bed, bed.store);
	settle(&bed);
	/* This process does not know what the other one wrote: it looks, and writes nothing. */
	ck_assert_uint_ge(sync_counted(bed.sync)->lineages, DOCUMENTS - done);
	ck_assert_uint_le(sync_counted(bed.sync)->documents_written, 2 * (DOCUMENTS - done) + 1);
	ck_assert_uint_ge(lineages, done);
	for (int i = 0; i < DOCUMENTS; i++)
		ck_assert_str_ne(rev_of(&bed, arena_printf(&bed.arena, "todo-item@3:%03d", i).ptr),
				 "");
	ck_assert_uint_eq(status_of(&bed).behind, 0);
	bed_close(&bed);
}
END_TEST

START_TEST(a_fresh_change_does_not_wait)
{
	struct bed bed;
	bool idle;
	int steps = 0;

	fill(&bed);
	while (status_of(&bed).reading_done == 0)
		step(&bed, &idle);
	/* The last one in the order of keys, and one that was not there. */
	put(&bed, "todo-item@1:039", V1("fresh"));
	put(&bed, "todo-item@1:zzz", V1("new"));
	while (!*rev_of(&bed, "todo-item@3:039") || !*rev_of(&bed, "todo-item@3:zzz")) {
		step(&bed, &idle);
		ck_assert_int_lt(steps++, 20);
	}
	ck_assert(status_of(&bed).reading);
	settle(&bed);
	ck_assert_uint_eq(find_listed(&bed, SYNC_CONFLICTS, NULL).count, 0);
	ck_assert_ptr_nonnull(
		strstr(body_of(&bed, "todo-item@2:039", NULL).ptr, "\"title\":\"fresh\""));
	bed_close(&bed);
}
END_TEST

START_TEST(an_empty_database_is_idle_and_noted_nowhere)
{
	struct bed bed;
	struct hook hook;

	bed_open(&bed, "examples/todo");
	hook_init(&hook, bed.state_store);
	bed.sync = sync_close(bed.sync);
	ck_assert_int_eq(sync_open(&bed.sync, bed.catalog, bed.store, &hook.state, &small_pages,
				   &env_system, &mem_heap, &bed.error),
			 0);
	settle(&bed);
	ck_assert_uint_eq(hook.puts, 0);
	put(&bed, "todo-item@1:a", V1("t"));
	settle(&bed);
	ck_assert_str_ne(rev_of(&bed, "todo-item@3:a"), "");
	bed_close(&bed);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sync-reading");
	TCase *tcase = tcase_create("reading");

	tcase_add_test(tcase, an_older_copy_is_noticed_after_the_reading_alone);
	tcase_add_test(tcase, all_is_read_in_the_order_of_keys);
	tcase_add_test(tcase, a_stopped_reading_goes_on_behind_the_last_key);
	tcase_add_test(tcase, a_fresh_change_does_not_wait);
	tcase_add_test(tcase, an_empty_database_is_idle_and_noted_nowhere);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
