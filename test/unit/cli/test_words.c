/* Words: passwords masked, typing errors guessed. */
#include "check_main.h"
#include "cli/cli.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const struct {
	const char *text;
	const char *masked;
} masks[] = {
	{"http://ann:secret@host/db", "http://ann:******@host/db"},
	{"at http://ann:se@cr/et@h:80/db, then", "at http://ann:********@h:80/db, then"},
	{"redis://:pw@h and postgres://u:pw2@h", "redis://:**@h and postgres://u:***@h"},
	{"postgres://h/db?password=abc&x=1", "postgres://h/db?password=***&x=1"},
	{"http://host:5984/db", "http://host:5984/db"},
	{"\"http://a:b\"@c", "\"http://a:**@c"},
	{"http://ann:se cr et@host/db: no", "http://ann:********@host/db: no"},
	{"http://ann:se cr@et@host/db: no", "http://ann:********@host/db: no"},
	{"http://ann:se%20cr%40et@host/db", "http://ann:************@host/db"},
	{"http://host:5984/db: todo@1 and http://h:80: a@b",
	 "http://host:5984/db: todo@1 and http://h:80: a@b"},
	{"http://host: a@b", "http://host: a@b"},
	{"http://host/a:b@c", "http://host/a:b@c"},
	{"sqlite:file", "sqlite:file"},
	{"postgres://h/db?PassWord=abc&x=1", "postgres://h/db?PassWord=***&x=1"},
	{"postgres://h/db?pass%77ord=abc", "postgres://h/db?pass%77ord=***"},
	{"postgres://h/db?sslpassword=abc&sslmode=off",
	 "postgres://h/db?sslpassword=***&sslmode=off"},
	{"host=h password='a b' user=u", "host=h password='***' user=u"},
	{"host=h passwd = ab", "host=h passwd = **"},
	{"redis://h?secret=x", "redis://h?secret=*"},
	{"postgres://h/db?password=***: refused", "postgres://h/db?password=***: refused"},
	{"the password is wrong", "the password is wrong"},
	{"://", "://"},
	{"http:/ann:secret@host/db", "http:/ann:******@host/db"},
	{"http:///ann:secret@host/db", "http:///ann:******@host/db"},
	{"http:/ann:s:/e@host/db", "http:/ann:****@host/db"},
	{"sqlite:/a/b:c", "sqlite:/a/b:c"},
};

START_TEST(passwords_are_masked)
{
	char text[128];

	snprintf(text, sizeof(text), "%s", masks[_i].text);
	cli_mask_passwords(text);
	ck_assert_str_eq(text, masks[_i].masked);
}
END_TEST

static const struct {
	const char *word;
	const char *best;
} guesses[] = {
	{"covnert", "convert"},
	{"chekc", "check"},
	{"vlidate", "validate"},
	{"zzz", NULL},
	{"conflict", "conflicts"},
	{"x", NULL},
	{"", NULL},
	{"a-very-long-word-that-nobody-would-call-a-command", NULL},
};

START_TEST(typing_errors_are_guessed)
{
	static const char *const words[] = {"check", "convert", "conflicts", "validate", "run"};
	struct cli_nearest nearest = {.word = guesses[_i].word};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		cli_nearest_offer(&nearest, words[i]);
	ck_assert_pstr_eq(nearest.best, guesses[_i].best);
}
END_TEST

START_TEST(report_is_one_line_that_a_terminal_does_not_obey)
{
	struct cf_error error = {0};
	struct cli cli = {.mem = &mem_heap};
	char text[256] = {0};
	int pipes[2];

	ck_assert_int_eq(pipe(pipes), 0);
	cli.err_fd = pipes[1];
	error_set(&error, CF_ERR_INVALID, "a\nb \033[31m http://u:p@h");
	error_at_document(&error, STR("todo@1:\x7f"));
	cli_report(&cli, &error);
	close(pipes[1]);
	ck_assert_int_gt(read(pipes[0], text, sizeof(text) - 1), 0);
	ck_assert_str_eq(text, "chesterfield: todo@1:\\u007f: a b \\u001b[31m http://u:*@h\n");
	close(pipes[0]);
}
END_TEST

START_TEST(full_disk_is_an_error_of_the_writer)
{
	struct cli cli = {.mem = &mem_heap};
	struct cf_error error = {0};

	cli.out.fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
	buf_init(&cli.out.buf, &mem_heap);
	ck_assert_int_eq(cli_out_line(&cli, STR("x")), 0);
	ck_assert_int_eq(cli_out_flush(&cli), CF_ERR_IO);
	ck_assert_int_eq(cli_out_line(&cli, STR("y")), CF_ERR_IO);
	ck_assert_int_eq(cli_out_error(&cli, &error), CF_ERR_IO);
	ck_assert_str_eq(error.message, "standard output: No space left on device");
	buf_fini(&cli.out.buf);
	close(cli.out.fd);
}
END_TEST

static uint64_t read_clock(void *ctx)
{
	return *(uint64_t *)ctx;
}

START_TEST(progress_is_shown_ten_times_a_second_at_most)
{
	uint64_t now_ns = 1000;
	const struct cf_env env = {.monotonic_ns = read_clock, .ctx = &now_ns};
	struct cli cli = {.mem = &mem_heap, .env = &env};
	char text[256] = {0};
	int pipes[2];

	ck_assert_int_eq(pipe(pipes), 0);
	cli.err_fd = pipes[1];
	cli_progress_start(&cli, "documents", 4000);
	cli_progress_show(&cli, 1); /* not a terminal */
	cli.progress.shown = true;
	cli_progress_show(&cli, 1); /* too early */
	now_ns += 2000000000;
	cli_progress_show(&cli, 1000);
	cli_progress_show(&cli, 1001); /* too early again */
	cli_say(&cli, "words");
	cli_progress_end(&cli);
	close(pipes[1]);
	ck_assert_int_gt(read(pipes[0], text, sizeof(text) - 1), 0);
	ck_assert_str_eq(text, "\r\033[Kdocuments 1000/4000 25%, 500/s, 6 s left"
			       "\r\033[Kchesterfield: words\n");
	close(pipes[0]);
}
END_TEST

START_TEST(systemd_is_told)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM, 0);
	char text[64] = {0};

	snprintf(address.sun_path, sizeof(address.sun_path), "/tmp/notify-%d", (int)getpid());
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&address, sizeof(address)), 0);
	setenv("NOTIFY_SOCKET", address.sun_path, 1);
	cli_notify("READY=1");
	ck_assert_int_eq(recv(fd, text, sizeof(text) - 1, MSG_DONTWAIT), 7);
	ck_assert_str_eq(text, "READY=1");
	close(fd);
	unlink(address.sun_path);
	/* Nobody listens, or nobody asked: nothing happens. */
	cli_notify("READY=1");
	unsetenv("NOTIFY_SOCKET");
	cli_notify("READY=1");
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli-words");
	TCase *tcase = tcase_create("words");

	tcase_add_test(tcase, systemd_is_told);
	tcase_add_loop_test(tcase, passwords_are_masked, 0, ARRAY_LEN(masks));
	tcase_add_loop_test(tcase, typing_errors_are_guessed, 0, ARRAY_LEN(guesses));
	tcase_add_test(tcase, report_is_one_line_that_a_terminal_does_not_obey);
	tcase_add_test(tcase, progress_is_shown_ten_times_a_second_at_most);
	tcase_add_test(tcase, full_disk_is_an_error_of_the_writer);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
