/* Versions and ranges against node-semver's own cases. */
#include "schema/schema.h"

#include "check_main.h"

static struct json_file load(const char *name)
{
	struct json_file file;
	struct cf_error error;
	char path[1024];

	snprintf(path, sizeof(path), "%s/semver/%s", getenv("CHESTERFIELD_TESTDATA"), name);
	ck_assert_msg(json_file_load(&file, path, &mem_heap, &error) == 0, "%s", error.message);
	return file;
}

static struct cf_str text_at(struct json_value row, uint32_t index, struct cf_arena *arena)
{
	struct cf_str text = {0};

	ck_assert_int_eq(json_decode(json_element(row, index), arena, &text), 0);
	return text;
}

static void check_ranges(const char *name, bool expected)
{
	struct json_file file = load(name);
	struct json_iter it = json_iter(json_file_root(&file));
	struct cf_arena arena;
	unsigned rows = 0;

	arena_init(&arena, &mem_heap);
	for (; json_next(&it); rows++) {
		struct cf_str range_text = text_at(it.value, 0, &arena);
		struct cf_str text = text_at(it.value, 1, &arena);
		struct semver_range *range = NULL;
		struct semver version;
		bool has;

		ck_assert_msg(semver_range_parse(&range, range_text, &mem_heap, NULL) == 0,
			      "range %.*s", STR_ARG(range_text));
		has = semver_parse(&version, text, NULL) == 0 && semver_range_has(range, &version);
		ck_assert_msg(has == expected, "%.*s in %.*s", STR_ARG(text), STR_ARG(range_text));
		semver_range_free(range);
	}
	ck_assert_uint_gt(rows, 60);
	arena_fini(&arena);
	json_file_fini(&file);
}

START_TEST(ranges_have_what_node_semver_says)
{
	check_ranges("range-include.json", true);
	check_ranges("range-exclude.json", false);
}
END_TEST

START_TEST(versions_are_read_as_node_semver_does)
{
	struct json_file file = load("valid-versions.json");
	struct json_iter it = json_iter(json_file_root(&file));
	struct semver v;

	while (json_next(&it)) {
		struct cf_str text = json_inner(json_element(it.value, 0));
		int64_t numbers[3];

		ck_assert_msg(semver_parse(&v, text, NULL) == 0, "%.*s", STR_ARG(text));
		for (uint32_t i = 0; i < 3; i++)
			ck_assert(json_number_int64(json_span(json_element(it.value, i + 1)),
						    &numbers[i]));
		ck_assert_int_eq((int64_t)v.major, numbers[0]);
		ck_assert_int_eq((int64_t)v.minor, numbers[1]);
		ck_assert_int_eq((int64_t)v.patch, numbers[2]);
		ck_assert(!v.prerelease.len == !json_count(json_element(it.value, 4)));
		ck_assert(!v.build.len == !json_count(json_element(it.value, 5)));
	}
	json_file_fini(&file);
	file = load("invalid-versions.json");
	it = json_iter(json_file_root(&file));
	while (json_next(&it))
		ck_assert_int_eq(semver_parse(&v, json_inner(json_element(it.value, 0)), NULL),
				 CF_ERR_SYNTAX);
	json_file_fini(&file);
}
END_TEST

START_TEST(precedence_is_that_of_the_specification)
{
	static const char *const rising[] = {"1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta",
					     "1.0.0-beta",  "1.0.0-beta.2",  "1.0.0-beta.11",
					     "1.0.0-rc.1",  "1.0.0",         "2.0.0",
					     "2.1.0",       "2.1.1"};
	struct semver a, b;

	for (size_t i = 0; i < ARRAY_LEN(rising); i++) {
		for (size_t k = 0; k < ARRAY_LEN(rising); k++) {
			int order;

			ck_assert_int_eq(semver_parse(&a, str_of(rising[i]), NULL), 0);
			ck_assert_int_eq(semver_parse(&b, str_of(rising[k]), NULL), 0);
			order = semver_compare(&a, &b);
			ck_assert_int_eq((order > 0) - (order < 0), (i > k) - (i < k));
		}
	}
}
END_TEST

START_TEST(wrong_ranges_are_refused)
{
	static const char *const wrong[] = {"1.2.3.4", "|",       "a",    ">",
					    "1.0.0 -", "^1.2.3-", "1 |2", "1.0.0 - 2.0.0 3"};
	struct semver_range *range = NULL;
	char long_text[LIMIT_SEMVER_BYTES + 2];

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		int rc = semver_range_parse(&range, str_of(wrong[i]), &mem_heap, NULL);

		if (i == 3 && rc == 0) {
			/* A lone ">" is node-semver's ">*": nothing. */
			struct semver v = {.major = 1};

			ck_assert(!semver_range_has(range, &v));
			range = semver_range_free(range);
			continue;
		}
		ck_assert_msg(rc == CF_ERR_SYNTAX, "%s", wrong[i]);
	}
	memset(long_text, ' ', sizeof(long_text));
	ck_assert_int_eq(semver_range_parse(&range,
					    (struct cf_str){long_text, LIMIT_SEMVER_BYTES + 1},
					    &mem_heap, NULL),
			 CF_ERR_SYNTAX);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("schema-semver");
	TCase *tcase = tcase_create("semver");

	if (testdata_is_here())
		tcase_add_test(tcase, ranges_have_what_node_semver_says);
	if (testdata_is_here())
		tcase_add_test(tcase, versions_are_read_as_node_semver_does);
	tcase_add_test(tcase, precedence_is_that_of_the_specification);
	tcase_add_test(tcase, wrong_ranges_are_refused);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
