/* Documents split and joined, URLs, and stores without memory. */
#include "check_main.h"
#include "failing.h"
#include "store/store.h"

#include <unistd.h>

static int split(struct cf_arena *arena, const char *text, enum document_fields fields,
		 struct cf_put *put, struct cf_error *error)
{
	struct json_doc doc;
	int rc;

	json_doc_init(&doc, &mem_heap);
	ck_assert_int_eq(json_read(&doc, text, strlen(text), JSON_READ_DOCUMENT, error), 0);
	rc = document_split(json_root(&doc), fields, arena, put, error);
	json_doc_fini(&doc);
	return rc;
}

static const struct {
	const char *document;
	const char *body; /* NULL: refused */
	const char *joined;
	enum document_fields fields;
} split_rows[] = {
	{"{\"_id\":\"a\"}", "{}", "{\"_id\":\"a\"}"},
	{"{\"_id\":\"a\",\"x\":1.0}", "{\"x\":1.0}", "{\"_id\":\"a\",\"x\":1.0}"},
	{"{\"x\":1,\"_id\":\"a\",\"y\":2}", "{\"x\":1,\"y\":2}", "{\"_id\":\"a\",\"x\":1,\"y\":2}"},
	{"{\"x\":1,\"_id\":\"a\"}", "{\"x\":1}", "{\"_id\":\"a\",\"x\":1}"},
	{"{\"_id\":\"a\",\"_rev\":\"1-b\",\"_deleted\":true}", "{}",
	 "{\"_id\":\"a\",\"_rev\":\"1-b\",\"_deleted\":true}"},
	{"{\"_id\":\"a\",\"_attachments\":{\"n\":{\"content_type\":\"t\",\"data\":\"aGk=\"}}}",
	 "{}",
	 "{\"_id\":\"a\",\"_attachments\":{\"n\":{\"content_type\":\"t\",\"data\":\"aGk=\"}}}"},
	{"{}", NULL, NULL},
	{"[]", NULL, NULL},
	{"{\"_id\":\"\"}", NULL, NULL},
	{"{\"_id\":1}", NULL, NULL},
	{"{\"_id\":\"a\",\"_rev\":\"x\"}", NULL, NULL},
	{"{\"_id\":\"a\",\"_deleted\":1}", NULL, NULL},
	{"{\"_id\":\"a\",\"_attachments\":[]}", NULL, NULL},
	{"{\"_id\":\"a\",\"_attachments\":{\"n\":{}}}", NULL, NULL},
	{"{\"_id\":\"a\",\"_attachments\":{\"n\":{\"data\":\"aGl=\"}}}", NULL, NULL},
	{"{\"_id\":\"a\",\"_revisions\":7,\"x\":1}", "{\"_revisions\":7,\"x\":1}",
	 "{\"_id\":\"a\",\"_revisions\":7,\"x\":1}"},
	{"{\"_id\":\"a\",\"_revisions\":7,\"x\":1,\"_conflicts\":[]}", "{\"x\":1}",
	 "{\"_id\":\"a\",\"x\":1}", DOCUMENT_EDIT},
	{"{\"_revisions\":{\"start\":9,\"ids\":[\"c\",\"b\"]},\"_id\":\"a\",\"x\":1}", "{\"x\":1}",
	 "{\"_id\":\"a\",\"_rev\":\"9-c\",\"_revisions\":{\"start\":9,\"ids\":[\"c\",\"b\"]},\"x\":"
	 "1}",
	 DOCUMENT_AS_IS},
	{"{\"_id\":\"a\",\"_rev\":\"9-c\"}", "{}", "{\"_id\":\"a\",\"_rev\":\"9-c\"}",
	 DOCUMENT_AS_IS},
	{"{\"_id\":\"a\"}", NULL, NULL, DOCUMENT_AS_IS},
	{"{\"_id\":\"a\",\"_revisions\":{\"start\":0,\"ids\":[\"c\"]}}", NULL, NULL,
	 DOCUMENT_AS_IS},
	{"{\"_id\":\"a\",\"_revisions\":{\"start\":1.5,\"ids\":[\"c\"]}}", NULL, NULL,
	 DOCUMENT_AS_IS},
	{"{\"_id\":\"a\",\"_revisions\":{\"start\":2,\"ids\":[\"c\",\"\"]}}", NULL, NULL,
	 DOCUMENT_AS_IS},
};

START_TEST(documents_are_split_and_joined)
{
	struct cf_error error = {0};
	struct cf_revision revision;
	struct cf_arena arena;
	struct cf_put put;
	struct cf_buf out;
	int rc;

	arena_init(&arena, &mem_heap);
	buf_init(&out, &mem_heap);
	rc = split(&arena, split_rows[_i].document, split_rows[_i].fields, &put, &error);
	if (split_rows[_i].body) {
		ck_assert_int_eq(rc, 0);
		ck_assert_bytes(put.body.ptr, put.body.len, split_rows[_i].body);
		revision = (struct cf_revision){.rev = put.rev,
						.deleted = put.deleted,
						.body = put.body,
						.history = put.history,
						.history_count = put.history_count,
						.attachments = put.attachments,
						.attachment_count = put.attachment_count};
		ck_assert_int_eq(document_join(put.id, &revision, &out), 0);
		ck_assert_bytes(out.ptr, out.len, split_rows[_i].joined);
	} else {
		ck_assert_int_eq(rc, CF_ERR_INVALID);
		ck_assert_uint_gt(strlen(error.message), 0);
	}
	buf_fini(&out);
	arena_fini(&arena);
}
END_TEST

static const struct {
	const char *url, *shown;
} redacted[] = {
	{"http://u:p:@w@host:5984/db", "http://u:***@host:5984/db"},
	{"http://host:5984/db?a=b@c", "http://host:5984/db?a=b@c"},
	{"http://u:p w@host/db", "http://u:***@host/db"},
	{"http://u:12 34@host/db", "http://u:***@host/db"},
	{"http://u:p%20w%40x@host/db", "http://u:***@host/db"},
	{"http://u:p/w@x@host/db", "http://u:***@host/db"},
	{"http://u:p?w@host/db", "http://u:***@host/db"},
	{"http://u:p\"w'@host/db", "http://u:***@host/db"},
	{"http://u@host:5984/db", "http://u@host:5984/db"},
	{"postgres://u:p@h/d?password=a b&table=t", "postgres://u:***@h/d?password=***&table=t"},
	{"postgres://h/d?table=t&pass%77ord=a@b", "postgres://h/d?table=t&pass%77ord=***"},
	{"sqlite:a@b?table=t", "sqlite:a@b?table=t"},
	{"sqlite:/a:b@c", "sqlite:/a:b@c"},
	{"http:/u:p@host/db", "http:/u:***@host/db"},
	{"http:///u:p@host/db", "http:///u:***@host/db"},
	{"http:u:p@host/db", "http:u:***@host/db"},
	{"http:\\\\u:p@host/db", "http:\\\\u:***@host/db"},
	{"http:/host:5984/db", "http:/host:5984/db"},
};

START_TEST(passwords_are_not_shown)
{
	struct cf_buf out;

	buf_init(&out, &mem_heap);
	ck_assert_int_eq(store_url_redact(redacted[_i].url, &out), 0);
	ck_assert_bytes(out.ptr, out.len, redacted[_i].shown);
	buf_fini(&out);
}
END_TEST

START_TEST(the_state_store_goes_with_the_documents)
{
	struct cf_buf out;

	buf_init(&out, &mem_heap);
	ck_assert_int_eq(store_url_state("sqlite:a.db?table=t&readonly=1", &out, NULL), 0);
	ck_assert_bytes(out.ptr, out.len,
			"sqlite:a.db?table=chesterfield-state-t&revs=1&readonly=1");
	buf_clear(&out);
	ck_assert_int_eq(store_url_state("http://u@h/db", &out, NULL), 0);
	ck_assert_bytes(out.ptr, out.len, "http://u@h/chesterfield-state");
	ck_assert_int_eq(store_url_state("a.db", &out, NULL), CF_ERR_USAGE);
	buf_fini(&out);
}
END_TEST

static const char *const wrong_urls[] = {
	"memory:x?revs=0", "memory:x?revs=999999999", "memory:x?create=2", "memory:x?frob=1",
	"memory:%zz",      "memory:x?table=t",        "sqlite:",           "frob:x",
	"nothing",
};

START_TEST(wrong_urls_are_wrong_use)
{
	struct cf_store *store = NULL;
	struct cf_error error = {0};

	ck_assert_int_eq(store_open(&store, wrong_urls[_i], &env_system, &mem_heap, &error),
			 CF_ERR_USAGE);
	ck_assert_ptr_null(store);
	ck_assert_uint_gt(strlen(error.message), 0);
}
END_TEST

/* --- without memory --------------------------------------------------------------- */

static int use(const char *url, const struct cf_mem *mem)
{
	struct cf_attachment attachment = {.name = STR("n"), .data = STR("data")};
	const struct cf_put puts[4] = {
		{.id = STR("a"), .body = STR("{\"n\":1}")},
		{.id = STR("a"), .kind = CF_PUT_REVISION, .rev = STR("1-b"), .body = STR("{}")},
		{.id = STR("b"), .attachments = &attachment, .attachment_count = 1},
		{.id = STR("a"), .body = STR("{\"n\":2}")},
	};
	const struct cf_get gets[2] = {{.id = STR("a")}, {.id = STR("b")}};
	struct cf_changes how = {.limit = 10, .flags = 15};
	struct cf_answer answers[4];
	struct cf_record records[2];
	struct cf_change *changes;
	struct cf_store *store = NULL;
	struct cf_arena arena;
	struct cf_str token;
	size_t count;
	int rc;

	arena_init(&arena, mem);
	rc = store_open(&store, url, &env_system, mem, NULL);
	rc = rc ? rc : store_put(store, puts, 4, &arena, answers, NULL);
	rc = rc ? rc : store_get(store, gets, 2, 15, &arena, records, NULL);
	rc = rc ? rc : store_changes(store, &how, &arena, &changes, &count, &token, NULL);
	if (rc == 0)
		ck_assert(records[0].revision_count == 2 && count == 2);
	store_close(store);
	arena_fini(&arena);
	return rc;
}

static void fail_each(const char *url)
{
	struct failing failing;

	FAILING_EACH(failing)
	failing_judge(&failing, use(url, &failing.mem));
}

START_TEST(memory_bears_each_failed_allocation)
{
	fail_each("memory:failing");
}
END_TEST

START_TEST(sqlite_bears_each_failed_allocation)
{
	char folder[] = "/tmp/store-XXXXXX";
	char url[64];

	ck_assert_ptr_nonnull(mkdtemp(folder));
	snprintf(url, sizeof(url), "sqlite:%s/s.db", folder);
	fail_each(url);
	ck_assert_int_eq(unlink(url + strlen("sqlite:")), 0);
	ck_assert_int_eq(rmdir(folder), 0);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("store document");
	TCase *tcase = tcase_create("document");

	tcase_add_loop_test(tcase, documents_are_split_and_joined, 0, ARRAY_LEN(split_rows));
	tcase_add_loop_test(tcase, passwords_are_not_shown, 0, ARRAY_LEN(redacted));
	tcase_add_test(tcase, the_state_store_goes_with_the_documents);
	tcase_add_loop_test(tcase, wrong_urls_are_wrong_use, 0, ARRAY_LEN(wrong_urls));
	tcase_add_test(tcase, memory_bears_each_failed_allocation);
	tcase_add_test(tcase, sqlite_bears_each_failed_allocation);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
