/* Whether a version is complete in a database; see complete.h. */
#include "cli/complete.h"

#include "cli/targets.h"

#include <inttypes.h>

static bool go_on(void *ctx)
{
	(void)ctx;
	return !cli_interrupted();
}

static bool is_complete(const struct sync_complete *row)
{
	return row->missing == 0 && row->incomplete == 0 && row->invalid == 0;
}

static void print_row(struct cli *cli, const struct sync_complete *row, bool caught_up)
{
	bool complete = caught_up && is_complete(row);

	if (cli->json)
		cli_out_printf(cli,
			       "{\"version\":\"%.*s\",\"made\":%" PRIu64 ",\"missing\":%" PRIu64
			       ",\"incomplete\":%" PRIu64 ",\"invalid\":%" PRIu64
			       ",\"complete\":%s}\n",
			       STR_ARG(row->version), row->made, row->missing, row->incomplete,
			       row->invalid, complete ? "true" : "false");
	else
		cli_out_printf(cli,
			       "%-24.*s  %10" PRIu64 "  %10" PRIu64 "  %10" PRIu64 "  %10" PRIu64
			       "  %s\n",
			       STR_ARG(row->version), row->made, row->missing, row->incomplete,
			       row->invalid, complete ? "complete" : "not complete");
}

static int print_rows(struct cli *cli, const struct sync_complete *rows, size_t count,
		      const struct sync_status *status, struct cf_error *error)
{
	bool caught_up = status->started && !status->reading && status->behind == 0;
	bool all = caught_up;

	if (!cli->json)
		cli_out_printf(cli, "%-24s  %10s  %10s  %10s  %10s\n", "version", "made", "missing",
			       "incomplete", "invalid");
	for (size_t i = 0; i < count; i++) {
		if (!rows[i].version.ptr)
			continue;
		print_row(cli, &rows[i], caught_up);
		all = all && is_complete(&rows[i]);
	}
	if (cli->out.code)
		return cli_out_error(cli, error);
	if (all)
		return 0;
	return !status->started ? error_set(error, CF_ERR_INCOMPLETE,
					    "%s is not complete: nothing has run here yet",
					    cli_option(cli, "for"))
	       : !caught_up     ? error_set(error, CF_ERR_INCOMPLETE,
					    "%s is not complete: %" PRIu64 " changes are to be read",
					    cli_option(cli, "for"), status->behind)
				: error_set(error, CF_ERR_INCOMPLETE, "%s is not complete",
					    cli_option(cli, "for"));
}

int cli_complete(struct cli *cli, struct cf_store *store, const struct state *state,
		 const struct sync_status *status, struct cf_error *error)
{
	struct catalog *catalog = NULL;
	struct sync_complete_how how = {.store = store, .state = state, .go_on = go_on};
	struct sync_complete *rows = NULL;
	const struct catalog_type *types;
	struct cli_targets targets;
	size_t count = 0;
	int rc = catalog_open(&catalog, cli_option(cli, "catalog"), cli->mem, error);

	if (rc == 0)
		rc = cli_targets_read(cli, catalog, cli_option(cli, "for"), &targets, error);
	if (rc == 0) {
		count = catalog_types(catalog, &types);
		rows = arena_calloc(&cli->arena, count + 1, sizeof(*rows));
		rc = rows ? 0 : error_nomem(error);
	}
	if (rc == 0) {
		how.catalog = catalog;
		how.majors = targets.majors;
		rc = sync_complete_read(&how, rows, &cli->arena, error);
	}
	if (rc == 0)
		rc = print_rows(cli, rows, count, status, error);
	catalog_close(catalog);
	return rc;
}
