/* One run of the program: set up, parse, run the command, see that all data has
 * been written, report the error once, turn it into the exit code. */
#include "cli/cli.h"
#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int run_command(struct cli *cli, int argc, char **argv, struct cf_error *error)
{
	bool stop = false;
	int rc = cli_parse(cli, argc, argv, &stop, error);

	if (rc == 0 && !stop) {
		const struct cli_command *command = cli->path[cli->depth - 1];

		cli->progress.shown = !cli->quiet && isatty(cli->err_fd) == 1;
		cli->out.looking = !command->tells;
		rc = command->run(cli, error);
	}
	cli_progress_end(cli);
	/* What a failed command had to say before is still said. */
	if (cli_out_flush(cli) == 0)
		return rc;
	if ((stop || cli->out.looking) && cli->out.system_code == EPIPE)
		return rc == CF_ERR_IO ? 0 : rc;
	return cli_out_error(cli, error);
}

static bool is_told_already(int rc, const struct cf_error *error)
{
	return rc == 0 || (rc == CF_ERR_FINDINGS && !error->message[0]);
}

/* A closed stdin, stdout or stderr must not become the number of a database. What
 * stands in for it cannot be written to, so that lost output is an error. */
static void keep_standard_files(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

/* Whoever lists processes sees their arguments: what stands there of a password is
 * overwritten, once we have it. Fills `ret`, which has room for all and a NULL. 0 or
 * NOMEM. */
static int take_arguments(int argc, char **argv, struct cf_arena *arena, char **ret)
{
	struct cf_buf shown;
	int rc = 0;

	buf_init(&shown, arena->mem);
	for (int i = 0; i < argc && rc == 0; i++) {
		size_t len = strlen(argv[i]);

		ret[i] = (char *)arena_dup(arena, str_of(argv[i])).ptr;
		buf_clear(&shown);
		if (!ret[i] || store_url_redact(argv[i], &shown))
			rc = CF_ERR_NOMEM;
		else if (shown.len != len || memcmp(shown.ptr, argv[i], len) != 0)
			snprintf(argv[i], len + 1, "%-*.*s", (int)len, STR_ARG(buf_view(&shown)));
	}
	buf_fini(&shown);
	return rc;
}

int cli_main(int argc, char **argv)
{
	struct cli cli = {.mem = &mem_heap,
			  .env = &env_system,
			  .groups = cli_groups,
			  .err_fd = STDERR_FILENO};
	struct cf_error error = {0};
	char **arguments;
	int rc;

	keep_standard_files();
	cli_signals_catch();
	arena_init(&cli.arena, cli.mem);
	cli.out.fd = STDOUT_FILENO;
	buf_init(&cli.out.buf, cli.mem);
	arguments = arena_calloc(&cli.arena, (size_t)argc + 1, sizeof(*arguments));
	rc = arguments ? take_arguments(argc, argv, &cli.arena, arguments) : CF_ERR_NOMEM;
	rc = rc ? error_nomem(&error) : run_command(&cli, argc, arguments, &error);
	if (!is_told_already(rc, &error)) {
		error.code = rc;
		cli_report(&cli, &error);
	}
	buf_fini(&cli.out.buf);
	arena_fini(&cli.arena);
	return rc ? cf_error_exit_code(rc) : 0;
}
