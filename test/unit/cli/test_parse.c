/* The command line against a table of commands made for the purpose. */
#include "check_main.h"
#include "cli/cli.h"
#include "failing.h"

static int run_nothing(struct cli *cli, struct cf_error *error)
{
	(void)cli;
	(void)error;
	return 0;
}

static const struct cli_option list_options[] = {
	CLI_OPTION_STORE,
	{.name = "prefix", .letter = 'p', .argument = "P", .help = "only ids that begin so"},
	{.name = "limit", .argument = "N", .help = "at most so many", .fallback = "10"},
	{.name = "wait", .letter = 'w', .help = "for more"},
	{.name = NULL},
};
static const struct cli_command list_command = {
	.name = "list",
	.summary = "Prints documents",
	.usage = "[OPTIONS] [ID...]",
	.options = list_options,
	.max_args = 2,
	.run = run_nothing,
};
static const struct cli_command *const docs_subcommands[] = {&list_command, NULL};
static const struct cli_command docs_command = {
	.name = "docs",
	.summary = "Looks into a store",
	.usage = "SUBCOMMAND",
	.subcommands = docs_subcommands,
};
static const struct cli_command *const commands[] = {&docs_command, NULL};
static const struct cli_group groups[] = {{"All", commands}, {NULL, NULL}};

enum { WORDS_MAX = 12 };

/* Parses words that are given as one string, one space between two. */
static int parse(struct cli *cli, const char *line, struct cf_error *error)
{
	char text[512];
	char *words[WORDS_MAX] = {text};
	int count = 1;
	bool stop;

	*error = (struct cf_error){0};
	*cli = (struct cli){.mem = &mem_heap, .env = &env_system, .groups = groups};
	arena_init(&cli->arena, &mem_heap);
	buf_init(&cli->out.buf, &mem_heap);
	snprintf(text, sizeof(text), "chesterfield %s", line);
	for (char *at = text; (at = strchr(at, ' ')) && count < WORDS_MAX - 1;) {
		*at++ = '\0';
		words[count++] = at;
	}
	return cli_parse(cli, count, words, &stop, error);
}

static void drop(struct cli *cli)
{
	buf_fini(&cli->out.buf);
	arena_fini(&cli->arena);
}

static const struct {
	const char *line;
	const char *store, *prefix, *limit;
	bool wait, quiet, json;
	const char *args;
} good[] = {
	{"docs list --store s", "s", NULL, "10", false, false, false, ""},
	{"docs list --store=s -p x", "s", "x", "10", false, false, false, ""},
	{"docs list a --store s -px --limit 3 b", "s", "x", "3", false, false, false, "a b "},
	{"docs list --store s -wqp x", "s", "x", "10", true, true, false, ""},
	{"--quiet docs --json list --store s", "s", NULL, "10", false, true, true, ""},
	{"docs list --store s -- -p --wait", "s", NULL, "10", false, false, false, "-p --wait "},
	{"docs list --store s -", "s", NULL, "10", false, false, false, "- "},
	{"docs list --store a --store b", "b", NULL, "10", false, false, false, ""},
	{"docs list --store --wait", "--wait", NULL, "10", false, false, false, ""},
	{"docs list --store= --store s", "s", NULL, "10", false, false, false, ""},
};

START_TEST(good_lines_are_understood)
{
	struct cf_error error;
	struct cli cli;
	char args[64] = "";

	ck_assert_msg(parse(&cli, good[_i].line, &error) == 0, "%s", error.message);
	ck_assert_pstr_eq(cli_option(&cli, "store"), good[_i].store);
	ck_assert_pstr_eq(cli_option(&cli, "prefix"), good[_i].prefix);
	ck_assert_pstr_eq(cli_option(&cli, "limit"), good[_i].limit);
	ck_assert(cli_given(&cli, "wait") == good[_i].wait);
	ck_assert(cli.quiet == good[_i].quiet);
	ck_assert(cli.json == good[_i].json);
	for (size_t i = 0; i < cli.arg_count; i++)
		snprintf(args + strlen(args), sizeof(args) - strlen(args), "%s ", cli.args[i]);
	ck_assert_str_eq(args, good[_i].args);
	drop(&cli);
}
END_TEST

static const struct {
	const char *line;
	const char *message;
} bad[] = {
	{"dosc", "unknown command \"dosc\", did you mean docs?"},
	{"docs", "docs: which subcommand? see chesterfield docs --help"},
	{"docs lits", "docs: unknown command \"lits\", did you mean list?"},
	{"docs everything", "docs: unknown command \"everything\", see --help"},
	{"docs --store s list", "unknown option --store (options stand behind the subcommand)"},
	{"--store s docs list", "unknown option --store (options stand behind the command)"},
	{"docs list", "option --store URL is needed (or the variable CHESTERFIELD_STORE)"},
	{"docs list --store", "option --store needs a value: URL"},
	{"docs list -p", "option -p needs a value: P"},
	{"docs list --wiat", "unknown option --wiat, did you mean --wait?"},
	{"docs list --wait=1", "option --wait takes no value"},
	{"docs list --store s a b c", "list: one argument too many: \"c\""},
	{"docs list -wx", "unknown option -x"},
};

START_TEST(bad_lines_are_wrong_use)
{
	struct cf_error error;
	struct cli cli;

	ck_assert_int_eq(parse(&cli, bad[_i].line, &error), CF_ERR_USAGE);
	ck_assert_str_eq(error.message, bad[_i].message);
	drop(&cli);
}
END_TEST

START_TEST(environment_stands_in)
{
	struct cf_error error;
	struct cli cli;

	setenv("CHESTERFIELD_STORE", "from-env", 1);
	ck_assert_int_eq(parse(&cli, "docs list", &error), 0);
	ck_assert_str_eq(cli_option(&cli, "store"), "from-env");
	ck_assert(!cli_given(&cli, "store"));
	drop(&cli);
	ck_assert_int_eq(parse(&cli, "docs list --store given", &error), 0);
	ck_assert_str_eq(cli_option(&cli, "store"), "given");
	drop(&cli);
	setenv("CHESTERFIELD_STORE", "", 1);
	ck_assert_int_eq(parse(&cli, "docs list", &error), CF_ERR_USAGE);
	drop(&cli);
}
END_TEST

static const struct {
	const char *text;
	uint64_t value; /* 0: refused */
} numbers[] = {
	{"1", 1}, {"500", 500}, {"0", 0},  {"501", 0}, {"-1", 0},
	{"", 0},  {"1x", 0},    {" 1", 0}, {"+1", 0},  {"99999999999999999999", 0},
};

START_TEST(numbers_are_whole_and_bounded)
{
	struct cf_error error;
	struct cli cli;
	char line[128];
	uint64_t value = 7;
	int rc;

	snprintf(line, sizeof(line), "docs list --store s --limit=%s", numbers[_i].text);
	ck_assert_int_eq(parse(&cli, line, &error), 0);
	rc = cli_option_number(&cli, "limit", 1, 500, &value, &error);
	ck_assert_int_eq(rc, numbers[_i].value ? 0 : CF_ERR_USAGE);
	ck_assert_uint_eq(value, numbers[_i].value ? numbers[_i].value : 7);
	if (rc == 0)
		ck_assert_int_eq(cli_option_number(&cli, "prefix", 1, 2, &value, &error), 0);
	drop(&cli);
}
END_TEST

START_TEST(option_given_often_is_walked)
{
	struct cf_error error;
	struct cli cli;
	size_t at = 0;

	ck_assert_int_eq(parse(&cli, "docs list --store a -p x -pz --prefix=y", &error), 0);
	ck_assert_str_eq(cli_option_next(&cli, "prefix", &at), "x");
	ck_assert_str_eq(cli_option_next(&cli, "prefix", &at), "z");
	ck_assert_str_eq(cli_option_next(&cli, "prefix", &at), "y");
	ck_assert_ptr_null(cli_option_next(&cli, "prefix", &at));
	drop(&cli);
}
END_TEST

START_TEST(password_vanishes_from_the_process_title)
{
	char program[] = "chesterfield", docs[] = "docs", list[] = "list";
	char url[] = "--store=http://ann:secret@host/db";
	char *words[] = {program, docs, list, url, NULL};
	struct cf_error error = {0};
	struct cli cli = {.mem = &mem_heap, .env = &env_system, .groups = groups};
	bool stop;

	arena_init(&cli.arena, &mem_heap);
	ck_assert_int_eq(cli_parse(&cli, 4, words, &stop, &error), 0);
	ck_assert_str_eq(cli_option(&cli, "store"), "http://ann:secret@host/db");
	ck_assert_str_eq(url, "--store=http://ann:******@host/db");
	arena_fini(&cli.arena);
}
END_TEST

START_TEST(help_shows_every_option)
{
	struct cf_error error;
	struct cli cli;

	ck_assert_int_eq(parse(&cli, "docs list --help", &error), 0);
	ck_assert_int_eq(buf_byte(&cli.out.buf, '\0'), 0);
	for (const struct cli_option *option = list_options; option->name; option++)
		ck_assert_msg(strstr(cli.out.buf.ptr, option->name), "%s", cli.out.buf.ptr);
	ck_assert_ptr_nonnull(strstr(cli.out.buf.ptr, "Usage: chesterfield docs list [OPTIONS]"));
	ck_assert_ptr_nonnull(strstr(cli.out.buf.ptr, "(default: 10)"));
	ck_assert_ptr_nonnull(strstr(cli.out.buf.ptr, "(or $CHESTERFIELD_STORE)"));
	drop(&cli);
	ck_assert_int_eq(parse(&cli, "docs -h", &error), 0);
	ck_assert_int_eq(buf_byte(&cli.out.buf, '\0'), 0);
	ck_assert_ptr_nonnull(strstr(cli.out.buf.ptr, "  list                      Prints"));
	drop(&cli);
}
END_TEST

START_TEST(no_memory_for_the_words_is_an_error)
{
	char program[] = "chesterfield", docs[] = "docs";
	char *words[] = {program, docs, NULL};
	struct failing failing;
	struct cf_error error = {0};
	struct cli cli = {.mem = &failing.mem, .env = &env_system, .groups = groups};
	bool stop;

	failing_init(&failing, 0, true);
	arena_init(&cli.arena, &failing.mem);
	ck_assert_int_eq(cli_parse(&cli, 2, words, &stop, &error), CF_ERR_NOMEM);
	arena_fini(&cli.arena);
}
END_TEST

int main(void)
{
	Suite *suite = suite_create("cli-parse");
	TCase *tcase = tcase_create("parse");

	unsetenv("CHESTERFIELD_STORE");
	tcase_add_loop_test(tcase, good_lines_are_understood, 0, ARRAY_LEN(good));
	tcase_add_loop_test(tcase, bad_lines_are_wrong_use, 0, ARRAY_LEN(bad));
	tcase_add_test(tcase, environment_stands_in);
	tcase_add_loop_test(tcase, numbers_are_whole_and_bounded, 0, ARRAY_LEN(numbers));
	tcase_add_test(tcase, option_given_often_is_walked);
	tcase_add_test(tcase, password_vanishes_from_the_process_title);
	tcase_add_test(tcase, help_shows_every_option);
	tcase_add_test(tcase, no_memory_for_the_words_is_an_error);
	suite_add_tcase(suite, tcase);
	return run_suite(suite);
}
