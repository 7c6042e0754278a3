/* Data to stdout: gathered, written in large pieces, and no failure is missed. */
#include "cli/cli.h"

#include <errno.h>
#include <stdarg.h>
#include <unistd.h>

enum { OUT_BYTES = 64 * 1024 };

/* To a terminal goes nothing that it would obey, whatever it comes from. */
static void tame(struct cli *cli)
{
	struct cli_out *out = &cli->out;
	struct cf_buf shown;

	if (out->buf.len == 0 || isatty(out->fd) != 1)
		return;
	buf_init(&shown, cli->mem);
	cli_write_lines_shown(buf_view(&out->buf), &shown);
	buf_fini(&out->buf);
	out->buf = shown;
}

int cli_out_flush(struct cli *cli)
{
	struct cli_out *out = &cli->out;
	size_t at = 0;

	tame(cli);
	if (out->code == 0 && out->buf.failed)
		out->code = CF_ERR_NOMEM;
	while (out->code == 0 && at < out->buf.len) {
		ssize_t n = write(out->fd, out->buf.ptr + at, out->buf.len - at);

		if (n >= 0) {
			at += (size_t)n;
		} else if (errno != EINTR) {
			out->code = CF_ERR_IO;
			out->system_code = errno;
		}
	}
	buf_clear(&out->buf);
	return out->code;
}

int cli_out_check(struct cli *cli)
{
	if (cli->out.buf.len >= OUT_BYTES || cli->out.buf.failed)
		return cli_out_flush(cli);
	return cli->out.code;
}

int cli_out_bytes(struct cli *cli, struct cf_str bytes)
{
	(void)buf_str(&cli->out.buf, bytes);
	return cli_out_check(cli);
}

int cli_out_line(struct cli *cli, struct cf_str line)
{
	(void)buf_str(&cli->out.buf, line);
	(void)buf_byte(&cli->out.buf, '\n');
	return cli_out_check(cli);
}

int cli_out_printf(struct cli *cli, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)buf_vprintf(&cli->out.buf, format, args);
	va_end(args);
	return cli_out_check(cli);
}

int cli_out_error(const struct cli *cli, struct cf_error *error)
{
	char reason[128];

	if (cli->out.code != CF_ERR_IO)
		return error_nomem(error);
	return error_set(error, CF_ERR_IO, "standard output: %s",
			 strerror_r(cli->out.system_code, reason, sizeof(reason)));
}
