/* What lenses make is brought into the form that the store keeps before anybody agrees on
 * it. */
#include "bed.h"

#define V1(TYPE, NAME) "{\"schema\":\"" TYPE "\",\"version\":1,\"name\":\"" NAME "\"}"
#define V2_OF(NAME, FACTOR)                                           \
	"{\"schema\":\"sample\",\"version\":2,\"name\":\"" NAME "\"," \
	"\"factor\":" FACTOR ",\"tiny\":0.0,\"zero\":0.0}"
#define V2(NAME) V2_OF(NAME, "0.12345678901234568")

static void open_couchdb(struct bed *bed)
{
	char path[512];

	snprintf(path, sizeof(path), "%s/test/unit/sync/catalogs/numbers",
		 getenv("CHESTERFIELD_SOURCE"));
	bed_open_on(bed, path, "memory:docs?form=couchdb");
}

START_TEST(what_the_store_rounds_is_agreed_as_it_is_kept)
{
	struct bed bed;
	const char *rev;

	open_couchdb(&bed);
	put(&bed, "sample@1:a", V1("sample", "one"));
	ck_assert_uint_eq(settle(&bed), 1);
	expect(&bed, "sample@2:a", V2("one"));
	/* Who edits something else did not edit what was rounded. */
	rev = rev_of(&bed, "sample@2:a");
	put_branch(&bed, "sample@2:a", rev, "00000000000000000000000000000001", V2("two"));
	put_branch(&bed, "sample@2:a", rev, "00000000000000000000000000000002", V2_OF("one", "7"));
	settle(&bed);
	expect(&bed, "sample@2:a", V2_OF("two", "7"));
	expect(&bed, "sample@1:a", V1("sample", "two"));
	ck_assert_uint_eq(sync_counted(bed.sync)->conflicts, 0);
	ck_assert_uint_eq(settle(&bed), 0);
	bed_close(&bed);
}
END_TEST

static void expect_quarantined(struct bed *bed, const char *document, const char *pointer,
			       const char *reason)
{
	struct sync_entry entry;
	struct json_doc doc;

	json_doc_init(&doc, &mem_heap);
	ck_assert_int_eq(sync_entry_find(&bed->state, SYNC_QUARANTINE, str_of(document),
					 &bed->arena, &doc, &entry, &bed->error),
			 0);
	ck_assert_msg(memmem(json_span(entry.body).ptr, json_span(entry.body).len, pointer,
			     strlen(pointer)) &&
			      memmem(json_span(entry.body).ptr, json_span(entry.body).len, reason,
				     strlen(reason)),
		      "%.*s", STR_ARG(json_span(entry.body)));
	json_doc_fini(&doc);
}

START_TEST(what_the_store_would_refuse_or_drop_waits_and_is_never_sent)
{
	struct bed bed;

	open_couchdb(&bed);
	put(&bed, "vast@1:a", V1("vast", "x"));
	put(&bed, "marked@1:a", V1("marked", "x"));
	put(&bed, "sample@1:a", V1("sample", "x"));
	ck_assert_uint_eq(settle(&bed), 1);
	ck_assert_uint_eq(find_listed(&bed, SYNC_QUARANTINE, NULL).count, 2);
	expect_quarantined(&bed, "vast@2:a", "\"/size\"", "too large for the store");
	expect_quarantined(&bed, "marked@2:a", "\"/_name\"", "begin with _");
	expect(&bed, "vast@2:a", NULL);
	expect(&bed, "marked@2:a", NULL);
	expect(&bed, "sample@2:a", V2("x"));
	ck_assert_uint_eq(settle(&bed), 0);
	bed_close(&bed);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("sync-form");
	TCase *tc = tcase_create("form");

	tcase_add_test(tc, what_the_store_rounds_is_agreed_as_it_is_kept);
	tcase_add_test(tc, what_the_store_would_refuse_or_drop_waits_and_is_never_sent);
	suite_add_tcase(suite, tc);
	return run_suite(suite);
}
