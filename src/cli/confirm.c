/* Asking before something that cannot be taken back. */
#include "cli/cli.h"

#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

static bool read_yes(void)
{
	char answer[16];
	size_t len = 0;

	while (len < sizeof(answer)) {
		if (!cli_wait_input(STDIN_FILENO) || read(STDIN_FILENO, answer + len, 1) <= 0 ||
		    answer[len] == '\n')
			break;
		len++;
	}
	return (len == 1 && (answer[0] == 'y' || answer[0] == 'Y')) ||
	       (len == 3 && memcmp(answer, "yes", 3) == 0);
}

int cli_confirm(struct cli *cli, struct cf_error *error, const char *format, ...)
{
	char words[512];
	va_list args;

	if (cli_given(cli, "yes"))
		return 0;
	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	if (isatty(STDIN_FILENO) != 1)
		return error_set(error, CF_ERR_USAGE, "%s: add --yes where nobody can be asked",
				 words);
	(void)!write(cli->err_fd, words, strlen(words));
	(void)!write(cli->err_fd, "? [y/N] ", 8);
	return read_yes() ? 0 : error_set(error, CF_ERR_PRECONDITION, "nothing was done");
}
