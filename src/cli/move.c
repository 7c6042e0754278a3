/* What the commands of a move share; see move.h. */
#include "cli/move.h"

#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

static bool stopped(void *ctx)
{
	(void)ctx;
	return cli_interrupted();
}

static void progress(void *ctx, uint64_t done, uint64_t total)
{
	struct cli *cli = ctx;

	cli->progress.total = total;
	cli_progress_show(cli, done);
}

/* A signal ends the pause. */
static void wait_ns(void *ctx, uint64_t ns)
{
	struct timespec pause = {(time_t)(ns / 1000000000), (long)(ns % 1000000000)};

	(void)ctx;
	ppoll(NULL, 0, &pause, NULL);
}

static void name_user(char who[200])
{
	const char *user = getenv("USER");
	char host[100] = "";

	gethostname(host, sizeof(host) - 1);
	if (user && *user)
		snprintf(who, 200, "%.90s@%s", user, host);
	else
		snprintf(who, 200, "%u@%s", (unsigned)getuid(), host);
}

int cli_move_open(struct cli *cli, struct cli_move *ret, struct cf_error *error)
{
	int rc;

	*ret = (struct cli_move){.watch = {cli, stopped, progress, wait_ns}};
	name_user(ret->who);
	rc = cf_move_config_load(&ret->config, cli_option(cli, "file"), cli->mem, error);
	return rc ? rc : cf_move_open(&ret->move, ret->config, cli->mem, cli->env, error);
}

void cli_move_close(struct cli_move *move)
{
	cf_move_close(move->move);
	cf_move_config_free(move->config);
}

const char *cli_move_time(struct cli *cli, int64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;
	char text[32];

	gmtime_r(&seconds, &tm);
	strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm);
	return arena_dup(&cli->arena, str_of(text)).ptr;
}

const char *cli_move_count(struct cli *cli, uint64_t count)
{
	char digits[24], text[32];
	int len = snprintf(digits, sizeof(digits), "%" PRIu64, count), at = 0;

	for (int i = 0; i < len; i++) {
		if (i && (len - i) % 3 == 0)
			text[at++] = ',';
		text[at++] = digits[i];
	}
	text[at] = '\0';
	return arena_dup(&cli->arena, str_of(text)).ptr;
}

const char *cli_move_url(struct cli *cli, struct cf_str url)
{
	struct cf_str copy = arena_dup(&cli->arena, url);

	if (copy.ptr)
		cli_mask_passwords((char *)copy.ptr);
	return copy.ptr ? copy.ptr : "";
}

void cli_move_text(struct cf_buf *out, struct cf_str text)
{
	buf_byte(out, '"');
	for (size_t i = 0; i < text.len; i++) {
		char c = text.ptr[i];

		if (c == '"' || c == '\\')
			buf_byte(out, '\\');
		if ((unsigned char)c < 0x20)
			buf_printf(out, "\\u%04x", (unsigned)c);
		else
			buf_byte(out, c);
	}
	buf_byte(out, '"');
}

void cli_move_texts(struct cli *cli, const char *name, const struct cf_str *texts, size_t count)
{
	cli_out_printf(cli, ",\"%s\":[", name);
	for (size_t i = 0; i < count; i++) {
		if (i)
			buf_byte(&cli->out.buf, ',');
		cli_move_text(&cli->out.buf, texts[i]);
	}
	buf_byte(&cli->out.buf, ']');
}
