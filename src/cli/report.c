/* Words to stderr: one line each, nothing secret in it, nothing that a terminal
 * would obey. */
#include "cli/cli.h"
#include "json/json.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

enum { LINE_BYTES = 2048 };

static void write_line(struct cli *cli, struct cf_buf *line)
{
	size_t at = 0;

	cli->progress.open = false;
	buf_byte(line, '\n');
	while (!line->failed && at < line->len) {
		ssize_t n = write(cli->err_fd, line->ptr + at, line->len - at);

		if (n > 0)
			at += (size_t)n;
		else if (n == 0 || errno != EINTR)
			break; /* there is nobody left to tell */
	}
	buf_fini(line);
}

static void write_words(struct cli *cli, char *words)
{
	struct cf_buf line;

	buf_init(&line, cli->mem);
	buf_str(&line,
		cli->progress.open ? STR("\r\033[K" CLI_PROGRAM ": ") : STR(CLI_PROGRAM ": "));
	cli_mask_passwords(words);
	for (char *c = words; *c; c++)
		if (*c == '\n' || *c == '\t' || *c == '\r')
			*c = ' ';
	cli_write_shown(str_of(words), &line);
	write_line(cli, &line);
}

/* --- as JSON -------------------------------------------------------------------------- */

static void json_member_text(struct cf_buf *line, const char *name, const char *text)
{
	char words[LINE_BYTES];

	if (!*text)
		return;
	snprintf(words, sizeof(words), "%s", text);
	cli_mask_passwords(words);
	buf_printf(line, ",\"%s\":", name);
	json_write_string(str_of(words), line);
}

/* {"time": only in a log, "level", "message", and of an error its code and place}. */
static void write_json(struct cli *cli, const char *message, const struct cf_error *error)
{
	struct cf_buf line;

	buf_init(&line, cli->mem);
	buf_byte(&line, '{');
	if (cli->log_json) {
		int64_t now_ms = cli->env->now_ms(cli->env->ctx);
		time_t seconds = (time_t)(now_ms / 1000);
		struct tm tm;

		gmtime_r(&seconds, &tm);
		buf_printf(&line, "\"time\":\"%04d-%02d-%02dT%02d:%02d:%02d.%03dZ\",",
			   tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
			   tm.tm_sec, (int)(now_ms % 1000));
	}
	buf_printf(&line, "\"level\":\"%s\"", error ? "error" : "info");
	if (error)
		json_member_text(&line, "error", cf_error_name(error->code));
	json_member_text(&line, "message", message);
	if (error) {
		json_member_text(&line, "document", error->document);
		json_member_text(&line, "pointer", error->pointer);
		json_member_text(&line, "file", error->file);
		if (error->line)
			buf_printf(&line, ",\"line\":%u", error->line);
	}
	buf_byte(&line, '}');
	write_line(cli, &line);
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
	if (cli->log_json)
		write_json(cli, words, NULL);
	else
		write_words(cli, words);
}

void cli_report(struct cli *cli, const struct cf_error *error)
{
	char words[LINE_BYTES];

	if (cli->log_json || cli->json) {
		write_json(cli, error->message[0] ? error->message : cf_error_text(error->code),
			   error);
		return;
	}
	cf_error_format(error, words, sizeof(words));
	write_words(cli, words);
}
