/* What is equal, what by a rule, and where the first difference is. */
#include "check_main.h"
#include "move/inside.h"

enum { SAME = MOVE_SAME, RULE = MOVE_SAME_BY_TOLERANCE, DIFFERS = MOVE_DIFFERENT };

static const struct {
	const char *wanted, *found;
	int expected;
	const char *field;
	struct cf_tolerances tolerances;
} rows[] = {
	{"{\"a\":1,\"b\":2}", "{ \"b\" : 2.0, \"a\" : 1e0 }", SAME, "", {0}},
	{"{\"a\":\"\\u00e9\"}", "{\"a\":\"\xc3\xa9\"}", SAME, "", {0}},
	{"{\"a\":9007199254740993}", "{\"a\":9007199254740992}", DIFFERS, "/a", {0}},
	{"{\"a\":{\"b/c\":[1,2]}}", "{\"a\":{\"b/c\":[1,3]}}", DIFFERS, "/a/b~1c/1", {0}},
	{"{\"a\":[1,2]}", "{\"a\":[1]}", DIFFERS, "/a", {0}},
	{"{\"a\":1}", "{\"a\":\"1\"}", DIFFERS, "/a", {0}},
	{"{\"a\":\"abc\"}", "{\"a\":\"ab\"}", DIFFERS, "/a", {0}},
	{"{\"a\":1}", "{\"a\":true}", RULE, "", {0}},
	{"{\"a\":false}", "{\"a\":0}", RULE, "", {0}},
	{"{\"a\":2}", "{\"a\":true}", DIFFERS, "/a", {0}},
	{"{}", "{\"a\":null}", DIFFERS, "/a", {0}},
	{"{}", "{\"a\":null}", RULE, "", {.absent_is_null = true}},
	{"{\"a\":null}", "{}", RULE, "", {.absent_is_null = true}},
	{"{\"a\":0}", "{}", DIFFERS, "/a", {.absent_is_null = true}},
	{"{\"a\":0.1}", "{\"a\":0.10000000000000001}", DIFFERS, "/a", {0}},
	{"{\"a\":0.1}", "{\"a\":0.10000000000000001}", RULE, "", {.float_digits = 15}},
	{"{\"a\":0.1}", "{\"a\":0.2}", DIFFERS, "/a", {.float_digits = 15}},
	{"{\"t\":\"2020-01-01T12:00:00+02:00\"}",
	 "{\"t\":\"2020-01-01 10:00:00Z\"}",
	 RULE,
	 "",
	 {.timestamp_digits = 9}},
	{"{\"t\":\"2020-02-29T23:30:00-01:00\"}",
	 "{\"t\":\"2020-03-01T00:30:00+00\"}",
	 RULE,
	 "",
	 {.timestamp_digits = 9}},
	{"{\"t\":\"2020-01-01T12:00:00+02:00\"}",
	 "{\"t\":\"2020-01-01T12:00:00Z\"}",
	 DIFFERS,
	 "/t",
	 {.timestamp_digits = 9}},
	{"{\"t\":\"2020-01-01T00:00:00.1234567Z\"}",
	 "{\"t\":\"2020-01-01T00:00:00.123456Z\"}",
	 DIFFERS,
	 "/t",
	 {.timestamp_digits = 9}},
	{"{\"t\":\"2020-01-01T00:00:00.1234567Z\"}",
	 "{\"t\":\"2020-01-01T00:00:00.123456Z\"}",
	 RULE,
	 "",
	 {.timestamp_digits = 6}},
	{"{\"t\":\"2020-01-01T00:00:00.5Z\"}",
	 "{\"t\":\"2020-01-01T00:00:00.500Z\"}",
	 RULE,
	 "",
	 {.timestamp_digits = 9}},
	{"{\"t\":\"1969-12-31T23:59:59Z\"}",
	 "{\"t\":\"1970-01-01T00:59:59+01:00\"}",
	 RULE,
	 "",
	 {.timestamp_digits = 9}},
};

START_TEST(values_are_compared)
{
	struct cf_move_config config = {.tolerances = rows[_i].tolerances};
	struct cf_move m = {.config = &config, .mem = mem_heap};
	struct cf_difference where = {0};
	enum move_equal equal;

	arena_init(&m.arena, &mem_heap);
	json_doc_init(&m.doc, &mem_heap);
	json_doc_init(&m.other, &mem_heap);
	ck_assert_int_eq(
		move_compare(&m, str_of(rows[_i].wanted), str_of(rows[_i].found), &equal, &where),
		0);
	ck_assert_int_eq(equal, rows[_i].expected);
	if (equal == MOVE_DIFFERENT)
		ck_assert_bytes(where.field.ptr, where.field.len, rows[_i].field);
	json_doc_fini(&m.doc);
	json_doc_fini(&m.other);
	arena_fini(&m.arena);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("compare");
	TCase *tcase = tcase_create("compare");

	tcase_add_loop_test(tcase, values_are_compared, 0, ARRAY_LEN(rows));
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
