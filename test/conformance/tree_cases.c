/* Revision trees, tombstones and attachments, as CouchDB decides; and what a store does
 * to a body, and whether it says so beforehand. */
#include "conformance.h"

START_TEST(branches_and_the_winner)
{
	struct subject s;

	subject_open(&s, _i, NULL);
	put_way(&s, "a", "1-a", "{\"n\":1}");
	put_way(&s, "a", "2-b 1-a", "{\"n\":2}");
	put_way(&s, "a", "2-c 1-a", "{\"n\":3}");
	ck_assert_str_eq(show(&s, "a"), "2-c 1-a {\"n\":3}|2-b 1-a {\"n\":2}");
	put_way(&s, "a", "3-g 2-b 1-a", "{\"n\":4}");
	ck_assert_str_eq(show(&s, "a"), "3-g 2-b 1-a {\"n\":4}|2-c 1-a {\"n\":3}");
	put_way(&s, "a", "!4-d 3-g", "{\"n\":5}");
	ck_assert_str_eq(show(&s, "a"), "2-c 1-a {\"n\":3}|!4-d 3-g 2-b 1-a {\"n\":5}");
	put_way(&s, "a", "!3-e 2-c", "{}");
	ck_assert_str_eq(show(&s, "a"), "!4-d 3-g 2-b 1-a {\"n\":5}|!3-e 2-c 1-a {}");
	ck_assert_str_eq(scan_ids(&s, "", "", 10), "");
	subject_close(&s);
}
END_TEST

START_TEST(the_same_revision_again_changes_nothing)
{
	struct subject s;
	struct cf_answer answer;
	char token[TOKEN_BYTES], again[TOKEN_BYTES];

	subject_open(&s, _i, NULL);
	put_way(&s, "a", "2-b 1-a", "{\"n\":1}");
	put_way(&s, "a", "2-c 1-a", "{\"n\":2}");
	change_ids(&s, "", 10, token);
	answer = put_way(&s, "a", "2-b 1-a", "{\"n\":9}");
	ck_assert_int_eq(answer.code, 0);
	ck_assert_rev(answer.rev, "2-b");
	/* An ancestor that CouchDB knows by its id only gets the body, which is a change. */
	if (!kind_is_couchdb(_i))
		ck_assert_int_eq(put_way(&s, "a", "1-a", "{\"n\":9}").code, 0);
	ck_assert_str_eq(show(&s, "a"), "2-c 1-a {\"n\":2}|2-b 1-a {\"n\":1}");
	ck_assert_str_eq(change_ids(&s, token, 10, again), "");
	ck_assert_str_eq(again, token);
	subject_close(&s);
}
END_TEST

START_TEST(any_and_on_rev_on_a_branched_record)
{
	struct subject s;
	struct cf_answer answer;

	subject_open(&s, _i, NULL);
	put_way(&s, "a", "2-b 1-a", "{\"n\":1}");
	put_way(&s, "a", "2-c 1-a", "{\"n\":2}");
	answer = PUT(&s, .id = STR("a"), .kind = CF_PUT_ON_REV, .rev = STR("2-b"),
		     .body = STR("{\"n\":3}"));
	ck_assert_int_eq(answer.code, 0);
	ck_assert_uint_eq(revision_generation(answer.rev), 3);
	ck_assert_uint_eq(get_one(&s, "a", NULL, CF_READ_LEAVES).revision_count, 2);
	ck_assert_uint_eq(get_one(&s, "a", NULL, 0).revision_count, 1);
	answer = PUT(&s, .id = STR("a"), .kind = CF_PUT_ON_REV, .rev = STR("2-c"), .deleted = true);
	ck_assert_int_eq(answer.code, 0);
	ck_assert_str_eq(scan_ids(&s, "", "", 10), "a");
	answer = PUT(&s, .id = STR("a"), .kind = CF_PUT_ANY, .body = STR("{\"n\":4}"));
	ck_assert_uint_eq(revision_generation(answer.rev), 4);
	subject_close(&s);
}
END_TEST

START_TEST(histories_are_stemmed)
{
	struct subject s;

	subject_open(&s, _i, "revs=3");
	if (subject_is_pouchdb(&s)) {
		/* It has no such limit to set. */
		put_way(&s, "a", "5-e 4-d 3-c 2-b 1-a", "{}");
		ck_assert_str_eq(show(&s, "a"), "5-e 4-d 3-c 2-b 1-a {}");
		subject_close(&s);
		return;
	}
	put_way(&s, "a", "5-e 4-d 3-c 2-b 1-a", "{}");
	ck_assert_str_eq(show(&s, "a"), "5-e 4-d 3-c {}");
	put_way(&s, "a", "4-x 3-c 2-b 1-a", "{}");
	/* CouchDB tells no more of a way than its limit. */
	ck_assert_str_eq(show(&s, "a"), kind_is_couchdb(_i) ? "5-e 4-d 3-c {}|4-x 3-c 2-b {}"
							    : "5-e 4-d 3-c 2-b {}|4-x 3-c 2-b {}");
	/* What was forgotten comes back as a branch: CouchDB does the same. */
	put_way(&s, "a", "1-a", "{}");
	ck_assert_str_eq(show(&s, "a"), kind_is_couchdb(_i)
						? "5-e 4-d 3-c {}|4-x 3-c 2-b {}|1-a {}"
						: "5-e 4-d 3-c 2-b {}|4-x 3-c 2-b {}|1-a {}");
	subject_close(&s);
}
END_TEST

START_TEST(a_tombstone_is_revived_on_top)
{
	struct subject s;
	struct cf_answer a, b, c;
	struct cf_record record;
	struct cf_store_info info;

	subject_open(&s, _i, NULL);
	a = PUT(&s, .id = STR("a"), .body = STR("{\"n\":1}"));
	b = PUT(&s, .id = STR("a"), .kind = CF_PUT_ON_REV, .rev = a.rev, .deleted = true,
		.body = STR("{\"type\":\"t\"}"));
	ck_assert_int_eq(b.code, 0);
	record = get_one(&s, "a", NULL, CF_READ_BODIES);
	ck_assert(record.revisions[0].deleted);
	ck_assert_bytes(record.revisions[0].body.ptr, record.revisions[0].body.len,
			"{\"type\":\"t\"}");
	ck_assert_int_eq(store_info(s.store, &s.arena, &info, NULL), 0);
	ck_assert_uint_eq(info.records, 0);
	ck_assert_uint_eq(info.records_deleted, subject_is_pouchdb(&s) ? 0 : 1);
	ck_assert_int_eq(PUT(&s, .id = STR("a"), .kind = CF_PUT_ABSENT, .deleted = true).code,
			 CF_ERR_CONFLICT);
	c = PUT(&s, .id = STR("a"), .kind = CF_PUT_ABSENT, .body = STR("{\"n\":2}"));
	ck_assert_int_eq(c.code, 0);
	ck_assert_uint_eq(revision_generation(c.rev), 3);
	ck_assert_uint_eq(get_one(&s, "a", NULL, CF_READ_LEAVES).revision_count, 1);
	ck_assert_str_eq(scan_ids(&s, "", "", 10), "a");
	subject_close(&s);
}
END_TEST

START_TEST(one_revision_by_its_id)
{
	struct subject s;
	struct cf_record record;

	subject_open(&s, _i, NULL);
	put_way(&s, "a", "1-a", "{\"n\":1}");
	put_way(&s, "a", "2-b 1-a", "{\"n\":2}");
	put_way(&s, "a", "2-c 1-a", "{\"n\":3}");
	record = get_one(&s, "a", "2-b", CF_READ_BODIES | CF_READ_HISTORIES);
	ck_assert_str_eq(show_record(&s, record), "2-b 1-a {\"n\":2}");
	record = get_one(&s, "a", "1-a", CF_READ_BODIES | CF_READ_HISTORIES);
	ck_assert_uint_eq(record.revision_count, 1);
	ck_assert_rev(record.revisions[0].rev, "1-a");
	ck_assert_uint_eq(record.revisions[0].history_count, 1);
	/* The body of an ancestor may be gone; if not, it is the right one. */
	if (record.revisions[0].body.ptr)
		ck_assert_bytes(record.revisions[0].body.ptr, record.revisions[0].body.len,
				"{\"n\":1}");
	ck_assert_uint_eq(get_one(&s, "a", "2-x", 0).revision_count, 0);
	ck_assert_uint_eq(get_one(&s, "b", "2-x", 0).revision_count, 0);
	subject_close(&s);
}
END_TEST

START_TEST(long_and_odd_revision_ids_are_kept)
{
	struct subject s;

	subject_open(&s, _i, NULL);
	put_way(&s, "a",
		"3-0123456789abcdef0123456789abcdef 2-0123456789ABCDEF0123456789ABCDEF 1-odd one",
		"{}");
	ck_assert_int_eq(put_way(&s, "b",
				 "3-0123456789abcdef0123456789abcdef "
				 "2-0123456789ABCDEF0123456789ABCDEF 1-x",
				 "{}")
				 .code,
			 0);
	/* CouchDB keeps 32 hex digits as the bytes that they say. */
	ck_assert_str_eq(show(&s, "b"), kind_is_couchdb(_i) && !subject_is_pouchdb(&s)
						? "3-0123456789abcdef0123456789abcdef "
						  "2-0123456789abcdef0123456789abcdef 1-x {}"
						: "3-0123456789abcdef0123456789abcdef "
						  "2-0123456789ABCDEF0123456789ABCDEF 1-x {}");
	subject_close(&s);
}
END_TEST

START_TEST(attachments_are_kept_by_content)
{
	struct subject s;
	struct cf_attachment text = {
		.name = STR("a.txt"), .content_type = STR("text/plain"), .data = STR("hello")};
	struct cf_attachment stub = {.name = STR("a.txt")};
	struct cf_attachment pair[2] = {stub, {.name = STR("b"), .data = STR("")}};
	struct cf_attachment missing = {.name = STR("none")};
	struct cf_attachment other = {.name = STR("a.txt"), .digest = STR("xxh3-0")};
	struct cf_answer a, b;
	struct cf_record record;
	const struct cf_attachment *got;

	subject_open(&s, _i, NULL);
	a = PUT(&s, .id = STR("a"), .body = STR("{}"), .attachments = &text, .attachment_count = 1);
	ck_assert_int_eq(a.code, 0);
	record = get_one(&s, "a", NULL, 0);
	ck_assert_uint_eq(record.revisions[0].attachment_count, 1);
	got = &record.revisions[0].attachments[0];
	ck_assert_ptr_null(got->data.ptr);
	ck_assert_uint_eq(got->length, 5);
	ck_assert_rev(got->content_type, "text/plain");
	ck_assert_uint_gt(got->digest.len, 0);
	if (subject_is_pouchdb(&s))
		pair[0] = *got; /* it finds a stub's content by the digest */
	b = PUT(&s, .id = STR("a"), .kind = CF_PUT_ON_REV, .rev = a.rev, .body = STR("{\"n\":1}"),
		.attachments = pair, .attachment_count = 2);
	ck_assert_int_eq(b.code, 0);
	record = get_one(&s, "a", NULL, CF_READ_ATTACHMENTS);
	ck_assert_uint_eq(record.revisions[0].attachment_count, 2);
	ck_assert_rev(record.revisions[0].attachments[0].data, "hello");
	ck_assert(str_equal(record.revisions[0].attachments[0].digest, got->digest));
	ck_assert_ptr_nonnull(record.revisions[0].attachments[1].data.ptr);
	a = PUT(&s, .id = STR("a"), .attachments = &missing, .attachment_count = 1);
	ck_assert_int_eq(a.code, CF_ERR_INVALID);
	/* CouchDB looks at the name alone. */
	a = PUT(&s, .id = STR("a"), .attachments = &other, .attachment_count = 1);
	if (!kind_is_couchdb(_i))
		ck_assert_int_eq(a.code, CF_ERR_INVALID);
	a = PUT(&s, .id = STR("a"), .body = STR("{}"));
	ck_assert_int_eq(a.code, 0);
	ck_assert_uint_eq(get_one(&s, "a", NULL, 0).revisions[0].attachment_count, 0);
	subject_close(&s);
}
END_TEST

START_TEST(attachments_of_branches)
{
	struct subject s;
	struct cf_attachment one = {.name = STR("a"), .data = STR("one")};
	struct cf_attachment two = {.name = STR("a"), .data = STR("two")};
	const struct cf_str rev = STR("1-b");
	struct cf_record record;

	subject_open(&s, _i, NULL);
	PUT(&s, .id = STR("a"), .kind = CF_PUT_REVISION, .rev = STR("1-a"), .body = STR("{}"),
	    .attachments = &one, .attachment_count = 1);
	PUT(&s, .id = STR("a"), .kind = CF_PUT_REVISION, .rev = rev, .history = &rev,
	    .history_count = 1, .body = STR("{}"), .attachments = &two, .attachment_count = 1);
	record = get_one(&s, "a", NULL, CF_READ_LEAVES | CF_READ_ATTACHMENTS);
	ck_assert_uint_eq(record.revision_count, 2);
	ck_assert_rev(record.revisions[0].attachments[0].data, "two");
	ck_assert_rev(record.revisions[1].attachments[0].data, "one");
	subject_close(&s);
}
END_TEST

/* --- bodies ------------------------------------------------------------------------------ */

static const char *const numbers[] = {
	"0",
	"-0",
	"-0.0",
	"1",
	"1.0",
	"1.00",
	"0.1000",
	"1e2",
	"-1E2",
	"1e20",
	"1e21",
	"1.79e308",
	"1e308",
	"1e-5",
	"1e-6",
	"1e-7",
	"0.30000000000000004",
	"0.1234567890123456789",
	"12345678901234567890",
	"12345678901234567890.5",
	"9007199254740993",
	"-9007199254740993.0",
	"123456789012345680000.0",
	"5e-324",
	"-5e-324",
	"4.9e-324",
	"7e-323",
	"7e-317",
	"3e-310",
	"3e-322",
	"1e-320",
	"2.2250738585072011e-308",
	"1e-400",
	"0e400",
	"123456789012345678901234567890123e-40",
	"99999999999999999999999999999999999e3",
};

static struct cf_str form(struct subject *s, struct cf_str body)
{
	struct cf_str formed, again;
	struct cf_error error = {0};

	ck_assert_msg(store_form(s->store, body, &s->arena, &formed, &error) == 0, "%s",
		      error.message);
	ck_assert_int_eq(store_form(s->store, formed, &s->arena, &again, &error), 0);
	ck_assert(str_equal(again, formed));
	return formed;
}

static bool equal(struct cf_str a, struct cf_str b)
{
	struct json_doc x, y;
	bool same;

	json_doc_init(&x, &mem_heap);
	json_doc_init(&y, &mem_heap);
	ck_assert_int_eq(json_read(&x, a.ptr, a.len, JSON_READ_DOCUMENT, NULL), 0);
	ck_assert_int_eq(json_read(&y, b.ptr, b.len, JSON_READ_DOCUMENT, NULL), 0);
	same = json_equal(json_root(&x), json_root(&y));
	json_doc_fini(&x);
	json_doc_fini(&y);
	return same;
}

static void check_numbers(struct subject *s)
{
	for (size_t i = 0; i < ARRAY_LEN(numbers); i++) {
		struct cf_str body = arena_printf(
			&s->arena,
			"{\"a\":[%s],\"\\u00e9\":{\"n\":%s},\"t\":\"\\u000a\\ud83d\\ude00\"}",
			numbers[i], numbers[i]);
		struct cf_str formed = form(s, body), id = arena_printf(&s->arena, "%zu", i);
		struct cf_record record;

		ck_assert_int_eq(PUT(s, .id = STR("as it was"), .body = body).code, 0);
		record = get_one(s, "as it was", NULL, CF_READ_BODIES);
		ck_assert_msg(equal(form(s, record.revisions[0].body), formed), "%s", numbers[i]);
		ck_assert_int_eq(PUT(s, .id = id, .body = formed).code, 0);
		record = get_one(s, id.ptr, NULL, CF_READ_BODIES);
		ck_assert_msg(equal(record.revisions[0].body, formed), "%s: form %.*s, store %.*s",
			      numbers[i], STR_ARG(formed), STR_ARG(record.revisions[0].body));
	}
}

START_TEST(bodies_come_back_in_the_form_of_the_store)
{
	struct subject s;

	subject_open(&s, _i, NULL);
	check_numbers(&s);
	subject_close(&s);
}
END_TEST

/* A CouchDB, or the memory store that plays it. */
static void open_changing(struct subject *s, int kind)
{
	subject_open(s, kind, kind_is_couchdb(kind) ? NULL : "form=couchdb");
}

START_TEST(memory_plays_couchdb)
{
	struct subject s;

	open_changing(&s, _i);
	check_numbers(&s);
	PUT(&s, .id = STR("x"), .body = STR("{\"n\":12345678901234567890.5}"));
	ck_assert(equal(get_one(&s, "x", NULL, CF_READ_BODIES).revisions[0].body,
			STR("{\"n\":12345678901234567000}")));
	subject_close(&s);
}
END_TEST

/* Not even a part of them is stored, and the form says so at their place. */
static const struct {
	const char *body, *pointer;
	bool couchdb_only; /* JavaScript keeps it */
} refused[] = {
	{"{\"a\":[1,1e400]}", "/a/1", false},
	{"{\"a\":{\"b\":-1.7976931348623159e308}}", "/a/b", false},
	{"{\"_conflicts\":[]}", "/_conflicts", false},
	{"{\"_foo\":1}", "/_foo", false},
	{"{\"\\u005ffoo\":1}", "/_foo", false},
	{"{\"s\":\"\\ud800\"}", "/s", true},
	{"{\"s\":[\"\\ud83dx\\ude00\"]}", "/s/0", true},
};

START_TEST(what_would_be_lost_is_refused)
{
	struct subject s;
	struct cf_str formed;
	struct cf_error error = {0};

	open_changing(&s, _i);
	for (size_t i = 0; i < ARRAY_LEN(refused); i++) {
		struct cf_str body = str_of(refused[i].body);

		if (refused[i].couchdb_only && subject_is_pouchdb(&s))
			continue;
		ck_assert_int_eq(store_form(s.store, body, &s.arena, &formed, &error),
				 CF_ERR_INVALID);
		ck_assert_str_eq(error.pointer, refused[i].pointer);
		ck_assert_int_eq(PUT(&s, .id = STR("a"), .body = body).code, CF_ERR_INVALID);
		ck_assert_str_eq(show(&s, "a"), "-");
	}
	subject_close(&s);
}
END_TEST

static void add_form_cases(Suite *suite)
{
	TCase *tcase = tcase_create("form");
	int first = kinds_first();

	/* Hundreds of requests, where a server is asked. */
	tcase_set_timeout(tcase, 60);
	add_document_case(tcase, bodies_come_back_in_the_form_of_the_store);
	/* Of a CouchDB, and of the memory store that plays it. */
	if (first == 0 || kind_is_couchdb(first)) {
		tcase_add_loop_test(tcase, memory_plays_couchdb, first, first + 1);
		tcase_add_loop_test(tcase, what_would_be_lost_is_refused, first, first + 1);
	}
	suite_add_tcase(suite, tcase);
}

void add_tree_cases(Suite *suite)
{
	TCase *tcase = tcase_create("trees");

	tcase_set_timeout(tcase, 60);
	add_document_case(tcase, branches_and_the_winner);
	add_document_case(tcase, the_same_revision_again_changes_nothing);
	add_document_case(tcase, any_and_on_rev_on_a_branched_record);
	add_document_case(tcase, histories_are_stemmed);
	add_document_case(tcase, a_tombstone_is_revived_on_top);
	add_document_case(tcase, one_revision_by_its_id);
	add_document_case(tcase, long_and_odd_revision_ids_are_kept);
	add_document_case(tcase, attachments_are_kept_by_content);
	add_document_case(tcase, attachments_of_branches);
	suite_add_tcase(suite, tcase);
	add_form_cases(suite);
}
