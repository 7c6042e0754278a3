/* Differences, generated documents, views and draft-07. */
#include "schema/schema.h"

#include "check_main.h"
#include "failing.h"

struct fixture {
	struct json_doc *doc;
	struct schema *schema;
};

static struct fixture compile(const char *text)
{
	struct fixture f = {0};
	static struct json_doc docs[64];
	static unsigned next;
	struct json_doc *doc = &docs[next++ % 64];
	struct cf_error error = {0};

	json_doc_init(doc, &mem_heap);
	ck_assert_int_eq(json_read(doc, text, strlen(text), 0, &error), 0);
	ck_assert_msg(
		schema_compile(&f.schema, NULL, json_root(doc), STR(""), 0, &mem_heap, &error) == 0,
		"%s", error.message);
	f.doc = doc;
	return f;
}

static void check_valid(const char *schema, const char *text, int expected)
{
	struct fixture f = compile(schema);
	struct json_doc doc;
	struct cf_error error;

	json_doc_init(&doc, &mem_heap);
	ck_assert_int_eq(json_read(&doc, text, strlen(text), 0, &error), 0);
	ck_assert_msg(schema_validate(f.schema, json_root(&doc), NULL, &error) == expected,
		      "%s by %s", text, schema);
	json_doc_fini(&doc);
	schema_free(f.schema);
	json_doc_fini(f.doc);
}

#define D7 "{\"$schema\":\"http://json-schema.org/draft-07/schema#\","

START_TEST(draft_07_reads_its_own_keywords)
{
	check_valid(D7 "\"items\":[{\"type\":\"string\"}],\"additionalItems\":false}", "[\"a\"]",
		    0);
	check_valid(D7 "\"items\":[{\"type\":\"string\"}],\"additionalItems\":false}", "[\"a\",1]",
		    CF_ERR_INVALID);
	check_valid(D7 "\"dependencies\":{\"a\":[\"b\"]}}", "{\"a\":1}", CF_ERR_INVALID);
	check_valid(D7 "\"definitions\":{\"s\":{\"type\":\"string\"}},\"properties\":{\"x\":"
		       "{\"$ref\":\"#/definitions/s\",\"maxLength\":1}}}",
		    "{\"x\":\"long\"}", 0);
	check_valid(D7 "\"contains\":{\"const\":1},\"minContains\":2}", "[1]", 0);
	check_valid(D7 "\"if\":{\"type\":\"string\"},\"then\":{\"minLength\":2}}", "\"a\"",
		    CF_ERR_INVALID);
	check_valid(D7 "\"prefixItems\":[false]}", "[1]", 0);
}
END_TEST

struct diff_row {
	const char *old_text, *new_text;
	enum schema_change change;
	const char *compatibility;
};

START_TEST(changes_are_named)
{
	static const struct diff_row rows[] = {
		{"{\"title\":\"a\"}", "{\"title\":\"b\"}", SCHEMA_FIX, "FULL"},
		{"{\"properties\":{},\"additionalProperties\":false}",
		 "{\"properties\":{\"b\":{\"type\":\"boolean\"}},\"additionalProperties\":false}",
		 SCHEMA_FEATURE, "BACKWARD"},
		{"{\"properties\":{}}", "{\"properties\":{},\"required\":[\"a\"]}", SCHEMA_BREAKING,
		 "FORWARD"},
		{"{\"type\":\"integer\"}", "{\"type\":\"number\"}", SCHEMA_BREAKING, "BACKWARD"},
		{"{\"enum\":[1,2]}", "{\"enum\":[1]}", SCHEMA_BREAKING, "FORWARD"},
		{"{\"minimum\":1}", "{\"minimum\":0}", SCHEMA_BREAKING, "BACKWARD"},
		{"{\"pattern\":\"a\"}", "{\"pattern\":\"b\"}", SCHEMA_BREAKING, "NONE"},
		{"{\"$defs\":{\"a\":{\"maxLength\":3}},\"items\":{\"$ref\":\"#/$defs/a\"}}",
		 "{\"$defs\":{\"a\":{\"maxLength\":2}},\"items\":{\"$ref\":\"#/$defs/a\"}}",
		 SCHEMA_BREAKING, "FORWARD"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct fixture a = compile(rows[i].old_text), b = compile(rows[i].new_text);
		struct schema_diff diff;

		ck_assert_int_eq(schema_diff(&diff, a.schema, b.schema, &mem_heap, NULL), 0);
		ck_assert_msg(diff.change == rows[i].change, "%s: %s", rows[i].new_text,
			      schema_change_name(diff.change));
		ck_assert_str_eq(schema_compatibility_name(diff.compatibility),
				 rows[i].compatibility);
		schema_diff_fini(&diff);
		schema_free(a.schema);
		schema_free(b.schema);
		json_doc_fini(a.doc);
		json_doc_fini(b.doc);
	}
}
END_TEST

START_TEST(generated_documents_are_valid)
{
	struct fixture f = compile(
		"{\"type\":\"object\",\"required\":[\"t\"],\"properties\":{\"t\":{\"type\":"
		"\"string\",\"minLength\":1},\"n\":{\"type\":\"array\",\"items\":{\"$ref\":\"#\"}},"
		"\"s\":{\"enum\":[1,null]}},\"additionalProperties\":false}");
	struct rng rng = {7};
	struct cf_buf out;

	buf_init(&out, &mem_heap);
	for (unsigned i = 0; i < 200; i++) {
		buf_clear(&out);
		ck_assert_int_eq(schema_generate(f.schema, &rng, i % 101, &out, NULL), 0);
		ck_assert_uint_gt(out.len, 6);
	}
	buf_fini(&out);
	schema_free(f.schema);
	json_doc_fini(f.doc);
}
END_TEST

START_TEST(patterns_stop_at_their_limit)
{
	check_valid("{\"pattern\":\"^(a+)+$\"}",
		    "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\"", CF_ERR_LIMIT);
}
END_TEST

START_TEST(every_allocation_may_fail)
{
	static const char text[] =
		"{\"s\":{\"properties\":{\"a\":{\"pattern\":\"^a+$\"}},\"patternProperties\":"
		"{\"b\":true},\"unevaluatedProperties\":false},\"d\":{\"a\":\"\\u0061\"}}";
	struct json_doc doc;
	struct failing failing;

	json_doc_init(&doc, &mem_heap);
	ck_assert_int_eq(json_read(&doc, text, sizeof(text) - 1, 0, NULL), 0);
	FAILING_EACH(failing)
	{
		struct schema *schema = NULL;
		int rc = schema_compile(&schema, NULL, json_member(json_root(&doc), STR("s")),
					STR(""), 0, &failing.mem, NULL);

		if (rc == 0)
			rc = schema_validate(schema, json_member(json_root(&doc), STR("d")), NULL,
					     NULL);
		schema_free(schema);
		failing_judge(&failing, rc);
	}
	json_doc_fini(&doc);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("schema-diff");
	TCase *tcase = tcase_create("diff");

	tcase_add_test(tcase, draft_07_reads_its_own_keywords);
	tcase_add_test(tcase, changes_are_named);
	tcase_add_test(tcase, generated_documents_are_valid);
	tcase_add_test(tcase, patterns_stop_at_their_limit);
	tcase_add_test(tcase, every_allocation_may_fail);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
