/* NDJSON in: lines of any length, from several files, in bounded memory. */
#include "check_main.h"
#include "cli/cli.h"
#include "failing.h"

#include <signal.h>
#include <unistd.h>

/* A file of this content; its name must be freed. */
static char *make_file(struct cf_str content)
{
	char *path = strdup("/tmp/chesterfield-lines-XXXXXX");
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, content.ptr, content.len), (ssize_t)content.len);
	close(fd);
	return path;
}

static void drop_file(char *path)
{
	unlink(path);
	free(path);
}

START_TEST(lines_come_in_order_without_newlines_and_blank_ones)
{
	char *first = make_file(STR("one\n\n  \t\r\ntwo"));
	char *second = make_file(STR("\nthree\n"));
	const char *files[] = {first, second};
	const char *expected[] = {"one", "two", "three"};
	const uint64_t numbers[] = {1, 4, 2};
	struct cli cli = {.mem = &mem_heap};
	struct cf_error error = {0};
	struct cli_lines lines;
	struct cf_str line;

	cli_lines_init(&lines, &cli, files, 2);
	ck_assert_uint_eq(cli_lines_total(&lines), 20);
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		ck_assert_int_eq(cli_lines_next(&lines, &line, &error), 1);
		ck_assert_bytes(line.ptr, line.len, expected[i]);
		ck_assert_uint_eq(lines.line, numbers[i]);
	}
	ck_assert_int_eq(cli_lines_next(&lines, &line, &error), 0);
	ck_assert_int_eq(cli_lines_next(&lines, &line, &error), 0);
	ck_assert_uint_eq(lines.bytes, 20);
	cli_lines_fini(&lines);
	drop_file(first);
	drop_file(second);
}
END_TEST

START_TEST(line_over_the_limit_is_told_and_skipped)
{
	size_t sizes[] = {LIMIT_DOCUMENT_BYTES, LIMIT_DOCUMENT_BYTES + 1, LIMIT_DOCUMENT_BYTES * 3};
	struct cli cli = {.mem = &mem_heap};
	struct cf_error error = {0};
	struct cli_lines lines;
	struct cf_str line;
	struct cf_buf text;
	const char *files[1];
	char *path;

	buf_init(&text, &mem_heap);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		ck_assert_int_eq(buf_reserve(&text, sizes[i] + 6), 0);
		memset(text.ptr + text.len, 'x', sizes[i]);
		text.len += sizes[i];
		ck_assert_int_eq(buf_str(&text, STR("\nnext\n")), 0);
	}
	path = make_file(buf_view(&text));
	files[0] = path;
	cli_lines_init(&lines, &cli, files, 1);
	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		int rc = cli_lines_next(&lines, &line, &error);

		ck_assert_int_eq(rc, sizes[i] > LIMIT_DOCUMENT_BYTES ? CF_ERR_LIMIT : 1);
		if (rc < 0)
			ck_assert_uint_eq(error.line, 1 + 2 * i);
		ck_assert_int_eq(cli_lines_next(&lines, &line, &error), 1);
		ck_assert_bytes(line.ptr, line.len, "next");
	}
	ck_assert_int_eq(cli_lines_next(&lines, &line, &error), 0);
	ck_assert_uint_lt(lines.buf.cap, 2 * LIMIT_DOCUMENT_BYTES);
	cli_lines_fini(&lines);
	buf_fini(&text);
	drop_file(path);
}
END_TEST

START_TEST(file_that_is_missing_is_named)
{
	const char *files[] = {"/nonexistent/file"};
	struct cli cli = {.mem = &mem_heap};
	struct cf_error error = {0};
	char text[256];
	struct cli_lines lines;
	struct cf_str line;

	cli_lines_init(&lines, &cli, files, 1);
	ck_assert_int_eq(cli_lines_next(&lines, &line, &error), CF_ERR_IO);
	ck_assert_str_eq(cf_error_format(&error, text, sizeof(text)),
			 "/nonexistent/file: No such file or directory");
	ck_assert_uint_eq(cli_lines_total(&lines), 0);
	cli_lines_fini(&lines);
}
END_TEST

START_TEST(first_signal_ends_the_input_and_the_second_the_process)
{
	char *path = make_file(STR("one\n"));
	const char *files[] = {path};
	struct cli cli = {.mem = &mem_heap};
	struct cf_error error = {0};
	struct cli_lines lines;
	struct cf_str line;

	cli_signals_catch();
	cli_lines_init(&lines, &cli, files, 1);
	ck_assert(!cli_interrupted());
	raise(_i ? SIGTERM : SIGINT);
	ck_assert(cli_interrupted());
	ck_assert_int_eq(cli_lines_next(&lines, &line, &error), CF_ERR_INTERRUPTED);
	ck_assert_int_eq(cf_error_exit_code(error.code), 5);
	cli_lines_fini(&lines);
	drop_file(path);
	raise(SIGINT);
}
END_TEST

START_TEST(no_memory_is_an_error_that_leaks_nothing)
{
	char *path = make_file(STR("one\ntwo\n"));
	const char *files[] = {path};
	struct failing failing;
	struct cli cli = {.mem = &failing.mem};
	struct cf_error error = {0};
	struct cli_lines lines;
	struct cf_str line;

	FAILING_EACH(failing)
	{
		int rc;

		cli_lines_init(&lines, &cli, files, 1);
		rc = cli_lines_next(&lines, &line, &error);
		failing_judge(&failing, rc > 0 ? 0 : rc);
		cli_lines_fini(&lines);
	}
	drop_file(path);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli-lines");
	TCase *tcase = tcase_create("lines");

	tcase_add_test(tcase, lines_come_in_order_without_newlines_and_blank_ones);
	tcase_add_test(tcase, line_over_the_limit_is_told_and_skipped);
	tcase_add_test(tcase, file_that_is_missing_is_named);
	tcase_add_loop_exit_test(tcase, first_signal_ends_the_input_and_the_second_the_process, 130,
				 0, 2);
	tcase_add_test(tcase, no_memory_is_an_error_that_leaks_nothing);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
