/* run --dry-run: what a run would find and make, and nothing written. */
#include "cli/preview.h"

#include <inttypes.h>

enum { SHOWN = 10 };

struct shown {
	struct cli *cli;
	size_t count;
};

static bool go_on(void *ctx)
{
	(void)ctx;
	return !cli_interrupted();
}

static void write_value(struct json_value value, struct cf_buf *out)
{
	if (json_is_absent(value))
		buf_str(out, STR("nothing"));
	else
		cli_write_shown(json_span(value), out);
}

static int show_difference(void *ctx, const struct sync_difference *difference)
{
	struct shown *shown = ctx;
	struct cf_buf *out = &shown->cli->out.buf;

	if (shown->cli->json || ++shown->count > SHOWN)
		return 0;
	cli_write_shown(difference->document, out);
	buf_byte(out, ' ');
	cli_write_shown(difference->pointer, out);
	buf_str(out, STR(" says "));
	write_value(difference->says, out);
	buf_str(out, STR("; of "));
	cli_write_shown(difference->newer, out);
	buf_str(out, STR(" the lens makes "));
	write_value(difference->should, out);
	buf_byte(out, '\n');
	return cli_out_check(shown->cli);
}

static void print_row(struct cli *cli, const struct sync_preview *row)
{
	if (cli->json)
		cli_out_printf(cli,
			       "{\"version\":\"%.*s\",\"documents\":%" PRIu64
			       ",\"missing\":%" PRIu64 ",\"invalid\":%" PRIu64
			       ",\"differs\":%" PRIu64 "}\n",
			       STR_ARG(row->version), row->documents, row->missing, row->invalid,
			       row->differs);
	else
		cli_out_printf(cli,
			       "%-24.*s  %10" PRIu64 "  %10" PRIu64 "  %10" PRIu64 "  %10" PRIu64
			       "\n",
			       STR_ARG(row->version), row->documents, row->missing, row->invalid,
			       row->differs);
}

static int print_rows(struct cli *cli, const struct sync_preview *rows, size_t count)
{
	if (!cli->json)
		cli_out_printf(cli, "%-24s  %10s  %10s  %10s  %10s\n", "version", "documents",
			       "to make", "invalid", "differ");
	for (size_t i = 0; i < count; i++)
		print_row(cli, &rows[i]);
	return cli->out.code;
}

int cli_preview(struct cli *cli, struct cf_store *store, const struct catalog *catalog,
		struct cf_error *error)
{
	struct shown shown = {.cli = cli};
	struct sync_preview_how how = {.differs = show_difference, .go_on = go_on, .ctx = &shown};
	struct sync_preview *rows;
	size_t count;
	int rc = sync_preview(store, catalog, &how, &cli->arena, &rows, &count, error);

	if (rc)
		return rc;
	if (!cli->json && shown.count > SHOWN)
		cli_out_printf(cli, "and %zu more\n", shown.count - SHOWN);
	return print_rows(cli, rows, count) ? cli_out_error(cli, error) : 0;
}
