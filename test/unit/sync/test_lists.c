/* Deciding on entries of lists: contested edits, and what waits in quarantine. */
#include "bed.h"
#include "failing.h"
#include "hook.h"

#define INBOX "790fbc12070b9c37aece000b24c1c02f"
#define V1(rest) "{\"schema\":\"todo-item\",\"version\":1," rest "}"
#define V2(rest) "{\"schema\":\"todo-item\",\"version\":2," rest ",\"group\":{\"name\":\"Inbox\"}}"
#define LISTS "test/unit/sync/catalogs/lists"
#define L1(rest) "{\"schema\":\"list\",\"version\":1,\"name\":\"n\",\"entries\":[" rest "]}"
#define L3(rest) "{\"schema\":\"list\",\"version\":3,\"title\":\"n\",\"items\":[" rest "]}"

/* Two apps change the title of one thing at once; the newer one wins. */
static void contest(struct bed *bed)
{
	bed_open(bed, "examples/todo");
	put(bed, "todo-item@1:a", V1("\"title\":\"t\",\"isDone\":true"));
	settle(bed);
	put(bed, "todo-item@1:a", V1("\"title\":\"old\",\"isDone\":true"));
	put(bed, "todo-item@2:a", V2("\"title\":\"new\",\"status\":\"done\""));
	settle(bed);
	ck_assert_uint_eq(find_listed(bed, SYNC_CONFLICTS, NULL).count, 1);
}

static int resolve(struct bed *bed, struct cf_store *store, const char *id, enum sync_take take,
		   const struct catalog *catalog, struct sync_resolved *ret)
{
	struct sync_resolve how = {.id = str_of(id), .take = take, .catalog = catalog};

	return sync_conflict_resolve(store, &bed->state, &how, &bed->arena, ret, &bed->error);
}

START_TEST(loser_is_carried_to_all_versions)
{
	struct bed bed;
	struct sync_resolved done;

	contest(&bed);
	ck_assert_int_eq(resolve(&bed, bed.store, "todo-item/a", SYNC_TAKE_LOSER, NULL, &done), 0);
	ck_assert(done.written);
	ck_assert_bytes(done.document.ptr, done.document.len, "todo-item@1:a");
	settle(&bed);
	expect(&bed, "todo-item@2:a", V2("\"title\":\"old\",\"status\":\"done\""));
	ck_assert_uint_eq(find_listed(&bed, SYNC_CONFLICTS, NULL).count, 0);
	ck_assert_uint_eq(settle(&bed), 0);
	ck_assert_int_eq(resolve(&bed, bed.store, "todo-item/a", SYNC_TAKE_LOSER, NULL, &done),
			 CF_ERR_NOT_FOUND);
	bed_close(&bed);
}
END_TEST

/* The app whose title lost comes back, before the next run, with an edit on top of that title:
 * its branch is on top, but the decision is about what all agreed on. */
START_TEST(decision_is_written_on_what_was_agreed)
{
	struct bed bed;
	struct sync_resolved done;
	const char *lost;

	bed_open(&bed, "examples/todo");
	put(&bed, "todo-item@1:a", V1("\"title\":\"t\",\"isDone\":true"));
	settle(&bed);
	put(&bed, "todo-item@1:a", V1("\"title\":\"old\",\"isDone\":true"));
	lost = rev_of(&bed, "todo-item@1:a");
	put(&bed, "todo-item@2:a", V2("\"title\":\"new\",\"status\":\"done\""));
	settle(&bed);
	put_branch(&bed, "todo-item@1:a", lost, "ffffffffffffffffffffffffffffffff",
		   V1("\"title\":\"old\",\"isDone\":true,\"isImportant\":true"));
	ck_assert_int_eq(resolve(&bed, bed.store, "todo-item/a", SYNC_TAKE_LOSER, NULL, &done), 0);
	ck_assert(done.written);
	settle(&bed);
	expect(&bed, "todo-item@1:a", V1("\"title\":\"old\",\"isDone\":true,\"isImportant\":true"));
	expect(&bed, "todo-item@2:a",
	       V2("\"title\":\"old\",\"status\":\"done\",\"isImportant\":true"));
	ck_assert_uint_eq(find_listed(&bed, SYNC_CONFLICTS, NULL).count, 0);
	bed_close(&bed);
}
END_TEST

/* Somebody sets another field just before our write. */
static void be_first(struct hook *hook, const char *operation, struct cf_str id)
{
	struct bed *bed = hook->ctx;

	(void)id;
	if (strcmp(operation, "put") != 0)
		return;
	hook->before = NULL;
	put(bed, "todo-item@1:a", V1("\"title\":\"new\",\"isDone\":true,\"isImportant\":true"));
}

START_TEST(conflict_is_answered_by_reading_again)
{
	struct bed bed;
	struct hook hook;
	struct sync_resolved done;

	contest(&bed);
	hook_init(&hook, bed.store);
	hook.before = be_first;
	hook.ctx = &bed;
	ck_assert_int_eq(resolve(&bed, &hook.store, "todo-item/a", SYNC_TAKE_LOSER, NULL, &done),
			 0);
	ck_assert_uint_eq(hook.puts, 2);
	expect(&bed, "todo-item@1:a", V1("\"title\":\"old\",\"isDone\":true,\"isImportant\":true"));
	bed_close(&bed);
}
END_TEST

static void be_always_first(struct hook *hook, const char *operation, struct cf_str id)
{
	struct bed *bed = hook->ctx;
	char body[128];

	(void)id;
	snprintf(body, sizeof(body), V1("\"title\":\"t%zu\",\"isDone\":true"), hook->puts);
	if (strcmp(operation, "put") == 0)
		put(bed, "todo-item@1:a", body);
}

START_TEST(somebody_who_is_always_first_is_told_of)
{
	struct bed bed;
	struct hook hook;
	struct sync_resolved done;

	contest(&bed);
	hook_init(&hook, bed.store);
	hook.before = be_always_first;
	hook.ctx = &bed;
	ck_assert_int_eq(resolve(&bed, &hook.store, "todo-item/a", SYNC_TAKE_LOSER, NULL, &done),
			 CF_ERR_CONFLICT);
	ck_assert_uint_eq(find_listed(&bed, SYNC_CONFLICTS, NULL).count, 1);
	bed_close(&bed);
}
END_TEST

START_TEST(what_says_so_already_is_not_written)
{
	struct bed bed;
	struct hook hook;
	struct sync_resolved done;

	contest(&bed);
	put(&bed, "todo-item@1:a", V1("\"title\":\"old\",\"isDone\":true"));
	hook_init(&hook, bed.store);
	ck_assert_int_eq(resolve(&bed, &hook.store, "todo-item/a", SYNC_TAKE_LOSER, NULL, &done),
			 0);
	ck_assert(!done.written);
	ck_assert_uint_eq(hook.puts, 0);
	ck_assert_uint_eq(find_listed(&bed, SYNC_CONFLICTS, NULL).count, 0);
	bed_close(&bed);
}
END_TEST

START_TEST(removal_that_lost_may_be_taken)
{
	struct bed bed;
	struct sync_resolved done;
	struct bed_found found;

	bed_open(&bed, "examples/todo");
	put(&bed, "todo-item@1:a", V1("\"title\":\"t\",\"isDone\":true,\"isImportant\":true"));
	settle(&bed);
	put(&bed, "todo-item@1:a", V1("\"title\":\"t\",\"isDone\":true"));
	put(&bed, "todo-item@2:a", V2("\"title\":\"t\",\"status\":\"done\",\"isImportant\":false"));
	settle(&bed);
	found = find_listed(&bed, SYNC_CONFLICTS, "/isImportant");
	ck_assert_ptr_nonnull(strstr(found.body, "\"value\":null,\"removed\":true"));
	ck_assert_ptr_nonnull(strstr(found.body, "\"policy\":\"newest-version\""));
	ck_assert_int_eq(resolve(&bed, bed.store, "todo-item/a", SYNC_TAKE_LOSER, NULL, &done), 0);
	expect(&bed, "todo-item@1:a", V1("\"title\":\"t\",\"isDone\":true"));
	settle(&bed);
	expect(&bed, "todo-item@2:a", V2("\"title\":\"t\",\"status\":\"done\""));
	bed_close(&bed);
}
END_TEST

#define E1(id, title) "{\"id\":\"" id "\",\"title\":\"" title "\",\"done\":false}"
#define E2(id, text) "{\"id\":\"" id "\",\"text\":\"" text "\",\"status\":\"active\"}"

START_TEST(inside_of_an_element_the_catalog_is_needed)
{
	struct bed bed;
	struct sync_resolved done;

	bed_open(&bed, LISTS);
	put(&bed, "list@1:a", L1(E1("a", "A") "," E1("b", "B")));
	settle(&bed);
	put(&bed, "list@1:a", L1(E1("a", "A1") "," E1("b", "B")));
	put(&bed, "list@3:a", L3(E2("b", "B") "," E2("a", "A3")));
	settle(&bed);
	ck_assert_int_eq(resolve(&bed, bed.store, "list/a", SYNC_TAKE_LOSER, NULL, &done),
			 CF_ERR_USAGE);
	ck_assert_ptr_nonnull(strstr(bed.error.message, "add -c DIR"));
	ck_assert_int_eq(resolve(&bed, bed.store, "list/a", SYNC_TAKE_LOSER, bed.catalog, &done),
			 0);
	settle(&bed);
	expect(&bed, "list@1:a", L1(E1("b", "B") "," E1("a", "A1")));
	bed_close(&bed);
}
END_TEST

static void list_raw(struct bed *bed, const char *name, const char *body)
{
	struct state_put put = {.key = {STATE_CONFLICT, str_of(name)},
				.condition = CF_PUT_ANY,
				.body = str_of(body)};

	ck_assert_int_eq(state_put_one(&bed->state, &put, &bed->arena, NULL, &bed->error), 0);
}

START_TEST(attachments_and_damaged_entries_are_refused)
{
	struct bed bed;
	struct sync_resolved done;

	contest(&bed);
	list_raw(&bed, "todo-item/z/1",
		 "{\"pointer\":\"/_attachments/photo\",\"kind\":\"edit\",\"loser\":{\"id\":"
		 "\"todo-item@1:a\",\"version\":\"todo-item@1\",\"rev\":\"1-a\",\"value\":{}}}");
	list_raw(&bed, "todo-item/z/2", "{\"kind\":\"edit\"}");
	list_raw(&bed, "todo-item/z/3", "{\"pointer\":7,\"loser\":{\"id\":\"todo-item@1:a\"}}");
	ck_assert_int_eq(resolve(&bed, bed.store, "todo-item/z/1", SYNC_TAKE_LOSER, NULL, &done),
			 CF_ERR_PRECONDITION);
	ck_assert_int_eq(resolve(&bed, bed.store, "todo-item/z/2", SYNC_TAKE_LOSER, NULL, &done),
			 CF_ERR_INVALID);
	ck_assert_int_eq(resolve(&bed, bed.store, "todo-item/z/3", SYNC_TAKE_LOSER, NULL, &done),
			 CF_ERR_INVALID);
	ck_assert_int_eq(resolve(&bed, bed.store, "todo-item/z", SYNC_TAKE_LOSER, NULL, &done),
			 CF_ERR_USAGE);
	bed_close(&bed);
}
END_TEST

/* --- quarantine ----------------------------------------------------------------- */

static size_t lineages_of_next_step(struct bed *bed)
{
	uint64_t before = sync_counted(bed->sync)->lineages;

	settle(bed);
	return sync_counted(bed->sync)->lineages - before;
}

START_TEST(retry_is_found_by_a_run_at_work)
{
	struct sync_options options = {.wait_ms = 0};
	struct bed bed;
	struct sync_entry entry;
	uint64_t count;

	bed_open(&bed, "examples/todo");
	put(&bed, "todo-item@1:a", V1("\"title\":7,\"isDone\":true"));
	put(&bed, "todo-item@7:b", "{}");
	settle(&bed);
	ck_assert_int_eq(sync_quarantine_retry(&bed.state, STR("todo-item@1:a"), &bed.arena, &entry,
					       &bed.error),
			 0);
	ck_assert_bytes(entry.id.ptr, entry.id.len, "todo-item/a");
	/* Another process asks; this one opens anew, so that it need not wait. */
	bed.sync = sync_close(bed.sync);
	ck_assert_int_eq(sync_open(&bed.sync, bed.catalog, bed.store, &bed.state, &options,
				   &env_system, &mem_heap, &bed.error),
			 0);
	ck_assert_uint_eq(lineages_of_next_step(&bed), 1);
	ck_assert_int_eq(sync_quarantine_retry_all(&bed.state, &count, &mem_heap, &bed.error), 0);
	ck_assert_uint_eq(count, 2);
	ck_assert_uint_eq(find_listed(&bed, SYNC_QUARANTINE, NULL).count, 2);
	bed_close(&bed);
}
END_TEST

/* While the run looks, and before it notes that it has. */
static void ask_once_more(struct hook *hook, const char *operation, struct cf_str id)
{
	struct bed *bed = hook->ctx;
	uint64_t count;

	if (strcmp(operation, "put") != 0 || !str_starts_with(id, STR("documents/retry/")))
		return;
	hook->before = NULL;
	ck_assert_int_eq(sync_quarantine_retry_all(&bed->state, &count, &mem_heap, &bed->error), 0);
	ck_assert_uint_eq(count, 1);
}

START_TEST(who_asks_while_a_run_looks_is_heard_once_more)
{
	struct sync_options options = {.wait_ms = 0};
	struct state_range asked = {.kind = STATE_RETRY, .limit = 10};
	struct state_record *records;
	struct hook hook;
	struct bed bed;
	uint64_t count;
	size_t left;
	bool idle;

	bed_open(&bed, "examples/todo");
	put(&bed, "todo-item@1:a", V1("\"title\":7,\"isDone\":true"));
	settle(&bed);
	sync_close(bed.sync);
	ck_assert_int_eq(sync_quarantine_retry_all(&bed.state, &count, &mem_heap, &bed.error), 0);
	hook_init(&hook, bed.state_store);
	hook.before = ask_once_more;
	hook.ctx = &bed;
	ck_assert_int_eq(sync_open(&bed.sync, bed.catalog, bed.store, &hook.state, &options,
				   &env_system, &mem_heap, &bed.error),
			 0);
	while (hook.before)
		ck_assert_int_eq(sync_step(bed.sync, &idle, &bed.error), 0);
	ck_assert_int_eq(state_page(&bed.state, &asked, &bed.arena, &records, &left, &bed.error),
			 0);
	ck_assert_uint_eq(left, 1);
	bed_close(&bed);
}
END_TEST

START_TEST(dropped_entry_comes_back_with_the_next_change)
{
	struct bed bed;
	struct sync_entry entry;

	bed_open(&bed, "examples/todo");
	put(&bed, "todo-item@1:a", V1("\"title\":7,\"isDone\":true"));
	settle(&bed);
	ck_assert_int_eq(sync_quarantine_drop(&bed.state, STR("todo-item/a"), &bed.arena, &entry,
					      &bed.error),
			 0);
	ck_assert_uint_eq(settle(&bed), 0);
	ck_assert_uint_eq(find_listed(&bed, SYNC_QUARANTINE, NULL).count, 0);
	put(&bed, "todo-item@1:a", V1("\"title\":8,\"isDone\":true"));
	settle(&bed);
	ck_assert_uint_eq(find_listed(&bed, SYNC_QUARANTINE, NULL).count, 1);
	put(&bed, "todo-item@1:a", V1("\"title\":\"8\",\"isDone\":true"));
	settle(&bed);
	ck_assert_uint_eq(find_listed(&bed, SYNC_QUARANTINE, NULL).count, 0);
	expect(&bed, "todo-item@2:a", V2("\"title\":\"8\",\"status\":\"done\""));
	bed_close(&bed);
}
END_TEST

/* --- no memory --------------------------------------------------------------------- */

/* Two edits of one thing, each time others. */
static void contest_again(struct bed *bed, size_t turn)
{
	struct cf_str one = arena_printf(&bed->arena, "one %zu", turn);
	struct cf_str other = arena_printf(&bed->arena, "other %zu", turn);

	settle(bed);
	put(bed, "list@1:a", arena_printf(&bed->arena, L1(E1("a", "%s")), one.ptr).ptr);
	put(bed, "list@3:a", arena_printf(&bed->arena, L3(E2("a", "%s")), other.ptr).ptr);
	settle(bed);
}

START_TEST(each_allocation_of_a_decision_may_fail)
{
	struct failing failing;
	struct sync_resolve how = {.id = STR("list/a"), .take = SYNC_TAKE_LOSER};
	struct bed bed;
	int rc = CF_ERR_NOT_FOUND;

	bed_open(&bed, LISTS);
	put(&bed, "list@1:a", L1(E1("a", "A")));
	how.catalog = bed.catalog;
	FAILING_EACH(failing)
	{
		struct sync_resolved done;
		struct cf_arena arena;

		/* Decided: contested once more. */
		if (rc == 0 || rc == CF_ERR_NOT_FOUND)
			contest_again(&bed, failing.at + failing.alone * 1000);
		arena_init(&arena, &failing.mem);
		rc = sync_conflict_resolve(bed.store, &bed.state, &how, &arena, &done, &bed.error);
		arena_fini(&arena);
		failing_judge(&failing, rc);
	}
	ck_assert_int_eq(rc, 0);
	bed_close(&bed);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sync-lists");
	TCase *tcase = tcase_create("lists");

	tcase_add_test(tcase, loser_is_carried_to_all_versions);
	tcase_add_test(tcase, decision_is_written_on_what_was_agreed);
	tcase_add_test(tcase, conflict_is_answered_by_reading_again);
	tcase_add_test(tcase, somebody_who_is_always_first_is_told_of);
	tcase_add_test(tcase, what_says_so_already_is_not_written);
	tcase_add_test(tcase, removal_that_lost_may_be_taken);
	tcase_add_test(tcase, inside_of_an_element_the_catalog_is_needed);
	tcase_add_test(tcase, attachments_and_damaged_entries_are_refused);
	tcase_add_test(tcase, retry_is_found_by_a_run_at_work);
	tcase_add_test(tcase, who_asks_while_a_run_looks_is_heard_once_more);
	tcase_add_test(tcase, dropped_entry_comes_back_with_the_next_change);
	tcase_add_test(tcase, each_allocation_of_a_decision_may_fail);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
