/* Stores that were deleted and made anew: under a run, and between two. */
#include "bed.h"
#include "hook.h"

#define V1(TITLE) \
	"{\"schema\":\"todo-item\",\"version\":1,\"title\":\"" TITLE "\",\"isDone\":false}"

START_TEST(state_that_vanishes_under_a_run_ends_it)
{
	struct bed bed;
	bool idle;
	int rc;

	bed_open(&bed, "examples/todo");
	put(&bed, "todo-item@1:a", V1("one"));
	settle(&bed);
	ck_assert_int_eq(state_erase(&bed.state, NULL, &mem_heap, &bed.error), 0);
	put(&bed, "todo-item@1:b", V1("two"));
	do
		rc = sync_step(bed.sync, &idle, &bed.error);
	while (rc == 0 && !idle);
	ck_assert_int_eq(rc, CF_ERR_PRECONDITION);
	ck_assert_msg(strstr(bed.error.message, "made anew"), "%s", bed.error.message);
	/* Whoever starts again knows nothing, and reads everything. */
	bed.sync = sync_close(bed.sync);
	ck_assert_int_eq(sync_open(&bed.sync, bed.catalog, bed.store, &bed.state,
				   &(struct sync_options){.wait_ms = 0}, &env_system, &mem_heap,
				   &bed.error),
			 0);
	ck_assert_uint_eq(settle(&bed), 0);
	ck_assert_uint_eq(find_listed(&bed, SYNC_CONFLICTS, NULL).count, 0);
	put(&bed, "todo-item@1:a", V1("three"));
	ck_assert_uint_eq(settle(&bed), 2);
	bed_close(&bed);
}
END_TEST

/* A run over what is in `store`, which says that this is its life. */
static int run_on(struct bed *bed, struct cf_store *store, const char *life, uint64_t *ret_written)
{
	struct hook hook;
	struct cf_store *own = bed->store;
	int rc;

	hook_init(&hook, store);
	hook.store.life = life;
	bed->sync = bed->sync ? sync_close(bed->sync) : NULL;
	rc = sync_open(&bed->sync, bed->catalog, &hook.store, &bed->state,
		       &(struct sync_options){.wait_ms = 0}, &env_system, &mem_heap, &bed->error);
	if (rc == 0) {
		bed->store = store;
		*ret_written = settle(bed);
		bed->store = own;
		bed->sync = sync_close(bed->sync);
	}
	return rc;
}

/* All documents with their histories, as replication brings them. */
static void replicate(struct bed *bed, struct cf_store *to)
{
	struct cf_scan scan = {.limit = 100, .flags = CF_READ_BODIES | CF_READ_HISTORIES};
	struct cf_record *records;
	struct cf_answer answer;
	size_t count;

	ck_assert_int_eq(store_scan(bed->store, &scan, &bed->arena, &records, &count, &bed->error),
			 0);
	for (size_t i = 0; i < count; i++) {
		const struct cf_revision *leaf = &records[i].revisions[0];
		struct cf_put put = {.id = records[i].id,
				     .kind = CF_PUT_REVISION,
				     .rev = leaf->rev,
				     .history = leaf->history,
				     .history_count = leaf->history_count,
				     .body = leaf->body};

		ck_assert_int_eq(store_put(to, &put, 1, &bed->arena, &answer, &bed->error), 0);
		ck_assert_int_eq(answer.code, 0);
	}
}

START_TEST(documents_made_anew_are_not_those_that_the_state_speaks_of)
{
	struct bed bed;
	struct cf_store *next;
	uint64_t written = 0, forgotten;

	bed_open(&bed, "examples/todo");
	ck_assert_int_eq(store_open(&next, "memory:next", &env_system, &mem_heap, &bed.error), 0);
	/* Once more what the first reading found, as a change: it is what the checkpoint
	 * remembers. */
	put(&bed, "todo-item@1:a", V1("one"));
	ck_assert_int_eq(run_on(&bed, bed.store, "1", &written), 0);
	put(&bed, "todo-item@1:a", V1("two"));
	ck_assert_int_eq(run_on(&bed, bed.store, "1", &written), 0);
	ck_assert_int_eq(run_on(&bed, next, "2", &written), CF_ERR_PRECONDITION);
	ck_assert_msg(strstr(bed.error.message, "made anew"), "%s", bed.error.message);
	/* Filled from a copy it goes on, and has nothing to write. */
	replicate(&bed, next);
	ck_assert_int_eq(run_on(&bed, next, "2", &written), 0);
	ck_assert_uint_eq(written, 0);
	ck_assert_int_eq(run_on(&bed, bed.store, "3", &written), 0);
	ck_assert_int_eq(sync_rebuild(&bed.state, &forgotten, &mem_heap, &bed.error), 0);
	ck_assert_int_eq(run_on(&bed, next, "4", &written), 0);
	store_close(next);
	bed.sync = NULL;
	bed_close(&bed);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sync-anew");
	TCase *tc = tcase_create("anew");

	tcase_add_test(tc, state_that_vanishes_under_a_run_ends_it);
	tcase_add_test(tc, documents_made_anew_are_not_those_that_the_state_speaks_of);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
