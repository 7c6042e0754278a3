/* Words to stderr: one line each, nothing secret in it, nothing that a terminal
 * would obey. */
#include "cli/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

enum { LINE_BYTES = 2048 };

static void write_words(struct cli *cli, char *words)
{
	struct cf_buf line;
	size_t at = 0;

	buf_init(&line, cli->mem);
	buf_str(&line,
		cli->progress.open ? STR("\r\033[K" CLI_PROGRAM ": ") : STR(CLI_PROGRAM ": "));
	cli->progress.open = false;
	cli_mask_passwords(words);
	for (char *c = words; *c; c++)
		if (*c == '\n' || *c == '\t' || *c == '\r')
			*c = ' ';
	cli_write_shown(str_of(words), &line);
	buf_byte(&line, '\n');
	while (!line.failed && at < line.len) {
		ssize_t n = write(cli->err_fd, line.ptr + at, line.len - at);

		if (n > 0)
			at += (size_t)n;
		else if (n == 0 || errno != EINTR)
			break; /* there is nobody left to tell */
	}
	buf_fini(&line);
}

void cli_say(struct cli *cli, const char *format, ...)
{
	char words[LINE_BYTES];
	va_list args;

	if (cli->quiet)
		return;
	va_start(args, format);
	vsnprintf(words, sizeof(words), format, args);
	va_end(args);
	write_words(cli, words);
}

void cli_report(struct cli *cli, const struct cf_error *error)
{
	char words[LINE_BYTES];

	cf_error_format(error, words, sizeof(words));
	write_words(cli, words);
}
