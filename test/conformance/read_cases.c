/* scan, find, changes, capabilities. */
#include "conformance.h"

#include <pthread.h>

static void put_some(struct subject *s)
{
	PUT(s, .id = STR("b:2"), .body = STR("{\"n\":2,\"t\":\"x\"}"));
	PUT(s, .id = STR("a"), .body = STR("{\"n\":1}"));
	PUT(s, .id = STR("b:1"), .body = STR("{\"n\":1.0,\"t\":\"\\u0078\"}"));
	PUT(s, .id = STR("\xc3\xa4"), .body = STR("{}"));
	PUT(s, .id = STR("B"), .body = STR("{\"n\":null}"));
	PUT(s, .id = STR("b:3"), .deleted = true);
}

START_TEST(scan_is_in_bytewise_order_and_goes_on)
{
	struct subject s;

	subject_open(&s, _i, NULL);
	ck_assert_str_eq(scan_ids(&s, "", "", 10), "");
	put_some(&s);
	ck_assert_str_eq(scan_ids(&s, "", "", 10), "B a b:1 b:2 \xc3\xa4");
	ck_assert_str_eq(scan_ids(&s, "", "", 2), "B a");
	ck_assert_str_eq(scan_ids(&s, "", "a", 2), "b:1 b:2");
	ck_assert_str_eq(scan_ids(&s, "", "aa", 2), "b:1 b:2");
	ck_assert_str_eq(scan_ids(&s, "b:", "", 10), "b:1 b:2");
	ck_assert_str_eq(scan_ids(&s, "b:", "b:1", 10), "b:2");
	ck_assert_str_eq(scan_ids(&s, "b:", "a", 10), "b:1 b:2");
	ck_assert_str_eq(scan_ids(&s, "b:", "c", 10), "");
	subject_close(&s);
}
END_TEST

/* What did not change behind the token comes in any case. */
START_TEST(scan_until_a_token_keeps_what_is_older)
{
	struct cf_scan scan = {.limit = 10};
	struct cf_store_info info;
	struct cf_record *records;
	struct subject s;
	size_t count, old = 0;

	subject_open(&s, _i, NULL);
	put_some(&s);
	ck_assert_int_eq(store_info(s.store, &s.arena, &info, NULL), 0);
	scan.until = info.token;
	PUT(&s, .id = STR("b:3"), .body = STR("{}"));
	ck_assert_int_eq(store_scan(s.store, &scan, &s.arena, &records, &count, NULL), 0);
	for (size_t i = 0; i < count; i++)
		old += !str_equal(records[i].id, STR("b:3"));
	ck_assert_uint_eq(old, 5);
	/* A token of another life of the data leaves nothing out. */
	scan.until = STR("999999999");
	ck_assert_int_eq(store_scan(s.store, &scan, &s.arena, &records, &count, NULL), 0);
	ck_assert_uint_eq(count, 6);
	subject_close(&s);
}
END_TEST

START_TEST(find_compares_by_value)
{
	struct subject s;
	struct cf_condition conditions[2] = {{STR("n"), STR("1e0")}, {STR("t"), STR("\"x\"")}};
	struct cf_find find = {conditions, 1, {.limit = 10, .flags = CF_READ_BODIES}};
	struct cf_record *records;
	size_t count;

	subject_open(&s, _i, NULL);
	put_some(&s);
	ck_assert_int_eq(store_find(s.store, &find, &s.arena, &records, &count, NULL), 0);
	ck_assert_uint_eq(count, 2);
	ck_assert_rev(records[0].id, "a");
	ck_assert_rev(records[1].id, "b:1");
	find.condition_count = 2;
	ck_assert_int_eq(store_find(s.store, &find, &s.arena, &records, &count, NULL), 0);
	ck_assert_uint_eq(count, 1);
	conditions[0].value = STR("{");
	ck_assert_int_eq(store_find(s.store, &find, &s.arena, &records, &count, NULL),
			 CF_ERR_SYNTAX);
	subject_close(&s);
}
END_TEST

START_TEST(changes_tell_each_once_at_its_latest)
{
	struct subject s;
	char first[TOKEN_BYTES], next[TOKEN_BYTES];
	uint64_t behind = 99;

	subject_open(&s, _i, NULL);
	ck_assert_str_eq(change_ids(&s, "", 10, first), "");
	ck_assert_int_eq(store_behind(s.store, str_of(first), &behind, NULL), 0);
	ck_assert_uint_eq(behind, 0);
	PUT(&s, .id = STR("a"), .body = STR("{}"));
	PUT(&s, .id = STR("b"), .body = STR("{}"));
	PUT(&s, .id = STR("c"), .body = STR("{}"));
	PUT(&s, .id = STR("a"), .body = STR("{\"n\":1}"));
	PUT(&s, .id = STR("b"), .deleted = true);
	ck_assert_str_eq(change_ids(&s, first, 10, next), "c a !b");
	ck_assert_int_eq(store_behind(s.store, str_of(first), &behind, NULL), 0);
	ck_assert_uint_ge(behind, 3);
	ck_assert_str_eq(change_ids(&s, "", 2, next), "c a");
	ck_assert_str_eq(change_ids(&s, next, 2, next), "!b");
	ck_assert_str_eq(change_ids(&s, next, 2, first), "");
	ck_assert_str_eq(first, next);
	PUT(&s, .id = STR("a"), .body = STR("{\"n\":2}"));
	ck_assert_str_eq(change_ids(&s, next, 2, next), "a");
	subject_close(&s);
}
END_TEST

START_TEST(tokens_of_others)
{
	struct subject s;
	struct cf_changes how = {.since = STR("13-abc"), .limit = 1};
	struct cf_change *changes;
	struct cf_str token;
	struct cf_error error;
	size_t count;
	char next[TOKEN_BYTES];

	subject_open(&s, _i, NULL);
	PUT(&s, .id = STR("a"), .body = STR("{}"));
	ck_assert_int_eq(store_changes(s.store, &how, &s.arena, &changes, &count, &token, &error),
			 CF_ERR_USAGE);
	/* A token of data that is gone: all is told again. CouchDB's are no numbers. */
	if (kind_is_couchdb(_i) && !subject_is_pouchdb(&s)) {
		struct subject other;

		subject_open(&other, _i, NULL);
		PUT(&other, .id = STR("a"), .body = STR("{}"));
		PUT(&other, .id = STR("b"), .body = STR("{}"));
		change_ids(&other, "", 10, next);
		subject_close(&other);
		ck_assert_str_eq(change_ids(&s, next, 10, next), "a");
	} else {
		ck_assert_str_eq(change_ids(&s, "99999", 10, next), "a");
	}
	subject_close(&s);
}
END_TEST

static void *write_soon(void *ctx)
{
	struct subject *s = ctx;
	struct cf_store *store = subject_again(s);
	struct cf_put put = {.id = STR("new"), .body = STR("{}")};
	struct cf_answer answer;
	struct cf_arena arena;

	arena_init(&arena, &mem_heap);
	store_put(store, &put, 1, &arena, &answer, NULL);
	arena_fini(&arena);
	store_close(store);
	return NULL;
}

START_TEST(waiting_ends_with_a_write_by_another_handle)
{
	struct subject s;
	struct cf_changes how = {.limit = 10, .wait_ms = 60000};
	struct cf_change *changes;
	struct cf_str token;
	pthread_t thread;
	size_t count = 0;
	uint64_t start = env_system.monotonic_ns(NULL);

	subject_open(&s, _i, NULL);
	ck_assert_int_eq(pthread_create(&thread, NULL, write_soon, &s), 0);
	while (count == 0)
		ck_assert_int_eq(
			store_changes(s.store, &how, &s.arena, &changes, &count, &token, NULL), 0);
	ck_assert_rev(changes[0].record.id, "new");
	ck_assert_uint_lt(env_system.monotonic_ns(NULL) - start, 30000000000u);
	pthread_join(thread, NULL);
	how = (struct cf_changes){.since = token, .limit = 10, .wait_ms = 5};
	ck_assert_int_eq(store_changes(s.store, &how, &s.arena, &changes, &count, &token, NULL), 0);
	ck_assert_uint_eq(count, 0);
	subject_close(&s);
}
END_TEST

START_TEST(two_handles_see_one_another)
{
	struct subject s;
	struct cf_store *other, *mine;
	struct cf_answer a;

	subject_open(&s, _i, NULL);
	other = subject_again(&s);
	a = PUT(&s, .id = STR("a"), .body = STR("{}"));
	mine = s.store;
	s.store = other;
	ck_assert_int_eq(PUT(&s, .id = STR("a"), .kind = CF_PUT_ON_REV, .rev = a.rev,
			     .body = STR("{\"n\":1}"))
				 .code,
			 0);
	s.store = mine;
	ck_assert_int_eq(PUT(&s, .id = STR("a"), .kind = CF_PUT_ON_REV, .rev = a.rev).code,
			 CF_ERR_CONFLICT);
	store_close(other);
	subject_close(&s);
}
END_TEST

START_TEST(capabilities_are_honest)
{
	struct subject s;
	const struct cf_store_ops *ops;

	subject_open(&s, _i, NULL);
	ops = s.store->ops;
	ck_assert_ptr_nonnull(ops->get);
	ck_assert_ptr_nonnull(ops->put);
	ck_assert_ptr_nonnull(ops->scan);
	ck_assert_ptr_nonnull(ops->info);
	if (!kind_is_rows(_i))
		ck_assert(s.store->capabilities & CF_STORE_CHANGES && ops->changes && ops->behind);
	ck_assert(!!(s.store->capabilities & CF_STORE_CHANGES) == !kind_is_rows(_i));
	ck_assert(!!(s.store->capabilities & CF_STORE_HISTORIES) == !kind_is_rows(_i));
	ck_assert(s.store->capabilities & CF_STORE_FIND && ops->find);
	ck_assert(s.store->capabilities & CF_STORE_CAS);
	ck_assert(s.store->capabilities & CF_STORE_ORDERED);
	ck_assert(!!(s.store->capabilities & CF_STORE_TRANSACTIONS) == kind_has_transactions(_i));
	PUT(&s, .id = STR("a"));
	subject_close(&s);
}
END_TEST

void add_read_cases(Suite *suite)
{
	TCase *tcase = tcase_create("read");

	add_record_case(tcase, scan_is_in_bytewise_order_and_goes_on);
	add_document_case(tcase, scan_until_a_token_keeps_what_is_older);
	add_record_case(tcase, find_compares_by_value);
	add_document_case(tcase, changes_tell_each_once_at_its_latest);
	add_document_case(tcase, tokens_of_others);
	add_document_case(tcase, waiting_ends_with_a_write_by_another_handle);
	add_record_case(tcase, two_handles_see_one_another);
	add_record_case(tcase, capabilities_are_honest);
	suite_add_tcase(suite, tcase);
}
