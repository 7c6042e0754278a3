/* Addresses, and answers cut into elements. */
#include "check_main.h"
#include "store/couchdb/address.h"
#include "store/couchdb/split.h"

/* --- addresses ------------------------------------------------------------------------ */

static const struct {
	const char *url, *origin, *prefix, *path, *database, *user, *password;
} addresses[] = {
	{"http://h/db", "http://h:80", "", "/db", "db", "", ""},
	{"HTTPS://Host:5984/a/b%2Fc/", "https://host:5984", "/a", "/b%2Fc", "b/c", "", ""},
	{"http://u%40x:p%3A%2F@[::1]:1/p+q?readonly=1", "http://[::1]:1", "", "/p%2Bq", "p+q",
	 "u@x", "p:/"},
};

START_TEST(addresses_are_taken_apart)
{
	struct couch_address a;
	struct cf_arena arena;
	struct cf_error error = {0};

	arena_init(&arena, &mem_heap);
	ck_assert_msg(couch_address_read(addresses[_i].url, &arena, &a, &error) == 0, "%s",
		      error.message);
	ck_assert_str_eq(a.origin.ptr, addresses[_i].origin);
	ck_assert_str_eq(a.prefix.ptr, addresses[_i].prefix);
	ck_assert_str_eq(a.path.ptr, addresses[_i].path);
	ck_assert_str_eq(a.database.ptr, addresses[_i].database);
	ck_assert_str_eq(a.user.ptr, addresses[_i].user);
	ck_assert_str_eq(a.password.ptr, addresses[_i].password);
	arena_fini(&arena);
}
END_TEST

static const struct {
	const char *url, *words;
} wrong[] = {
	{"http://h", "names no database"},
	{"http://h/", "names no database"},
	{"http://h:x/db", "ort"},
	{"http://h/db?auth=digest", "auth=digest: must be basic, cookie or proxy"},
	{"http://h/db?auth=cookie", "auth= without a user"},
	{"http://h/db?timeout=0", "timeout=0"},
	{"http://h/db?timeout=99999999999999999999", "timeout="},
	{"http://h/db?x=1", "unknown parameter \"x\""},
	{"http://h/%zz", "%"},
};

START_TEST(wrong_addresses_are_refused)
{
	struct couch_address a;
	struct cf_arena arena;
	struct cf_error error = {0};

	arena_init(&arena, &mem_heap);
	ck_assert_int_eq(couch_address_read(wrong[_i].url, &arena, &a, &error), CF_ERR_USAGE);
	ck_assert_msg(strstr(error.message, wrong[_i].words), "%s", error.message);
	arena_fini(&arena);
}
END_TEST

/* --- elements --------------------------------------------------------------------------- */

static int note(void *ctx, struct cf_str text)
{
	buf_printf(ctx, "<%.*s>", STR_ARG(text));
	return 0;
}

static const struct {
	const char *text, *elements, *rest;
	bool complete;
} splits[] = {
	{"{\"total_rows\":2,\"rows\":[\n{\"id\":\"a\"},\n{\"id\":\"]\\\"\"}\n],\"x\":[1]}\n",
	 "<{\"id\":\"a\"}><{\"id\":\"]\\\"\"}>", "{\"total_rows\":2,\"rows\":[],\"x\":[1]}", true},
	{"[]", "", "[]", true},
	{"[ 1 , \"a b\", [2, [3]], null ]", "<1><\"a b\"><[2, [3]]><null>", "[]", true},
	{"{\"a\":{\"b\":[1]},\"c\":[2]}", "<2>", "{\"a\":{\"b\":[1]},\"c\":[]}", true},
	{"{\"results\":[\n\n\n],\n\"last_seq\":\"7-x\"}", "",
	 "{\"results\":[],\"last_seq\":\"7-x\"}", true},
	{"{\"rows\":[{\"a\":1},{\"b\"", "<{\"a\":1}>", "{\"rows\":[", false},
	{"{\"rows\":[{\"a\":1}]", "<{\"a\":1}>", "{\"rows\":[]", false},
	{"<html>", "", "<html>", true},
};

/* Whole, and in pieces of one, two, three bytes. */
START_TEST(answers_are_cut_into_elements)
{
	const char *text = splits[_i].text;

	for (size_t step = 0; step < 4; step++) {
		struct cf_buf out;
		struct split split;
		size_t len = strlen(text), piece = step ? step : len;

		buf_init(&out, &mem_heap);
		split_init(&split, note, &out, &mem_heap);
		for (size_t i = 0; i < len; i += piece)
			ck_assert_int_eq(
				split_feed(&split, text + i, piece < len - i ? piece : len - i), 0);
		ck_assert_bytes(out.ptr, out.len, splits[_i].elements);
		ck_assert_bytes(split.rest.ptr, split.rest.len, splits[_i].rest);
		ck_assert(split_complete(&split) == splits[_i].complete);
		split_fini(&split);
		buf_fini(&out);
	}
}
END_TEST

static int count_large(void *ctx, struct cf_str text)
{
	size_t *counts = ctx;

	counts[text.ptr ? 0 : 1]++;
	return 0;
}

START_TEST(one_that_is_too_large_is_told_and_the_others_come)
{
	static char filler[1 << 20];
	struct split split;
	size_t counts[2] = {0, 0};

	memset(filler, 'x', sizeof(filler));
	split_init(&split, count_large, counts, &mem_heap);
	ck_assert_int_eq(split_feed(&split, "[1,\"", 4), 0);
	for (size_t i = 0; i < LIMIT_DOCUMENT_BYTES / sizeof(filler) + 1; i++)
		ck_assert_int_eq(split_feed(&split, filler, sizeof(filler)), 0);
	ck_assert_int_eq(split_feed(&split, "\",2]", 4), 0);
	ck_assert_uint_eq(counts[0], 2);
	ck_assert_uint_eq(counts[1], 1);
	ck_assert(split_complete(&split));
	/* Around the elements there is nothing to say at such length. */
	for (size_t i = 0; i < 2; i++)
		if (split_feed(&split, filler, sizeof(filler)) == CF_ERR_LIMIT)
			counts[0] = 99;
	ck_assert_uint_eq(counts[0], 99);
	split_fini(&split);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("couch-parts");
	TCase *tcase = tcase_create("parts");

	tcase_add_loop_test(tcase, addresses_are_taken_apart, 0, ARRAY_LEN(addresses));
	tcase_add_loop_test(tcase, wrong_addresses_are_refused, 0, ARRAY_LEN(wrong));
	tcase_add_loop_test(tcase, answers_are_cut_into_elements, 0, ARRAY_LEN(splits));
	tcase_add_test(tcase, one_that_is_too_large_is_told_and_the_others_come);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
