/* The order of ids that a store declares. */
#include "check_main.h"
#include "store/store.h"

static int sign(int order)
{
	return (order > 0) - (order < 0);
}

/* Each stands before the next one, and so before all behind it. */
static void check_order(struct cf_keys keys, const char *const *ids, size_t count)
{
	for (size_t i = 0; i < count; i++)
		for (size_t k = 0; k < count; k++)
			ck_assert_msg(sign(cf_keys_compare(&keys, str_of(ids[i]),
							   str_of(ids[k]))) == (i > k) - (i < k),
				      "%s against %s", ids[i], ids[k]);
}

START_TEST(texts_are_bytewise)
{
	static const char *const ids[] = {"10", "9", "A", "a", "aa", "\xc3\xa9"};

	check_order((struct cf_keys){1, {CF_KEY_TEXT}}, ids, ARRAY_LEN(ids));
}
END_TEST

START_TEST(numbers_go_by_value_and_before_all_else)
{
	static const char *const ids[] = {"-9223372036854775808",
					  "-10",
					  "-9.5",
					  "-9",
					  "0",
					  "9",
					  "9.25",
					  "10",
					  "9007199254740992",
					  "9007199254740993",
					  "1e20",
					  "",
					  "+1",
					  "01",
					  "1.",
					  "abc"};

	check_order((struct cf_keys){1, {CF_KEY_NUMBER}}, ids, ARRAY_LEN(ids));
}
END_TEST

START_TEST(columns_one_after_the_other)
{
	static const char *const ids[] = {
		"[\"DE\",2]",  "[\"DE\",10]", "[\"DE\\n\",1]",  "[\"DE\\\"\",1]",
		"[\"DEU\",1]", "[\"FR\",1]",  "[\"FR\",\"x\"]", "",
		"DE",          "[\"DE\"]",    "[\"DE\",1,2]",   "[\"DE\",1"};
	struct cf_keys keys = {2, {CF_KEY_TEXT, CF_KEY_NUMBER}};

	/* What is none of the form stands behind, bytewise; the last three are sorted so. */
	for (size_t i = 0; i < 7; i++)
		for (size_t k = 7; k < ARRAY_LEN(ids); k++)
			ck_assert_int_lt(cf_keys_compare(&keys, str_of(ids[i]), str_of(ids[k])), 0);
	check_order(keys, ids, 9);
}
END_TEST

START_TEST(without_a_declaration_ids_are_bytes)
{
	static const char *const ids[] = {"10", "9"};

	check_order((struct cf_keys){0}, ids, ARRAY_LEN(ids));
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("keys");
	TCase *tcase = tcase_create("keys");

	tcase_add_test(tcase, texts_are_bytewise);
	tcase_add_test(tcase, numbers_go_by_value_and_before_all_else);
	tcase_add_test(tcase, columns_one_after_the_other);
	tcase_add_test(tcase, without_a_declaration_ids_are_bytes);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
