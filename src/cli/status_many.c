/* status of the databases of a server: sums, and the worst first. */
#include "cli/engines.h"
#include "cli/server.h"
#include "cli/status.h"
#include "cli/tally.h"

#include <inttypes.h>

static const struct cli_tally_figure figures[] = {
	{"behind", true},      {"written", false},  {"incomplete", true},
	{"quarantined", true}, {"contested", true},
};

struct looking {
	struct cli *cli;
	struct cli_tally tally;
};

static int look(void *ctx, struct cf_str name, struct cli_stores *stores, struct cf_error *error)
{
	struct looking *looking = ctx;
	struct cli *cli = looking->cli;
	struct sync_status status;
	int rc =
		sync_status_read(stores->store, &stores->state, cli->env, &status, cli->mem, error);

	if (rc)
		return rc;
	const uint64_t row[] = {status.behind, status.documents_written, status.incomplete,
				status.quarantined, status.conflicts};
	return cli_tally_add(cli, &looking->tally, name, row) ? error_nomem(error) : 0;
}

/* --- who works on them ------------------------------------------------------------------------ */

static void print_engine(struct cli *cli, const struct sync_engine *engine)
{
	struct cf_buf *out = &cli->out.buf;

	if (cli->json) {
		buf_str(out, STR("{\"engine\":"));
		json_write_string(engine->id, out);
		buf_str(out, STR(",\"host\":"));
		json_write_string(engine->host, out);
		cli_out_printf(cli,
			       ",\"pid\":%ld,\"databases\":%" PRIu64 ",\"rounds\":%" PRIu64
			       ",\"round_ms\":%" PRIu64 ",\"hints\":%s,\"beat_ms\":%" PRId64 "}\n",
			       engine->pid, engine->databases, engine->rounds, engine->round_ms,
			       engine->hints ? "true" : "false", engine->beat_ms);
		return;
	}
	buf_str(out, STR("at work: "));
	cli_engine_write(cli, engine, out);
	cli_out_printf(cli, ": %" PRIu64 " databases, ", engine->databases);
	if (engine->rounds)
		cli_out_printf(cli, "the last round over them took %.1f s",
			       (double)engine->round_ms / 1000);
	else
		cli_out_printf(cli, "the first round over them goes on");
	cli_out_printf(cli, "%s\n",
		       engine->hints ? ", changes are told between rounds"
				     : "; between rounds nothing tells of changes");
}

/* Where there is no state there is nobody. */
static int print_engines(struct cli *cli, struct cf_error *error)
{
	struct cli_stores stores;
	struct sync_engine *engines;
	size_t count = 0;
	int rc = cli_server_records(cli, &stores, error);

	if (rc == 0)
		rc = sync_engines_read(&stores.state, &cli->arena, &engines, &count, error);
	for (size_t i = 0; i < count && rc == 0; i++)
		if (cli_engine_life(NULL, &engines[i]) != SYNC_GONE)
			print_engine(cli, &engines[i]);
	cli_stores_close(&stores);
	return rc == CF_ERR_NO_DATABASE ? 0 : rc;
}

int cli_status_many(struct cli *cli, struct cf_error *error)
{
	struct looking looking = {
		.cli = cli, .tally = {.figures = figures, .figure_count = ARRAY_LEN(figures)}};
	struct cli_server_walk walk = {.each = look, .ctx = &looking};
	int rc = cli_server_walk(cli, &walk, error);

	if (rc == 0 &&
	    cli_tally_print(cli, &looking.tally, cli_given(cli, "db") ? 0 : CLI_TALLY_WORST,
			    cli_given(cli, "db") ? walk.bare : 0))
		rc = error_nomem(error);
	return rc ? rc : print_engines(cli, error);
}
