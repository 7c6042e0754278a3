/* What a document says it is, by hints and without: the same answers and errors. */
#include "catalog/catalog.h"
#include "check_main.h"

static const char *const documents[] = {
	"{\"_id\":\"todo-item@1:a\",\"schema\":\"todo-item\",\"version\":1}",
	"{\"_id\":\"todo-item@1:bcd:e\",\"schema\":\"todo-item\",\"version\":1}",
	"{\"_id\":\"todo-item@2:a\",\"schema\":\"todo-item\",\"version\":2}",
	"{\"_id\":\"todo-item@2:a\",\"schema\":\"todo-item\",\"version\":1}",
	"{\"_id\":\"todo-item@1:a\",\"schema\":\"todo-item\",\"version\":\"1.1.0\"}",
	"{\"_id\":\"todo-item@1:a\",\"schema\":\"todo-item\",\"version\":1.0}",
	"{\"_id\":\"todo-item@1:a\",\"schema\":\"todo-item\",\"version\":10}",
	"{\"_id\":\"todo-item@1:a\",\"schema\":\"todo-item\",\"version\":null}",
	"{\"_id\":\"todo-item@1:a\",\"schema\":\"todo-item\",\"version\":\"1\"}",
	"{\"_id\":\"todo-item@1:a\",\"schema\":\"todo-\\u0069tem\",\"version\":1}",
	"{\"_id\":\"todo-item@1:a\",\"schema\":\"group\",\"version\":1}",
	"{\"_id\":\"todo-item@1:a\",\"schema\":7,\"version\":1}",
	"{\"_id\":\"todo-item@1:\\u0061\",\"schema\":\"todo-item\",\"version\":1}",
	"{\"_id\":\"todo-item@1:\",\"schema\":\"todo-item\",\"version\":1}",
	"{\"_id\":\"todo-item@1\",\"schema\":\"todo-item\",\"version\":1}",
	"{\"_id\":\"todo-item@1\",\"schema\":\"settings\",\"version\":1}",
	"{\"_id\":\"settings@1\",\"schema\":\"settings\",\"version\":1}",
	"{\"_id\":\"group@1:a\",\"schema\":\"group\",\"version\":1}",
	"{\"_id\":\"group@1:a\",\"schema\":\"todo-item\",\"version\":1}",
	"{\"_id\":\"todo-item@9:a\",\"schema\":\"todo-item\",\"version\":9}",
	"{\"_id\":\"other@1:a\",\"schema\":\"other\",\"version\":1}",
	"{\"_id\":true,\"schema\":\"todo-item\",\"version\":1}",
	"{\"_id\":\"todo-item@1:a\",\"schema\":\"todo-item\",\"vers\\u0069on\":1}",
	"{\"schema\":\"todo-item\",\"version\":1,\"_id\":\"todo-item@1:a\"}",
	"{\"_id\":\"todo-item@1:a\"}",
	"{\"_id\":\"todo-item@1:a\",\"schema\":{\"a\":1},\"version\":[1]}",
	"[1]",
};

struct bed {
	struct catalog *catalog;
	struct catalog_hints hints;
	struct json_doc doc;
};

static void compare(struct bed *bed, const char *text)
{
	struct cf_error ea = {0}, eb = {0};
	struct catalog_id a, b;
	int rc;

	ck_assert_int_eq(json_read(&bed->doc, text, strlen(text), 0, &ea), 0);
	rc = catalog_identify(bed->catalog, json_root(&bed->doc), STR(""), &a, &ea);
	ck_assert_int_eq(
		catalog_identify_next(bed->catalog, &bed->hints, json_root(&bed->doc), &b, &eb),
		rc);
	ck_assert_str_eq(ea.message, eb.message);
	ck_assert_str_eq(ea.pointer, eb.pointer);
	ck_assert_ptr_eq(a.type, b.type);
	if (rc)
		return;
	ck_assert_ptr_eq(a.major, b.major);
	ck_assert_uint_eq(a.major_number, b.major_number);
	ck_assert_int_eq(a.singleton, b.singleton);
	ck_assert_ptr_eq(a.key.ptr, b.key.ptr);
	ck_assert_uint_eq(a.key.len, b.key.len);
}

START_TEST(hints_say_what_the_document_says)
{
	struct bed bed = {.catalog = NULL};
	struct cf_error error = {0};
	const size_t count = ARRAY_LEN(documents);
	char dir[1024];
	size_t kept = 0;
	int rc;

	snprintf(dir, sizeof(dir), "%s/examples/todo", getenv("CHESTERFIELD_SOURCE"));
	rc = catalog_open(&bed.catalog, dir, &mem_heap, &error);
	ck_assert_msg(rc == 0, "%s", error.message);
	json_doc_init(&bed.doc, &mem_heap);
	/* Each after each, and after itself. */
	for (size_t i = 0; i < count * count; i++) {
		compare(&bed, documents[i / count]);
		compare(&bed, documents[i / count]);
		compare(&bed, documents[i % count]);
	}
	compare(&bed, documents[0]);
	for (size_t i = 0; i < CATALOG_HINTS; i++)
		kept += bed.hints.at[i].shape != NULL;
	ck_assert_uint_gt(kept, 0);
	json_doc_fini(&bed.doc);
	catalog_hints_fini(&bed.hints);
	catalog_close(bed.catalog);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("catalog-hint");
	TCase *tcase = tcase_create("hint");

	tcase_add_test(tcase, hints_say_what_the_document_says);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
