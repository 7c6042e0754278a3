/* Lists of the databases of a server: how many entries there are in which, the worst first; with
 * --json and --db the entries themselves. */
#include "cli/listing.h"
#include "cli/server.h"
#include "cli/tally.h"

struct listing {
	struct cli *cli;
	const struct cli_listing *of;
	struct cli_filter filter;
	struct cf_str database; /* that is looked at */
	bool entries;           /* they are printed, not counted */
	uint64_t count;
	struct cli_tally tally;
};

/* A body begins with a brace and is never empty. */
static int take_entry(void *ctx, struct cf_str id, struct json_value body)
{
	struct listing *l = ctx;
	struct cf_buf *out = &l->cli->out.buf;
	struct cf_str text = json_span(body);

	l->count++;
	if (!l->entries)
		return 0;
	buf_str(out, STR("{\"database\":"));
	json_write_string(l->database, out);
	buf_str(out, STR(",\"entry\":"));
	json_write_string(id, out);
	buf_byte(out, ',');
	buf_append(out, text.ptr + 1, text.len - 1);
	buf_byte(out, '\n');
	return cli_out_check(l->cli);
}

static int look(void *ctx, struct cf_str name, struct cli_stores *stores, struct cf_error *error)
{
	struct listing *l = ctx;
	struct cli_walk walk = {l->cli, stores, l->of->list, &l->filter, take_entry, l};
	int rc;

	l->database = name;
	l->count = 0;
	rc = cli_entries_walk(&walk, error);
	if (l->cli->out.code)
		return cli_out_error(l->cli, error);
	return rc                                                              ? rc
	       : l->count && cli_tally_add(l->cli, &l->tally, name, &l->count) ? error_nomem(error)
									       : 0;
}

int cli_list_many(struct cli *cli, const struct cli_listing *listing, struct cf_error *error)
{
	static const struct cli_tally_figure figure = {"entries", true};
	struct listing l = {.cli = cli,
			    .of = listing,
			    .entries = cli->json && cli_given(cli, "db"),
			    .tally = {.figures = &figure, .figure_count = 1}};
	struct cli_server_walk walk = {.each = look, .ctx = &l};
	int rc = cli_filter_read(cli, &l.filter, error);

	rc = rc ? rc : cli_server_walk(cli, &walk, error);
	if (rc == 0 && !l.entries &&
	    cli_tally_print(cli, &l.tally, cli_given(cli, "db") ? 0 : CLI_TALLY_WORST, 0))
		rc = error_nomem(error);
	return rc == 0 && cli->out.code ? cli_out_error(cli, error) : rc;
}
