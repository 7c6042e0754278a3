/* Words to stderr: one line each, nothing secret in it, nothing that a terminal
 * would obey. */
#include "cli/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

enum { LINE_BYTES = 2048 };

static bool ends_url(char c)
{
	return (unsigned char)c <= ' ' || c == '"' || c == '\'' || c == '<' || c == '>';
}

/* What follows "password=" in a URL's query. */
static void mask_parameter(char *url, char *end)
{
	static const char name[] = "password=";

	for (char *at = url; at + sizeof(name) - 1 <= end; at++) {
		if (memcmp(at, name, sizeof(name) - 1) != 0)
			continue;
		for (at += sizeof(name) - 1; at < end && *at != '&'; at++)
			*at = '*';
	}
}

/* From the colon behind the user's name to the last @ of the URL: a password that
 * holds an @ or a slash, which it should not, is masked whole. */
void cli_mask_passwords(char *text)
{
	char *at = text;

	while ((at = strstr(at, "://"))) {
		char *colon = NULL, *last_at = NULL, *start = at;

		for (at += 3; *at && !ends_url(*at); at++) {
			if (*at == ':' && !colon)
				colon = at;
			else if (*at == '@' && colon)
				last_at = at;
		}
		if (last_at)
			memset(colon + 1, '*', (size_t)(last_at - colon - 1));
		mask_parameter(start, at);
	}
}

static void write_words(struct cli *cli, const char *words)
{
	char line[LINE_BYTES];
	int len = snprintf(line, sizeof(line) - 1, "%s" CLI_PROGRAM ": %s",
			   cli->progress.open ? "\r\033[K" : "", words);
	size_t start = cli->progress.open ? 4 : 0;
	size_t at = 0;

	cli->progress.open = false;
	if (len < 0)
		return;
	if ((size_t)len > sizeof(line) - 2)
		len = sizeof(line) - 2;
	for (size_t i = start; i < (size_t)len; i++)
		if ((unsigned char)line[i] < ' ' || line[i] == 0x7f)
			line[i] = ' ';
	cli_mask_passwords(line);
	line[len++] = '\n';
	while (at < (size_t)len) {
		ssize_t n = write(cli->err_fd, line + at, (size_t)len - at);

		if (n > 0)
			at += (size_t)n;
		else if (n == 0 || errno != EINTR)
			return; /* there is nobody left to tell */
	}
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

	write_words(cli, cf_error_format(error, words, sizeof(words)));
}
