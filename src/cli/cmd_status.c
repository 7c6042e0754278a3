/* status: how far `run` has come, and what waits. */
#include "cli/complete.h"
#include "cli/engines.h"
#include "cli/lists.h"
#include "cli/server.h"
#include "cli/status.h"

#include <inttypes.h>

static const struct cli_option options[] = {
	CLI_OPTION_STORE,
	CLI_OPTION_STATE,
	CLI_OPTION_DB,
	{.name = "for", .argument = "VERSION", .help = "say whether this version is complete"},
	{.name = "catalog",
	 .letter = 'c',
	 .argument = "DIR",
	 .help = "with --for: the catalog",
	 .env = "CHESTERFIELD_CATALOG"},
	{.name = NULL},
};

/* What is shown beside the figures. */
struct around {
	struct sync_engine *engines;
	size_t engine_count;
	struct sync_retired *retired;
	size_t retired_count;
	struct sync_unnamed *unnamed;
	size_t unnamed_count;
};

static int print_json(struct cli *cli, const struct sync_status *s, const struct around *around)
{
	struct cf_buf *out = &cli->out.buf;

	cli_out_printf(cli,
		       "{\"started\":%s,\"behind\":%" PRIu64 ",\"changes\":%" PRIu64
		       ",\"documents_written\":%" PRIu64 ",\"passed_over\":%" PRIu64
		       ",\"unsupported\":%" PRIu64 ",\"conflicts\":%" PRIu64
		       ",\"quarantined\":%" PRIu64 ",\"incomplete\":%" PRIu64
		       ",\"oldest_incomplete_ms\":%" PRIu64 ",\"handing_on\":%" PRIu64,
		       s->started ? "true" : "false", s->behind, s->changes, s->documents_written,
		       s->passed_over, s->unsupported, s->conflicts, s->quarantined, s->incomplete,
		       s->oldest_incomplete_ms, s->handing_on);
	if (s->reading)
		cli_out_printf(cli,
			       ",\"reading\":{\"done\":%" PRIu64 ",\"total\":%" PRIu64
			       ",\"left_ms\":%" PRIu64 "}",
			       s->reading_done, s->reading_total, s->reading_left_ms);
	cli_out_printf(cli, ",\"updated_ms\":%" PRId64 ",\"engines\":[", s->updated_ms);
	for (size_t i = 0; i < around->engine_count; i++) {
		const struct sync_engine *engine = &around->engines[i];

		buf_str(out, i ? STR(",{\"host\":") : STR("{\"host\":"));
		json_write_string(engine->host, out);
		buf_printf(out, ",\"pid\":%ld,\"started_ms\":%" PRId64 ",\"beat_ms\":%" PRId64 "}",
			   engine->pid, engine->started_ms, engine->beat_ms);
	}
	buf_str(out, STR("],\"retired\":["));
	for (size_t i = 0; i < around->retired_count; i++) {
		buf_str(out, i ? STR(",") : STR(""));
		json_write_string(around->retired[i].version, out);
	}
	buf_str(out, STR("],\"unnamed\":{"));
	for (size_t i = 0; i < around->unnamed_count; i++) {
		buf_str(out, i ? STR(",") : STR(""));
		json_write_string(around->unnamed[i].type, out);
		buf_byte(out, ':');
		json_write_string(around->unnamed[i].id, out);
	}
	return cli_out_printf(cli, "}}\n");
}

static void print_around(struct cli *cli, const struct around *around)
{
	for (size_t i = 0; i < around->unnamed_count; i++) {
		struct cf_buf *out = &cli->out.buf;

		buf_str(out, STR("unnamed       "));
		cli_write_shown(around->unnamed[i].id, out);
		buf_printf(out,
			   " and maybe others say they are of type %.*s; their ids say nothing, "
			   "and they are passed over\n",
			   STR_ARG(around->unnamed[i].type));
	}
	cli_out_printf(cli, "engines       %zu", around->engine_count);
	for (size_t i = 0; i < around->engine_count; i++) {
		buf_str(&cli->out.buf, i ? STR(", ") : STR(": "));
		cli_engine_write(cli, &around->engines[i], &cli->out.buf);
	}
	cli_out_printf(cli, "\n");
	for (size_t i = 0; i < around->retired_count; i++)
		cli_out_printf(cli, "retired       %.*s since %.*s\n",
			       STR_ARG(around->retired[i].version), STR_ARG(around->retired[i].at));
}

static void print_text(struct cli *cli, const struct sync_status *s, int64_t now_ms)
{
	if (!s->started) {
		cli_out_printf(cli,
			       "nothing has run on this store yet; %" PRIu64 " changes to take\n",
			       s->behind);
		return;
	}
	cli_out_printf(cli, "checkpoint    %" PRIu64 " changes behind, written ", s->behind);
	if (s->updated_ms <= now_ms)
		cli_out_printf(cli, "%.0f s ago\n", (double)(now_ms - s->updated_ms) / 1000);
	else
		cli_out_printf(cli, "by a clock that was ahead of this one\n");
	if (s->reading)
		cli_out_printf(
			cli,
			"first reading %" PRIu64 " of %" PRIu64 " documents, about %.0f s left\n",
			s->reading_done, s->reading_total, (double)s->reading_left_ms / 1000);
	cli_out_printf(cli, "changes read  %" PRIu64 "\n", s->changes);
	cli_out_printf(cli, "written       %" PRIu64 " documents\n", s->documents_written);
	cli_out_printf(cli,
		       "passed over   %" PRIu64 " of other types, %" PRIu64
		       " of versions that are not supported\n",
		       s->passed_over, s->unsupported);
	cli_out_printf(cli, "incomplete    %" PRIu64, s->incomplete);
	if (s->incomplete)
		cli_out_printf(cli, ", the oldest for %.0f s",
			       (double)s->oldest_incomplete_ms / 1000);
	cli_out_printf(cli, "\nquarantined   %" PRIu64 "\n", s->quarantined);
	cli_out_printf(cli, "contested     %" PRIu64 "\n", s->conflicts);
	if (s->handing_on)
		cli_out_printf(cli,
			       "handing on    %" PRIu64
			       " changed parts to the documents that refer to them\n",
			       s->handing_on);
}

/* The next run takes their marks off. */
static size_t leave_out_gone(struct sync_engine *engines, size_t count)
{
	size_t kept = 0;

	for (size_t i = 0; i < count; i++)
		if (cli_engine_life(NULL, &engines[i]) != SYNC_GONE)
			engines[kept++] = engines[i];
	return kept;
}

static int run_many(struct cli *cli, struct cf_error *error)
{
	int rc;

	if (cli_given(cli, "for") && !cli_option(cli, "catalog"))
		return error_set(error, CF_ERR_USAGE, "--for needs --catalog");
	rc = cli_given(cli, "for") ? cli_complete_many(cli, error) : cli_status_many(cli, error);
	return rc == 0 && cli->out.code ? cli_out_error(cli, error) : rc;
}

static int run_status(struct cli *cli, struct cf_error *error)
{
	struct cli_stores stores = {.store = NULL};
	struct sync_status status;
	struct around around = {.engine_count = 0};
	int rc;

	if (cli_server_asked(cli))
		return run_many(cli, error);
	rc = cli_given(cli, "for") && !cli_option(cli, "catalog")
		     ? error_set(error, CF_ERR_USAGE, "--for needs --catalog")
		     : cli_stores_open(cli, &stores, error);

	if (rc == 0)
		rc = sync_status_read(stores.store, &stores.state, cli->env, &status, cli->mem,
				      error);
	if (rc == 0 && cli_given(cli, "for")) {
		rc = cli_complete(cli, stores.store, &stores.state, &status, error);
		cli_stores_close(&stores);
		return rc;
	}
	if (rc == 0)
		rc = sync_engines_read(&stores.state, &cli->arena, &around.engines,
				       &around.engine_count, error);
	around.engine_count = rc ? 0 : leave_out_gone(around.engines, around.engine_count);
	if (rc == 0)
		rc = sync_retired_read(&stores.state, &cli->arena, &around.retired,
				       &around.retired_count, error);
	if (rc == 0)
		rc = sync_unnamed_read(&stores.state, &cli->arena, &around.unnamed,
				       &around.unnamed_count, error);
	if (rc == 0 && cli->json) {
		print_json(cli, &status, &around);
	} else if (rc == 0) {
		print_text(cli, &status, cli->env->now_ms(cli->env->ctx));
		print_around(cli, &around);
	}
	if (rc == 0 && cli->out.code)
		rc = cli_out_error(cli, error);
	cli_stores_close(&stores);
	return rc;
}

const struct cli_command cmd_status = {
	.name = "status",
	.summary = "how far `run` has come, and what waits",
	.usage = "--store URL [--state URL] [--db PATTERN...] [-c DIR --for VERSION]",
	.help = "With --for: of how many things the document of that version is there, and of how "
		"many it is missing yet, waits for a part, or cannot be made. Ends with code 0 "
		"where "
		"the version is complete, else with that of INCOMPLETE, so that a script can wait."
		"\n\n"
		"With --db, or where --store names a server without a database: what it is in all "
		"of them together, and a line for each, the worst first; of a whole server the "
		"worst twenty.",
	.options = options,
	.run = run_status,
};
