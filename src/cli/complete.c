/* Whether a version is complete in a database; see complete.h. */
#include "cli/complete.h"

#include "cli/server.h"
#include "cli/tally.h"
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

/* What is asked for, and where it is counted. */
struct asking {
	struct cli *cli;
	struct catalog *catalog;
	struct cli_targets targets;
	struct sync_complete *rows; /* one for each type */
	size_t count;
	/* Of many databases: their sum, and what each of them lacks. */
	struct sync_complete *sums;
	struct sync_status status;
	struct cli_tally tally;
};

static int ask(struct asking *asking, struct cli *cli, struct cf_error *error)
{
	const struct catalog_type *types;
	int rc = catalog_open(&asking->catalog, cli_option(cli, "catalog"), cli->mem, error);

	asking->cli = cli;
	if (rc == 0)
		rc = cli_targets_read(cli, asking->catalog, cli_option(cli, "for"),
				      &asking->targets, error);
	if (rc)
		return rc;
	asking->count = catalog_types(asking->catalog, &types);
	asking->rows = arena_calloc(&cli->arena, asking->count + 1, sizeof(*asking->rows));
	asking->sums = arena_calloc(&cli->arena, asking->count + 1, sizeof(*asking->sums));
	return asking->rows && asking->sums ? 0 : error_nomem(error);
}

static int count(struct asking *asking, struct cf_store *store, const struct state *state,
		 struct cf_error *error)
{
	struct sync_complete_how how = {.store = store,
					.state = state,
					.catalog = asking->catalog,
					.majors = asking->targets.majors,
					.go_on = go_on};

	return sync_complete_read(&how, asking->rows, &asking->cli->arena, error);
}

int cli_complete(struct cli *cli, struct cf_store *store, const struct state *state,
		 const struct sync_status *status, struct cf_error *error)
{
	struct asking asking = {.catalog = NULL};
	int rc = ask(&asking, cli, error);

	rc = rc ? rc : count(&asking, store, state, error);
	rc = rc ? rc : print_rows(cli, asking.rows, asking.count, status, error);
	catalog_close(asking.catalog);
	return rc;
}

/* --- of many databases ------------------------------------------------------------------------ */

static const struct cli_tally_figure figures[] = {
	{"behind", true},     {"made", false},   {"missing", true},
	{"incomplete", true}, {"invalid", true},
};

static int count_database(void *ctx, struct cf_str name, struct cli_stores *stores,
			  struct cf_error *error)
{
	struct asking *asking = ctx;
	struct cli *cli = asking->cli;
	struct sync_status status;
	uint64_t row[ARRAY_LEN(figures)] = {0};
	int rc =
		sync_status_read(stores->store, &stores->state, cli->env, &status, cli->mem, error);

	rc = rc ? rc : count(asking, stores->store, &stores->state, error);
	if (rc)
		return rc;
	row[0] = status.behind;
	asking->status.behind += status.behind;
	asking->status.reading = asking->status.reading || status.reading;
	asking->status.started = asking->status.started && status.started;
	for (size_t i = 0; i < asking->count; i++) {
		const struct sync_complete *of = &asking->rows[i];
		struct sync_complete *sum = &asking->sums[i];

		sum->version = of->version;
		sum->made += of->made, row[1] += of->made;
		sum->missing += of->missing, row[2] += of->missing;
		sum->incomplete += of->incomplete, row[3] += of->incomplete;
		sum->invalid += of->invalid, row[4] += of->invalid;
	}
	return cli_tally_add(cli, &asking->tally, name, row) ? error_nomem(error) : 0;
}

/* A database that --db means, and in which nothing has run, is not complete. */
int cli_complete_many(struct cli *cli, struct cf_error *error)
{
	struct asking asking = {.status = {.started = true},
				.tally = {.figures = figures, .figure_count = ARRAY_LEN(figures)}};
	struct cli_server_walk walk = {.each = count_database, .ctx = &asking};
	bool named = cli_given(cli, "db");
	int rc = ask(&asking, cli, error);

	rc = rc ? rc : cli_server_walk(cli, &walk, error);
	if (rc == 0 &&
	    cli_tally_print(cli, &asking.tally, named ? 0 : CLI_TALLY_WORST, named ? walk.bare : 0))
		rc = error_nomem(error);
	if (rc == 0 && !cli->json)
		cli_out_printf(cli, "\n");
	asking.status.started = asking.status.started && walk.databases;
	if (named && walk.bare)
		asking.status.reading = true;
	rc = rc ? rc : print_rows(cli, asking.sums, asking.count, &asking.status, error);
	catalog_close(asking.catalog);
	return rc;
}
