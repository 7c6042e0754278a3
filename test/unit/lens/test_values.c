/* Ops that change values: what they make, with and without a document to put it into. */
#include "check_main.h"
#include "lens/lens.h"

#include <stdio.h>

struct row {
	const char *op;
	bool down;
	const char *input, *base; /* NULL: none */
	const char *result;       /* NULL: an error of these words */
	const char *words;
};

static void run_row(const struct row *row)
{
	struct json_file file;
	struct json_doc input, base;
	struct lens *lens = NULL;
	struct lens_program *program = NULL;
	struct lens_worker *worker = lens_worker_new(&mem_heap);
	struct cf_error error = {0};
	char text[1000];
	struct lens_options options = {0};
	struct json_value in, on;
	struct lens_args args = {.inputs = &in, .bases = row->base ? &on : NULL};
	const struct lens_output *out;
	int rc;

	snprintf(text, sizeof(text), "lens:\n  - %s\n", row->op);
	rc = json_file_read(&file, "l.yaml", str_of(text), &mem_heap, &error);
	if (rc == 0)
		rc = lens_read(&lens, &file, &mem_heap, &error);
	if (rc == 0) {
		struct lens_link link = {.lens = lens, .down = row->down};

		rc = lens_compile(&program, &link, 1, &options, &mem_heap, &error);
	}
	ck_assert_msg(rc == 0, "%s: %s", row->op, error.message);
	json_doc_init(&input, &mem_heap);
	json_doc_init(&base, &mem_heap);
	ck_assert_int_eq(json_read(&input, row->input, strlen(row->input), 0, &error), 0);
	in = json_root(&input);
	if (row->base) {
		ck_assert_int_eq(json_read(&base, row->base, strlen(row->base), 0, &error), 0);
		on = json_root(&base);
	}
	rc = lens_apply(worker, program, &args, &out, &error);
	if (row->result) {
		ck_assert_msg(rc == 0, "%s: %s: %s", row->op, row->input, error.message);
		snprintf(text, sizeof(text), "%.*s", STR_ARG(out[0].text));
		ck_assert_msg(strcmp(text, row->result) == 0, "%s %s: %s: %s, not %s", row->op,
			      row->down ? "down" : "up", row->input, text, row->result);
	} else {
		ck_assert_msg(rc != 0, "%s: %s: no error", row->op, row->input);
		ck_assert_str_eq(error.message, row->words);
	}
	json_doc_fini(&base);
	json_doc_fini(&input);
	lens_worker_free(worker);
	lens_program_free(program);
	lens_free(lens);
	json_file_fini(&file);
}

#define TAGS                                                                               \
	"in: {name: t, lens: [{map: {as: label, key: label, lens: [{add: {name: n, type: " \
	"number}}]}}]}"
#define NAMES                                                                                   \
	"in: {name: t, lens: [{map: {only: label, lens: [{rename: {source: name, destination: " \
	"label}}], key: name}}]}"

START_TEST(elements_become_objects_and_back)
{
	static const struct row rows[] = {
		{TAGS, false, "{\"t\":[\"a\",2]}", NULL,
		 "{\"t\":[{\"label\":\"a\",\"n\":0},{\"label\":2,\"n\":0}]}", NULL},
		{TAGS, true, "{\"t\":[{\"label\":\"a\",\"n\":1},{\"n\":2,\"label\":\"b\"}]}", NULL,
		 "{\"t\":[\"a\",\"b\"]}", NULL},
		/* Elements go with those of the base by what they are; what stands beside them
		 * stays, also what no op names. */
		{TAGS, false, "{\"t\":[\"new\",\"b\",\"a\"]}",
		 "{\"t\":[{\"label\":\"a\",\"n\":1},{\"x\":true,\"n\":2,\"label\":\"b\"}]}",
		 "{\"t\":[{\"label\":\"new\",\"n\":0},{\"x\":true,\"label\":\"b\",\"n\":2},{"
		 "\"label\":\"a\",\"n\":1}]}",
		 NULL},
		{TAGS, true, "{\"t\":[{\"n\":1}]}", NULL, NULL,
		 "map: an element lacks the field that it becomes"},
		{TAGS, false, "{\"t\":null}", NULL, "{\"t\":null}", NULL},
		{TAGS, false, "{\"t\":[]}", NULL, "{\"t\":[]}", NULL},
		{TAGS, false, "{}", NULL, "{}", NULL},
		{NAMES, false, "{\"t\":[{\"name\":\"a\",\"c\":1}]}", NULL, "{\"t\":[\"a\"]}", NULL},
		{NAMES, true, "{\"t\":[\"b\",\"a\"]}", "{\"t\":[{\"name\":\"a\",\"c\":1}]}",
		 "{\"t\":[{\"name\":\"b\"},{\"name\":\"a\",\"c\":1}]}", NULL},
		{"in: {name: t, lens: [{map: {as: v}}]}", false, "{\"t\":[1]}",
		 "{\"t\":[{\"v\":9,\"c\":1},{\"v\":2}]}", "{\"t\":[{\"v\":1,\"c\":1}]}", NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		run_row(&rows[i]);
}
END_TEST

#define NULLS "convert: {name: x, other: keep, absent: {down: null}}"
#define STATES "convert: {name: x, mapping: [{a: A}, {A: a}], other: keep, absent: {up: none}}"

START_TEST(values_stand_for_absence)
{
	static const struct row rows[] = {
		{NULLS, false, "{\"x\":null,\"y\":1}", NULL, "{\"y\":1}", NULL},
		{NULLS, false, "{\"x\":3.10}", NULL, "{\"x\":3.10}", NULL},
		{NULLS, true, "{\"y\":1}", NULL, "{\"y\":1,\"x\":null}", NULL},
		{NULLS, true, "{\"y\":1}", "{\"x\":null,\"y\":2}", "{\"y\":1,\"x\":null}", NULL},
		/* An older document that has no such field either says the same. */
		{NULLS, true, "{\"y\":1}", "{\"y\":2}", "{\"y\":1}", NULL},
		{NULLS, false, "{\"x\":null}", "{\"x\":7}", "{}", NULL},
		{STATES, false, "{}", NULL, "{\"x\":\"none\"}", NULL},
		{STATES, false, "{\"x\":\"a\"}", NULL, "{\"x\":\"A\"}", NULL},
		{STATES, false, "{\"x\":[1]}", NULL, "{\"x\":[1]}", NULL},
		{STATES, true, "{\"x\":\"none\"}", "{\"x\":\"a\"}", "{}", NULL},
		{STATES, true, "{\"x\":\"A\"}", NULL, "{\"x\":\"a\"}", NULL},
		{"convert: {name: x, mapping: [{a: A}, {A: a}], default: [Z, z]}", false,
		 "{\"x\":9}", NULL, "{\"x\":\"Z\"}", NULL},
		{"split: {name: n, into: [a, b]}", false, "{\"n\":null,\"z\":0}", NULL, "{\"z\":0}",
		 NULL},
		{"split: {name: n, into: [a, b]}", true, "{\"z\":0}", "{\"n\":null}",
		 "{\"z\":0,\"n\":null}", NULL},
		{"split: {name: n, into: [a, b]}", true, "{\"z\":0}", "{\"n\":\"Ada\"}",
		 "{\"z\":0}", NULL},
		{"split: {name: n, into: [a, b]}", true, "{\"a\":null,\"b\":\"Ada\"}", NULL,
		 "{\"n\":\"Ada\"}", NULL},
		{"split: {name: n, into: [a, b]}", false, "{\"z\":1}", "{\"a\":null}",
		 "{\"z\":1,\"a\":null}", NULL},
		{"split: {name: n, into: [a, b]}", false, "{\"n\":null}", "{\"a\":\"x\"}", "{}",
		 NULL},
		{"join: {name: n, into: [a, b]}", false, "{\"a\":null,\"b\":null}", NULL, "{}",
		 NULL},
		{"join: {name: n, into: [a, b]}", true, "{}", "{\"a\":null}", "{\"a\":null}", NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		run_row(&rows[i]);
}
END_TEST

#define FEET "scale: {name: x, by: 0.3048, digits: [2, 4]}"
#define CENTS "scale: {name: x, by: 100}"
#define HEAT "scale: {name: x, by: 1.8, offset: 32, digits: [1, 2]}"

START_TEST(numbers_are_scaled_exactly)
{
	static const struct row rows[] = {
		{CENTS, false, "{\"x\":19.99}", NULL, "{\"x\":1999}", NULL},
		{CENTS, true, "{\"x\":1999}", NULL, "{\"x\":19.99}", NULL},
		{CENTS, true, "{\"x\":-5}", NULL, "{\"x\":-0.05}", NULL},
		{CENTS, false, "{\"x\":0.07}", NULL, "{\"x\":7}", NULL},
		{CENTS, false, "{\"x\":-0.0}", NULL, "{\"x\":0}", NULL},
		{CENTS, false, "{\"x\":12345678901234567890.12}", NULL,
		 "{\"x\":1234567890123456789012}", NULL},
		{CENTS, false, "{\"x\":1.5e3}", NULL, "{\"x\":150000}", NULL},
		{CENTS, false, "{\"x\":1e-3}", NULL, "{\"x\":0.1}", NULL},
		{CENTS, false, "{\"x\":null}", NULL, "{\"x\":null}", NULL},
		{CENTS, false, "{}", NULL, "{}", NULL},
		{CENTS, false, "{\"x\":\"1\"}", NULL, NULL,
		 "scale: a number is expected, not \"1\""},
		{CENTS, false, "{\"x\":1e200}", NULL, NULL, "scale: too many digits: 1e200"},
		{CENTS, false, "{\"x\":1e-200}", NULL, NULL, "scale: too many digits: 1e-200"},
		/* The base's own spelling stays where it says the same. */
		{CENTS, true, "{\"x\":1990}", "{\"x\":19.90}", "{\"x\":19.90}", NULL},
		{FEET, false, "{\"x\":10}", NULL, "{\"x\":3.05}", NULL},
		{FEET, true, "{\"x\":3.05}", NULL, "{\"x\":10.0066}", NULL},
		{FEET, true, "{\"x\":3.05}", "{\"x\":10}", "{\"x\":10}", NULL},
		{FEET, true, "{\"x\":3.06}", "{\"x\":10}", "{\"x\":10.0394}", NULL},
		{HEAT, false, "{\"x\":-40}", NULL, "{\"x\":-40}", NULL},
		{HEAT, false, "{\"x\":36.6}", NULL, "{\"x\":97.9}", NULL},
		{HEAT, true, "{\"x\":97.9}", NULL, "{\"x\":36.61}", NULL},
		{HEAT, true, "{\"x\":-40}", NULL, "{\"x\":-40}", NULL},
		{"scale: {name: x, offset: -1}", false, "{\"x\":0}", NULL, "{\"x\":-1}", NULL},
		{"scale: {name: x, offset: -1}", true, "{\"x\":0}", NULL, "{\"x\":1}", NULL},
		{"scale: {name: x, by: -0.5, digits: 0}", false, "{\"x\":1}", NULL, "{\"x\":-1}",
		 NULL},
		{"scale: {name: x, by: 0.125}", true, "{\"x\":0.001}", NULL, "{\"x\":0.008}", NULL},
		{"scale: {name: x, by: 32768, offset: 0.000000000000001}", true, "{\"x\":1}", NULL,
		 "{\"x\":0.000030517578124999969482421875}", NULL},
		{"scale: {name: x, by: 0.01, digits: 1}", false, "{\"x\":99}", NULL, "{\"x\":1}",
		 NULL},
		{"scale: {name: x, by: 0.01, digits: 1}", false, "{\"x\":-4}", NULL, "{\"x\":0}",
		 NULL},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		run_row(&rows[i]);
}
END_TEST

START_TEST(arguments_that_make_no_sense_are_told)
{
	static const struct {
		const char *op, *message;
	} rows[] = {
		{"map: {key: a}", "map: the argument \"lens\" is missing"},
		{"map: {as: a, only: b}", "map: either as or only may be given"},
		{"map: {as: a, key: b}", "map: the key of what is no object yet can be \"a\" only"},
		{"convert: {name: a}", "convert: mapping or absent must be given"},
		{"convert: {name: a, mapping: [{}, {}], other: drop}",
		 "convert: other must be keep"},
		{"convert: {name: a, mapping: [{}, {}], other: keep, default: [1, 2]}",
		 "convert: either default or other may be given"},
		{"convert: {name: a, absent: {}}",
		 "convert: absent must be {up: VALUE}, {down: VALUE} or both"},
		{"convert: {name: a, absent: {up: 1, dwn: 2}}",
		 "convert: absent must be {up: VALUE}, {down: VALUE} or both"},
		{"convert: {name: a, absent: {up: [1]}}",
		 "convert: absent: neither a list nor an object is possible"},
		{"scale: {name: a}", "scale: by or offset must be given"},
		{"scale: {name: a, by: 0}", "scale: by must not be 0: there would be no way back"},
		{"scale: {name: a, by: x}", "scale: by must be a number"},
		{"scale: {name: a, by: 1.2345678901234567}",
		 "scale: by must have at most 15 digits, and 15 after the point"},
		{"scale: {name: a, by: 0.3048}",
		 "scale: going down divides by 0.3048, which may never end: say how many digits "
		 "are kept, digits: [UP, DOWN]"},
		{"scale: {name: a, by: 2, digits: [1]}",
		 "scale: digits must be a number or [up, down]"},
		{"scale: {name: a, by: 2, digits: 99}", "scale: digits must be 0 to 30"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct json_file file;
		struct lens *lens;
		struct cf_error error = {0};
		char text[300];

		snprintf(text, sizeof(text), "lens:\n  - %s\n", rows[i].op);
		ck_assert_int_eq(json_file_read(&file, "l.yaml", str_of(text), &mem_heap, &error),
				 0);
		ck_assert_int_eq(lens_read(&lens, &file, &mem_heap, &error), CF_ERR_LENS);
		ck_assert_str_eq(error.message, rows[i].message);
		json_file_fini(&file);
	}
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("lens-values");
	TCase *tcase = tcase_create("values");

	tcase_add_test(tcase, elements_become_objects_and_back);
	tcase_add_test(tcase, values_stand_for_absence);
	tcase_add_test(tcase, numbers_are_scaled_exactly);
	tcase_add_test(tcase, arguments_that_make_no_sense_are_told);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
