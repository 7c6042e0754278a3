/* What the target schema requires is filled in, also inside objects. */
#include "check_main.h"
#include "lens/lens.h"

#include <stdio.h>

struct bed {
	struct json_file lens_file;
	struct json_doc schema_doc, input, base;
	struct schema *schema;
	struct lens *lens;
	struct lens_program *program;
	struct lens_worker *worker;
};

static void bed_init(struct bed *bed, const char *ops, const char *schema)
{
	struct lens_options options = {.cambria_defaults = false};
	const struct schema *schemas[1];
	struct lens_link link = {.down = false};
	struct cf_error error = {0};
	char text[500];

	snprintf(text, sizeof(text), "{lens: [%s]}", ops);
	json_doc_init(&bed->schema_doc, &mem_heap);
	json_doc_init(&bed->input, &mem_heap);
	json_doc_init(&bed->base, &mem_heap);
	ck_assert_int_eq(json_read(&bed->schema_doc, schema, strlen(schema), 0, &error), 0);
	ck_assert_int_eq(schema_compile(&bed->schema, NULL, json_root(&bed->schema_doc), STR(""), 0,
					&mem_heap, &error),
			 0);
	ck_assert_int_eq(json_file_read(&bed->lens_file, "l.yaml", str_of(text), &mem_heap, &error),
			 0);
	ck_assert_int_eq(lens_read(&bed->lens, &bed->lens_file, &mem_heap, &error), 0);
	schemas[0] = bed->schema;
	options.target_schemas = schemas;
	link.lens = bed->lens;
	ck_assert_msg(lens_compile(&bed->program, &link, 1, &options, &mem_heap, &error) == 0, "%s",
		      error.message);
	bed->worker = lens_worker_new(&mem_heap);
}

static void bed_fini(struct bed *bed)
{
	lens_worker_free(bed->worker);
	lens_program_free(bed->program);
	lens_free(bed->lens);
	json_file_fini(&bed->lens_file);
	schema_free(bed->schema);
	json_doc_fini(&bed->schema_doc);
	json_doc_fini(&bed->input);
	json_doc_fini(&bed->base);
}

/* Several times over one reader: from the third on the worker may have a plan. */
static void expect(struct bed *bed, const char *input, const char *base, const char *output)
{
	for (int i = 0; i < 5; i++) {
		struct json_value inputs[1], bases[1];
		struct lens_args args = {.inputs = inputs, .bases = base ? bases : NULL};
		const struct lens_output *made;
		struct cf_error error = {0};

		ck_assert_int_eq(
			json_read(&bed->input, input, strlen(input), JSON_READ_DOCUMENT, &error),
			0);
		inputs[0] = json_root(&bed->input);
		if (base) {
			ck_assert_int_eq(json_read(&bed->base, base, strlen(base), 0, &error), 0);
			bases[0] = json_root(&bed->base);
		}
		ck_assert_msg(lens_apply(bed->worker, bed->program, &args, &made, &error) == 0,
			      "%s", error.message);
		ck_assert_bytes(made[0].text.ptr, made[0].text.len, output);
		ck_assert_int_eq(schema_validate(bed->schema, json_root(&bed->input), NULL, NULL) ==
					 0,
				 strcmp(input, output) == 0);
	}
}

static const char address[] =
	"{\"type\":\"object\",\"required\":[\"home\"],\"properties\":{\"home\":{\"$ref\":"
	"\"#/$defs/place\"},\"work\":{\"$ref\":\"#/$defs/place\"},\"n\":{\"type\":\"integer\"}},"
	"\"$defs\":{\"place\":{\"type\":\"object\",\"required\":[\"city\",\"zip\",\"at\"],"
	"\"properties\":{\"city\":{\"type\":\"string\",\"default\":\"Bern\"},\"zip\":{\"type\":"
	"\"string\"},\"at\":{\"type\":\"object\",\"required\":[\"x\",\"y\"],\"properties\":{"
	"\"x\":{\"type\":\"number\"},\"y\":{\"type\":[\"number\",\"null\"]}}}}}}}";

START_TEST(a_missing_object_comes_whole)
{
	struct bed bed;

	bed_init(&bed, "{remove: {name: old, type: string}}", address);
	expect(&bed, "{\"n\":1}", NULL,
	       "{\"n\":1,\"home\":{\"city\":\"Bern\",\"zip\":\"\",\"at\":{\"x\":0,\"y\":null}}}");
	bed_fini(&bed);
}
END_TEST

START_TEST(an_object_that_is_there_gets_what_it_lacks)
{
	struct bed bed;

	bed_init(&bed, "{remove: {name: old, type: string}}", address);
	expect(&bed, "{\"home\":{\"zip\":\"1\",\"more\":[1.50]},\"n\":2}", NULL,
	       "{\"home\":{\"zip\":\"1\",\"more\":[1.50],\"city\":\"Bern\",\"at\":{\"x\":0,\"y\":"
	       "null}},\"n\":2}");
	expect(&bed, "{\"home\":{\"city\":\"a\",\"zip\":\"b\",\"at\":{\"y\":1}}}", NULL,
	       "{\"home\":{\"city\":\"a\",\"zip\":\"b\",\"at\":{\"y\":1,\"x\":0}}}");
	/* What is not required as a whole is not made, but completed where it is. */
	expect(&bed,
	       "{\"home\":{\"city\":\"a\",\"zip\":\"b\",\"at\":{\"y\":1,\"x\":2}},\"work\":{"
	       "\"city\":\"c\",\"at\":{\"x\":1,\"y\":2}}}",
	       NULL,
	       "{\"home\":{\"city\":\"a\",\"zip\":\"b\",\"at\":{\"y\":1,\"x\":2}},\"work\":{"
	       "\"city\":\"c\",\"at\":{\"x\":1,\"y\":2},\"zip\":\"\"}}");
	bed_fini(&bed);
}
END_TEST

START_TEST(what_is_complete_stays_as_it_stands)
{
	struct bed bed;

	bed_init(&bed, "{remove: {name: old, type: string}}", address);
	expect(&bed,
	       "{\"home\":{\"city\":\"\\u0061\",\"zip\":\"b\",\"at\":{\"x\":1.0,\"y\":2e0}},"
	       "\"n\":1}",
	       NULL,
	       "{\"home\":{\"city\":\"\\u0061\",\"zip\":\"b\",\"at\":{\"x\":1.0,\"y\":2e0}},"
	       "\"n\":1}");
	bed_fini(&bed);
}
END_TEST

START_TEST(objects_that_ops_made_or_moved_are_filled)
{
	struct bed bed;

	bed_init(&bed, "{add: {name: home, type: object}}", address);
	expect(&bed, "{\"n\":1}", NULL,
	       "{\"n\":1,\"home\":{\"city\":\"Bern\",\"zip\":\"\",\"at\":{\"x\":0,\"y\":null}}}");
	bed_fini(&bed);
	bed_init(&bed,
		 "{rename: {source: place, destination: home}}, {in: {name: home, lens: [{rename: "
		 "{source: town, destination: city}}]}}",
		 address);
	expect(&bed, "{\"place\":{\"town\":\"Basel\"}}", NULL,
	       "{\"home\":{\"city\":\"Basel\",\"zip\":\"\",\"at\":{\"x\":0,\"y\":null}}}");
	bed_fini(&bed);
	bed_init(&bed, "{add: {name: home, type: object}}, {plunge: {host: home, name: city}}",
		 address);
	expect(&bed, "{\"city\":\"Chur\"}", NULL,
	       "{\"home\":{\"city\":\"Chur\",\"zip\":\"\",\"at\":{\"x\":0,\"y\":null}}}");
	bed_fini(&bed);
}
END_TEST

START_TEST(what_the_base_has_comes_before_defaults)
{
	struct bed bed;

	bed_init(&bed, "{in: {name: home, lens: [{add: {name: zip, type: string}}]}}", address);
	expect(&bed, "{\"home\":{\"city\":\"a\"}}",
	       "{\"home\":{\"city\":\"b\",\"zip\":\"77\",\"at\":{\"x\":1,\"y\":1}}}",
	       "{\"home\":{\"city\":\"a\",\"zip\":\"77\",\"at\":{\"x\":0,\"y\":null}}}");
	bed_fini(&bed);
}
END_TEST

START_TEST(a_schema_that_refers_to_itself_ends)
{
	static const char tree[] =
		"{\"type\":\"object\",\"required\":[\"l\"],\"properties\":{\"l\":{\"$ref\":\"#\"},"
		"\"a\":{\"$ref\":\"#\"},\"b\":{\"$ref\":\"#\"},\"c\":{\"$ref\":\"#\"},\"d\":{"
		"\"$ref\":\"#\"},\"e\":{\"$ref\":\"#\"},\"f\":{\"$ref\":\"#\"},\"g\":{\"$ref\":"
		"\"#\"}}}";
	struct json_value input;
	struct lens_args args = {.inputs = &input};
	const struct lens_output *made;
	struct bed bed;

	bed_init(&bed, "{remove: {name: old, type: string}}", tree);
	ck_assert_int_eq(json_read(&bed.input, "{}", 2, 0, NULL), 0);
	input = json_root(&bed.input);
	ck_assert_int_eq(lens_apply(bed.worker, bed.program, &args, &made, NULL), 0);
	ck_assert_bytes(
		made[0].text.ptr, made[0].text.len,
		"{\"l\":{\"l\":{\"l\":{\"l\":{\"l\":{\"l\":{\"l\":{\"l\":{\"l\":{}}}}}}}}}}");
	bed_fini(&bed);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lens-fill");
	TCase *tcase = tcase_create("fill");

	tcase_add_test(tcase, a_missing_object_comes_whole);
	tcase_add_test(tcase, an_object_that_is_there_gets_what_it_lacks);
	tcase_add_test(tcase, what_is_complete_stays_as_it_stands);
	tcase_add_test(tcase, objects_that_ops_made_or_moved_are_filled);
	tcase_add_test(tcase, what_the_base_has_comes_before_defaults);
	tcase_add_test(tcase, a_schema_that_refers_to_itself_ends);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
