/* Generated documents: strings that match patterns, names that match them, and the
 * places that are left out, which must be told. */
#include "check_main.h"
#include "schema/schema.h"

#include <stdio.h>

struct bed {
	struct json_doc doc;
	struct schema *schema;
};

static void bed_init(struct bed *bed, const char *text)
{
	struct cf_error error = {0};
	int rc;

	json_doc_init(&bed->doc, &mem_heap);
	rc = json_read(&bed->doc, text, strlen(text), 0, &error);
	ck_assert_msg(rc == 0, "%s: %s", text, error.message);
	rc = schema_compile(&bed->schema, NULL, json_root(&bed->doc), STR(""), 0, &mem_heap,
			    &error);
	ck_assert_msg(rc == 0, "%s: %s", text, error.message);
}

static void bed_fini(struct bed *bed)
{
	schema_free(bed->schema);
	json_doc_fini(&bed->doc);
}

/* Generates 100 documents, each of which is valid; counts how many differ from the first. */
static unsigned generate(const char *text)
{
	struct rng rng = {42};
	struct cf_buf first, out;
	struct bed bed;
	unsigned others = 0;

	bed_init(&bed, text);
	buf_init(&first, &mem_heap);
	buf_init(&out, &mem_heap);
	for (unsigned i = 0; i < 100; i++) {
		struct cf_error error = {0};
		int rc;

		buf_clear(&out);
		rc = schema_generate(bed.schema, &rng, i, &out, &error);
		ck_assert_msg(rc == 0, "%s: %s", text, error.message);
		if (i == 0)
			ck_assert_int_eq(buf_str(&first, buf_view(&out)), 0);
		others += !str_equal(buf_view(&first), buf_view(&out));
	}
	buf_fini(&out);
	buf_fini(&first);
	bed_fini(&bed);
	return others;
}

START_TEST(strings_match_their_pattern)
{
	/* As JSON strings. */
	static const char *const patterns[] = {
		"^[a-z]+$",
		"^[A-Z]{2}[0-9]{2,10}$",
		"^\\\\d{4}-\\\\d{2}-\\\\d{2}$",
		"^(\\\\([0-9]{3}\\\\))?[0-9]{3}-[0-9]{4}$",
		"^#([0-9a-fA-F]{3}|[0-9a-fA-F]{6})$",
		"^[^@\\\\s]+@[^@\\\\s]+\\\\.[a-z]{2,}$",
		"^(foo|bar|b(a|e)z)*$",
		"^v?(0|[1-9]\\\\d*)\\\\.(0|[1-9]\\\\d*)\\\\.(0|[1-9]\\\\d*)$",
		"^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$",
		"b",
		"^a|b$",
		"x{3}",
		"^\\\\w+(?:\\\\s\\\\w+)*?$",
		"^(?<year>\\\\d{4})/(?<month>0[1-9]|1[0-2])$",
		"^(?!con$)[a-z]{1,8}$",
		"^(?=.*[0-9])[a-z0-9]{8}$",
		"\\\\bword\\\\b",
		"^\\\\p{Lu}\\\\p{Ll}+$",
		"^[\\\\p{L}\\\\d_-]+$",
		"^[^a-z\\\\d]$",
		"^\\\\u00e4\\\\u{1F600}\\\\x41\\\\t$",
		"^\\u00e4+\\ud83d\\ude00?$",
		"^[\\u00e4-\\u00fc]$",
		"^\\\\D\\\\S\\\\W$",
		"^.{5}$",
		"^[.*+?^${}()|\\\\[\\\\]\\\\\\\\/-]+$",
		"^\\\\/a\\\\.b\\\\$$",
		"^$",
		"",
		"^((((((((a|b)c)+d)?e)*f|g)h)i)j)$",
		"^[\\\\s\\\\S]{0,3}$",
		"^(?:a{2}){3}$",
	};
	char text[400];

	for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
		snprintf(text, sizeof(text), "{\"type\":\"string\",\"pattern\":\"%s\"}",
			 patterns[i]);
		(void)generate(text);
	}
	ck_assert_uint_gt(generate("{\"type\":\"string\",\"pattern\":\"^[a-z]+$\"}"), 80);
	ck_assert_uint_gt(generate("{\"type\":\"string\",\"pattern\":\"^(a|b|c)$\"}"), 40);
}
END_TEST

START_TEST(several_rules_hold_together)
{
	(void)generate("{\"type\":\"string\",\"pattern\":\"^[a-z]+$\",\"minLength\":7,"
		       "\"maxLength\":9}");
	(void)generate("{\"type\":\"string\",\"allOf\":[{\"pattern\":\"^[a-z]+$\"},"
		       "{\"pattern\":\"^.{2,4}$\"}]}");
	(void)generate("{\"type\":\"object\",\"required\":[\"id\"],\"properties\":{\"id\":"
		       "{\"type\":\"string\",\"pattern\":\"^T-[0-9]+$\"}},"
		       "\"additionalProperties\":false}");
}
END_TEST

START_TEST(names_match_their_pattern)
{
	ck_assert_uint_gt(generate("{\"type\":\"object\",\"patternProperties\":{\"^x-[a-z]+$\":"
				   "{\"type\":\"integer\"}},\"additionalProperties\":false}"),
			  20);
	ck_assert_uint_gt(generate("{\"type\":\"object\",\"propertyNames\":{\"pattern\":"
				   "\"^[a-f]{4}$\"},\"additionalProperties\":{\"type\":"
				   "\"boolean\"}}"),
			  20);
	ck_assert_uint_gt(
		generate("{\"type\":\"object\",\"additionalProperties\":{\"enum\":[1,2]}}"), 20);
}
END_TEST

struct gaps {
	unsigned count;
	char text[200];
};

static void note_gap(void *ctx, struct cf_str pointer, const char *why)
{
	struct gaps *gaps = ctx;

	gaps->count++;
	snprintf(gaps->text, sizeof(gaps->text), "%.*s: %s", STR_ARG(pointer), why);
}

START_TEST(what_is_left_out_is_told)
{
	static const struct {
		const char *schema, *told; /* NULL: nothing */
	} rows[] = {
		{"{\"properties\":{\"a\":{\"pattern\":\"^(a)\\\\1$\"}}}",
		 "/properties/a/pattern: a back reference"},
		{"{\"properties\":{\"a\":{\"pattern\":\"^(a)\\\\1$\",\"examples\":[\"aa\"]}}}",
		 NULL},
		{"{\"properties\":{\"a\":{\"pattern\":\"^\\\\p{Script=Greek}$\"}}}",
		 "/properties/a/pattern: a property of characters that is not known here"},
		{"{\"properties\":{\"a\":{\"pattern\":\"^(?=x)y$\"}}}",
		 "/properties/a/pattern: no text that fits was found"},
		{"{\"properties\":{\"a\":{\"pattern\":\"a{5000}\"}}}",
		 "/properties/a/pattern: its texts are too long"},
		{"{\"patternProperties\":{\"^(a)\\\\1$\":true}}",
		 "/patternProperties: a back reference"},
		{"{\"properties\":{\"a\":{\"pattern\":\"^[ab]$\"}}}", NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct gaps gaps = {0};
		struct bed bed;

		bed_init(&bed, rows[i].schema);
		ck_assert_int_eq(schema_generate_gaps(bed.schema, 1, note_gap, &gaps, NULL), 0);
		ck_assert_msg(gaps.count == (rows[i].told ? 1 : 0), "%s: %u gaps", rows[i].schema,
			      gaps.count);
		if (rows[i].told)
			ck_assert_str_eq(gaps.text, rows[i].told);
		bed_fini(&bed);
	}
}
END_TEST

START_TEST(what_no_document_holds_is_told_with_its_place)
{
	struct rng rng = {1};
	struct cf_error error;
	struct cf_buf out;
	struct bed bed;

	bed_init(&bed, "{\"type\":\"object\",\"required\":[\"a\"],\"properties\":{\"a\":"
		       "{\"type\":\"string\",\"pattern\":\"^(?=x)y$\"}}}");
	buf_init(&out, &mem_heap);
	ck_assert_int_eq(schema_generate(bed.schema, &rng, 50, &out, &error),
			 CF_ERR_UNSUPPORTED_OP);
	ck_assert_str_eq(error.pointer, "/properties/a/pattern");
	ck_assert_uint_eq(out.len, 0);
	buf_fini(&out);
	bed_fini(&bed);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("schema-generate");
	TCase *tcase = tcase_create("generate");

	tcase_add_test(tcase, strings_match_their_pattern);
	tcase_add_test(tcase, several_rules_hold_together);
	tcase_add_test(tcase, names_match_their_pattern);
	tcase_add_test(tcase, what_is_left_out_is_told);
	tcase_add_test(tcase, what_no_document_holds_is_told_with_its_place);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
