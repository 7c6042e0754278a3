/* Records are put together again as they were, byte for byte, or stay as they are. */
#include "check_main.h"
#include "state/template.h"

struct parts {
	struct cf_buf template, values;
	struct cf_arena arena;
};

static int split(struct parts *parts, const char *body)
{
	arena_init(&parts->arena, &mem_heap);
	buf_init(&parts->template, &mem_heap);
	buf_init(&parts->values, &mem_heap);
	return template_split(str_of(body), &parts->template, &parts->values);
}

static void parts_fini(struct parts *parts)
{
	buf_fini(&parts->template);
	buf_fini(&parts->values);
	arena_fini(&parts->arena);
}

static void expect_again(const char *body)
{
	struct parts parts;
	struct cf_str again = {NULL, 0};

	ck_assert_int_eq(split(&parts, body), 0);
	ck_assert_int_eq(template_join(buf_view(&parts.template), buf_view(&parts.values),
				       &parts.arena, &again),
			 0);
	ck_assert_bytes(again.ptr, again.len, body);
	parts_fini(&parts);
}

START_TEST(records_come_back)
{
	expect_again("{}");
	expect_again("{\"n\":1,\"known\":[\"1~a\",\"1~b\"],\"by\":[[0,1]],\"gone\":true}");
	expect_again("{\"only\":{\"/a b\":\"two words\",\"/c\":\"\",\"/d\":\"quo\\\"te \\\\\"}}");
	expect_again("{\"a\":[1,-2,3.5e+7],\"b\":[],\"c\":[{}],\"d\":[null,1],\"e\":[\"x\",1]}");
	expect_again("{\"a\":\"ABC\",\"d\":{\"$\":\"#\",\"[*$]\":\"[*\"},\"b\":\"\\u00e4 "
		     "\\ud83d\\ude00\"}");
	expect_again("{\"value\":{\"deep\":[[\"a b\"],[\"c\"]]},\"text\":\"1\",\"number\":1}");
}
END_TEST

START_TEST(what_is_alike_has_one_template)
{
	struct parts a, b;

	ck_assert_int_eq(split(&a, "{\"n\":1,\"known\":[\"1~a\"]}"), 0);
	ck_assert_int_eq(split(&b, "{\"n\":27,\"known\":[\"1~b\",\"2~c\"]}"), 0);
	ck_assert_bytes(a.template.ptr, a.template.len, "{\"n\":#,\"known\":[*$]}");
	ck_assert_bytes(b.template.ptr, b.template.len, "{\"n\":#,\"known\":[*$]}");
	ck_assert_bytes(b.values.ptr, b.values.len, "27 2 1~b 2~c ");
	parts_fini(&a);
	parts_fini(&b);
}
END_TEST

START_TEST(what_would_not_come_back_stays)
{
	struct parts parts;

	ck_assert_int_eq(split(&parts, "{\"a\": 1}"), 1);
	parts_fini(&parts);
	ck_assert_int_eq(split(&parts, "{\"b\":\"x\\u0020y\"}"), 1);
	parts_fini(&parts);
}
END_TEST

START_TEST(what_does_not_fit_is_an_error)
{
	struct cf_str template = STR("{\"n\":#,\"known\":[*$]}"), ret;
	struct cf_arena arena;

	arena_init(&arena, &mem_heap);
	ck_assert_int_eq(template_join(template, STR("1 2 a"), &arena, &ret), CF_ERR_INVALID);
	ck_assert_int_eq(template_join(template, STR("1 x a "), &arena, &ret), CF_ERR_INVALID);
	ck_assert_int_eq(template_join(template, STR("1 1 a b "), &arena, &ret), CF_ERR_INVALID);
	ck_assert_int_eq(template_join(template, STR(""), &arena, &ret), CF_ERR_INVALID);
	arena_fini(&arena);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("state-template");
	TCase *tcase = tcase_create("template");

	tcase_add_test(tcase, records_come_back);
	tcase_add_test(tcase, what_is_alike_has_one_template);
	tcase_add_test(tcase, what_would_not_come_back_stays);
	tcase_add_test(tcase, what_does_not_fit_is_an_error);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
