/* The progress line of long work on a terminal. */
#include "cli/cli.h"

#include <stdio.h>
#include <unistd.h>

#define SHOW_EVERY_NS 100000000u

void cli_progress_start(struct cli *cli, const char *what, uint64_t total)
{
	struct cli_progress *progress = &cli->progress;

	progress->what = what;
	progress->total = total;
	progress->start_ns = cli->env->monotonic_ns(cli->env->ctx);
	progress->last_ns = progress->start_ns;
}

static int format_rest(char *out, size_t size, const struct cli_progress *progress, uint64_t done,
		       double rate)
{
	uint64_t left = progress->total > done ? progress->total - done : 0;

	if (progress->total == 0 || rate < 1e-9)
		return snprintf(out, size, ", %.0f/s", rate);
	return snprintf(out, size, "/%llu %llu%%, %.0f/s, %.0f s left",
			(unsigned long long)progress->total,
			(unsigned long long)(100.0 * (double)done / (double)progress->total), rate,
			(double)left / rate);
}

bool cli_progress_due(struct cli *cli)
{
	const struct cli_progress *progress = &cli->progress;

	return progress->shown && progress->what &&
	       cli->env->monotonic_ns(cli->env->ctx) - progress->last_ns >= SHOW_EVERY_NS;
}

void cli_progress_show(struct cli *cli, uint64_t done)
{
	struct cli_progress *progress = &cli->progress;
	char line[256];
	uint64_t now_ns;
	int len;

	if (!cli_progress_due(cli))
		return;
	now_ns = cli->env->monotonic_ns(cli->env->ctx);
	progress->last_ns = now_ns;
	len = snprintf(line, sizeof(line), "\r\033[K%s %llu", progress->what,
		       (unsigned long long)done);
	len += format_rest(line + len, sizeof(line) - (size_t)len, progress, done,
			   (double)done * 1e9 / (double)(now_ns - progress->start_ns));
	progress->open = write(cli->err_fd, line, (size_t)len) == len;
}

void cli_progress_end(struct cli *cli)
{
	if (cli->progress.open)
		(void)!write(cli->err_fd, "\r\033[K", 4);
	cli->progress.open = false;
	cli->progress.what = NULL;
}
