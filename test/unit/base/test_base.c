/* Errors, buffers, arenas and the allocator that fails. */
#include "check_main.h"
#include "failing.h"

START_TEST(error_is_formatted_with_place_and_reason)
{
	struct cf_error error;
	char text[1024];

	error_set(&error, CF_ERR_LENS, "unknown op \"%s\"", "renam");
	error_at_file(&error, STR("lenses/1-2.yaml"), 4);
	ck_assert_str_eq(cf_error_format(&error, text, sizeof(text)),
			 "lenses/1-2.yaml:4: unknown op \"renam\"");
	error_set(&error, CF_ERR_UNMAPPED, "no row for 7");
	error_at_document(&error, STR("todo-item@1:a"));
	error_at_pointer(&error, STR("/status"));
	ck_assert_str_eq(cf_error_format(&error, text, sizeof(text)),
			 "todo-item@1:a at /status: no row for 7");
	error_prefix(&error, CF_ERR_UNMAPPED, "converting");
	ck_assert_str_eq(error.message, "converting: no row for 7");
	ck_assert_int_eq(cf_error_exit_code(CF_ERR_NO_DATABASE), 10);
}
END_TEST

START_TEST(long_message_is_cut_at_a_character)
{
	struct cf_error error;
	char text[2048];

	for (size_t i = 0; i < sizeof(text) - 2; i += 2)
		memcpy(text + i, "\xc3\xa4", 2);
	text[sizeof(text) - 2] = '\0';
	error_set(&error, CF_ERR_INVALID, "x%s", text);
	ck_assert_uint_eq(strlen(error.message) % 2, 1);
	ck_assert_int_eq((unsigned char)error.message[strlen(error.message) - 1], 0xa4);
}
END_TEST

START_TEST(buffer_that_cannot_grow_keeps_what_it_has)
{
	struct failing failing;
	struct cf_buf buf;
	char block[4096] = {0};

	failing_init(&failing, 1, true);
	buf_init(&buf, &failing.mem);
	ck_assert_int_eq(buf_str(&buf, STR("abc")), 0);
	ck_assert_int_eq(buf_append(&buf, block, sizeof(block)), CF_ERR_NOMEM);
	ck_assert_bytes(buf.ptr, buf.len, "abc");
	ck_assert(buf.failed);
	ck_assert_int_ne(buf_byte(&buf, 'd'), 0);
	buf_fini(&buf);
}
END_TEST

START_TEST(arena_gives_aligned_memory_and_is_reset)
{
	struct cf_arena arena;

	arena_init(&arena, &mem_heap);
	for (size_t i = 1; i < 3000; i++) {
		char *ptr = arena_alloc(&arena, i);

		ck_assert_ptr_nonnull(ptr);
		ck_assert_uint_eq((uintptr_t)ptr % 16, 0);
		memset(ptr, 0xaa, i);
	}
	arena_reset(&arena);
	ck_assert_str_eq(arena_printf(&arena, "%d-%s", 7, "x").ptr, "7-x");
	arena_fini(&arena);
}
END_TEST

START_TEST(hash_is_the_published_function)
{
	char hex[33];

	/* XXH3_128bits of nothing, from the reference implementation. */
	hash128_hex(hash128(STR("")), hex);
	ck_assert_str_eq(hex, "99aa06d3014798d86001c324468d497f");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("base");
	TCase *tcase = tcase_create("base");

	tcase_add_test(tcase, error_is_formatted_with_place_and_reason);
	tcase_add_test(tcase, long_message_is_cut_at_a_character);
	tcase_add_test(tcase, buffer_that_cannot_grow_keeps_what_it_has);
	tcase_add_test(tcase, arena_gives_aligned_memory_and_is_reset);
	tcase_add_test(tcase, hash_is_the_published_function);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
